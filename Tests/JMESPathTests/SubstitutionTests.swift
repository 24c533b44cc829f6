// SPDX-License-Identifier: Apache-2.0
// Variables in strings and names, references between fields.

import JMESPath
import KyvernoFunctions
import Primitives
import Testing

@Suite("variable substitution")
struct SubstitutionTests {
    private func substituted(
        _ document: String, on variables: String = Self.variables, path: String? = nil,
        again: Bool = false
    ) throws -> String {
        let substitution = VariableSubstitution(
            variables: try JSONValue(parsing: Array(variables.utf8), named: "variables"),
            dialect: .kyverno, currentPath: path, evaluatesValues: again)
        let document = try JSONValue(parsing: Array(document.utf8), named: "rule")
        return try substitution.substituted(document, named: "rule").compactText
    }

    private static let variables = #"""
        {"n":3,"t":true,"s":"text","o":{"k":[1,2]},"key":"k","z":null,
         "evil":"{{ s }}","loop":"{{ loop }}","nest":"{{ evil }}",
         "request":{"object":{"spec":{"replicas":2}}}}
        """#

    @Test(
        "values and names",
        arguments: [
            (#""{{ n }}""#, "3"), (#""{{n}}""#, "3"), (#""{{ t }}""#, "true"),
            (#""{{ o }}""#, #"{"k":[1,2]}"#),
            (#""{{ z }}""#, "null"), (#""a {{ n }} b {{ s }}""#, #""a 3 b text""#),
            (#""{{ o.k }}!""#, #""[1,2]!""#), (#"{"x-{{ s }}":["{{ n }}"]}"#, #"{"x-text":[3]}"#),
            (#""{{ o.{{ key }}[1] }}""#, "2"), (#""{{ o.{a: k} }}""#, #"{"a":[1,2]}"#),
            (#""\\{{ n }}""#, #""{{ n }}""#), (#""{{ n""#, #""{{ n""#), (#""{ n }""#, #""{ n }""#),
            (#""{{ '}}' }}""#, #""}}""#), (#""{{- n }}""#, "3"), (#""no""#, #""no""#),
            (#""{{ gone || 'x' }}""#, #""x""#),
            (#"{"a":1.50,"b":[null]}"#, #"{"a":1.50,"b":[null]}"#),
        ])
    func values(document: String, wanted: String) throws {
        #expect(try substituted(document) == wanted)
    }

    @Test("a value that looks like a variable stays a value")
    func injection() throws {
        #expect(try substituted(#""{{ evil }}""#) == #""{{ s }}""#)
        #expect(try substituted(#""a {{ evil }}""#) == #""a {{ s }}""#)
        #expect(try substituted(#"{"{{ evil }}":1}"#) == #"{"{{ s }}":1}"#)
    }

    @Test(
        "the compatibility switch evaluates values again, in few rounds, and not the shallow ones")
    func again() throws {
        #expect(try substituted(#""{{ evil }}""#, again: true) == #""text""#)
        #expect(try substituted(#""{{ nest }}""#, again: true) == #""text""#)
        #expect(try substituted(#""{{- evil }}""#, again: true) == #""{{ s }}""#)
        #expect(throws: Failure.self) { try substituted(#""{{ loop }}""#, again: true) }
    }

    @Test("@ is where we are in the object")
    func currentPath() throws {
        let path = "request.object.spec.replicas"
        #expect(try substituted(#""{{ @ }}""#, path: path) == "2")
        #expect(try substituted(#""{{ @.replicas }}""#, path: "request.object.spec") == "2")
    }

    @Test("a missing key is a failure at its place")
    func missing() {
        do {
            _ = try substituted(#"{"a":[{"b/c":"{{ gone }}"}]}"#)
            Issue.record("there was no failure")
        } catch let failure as Failure {
            #expect(failure.kind == .notFound)
            #expect(failure.description.contains("/a/0/b~1c"))
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test("two names that become one are refused")
    func clash() {
        #expect(throws: Failure.self) { try substituted(#"{"text":1,"{{ s }}":2}"#) }
    }

    @Test(
        "references between fields",
        arguments: [
            (#"{"a":{"b":1,"c":"$(./b)"}}"#, #"{"a":{"b":1,"c":1}}"#),
            (#"{"a":{"b":"x"},"c":{"d":"$(../a/b)"}}"#, #"{"a":{"b":"x"},"c":{"d":"x"}}"#),
            (#"{"a":{"b":"1Gi"},"d":"<=$(/a/b)"}"#, #"{"a":{"b":"1Gi"},"d":"<=1Gi"}"#),
            (#"{"=(a)":{"b":7},"d":"$(a/b)"}"#, #"{"=(a)":{"b":7},"d":7}"#),
            (#"{"a":"{{ n }}","d":"$(a)"}"#, #"{"a":3,"d":3}"#),
            (#"{"d":"\\$(a)"}"#, #"{"d":"$(a)"}"#),
        ])
    func references(document: String, wanted: String) throws {
        #expect(try substituted(document) == wanted)
    }

    @Test(
        "references to nothing, to themselves or out of the document are refused",
        arguments: [
            #"{"d":"$(gone)"}"#, #"{"d":"$(d)"}"#, #"{"a":"$(b)","b":"$(a)"}"#,
            #"{"d":"$(../../x)"}"#,
            #"{"a":{"b":"$(../a)"}}"#, #"{"o":{},"d":">$(o)"}"#,
        ])
    func badReferences(document: String) {
        #expect(throws: Failure.self) { try substituted(document) }
    }

    @Test("a thousand variables are the most a text may have")
    func limit() {
        let text = String(repeating: "{{n}}", count: 1_001)
        #expect(throws: Failure.self) { try substituted("\"\(text)\"") }
        let nested = String(repeating: "{{", count: 500) + String(repeating: "}}", count: 500)
        #expect(throws: Failure.self) { try substituted("\"\(nested)\"") }
    }
}
