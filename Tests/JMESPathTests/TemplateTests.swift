// SPDX-License-Identifier: Apache-2.0
// Texts with variables: compiled once, and values that stay values.

import HostileExpressions
import JMESPath
import KyvernoFunctions
import Primitives
import Synchronization
import TestSupport
import Testing

@Suite("compiled texts")
struct TemplateTests {
    static let variables = #"""
        {"n":3,"s":"text","key":"k","o":{"k":"found","a.b":"dotted"},"secret":"SECRET",
         "code":"k || secret","quote":"') || secret || ('","double":"\" || secret || \"",
         "json":"\",\"x\":\"y","tick":"` || secret || `","variable":"{{ secret }}","path":"o.k",
         "call":"secret)","list":[1,2],"back":"x\\","mark":"\uDB80\uDC00","number":"7","half":"[1"}
        """#

    private func value(_ text: String) throws -> String {
        let given = try JSONValue(parsing: Array(Self.variables.utf8), named: "variables")
        do throws(JMESPathProblem) {
            return try VariableTemplate(text, dialect: .kyverno).value(on: given).compactText
        } catch {
            return "<\(error.kind.rawValue)>"
        }
    }

    @Test(
        "a nested variable is a name, a part of a text, or a JSON value",
        arguments: [
            ("{{ o.{{ key }} }}", #""found""#), ("{{ o.\"{{ key }}\" }}", #""found""#),
            ("{{ o.\"a.{{ 'b' }}\" }}", #""dotted""#), ("{{ '{{ s }}-{{ n }}' }}", #""text-3""#),
            ("{{ `{{ n }}` }}", "3"), ("{{ `{{ list }}`[1] }}", "2"), ("{{ `{{ number }}` }}", "7"),
            ("{{ `\"{{ n }}\"` }}", #""3""#), ("{{ `[{{ n }}, \"{{ s }}\"]` }}", #"[3,"text"]"#),
            ("{{ `{\"{{ s }}\": {{ n }}}` }}", #"{"text":3}"#),
            ("{{ {\"{{ key }}\": n} }}", #"{"k":3}"#), ("{{ {{ key }} || s }}", #""text""#),
            ("{{ o.{{ '{{ key }}' }} }}", #""found""#),
            ("{{ o.{{ to_string({{ 'key' }}) }} }}", #""found""#),
            ("{{ o[?@.{{ key }}] }}", "null"), ("{{ `{{ half }}` }}", "<invalid-value>"),
            ("{{ o.x{{ key }} }}", "<syntax>"), ("{{ list[{{ n }}] }}", "<syntax>"),
            ("{{ {{ 'length' }}(s) }}", "<syntax>"), ("{{ o.{{ gone }} }}", "<unknown-key>"),
        ])
    func nested(text: String, wanted: String) throws { #expect(try value(text) == wanted) }

    @Test(
        "a value never becomes syntax",
        arguments: [
            ("{{ o.{{ code }} }}", "<unknown-key>"), ("{{ o.{{ path }} }}", "<unknown-key>"),
            ("{{ {{ path }} }}", "<unknown-key>"), ("{{ {{ call }} }}", "<unknown-key>"),
            ("{{ '{{ quote }}' }}", #""') || secret || ('""#),
            ("{{ o.\"{{ double }}\" || s }}", #""text""#),
            ("{{ `\"{{ json }}\"` }}", #""\",\"x\":\"y""#),
            ("{{ `{{ tick }}` }}", "<invalid-value>"),
            ("{{ '{{ tick }}' }}", #""` || secret || `""#),
            ("{{ '{{ back }}' }}", #""x\\""#), ("{{ o.{{ mark }} || s }}", #""text""#),
            ("{{ '{{ mark }}' }}", #""󰀀""#), ("{{ variable }}", #""{{ secret }}""#),
            ("{{ '{{ variable }}' }}", #""{{ secret }}""#),
            ("x {{ variable }}", #""x {{ secret }}""#),
        ])
    func injection(text: String, wanted: String) throws { #expect(try value(text) == wanted) }

    @Test("characters that stand for nested variables cannot be written beside one")
    func marks() throws {
        #expect(try value("{{ '\u{F0000}{{ s }}' }}") == "<syntax>")
        #expect(try value("{{ '\u{F0000}' }}") == #""󰀀""#)
    }

    @Test("mistakes are found when a text is compiled, and told with …")
    func compiling() throws {
        for (text, kind) in [
            ("{{ a( }}", JMESPathProblem.Kind.syntax), ("{{ nope(a) }}", .unknownFunction),
            ("{{ length(a, b) }}", .invalidArity), ("{{ }}", .syntax),
            ("{{ o.{{ a( }} }}", .syntax),
            ("x {{ nope('{{ s }}') }}", .unknownFunction),
        ] {
            do throws(JMESPathProblem) {
                _ = try VariableTemplate(text, dialect: .kyverno)
                Issue.record("\(text) was compiled")
            } catch {
                #expect(error.kind == kind)
            }
        }
        do throws(JMESPathProblem) {
            _ = try VariableTemplate("{{ nope('{{ s }}', o.{{ key }}) }}", dialect: .kyverno)
        } catch {
            #expect(error.snippet == "nope('…', o.\"…\")\n^")
        }
    }

    @Test("plain paths are told apart, and texts without an end")
    func shapes() throws {
        #expect(
            try VariableTemplate("{{ a.\"b c\"[0] }}", dialect: .kyverno).exactPath
                == [.member("a"), .member("b c"), .index(0)])
        #expect(
            try VariableTemplate("{{ length(a.b) }}", dialect: .kyverno).plainPath == [
                .member("a"), .member("b"),
            ])
        #expect(
            try VariableTemplate("{{ a || 'b' }}", dialect: .kyverno).plainPath == [.member("a")])
        #expect(try VariableTemplate("{{ a || b }}", dialect: .kyverno).plainPath == nil)
        #expect(try VariableTemplate("{{ length(a) }}", dialect: .kyverno).exactPath == nil)
        #expect(try VariableTemplate("{{ a.{{ b }} }}", dialect: .kyverno).plainPath == nil)
        #expect(try VariableTemplate("x {{ a }}", dialect: .kyverno).plainPath == nil)
        for text in ["{{ a", "a {{ \"b }}", "{{{", "{{ a }} {{"] {
            #expect(try VariableTemplate(text, dialect: .kyverno).isUnclosed)
        }
        for text in ["{{ a }}", "a }}", "\\{{ a", "{ {", ""] {
            #expect(try !VariableTemplate(text, dialect: .kyverno).isUnclosed)
        }
    }

    @Test("no mixture of braces, quotes and variables brings a secret to light")
    func hostileTemplates() throws {
        var dice = SeededGenerator(seed: 21)
        let given = try JSONValue(parsing: Array(Self.variables.utf8), named: "variables")
        let parts = [
            "{{ ", " }}", "{{", "}}", "'", "\"", "`", "o.", "o", "code", "quote", "double", "json",
            "tick", "variable", "path", "call", "back", "mark", "key", " || ", ".", "[", "]", "(",
            ")", "{", "}", ": ", ", ", "`1`", "to_string(", "lookup(o, '", "\\", "{{-", "list",
            "@.n",
        ]
        var answers = 0
        for _ in 0..<30_000 {
            var text = ""
            for _ in 0..<Int.random(in: 1...12, using: &dice) {
                text += parts[Int.random(in: 0..<parts.count, using: &dice)]
            }
            guard let template = try? VariableTemplate(text, dialect: .kyverno),
                !template.referencedPaths.paths.contains([]),
                let value = try? template.value(on: given)
            else { continue }
            answers += template.constant == nil ? 1 : 0
            #expect(!value.compactText.contains("SECRET"), "\(text)")
        }
        #expect(answers > 200)
    }

    @Test("the deepest nesting is compiled and evaluated on a small stack")
    func smallStack() {
        let answered = Mutex(0)
        onSmallStack {
            var nested = String(repeating: "!", count: 110) + "@"
            for _ in 0..<60 { nested = "o.{{ \(nested) }} || '{{ \(nested.suffix(200)) }}'" }
            let deep = String(repeating: "a[*].", count: 57) + "{{ n }}"
            let long = String(repeating: "a.", count: 30_000) + "a"
            for text in ["{{ \(nested) }}", "{{ \(deep) }}", "{{ \(long) }}"] {
                if let template = try? VariableTemplate(text, dialect: .kyverno) {
                    _ = try? template.value(on: ["n": "x", "a": [], "o": [:]])
                }
                answered.withLock { $0 += 1 }
            }
        }
        #expect(answered.withLock { $0 } == 3)
    }

    @Test("nesting and size have limits")
    func limits() throws {
        let deep = String(repeating: "{{", count: 300) + "n" + String(repeating: "}}", count: 300)
        #expect(try value(deep) == "<over-limit>")
        var nested = "n"
        for _ in 0..<60 { nested = "to_string({{ \(nested) }})" }
        #expect(try value("{{ \(nested) }}") == #""null""#)
        let long: JSONValue = ["a": .string(String(repeating: "x", count: 1_000_000))]
        let text = String(repeating: "{{ a }}", count: 20)
        #expect(throws: JMESPathProblem.self) {
            try VariableTemplate(text, dialect: .kyverno).value(on: long)
        }
        let name = "{{ '" + String(repeating: "{{ a }}", count: 20) + "' }}"
        #expect(throws: JMESPathProblem.self) {
            try VariableTemplate(name, dialect: .kyverno).value(on: long)
        }
    }
}
