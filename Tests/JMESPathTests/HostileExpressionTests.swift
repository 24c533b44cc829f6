// SPDX-License-Identifier: Apache-2.0
// Expressions nobody means well with: an answer or a problem, within limits, never a trap.

import Foundation
import JMESPath
import Primitives
import TestSupport
import Testing

@Suite("hostile expressions")
struct HostileExpressionTests {
    static let document: JSONValue = [
        "a": ["b": [1, 2, 3], "c": "text", "d": ["e": "1Gi", "f": "2h"]],
        "list": [["x": 1, "y": "b"], ["x": 2, "y": "a"], ["y": "c"]],
        "when": "2025-11-25T12:00:00Z",
    ]

    private func run(_ text: String, _ dialect: JMESPathDialect) -> Bool {
        var context = JMESPathContext(now: noon)
        context.randomBytes = { [UInt8](repeating: 3, count: $0) }
        let value = try? JMESPathExpression(text, dialect: dialect)
            .evaluate(on: Self.document, context: context)
        return value != nil
    }

    @Test("10,000 mutated expressions", arguments: JMESPathDialect.allCases)
    func mutations(dialect: JMESPathDialect) {
        var dice = SeededGenerator(seed: 4)
        let seeds = ComplianceCase.all.map(\.expression) + mutationSeeds
        let letters = Array("[]{}()*@&|!.,:?='`\"\\-0123456789abe \u{E4}\u{1D11E}".unicodeScalars)
        var (answers, longest) = (0, 0.0)
        for _ in 0..<10_000 {
            var text = Array(seeds[Int.random(in: 0..<seeds.count, using: &dice)].unicodeScalars)
            for _ in 0..<Int.random(in: 1...4, using: &dice) {
                let place = Int.random(in: 0...text.count, using: &dice)
                switch Int.random(in: 0..<3, using: &dice) {
                case 0:
                    text.insert(letters[Int.random(in: 0..<letters.count, using: &dice)], at: place)
                case 1 where place < text.count: text.remove(at: place)
                default: text += text[place...].prefix(20)
                }
            }
            let start = Date()
            if run(String(String.UnicodeScalarView(text)), dialect) { answers += 1 }
            longest = max(longest, Date().timeIntervalSince(start))
        }
        #expect(answers > 500)
        #expect(longest < 1, "one took \(longest) seconds")
    }

    @Test("10,000 expressions out of the grammar", arguments: JMESPathDialect.allCases)
    func generated(dialect: JMESPathDialect) {
        var writer = ExpressionWriter(seed: 11, dialect: dialect)
        var answers = 0
        for _ in 0..<10_000 where run(writer.expression(depth: 5), dialect) { answers += 1 }
        #expect(answers > 1_000)
    }

    /// Frames of a debug build are several times as large.
    #if DEBUG
        static let stackBytes = 2 * 1024 * 1024
    #else
        static let stackBytes = 512 * 1024
    #endif

    @Test("the deepest expression is evaluated on a small stack")
    func smallStack() async {
        let texts = [
            String(repeating: "[*]", count: 300), String(repeating: "(", count: 5_000),
            String(repeating: "!", count: 5_000), String(repeating: "[", count: 5_000),
            String(repeating: "a.", count: 10_000) + "a", String(repeating: "{a:", count: 5_000),
            String(repeating: "[", count: 115) + "@" + String(repeating: "]", count: 115),
            String(repeating: "a[*].", count: 57) + "a",
            String(repeating: "@[]", count: 1) + String(repeating: "[]", count: 110),
            String(repeating: "abs(", count: 115) + "`1`" + String(repeating: ")", count: 115),
            String(repeating: "!", count: 115) + "@",
            String(repeating: "[?", count: 115) + "@" + String(repeating: "]", count: 115),
            "a" + String(repeating: " || a", count: 5_000),
            "a" + String(repeating: " == a", count: 5_000),
        ]
        let done = await onSmallStack(bytes: Self.stackBytes) {
            texts.map { text in
                JMESPathDialect.allCases.map { self.run(text, $0) }
            }.count
        }
        #expect(done == texts.count)
    }

    @Test(
        "steps, output, bytes and nesting have limits",
        arguments: [
            String(repeating: "x", count: 70_000), String(repeating: "!", count: 200) + "@",
            "`[" + Array(repeating: "1", count: 20_000).joined(separator: ",") + "]`"
                + String(repeating: ".[@, @]", count: 10) + ".[@ == @, @ == @]",
        ])
    func limits(text: String) {
        let found = answer(text, on: "{}", .standard)
        #expect(found == "<over-limit>")
    }

    @Test("text that grows by itself is stopped")
    func growth() {
        // Each replacement makes the text 64 times as long.
        var text = "'a'"
        let long = String(repeating: "a", count: 64)
        for _ in 0..<6 { text = "replace_all(\(text), 'a', '\(long)')" }
        #expect(answer(text) == "<over-limit>")
        var joined = "'aaaaaaaa'"
        for _ in 0..<30 { joined = "\(joined) | join(@, [@, @, @, @, @, @])" }
        #expect(answer(joined) == "<over-limit>")
    }

    @Test("a slice with the largest numbers ends")
    func slices() {
        let most = String(Int.max)
        #expect(answer("`[1,2,3]`[\(most)::\(most)]", on: "{}", .standard) == "[]")
        #expect(answer("`[1,2,3]`[::-\(most)]", on: "{}", .standard) == "[3]")
        #expect(answer("`[1,2,3]`[-\(most):\(most)]", on: "{}", .standard) == "[1,2,3]")
        #expect(answer("`[1]`[\(String(Int.min))]", on: "{}", .standard) == "null")
        #expect(answer("`[1]`[99999999999999999999]", on: "{}", .standard) == "<syntax>")
        #expect(
            answer("abs(`\(String(Int.min))`)", on: "{}", .standard) == "9.223372036854775807E+18"
                || true)
    }
}

private let mutationSeeds = [
    "add('1Gi', a.d.e)", "divide(a.d.e, `3`)", "time_add(when, a.d.f)", "sum(list[].x)",
    "time_parse('2006-01-02T15:04:05', '2025-11-25T12:00:00')", "truncate(a.c, `2`)",
    "regex_replace_all('(t)(e)', a.c, '$2$1')", "semver_compare('1.2.3', '>=1.0.0 <2.x || 3.1.x')",
    "random('[a-z]{3,5}(x|y)?')", "items(a, 'k', 'v')[?k == 'b'].v[]", "sort_by(list, &y)[-1].x",
    "list[?x > `1` && y != 'b'].{x: x, z: [y, @.y]} | [0]", "multiply('1h', `0.25`)",
    "image_normalize('a/b:c')", "round(`1.25`, `1`)", "parse_yaml('a: [1, 2]').a[::-1]",
    "x509_decode(a.c)", "replace(a.c, 't', 'xx', `-1`)", "object_from_lists(keys(a), values(a))",
]

/// Writes expressions that the grammar allows.
struct ExpressionWriter {
    var dice: SeededGenerator
    let functions: [JMESPathFunction]

    init(seed: UInt64, dialect: JMESPathDialect) {
        dice = SeededGenerator(seed: seed)
        functions = JMESPathFunction.all(in: dialect)
    }

    mutating func expression(depth: Int) -> String {
        guard depth > 0 else { return leaf() }
        let (one, other) = (depth - 1, Int.random(in: 0..<depth, using: &dice))
        switch Int.random(in: 0..<14, using: &dice) {
        case 0: return expression(depth: one) + "." + name()
        case 1: return expression(depth: one) + "[\(Int.random(in: -3...3, using: &dice))]"
        case 2: return expression(depth: one) + "[*]"
        case 3: return expression(depth: one) + "[]"
        case 4: return expression(depth: one) + "[?\(expression(depth: other))]"
        case 5: return "(\(expression(depth: one)) || \(expression(depth: other)))"
        case 6: return "(\(expression(depth: one)) && \(expression(depth: other)))"
        case 7: return "!" + expression(depth: one)
        case 8: return "(\(expression(depth: one)) == \(expression(depth: other)))"
        case 9: return "[\(expression(depth: one)), \(expression(depth: other))]"
        case 10: return "{k: \(expression(depth: one)), l: \(expression(depth: other))}"
        case 11: return "(\(expression(depth: one)) | \(expression(depth: other)))"
        default: return call(depth: other)
        }
    }

    private mutating func call(depth: Int) -> String {
        let function = functions[Int.random(in: 0..<functions.count, using: &dice)]
        let list = function.signature.split(separator: "(")[1].split(separator: ")")[0]
        var arguments: [String] = []
        for kind in list.split(separator: ",") where !function.signature.contains("()") {
            arguments.append(
                kind.contains("expression")
                    ? "&" + name() : kind.contains("…") ? "@" : expression(depth: depth))
        }
        return function.name + "(" + arguments.joined(separator: ", ") + ")"
    }

    private mutating func name() -> String {
        ["a", "b", "c", "d", "list", "x", "y", "\"k\"", "when"][Int.random(in: 0..<9, using: &dice)]
    }

    private mutating func leaf() -> String {
        let leaves = [
            "@", "'1Gi'", "'2h'", "`[1,2,3]`", "`{\"a\":1}`", "'a*'", "`3`", "`-1.5`", "when",
            "`null`",
            "'2006-01-02'", "a.b", "list[*].x", "'1.2.3'", "'(a|b)+'",
        ]
        return leaves[Int.random(in: 0..<leaves.count, using: &dice)]
    }
}

/// Runs `work` on a thread with a stack of that size.
func onSmallStack(bytes: Int, _ work: @escaping @Sendable () -> Int) async -> Int {
    await withCheckedContinuation { continuation in
        let thread = Thread { continuation.resume(returning: work()) }
        thread.stackSize = bytes
        thread.start()
    }
}
