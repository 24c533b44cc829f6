// SPDX-License-Identifier: Apache-2.0
// Expressions that want to hurt: changed at random, grown from the grammar, and built by hand.

import CEL
import Foundation
import TestSupport
import Testing

/// Milliseconds one expression may take where the code is optimised; debug builds are slower.
#if DEBUG
    private let mostMilliseconds = 2_000.0
#else
    private let mostMilliseconds = 50.0
#endif

@Suite("hostile expressions")
struct HostileExpressionTests {
    @Test("ten thousand changed expressions have an answer or a reason", arguments: 0..<10)
    func mutations(round: Int) throws {
        try onSmallStack {
            var generator = SeededGenerator(seed: UInt64(round))
            for _ in 0..<1_000 { try attempt(mutated(using: &generator)) }
        }
    }

    @Test("ten thousand grown expressions have an answer or a reason", arguments: 0..<10)
    func grown(round: Int) throws {
        try onSmallStack {
            var generator = SeededGenerator(seed: UInt64(1_000 + round))
            for _ in 0..<1_000 {
                var grammar = ExpressionGrammar(generator: generator)
                let text = grammar.expression(
                    depth: Int.random(in: 1...7, using: &grammar.generator))
                generator = grammar.generator
                try attempt(text)
            }
        }
    }

    @Test("an expression built to hurt is stopped", arguments: hurting)
    func hurts(_ attack: Attack) throws {
        try onSmallStack { try attempt(attack.source) }
    }
}

/// Parses, checks and evaluates; whatever happens must happen soon and without a trap.
private func attempt(_ source: String) throws {
    let start = threadMilliseconds()
    let environment = hostileEnvironment
    _ = try? environment.compile(source)
    if let program = try? environment.compileUnchecked(source) {
        if case .value(let value) = try? program.evaluate(hostileBindings) {
            _ = try? value.tagged()
        }
    }
    let spent = threadMilliseconds() - start
    if spent > mostMilliseconds {
        Issue.record("\(spent) ms for \(source.count) characters: \(source.prefix(2_000))")
    }
}

/// Time of this thread alone: other tests run beside.
private func threadMilliseconds() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1_000 + Double(time.tv_nsec) / 1e6
}

private let hostileEnvironment: CELEnvironment = {
    var environment = CELEnvironment.kyverno
    environment.add(.blocks)
    environment.options = []
    for name in ["x", "l", "m", "s"] { environment.declare(VariableDeclaration(name, .dyn)) }
    return environment
}()

private let hostileBindings = CELBindings([
    "x": 1, "l": [1, 2, 3], "s": "text",
    "m": .list([]),
])

/// A thread as small as the ones that tasks run on.
private func onSmallStack(_ work: @escaping @Sendable () throws -> Void) throws {
    let result = ThreadResult()
    let thread = Thread { result.finish(Result(catching: work)) }
    thread.stackSize = 512 * 1_024
    thread.start()
    try result.wait()
}

private final class ThreadResult: @unchecked Sendable {  // Safe: the semaphore orders both sides.
    private let semaphore = DispatchSemaphore(value: 0)
    private var result: Result<Void, any Error>?

    func finish(_ result: Result<Void, any Error>) {
        self.result = result
        semaphore.signal()
    }

    func wait() throws {
        semaphore.wait()
        try result?.get()
    }
}

// MARK: - Mutation

private let seeds = CELCase.all.map(\.expression) + ExpressionGrammar.samples

private func mutated(using generator: inout SeededGenerator) -> String {
    var bytes = Array((seeds.randomElement(using: &generator) ?? "").utf8)
    for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let place = Int.random(in: 0...bytes.count, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        case 1: if place < bytes.count { bytes.remove(at: place) }
        case 2:
            if place < bytes.count {
                bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            }
        case 3: bytes.insert(contentsOf: pieces.randomElement(using: &generator) ?? [], at: place)
        default:
            let end = min(bytes.count, place + Int.random(in: 0...20, using: &generator))
            bytes.insert(contentsOf: bytes[place..<end], at: place)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

private let pieces: [[UInt8]] = [
    "(", ")", "[", "]", "{", "}", ".", "?", ":", "&&", "||", "!", "-", "+", "*", "/", "%", " in ",
    "9223372036854775807", "-9223372036854775808", "18446744073709551615u", "1e308", "0.0", "null",
    ".map(a, a)", ".all(a, true)", ".filter(a, a > 0)", "'\\u00e9'", "b'\\xff'", "''", "[]", "{}",
    "lists.range(1000)", ".flatten(9)", ".replace('', 'xx')", ".split('')", "duration('1h')",
    "timestamp('9999-12-31T23:59:59Z')", "optional.none()", ".?a", "[?0]", "%s", ".format([1])",
    "quantity('1e30')", "cel.bind(b, [1], b + b)", "math.greatest(1, 2)", ".sortBy(a, a)",
].map { Array($0.utf8) }

// MARK: - Attacks

struct Attack: Sendable, CustomTestStringConvertible {
    let name: String
    let source: String

    var testDescription: String { name }
}

private func nested(_ count: Int, _ wrap: (String, Int) -> String, _ core: String) -> String {
    (0..<count).reduce(core) { wrap($0, $1) }
}

private let hurting: [Attack] = [
    Attack(name: "parentheses", source: String(repeating: "(", count: 50_000)),
    Attack(name: "brackets", source: String(repeating: "[", count: 99_999)),
    Attack(name: "closed parentheses", source: nested(110, { t, _ in "(\(t))" }, "1")),
    Attack(name: "closed brackets", source: nested(98, { t, _ in "[\(t)]" }, "1")),
    Attack(
        name: "operators inside",
        source: nested(45, { t, _ in "1 || 2 && 3 < 4 + 5 * (\(t))" }, "1")),
    Attack(name: "maps", source: nested(98, { t, _ in "{1: \(t)}" }, "1")),
    Attack(name: "calls", source: nested(98, { t, _ in "size(\(t))" }, "''")),
    Attack(name: "methods", source: "x" + String(repeating: ".size()", count: 98)),
    Attack(name: "too many methods", source: "x" + String(repeating: ".size()", count: 5_000)),
    Attack(name: "indexes", source: nested(90, { t, _ in "l[\(t)]" }, "0")),
    Attack(name: "conditions", source: nested(90, { t, _ in "(true ? \(t) : 0)" }, "1")),
    Attack(name: "minus", source: String(repeating: "-", count: 90_000) + "1"),
    Attack(name: "not", source: String(repeating: "!", count: 90_001) + "true"),
    Attack(name: "sums", source: "0" + String(repeating: "+1", count: 9_000)),
    Attack(name: "ands", source: "true" + String(repeating: "&&true", count: 9_000)),
    Attack(name: "fields", source: "x" + String(repeating: ".a", count: 19_000)),
    Attack(name: "questions", source: String(repeating: "true?1:", count: 9_000) + "1"),
    Attack(name: "a long list", source: "[" + String(repeating: "1,", count: 19_000) + "]"),
    Attack(
        name: "loops in loops",
        source: nested(8, { t, n in "lists.range(100).all(v\(n), \(t))" }, "true")),
    Attack(
        name: "maps of loops",
        source: nested(6, { t, n in "lists.range(100).map(v\(n), \(t))" }, "1")),
    Attack(name: "a range", source: "lists.range(9223372036854775807)"),
    Attack(name: "a wide range", source: "lists.range(999999).map(i, 'x')"),
    Attack(
        name: "doubled texts",
        source: nested(
            60,
            { t, n in
                "cel.bind(a\(n), s\(n), \(t))".replacing(
                    "s\(n)", with: n == 59 ? "'xxxxxxxx'" : "a\(n + 1) + a\(n + 1)")
            }, "a0")),
    Attack(
        name: "doubled lists",
        source: nested(
            60, { t, n in "cel.bind(a\(n), \(n == 59 ? "[1]" : "[a\(n + 1), a\(n + 1)]"), \(t))" },
            "a0 == a0 && string(a0) == ''")),
    Attack(
        name: "doubled lists compared",
        source: "cel.bind(z, [1], "
            + nested(40, { t, n in "cel.bind(a\(n), [a\(n + 1), a\(n + 1)], \(t))" }, "a0 == a1")
            .replacing("a40", with: "z") + ")"),
    Attack(
        name: "doubled lists written",
        source: nested(
            50, { t, n in "cel.bind(a\(n), \(n == 49 ? "[1]" : "[a\(n + 1), a\(n + 1)]"), \(t))" },
            "'%s'.format([a0])")),
    Attack(
        name: "doubled lists as JSON",
        source: nested(
            50, { t, n in "cel.bind(a\(n), \(n == 49 ? "[1]" : "[a\(n + 1), a\(n + 1)]"), \(t))" },
            "json.marshal(a0)")),
    Attack(
        name: "deep values",
        source: nested(
            20,
            { t, n in
                "cel.bind(a\(n), \(nested(60, { t, _ in "[\(t)]" }, n == 19 ? "1" : "a\(n + 1)")), \(t))"
            }, "a0 == a0")),
    Attack(
        name: "replaced",
        source: nested(20, { t, _ in "\(t).replace('', 'xxxxxxxxxxxxxxxxxxxxxxxx')" }, "'x'")),
    Attack(
        name: "joined",
        source: nested(
            12,
            { t, n in
                "cel.bind(a\(n), [a\(n + 1), a\(n + 1), a\(n + 1), a\(n + 1)].join(a\(n + 1)), \(t))"
            }, "a0"
        ).replacing("a12", with: "'xxxxxxxxxxxxxxxx'")),
    Attack(name: "wide digits", source: "'%.999999999f'.format([1.0])"),
    Attack(name: "many digits", source: "lists.range(500).map(i, '%.1000f'.format([5e-324]))"),
    Attack(
        name: "a heavy pattern",
        source: "lists.range(999).map(i, 'a'.matches('(a{500}){2}' + string(i)))"),
    Attack(
        name: "heavy matching",
        source: "lists.range(9999).all(i, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.matches('(a|a)*b$'))"),
    Attack(
        name: "many matches",
        source: "regex.replace(lists.range(9999).map(i, 'a').join(), '', 'bbbbbbbbbbbb')"),
    Attack(name: "found everywhere", source: "lists.range(9999).map(i, 'a').join().findAll('')"),
    Attack(
        name: "sorted twice",
        source: nested(40, { t, _ in "\(t).sortBy(v, -v)" }, "lists.range(100)")),
    Attack(
        name: "flattened",
        source: nested(20, { t, _ in "[\(t), \(t.count < 4_000 ? t : "1")]" }, "1") + ".flatten(99)"
    ),
    Attack(name: "sets", source: "sets.contains(lists.range(3000), lists.range(3000).reverse())"),
    Attack(name: "distinct lists", source: "lists.range(3000).map(i, [i]).distinct()"),
    Attack(
        name: "indexes in texts",
        source:
            "lists.range(20000).map(i, 'a').join().indexOf(lists.range(9999).map(i, 'a').join() + 'b')"
    ),
    Attack(
        name: "parts in texts",
        source:
            "lists.range(20000).map(i, 'a').join().contains(lists.range(9999).map(i, 'a').join() + 'b')"
    ),
    Attack(
        name: "split parts",
        source:
            "lists.range(20000).map(i, 'a').join().split(lists.range(9999).map(i, 'a').join() + 'b')"
    ),
    Attack(
        name: "yaml",
        source:
            "yaml.parse('a: &a [1,1]\\nb: &b [*a,*a,*a,*a,*a,*a]\\nc: &c [*b,*b,*b,*b,*b,*b]\\nd: [*c,*c,*c,*c,*c,*c]')"
    ),
    Attack(name: "a quantity", source: "quantity('1e999999').add(quantity('1e-999999'))"),
    Attack(
        name: "shifts",
        source: "math.bitShiftLeft(1, 9223372036854775807) + math.abs(-9223372036854775807 - 1)"),
    Attack(
        name: "the smallest int",
        source: "(-9223372036854775807 - 1) / -1 + (-9223372036854775807 - 1) % -1"),
    Attack(
        name: "times",
        source:
            "timestamp('0001-01-01T00:00:00Z') - duration('-2562047h') - timestamp(253402300799)"),
]
