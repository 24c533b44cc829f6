// SPDX-License-Identifier: Apache-2.0
// Good expressions with a few bytes changed, the same in every run.

internal import Foundation
internal import Primitives
internal import TestSupport

/// Where the expressions that are changed come from.
package enum ExpressionSeeds: Sendable {
    /// Written here or grown from the grammar: the same on every machine.
    case own
    /// The expressions of the conformance suites; none where the suites are not beside the project.
    case suite
}

/// Changes expressions of one language.
struct ExpressionMutation {
    private let seeds: [[UInt8]]
    private let pieces: [[UInt8]]
    /// Words of which one can stand in the place of another.
    private let exchanges: [[[UInt8]]]
    private var generator: SeededGenerator

    init(_ language: HostileLanguage, of source: ExpressionSeeds?, seed: UInt64) {
        let isCEL = language == .cel
        let suite = isCEL ? suiteExpressions.cel : suiteExpressions.jmespath
        let samples = isCEL ? CELGrammar.samples : jmespathSamples
        let texts =
            switch source {
            case .own:
                samples + language.grownShallow(100, seed: 7)
                    + language.grownWithValue(400, seed: 8)
            case .suite: suite
            case nil: suite + samples
            }
        seeds = texts.map { Array($0.utf8) }
        pieces = (isCEL ? celPieces : jmespathPieces).map { Array($0.utf8) }
        exchanges = exchangeableWords.map { $0.map { Array($0.utf8) } }
        generator = SeededGenerator(seed: seed)
    }

    mutating func next() -> String {
        var bytes = seeds.randomElement(using: &generator) ?? []
        // Small changes often leave a good expression, large ones seldom; both are needed.
        let isSmall = Bool.random(using: &generator)
        for _ in 0..<Int.random(in: 1...(isSmall ? 2 : 6), using: &generator) {
            if isSmall, Int.random(in: 0..<3, using: &generator) > 0 {
                exchangeWord(in: &bytes)
                continue
            }
            let place = Int.random(in: 0...bytes.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
            case 1: if place < bytes.count { bytes.remove(at: place) }
            case 2:
                if place < bytes.count {
                    bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                }
            case 3:
                bytes.insert(contentsOf: pieces.randomElement(using: &generator) ?? [], at: place)
            default:
                let end = min(bytes.count, place + Int.random(in: 0...20, using: &generator))
                bytes.insert(contentsOf: bytes[place..<end], at: place)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Puts another word in the place of one, if the expression has one that can be exchanged.
    private mutating func exchangeWord(in bytes: inout [UInt8]) {
        guard let words = exchanges.randomElement(using: &generator),
            let new = words.randomElement(using: &generator)
        else { return }
        let found = words.flatMap { word in
            bytes.indices.filter { bytes[$0...].starts(with: word) }.map { ($0, word.count) }
        }
        guard let (start, count) = found.randomElement(using: &generator) else { return }
        bytes.replaceSubrange(start..<(start + count), with: new)
    }
}

/// The expressions of the suites, where they are beside the project.
private let suiteExpressions = (
    cel: texts(under: "expr", in: SharedSuites.cel),
    jmespath: texts(under: "expression", in: SharedSuites.jmespath)
)

private func texts(under name: String, in directory: URL?) -> [String] {
    guard let directory,
        let files = try? FileManager.default.contentsOfDirectory(atPath: directory.path)
    else { return [] }
    return files.filter { $0.hasSuffix(".json") }.sorted().flatMap { file in
        let bytes = (try? Data(contentsOf: directory.appendingPathComponent(file))) ?? Data()
        return (try? JSONValue(parsing: bytes, named: file)).map { texts(under: name, in: $0) }
            ?? []
    }
}

private func texts(under name: String, in value: JSONValue) -> [String] {
    switch value {
    case .array(let items): items.flatMap { texts(under: name, in: $0) }
    case .object(let object):
        object.flatMap { member in
            if member.name == name, let text = member.value.string { return [text] }
            return texts(under: name, in: member.value)
        }
    default: []
    }
}

private let exchangeableWords = [
    ["0", "1", "2", "3", "7", "-1", "255", "9223372036854775807", "-9223372036854775808"],
    [" + ", " - ", " * ", " % "], [" == ", " != ", " < ", " <= ", " > ", " >= "],
    [" && ", " || "], ["true", "false"], [".all(", ".exists(", ".exists_one("],
    ["startsWith", "endsWith", "contains"], ["distinct", "sort", "reverse"],
    ["'a'", "''", "'\u{E9}\u{1F600}'", "'x.y'"], ["[1, 2, 3]", "[]", "lists.range(9)"],
    ["list", "a.b", "a"], ["`1`", "`2`", "`-1`", "`1.5`"],
]

private let celPieces = [
    "(", ")", "[", "]", "{", "}", ".", "?", ":", "&&", "||", "!", "-", "+", "*", "/", "%", " in ",
    "9223372036854775807", "-9223372036854775808", "18446744073709551615u", "1e308", "0.0", "null",
    ".map(a, a)", ".all(a, true)", ".filter(a, a > 0)", "'\\u00e9'", "b'\\xff'", "''", "[]", "{}",
    "lists.range(1000)", ".flatten(9)", ".replace('', 'xx')", ".split('')", "duration('1h')",
    "timestamp('9999-12-31T23:59:59Z')", "optional.none()", ".?a", "[?0]", "%s", ".format([1])",
    "quantity('1e30')", "cel.bind(b, [1], b + b)", "math.greatest(1, 2)", ".sortBy(a, a)",
]

private let jmespathPieces = [
    "(", ")", "[", "]", "{", "}", ".", "?", ":", "&&", "||", "|", "!", "&", "@", "*", "[*]", "[]",
    "[?a]", "[0]", "[::2]", "==", "<", ",", "'a'", "`1`", "`[1,2]`", "\"a\"", "\\", "`", "'",
    "9223372036854775807", "-9223372036854775808", "list[*]", "sort_by(list, &x)", "to_string(@)",
    "join('', list[].y)", "{a: @, b: @}", "[@, @]", "\u{E4}\u{1D11E}",
]

private let jmespathSamples = [
    "add('1Gi', a.d.e)", "divide(a.d.e, `3`)", "time_add(when, a.d.f)", "sum(list[].x)",
    "time_parse('2006-01-02T15:04:05', '2025-11-25T12:00:00')", "truncate(a.c, `2`)",
    "regex_replace_all('(t)(e)', a.c, '$2$1')", "semver_compare('1.2.3', '>=1.0.0 <2.x || 3.1.x')",
    "random('[a-z]{3,5}(x|y)?')", "items(a, 'k', 'v')[?k == 'b'].v[]", "sort_by(list, &y)[-1].x",
    "list[?x > `1` && y != 'b'].{x: x, z: [y, @.y]} | [0]", "multiply('1h', `0.25`)",
    "image_normalize('a/b:c')", "round(`1.25`, `1`)", "parse_yaml('a: [1, 2]').a[::-1]",
    "x509_decode(a.c)", "replace(a.c, 't', 'xx', `-1`)", "object_from_lists(keys(a), values(a))",
]
