// SPDX-License-Identifier: Apache-2.0
// Generates text that matches a regular expression, from random bytes of the caller.
// Spec: kyverno.io, "JMESPath": Random.

import JMESPath
import Primitives

/// The part of RE2's syntax that text can be generated from: characters, classes, groups,
/// alternatives and repetitions. Anchors generate no text.
///
/// Deviation: other constructs (`\b`, flags, named classes, negated sets) are errors; Kyverno
/// generates some text for them.
indirect enum TextShape {
    case characters([ClosedRange<UInt32>])
    case sequence([TextShape])
    case alternatives([TextShape])
    case repeated(TextShape, ClosedRange<Int>)

    init(parsing pattern: String, _ call: FunctionCall) throws(EvaluationError) {
        do throws(Failure) {
            _ = try RegularExpression(pattern)
        } catch {
            throw call.invalid(error.why)
        }
        var reader = ShapeReader(rest: Array(pattern.unicodeScalars)[...], call: call)
        self = try reader.alternatives(depth: 0)
        guard reader.rest.isEmpty else { throw reader.unsupported }
    }
}

private struct ShapeReader {
    var rest: ArraySlice<Unicode.Scalar>
    let call: FunctionCall

    var unsupported: EvaluationError {
        let shown = rest.first.map { quoted(String($0)) } ?? "the end"
        return call.invalid("no text can be made for the expression at \(shown)")
    }

    mutating func alternatives(depth: Int) throws(EvaluationError) -> TextShape {
        guard depth < 20 else { throw call.invalid("groups nest deeper than 20", .overLimit) }
        var branches = [try sequence(depth: depth)]
        while take("|") { branches.append(try sequence(depth: depth)) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence(depth: Int) throws(EvaluationError) -> TextShape {
        var parts: [TextShape] = []
        while let next = rest.first, next != "|", next != ")" {
            if take("^") || take("$") { continue }
            parts.append(try repeated(try atom(depth: depth)))
        }
        return .sequence(parts)
    }

    private mutating func atom(depth: Int) throws(EvaluationError) -> TextShape {
        guard let next = rest.popFirst() else { throw unsupported }
        switch next {
        case "(":
            if take("?") {
                guard take(":") else { throw unsupported }
            }
            let inner = try alternatives(depth: depth + 1)
            guard take(")") else { throw unsupported }
            return inner
        case "[": return .characters(try set())
        case ".": return .characters([0x20...0x7E])
        case "\\": return .characters(try escaped())
        default: return .characters([next.value...next.value])
        }
    }

    private mutating func set() throws(EvaluationError) -> [ClosedRange<UInt32>] {
        guard !rest.starts(with: ["^"]) else { throw unsupported }
        var ranges: [ClosedRange<UInt32>] = []
        while let next = rest.popFirst() {
            if next == "]", !ranges.isEmpty { return ranges }
            guard next != "[" || !rest.starts(with: [":"]) else { throw unsupported }
            if next == "\\" {
                ranges += try escaped()
            } else if rest.starts(with: ["-"]), let last = rest.dropFirst().first, last != "]" {
                rest = rest.dropFirst(2)
                guard last != "\\", next.value <= last.value else { throw unsupported }
                ranges.append(next.value...last.value)
            } else {
                ranges.append(next.value...next.value)
            }
        }
        throw unsupported
    }

    private mutating func escaped() throws(EvaluationError) -> [ClosedRange<UInt32>] {
        guard let next = rest.popFirst() else { throw unsupported }
        switch next {
        case "d": return [0x30...0x39]
        case "w": return [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
        case "s": return [0x20...0x20]
        case "t": return [0x09...0x09]
        case "n": return [0x0A...0x0A]
        default:
            guard !next.properties.isAlphabetic, next.properties.numericType == nil else {
                throw unsupported
            }
            return [next.value...next.value]
        }
    }

    private mutating func repeated(_ shape: TextShape) throws(EvaluationError) -> TextShape {
        let most = Limits.generatedRepeats
        var counts: ClosedRange<Int>?
        if take("*") { counts = 0...most }
        if counts == nil, take("+") { counts = 1...most }
        if counts == nil, take("?") { counts = 0...1 }
        if counts == nil, take("{") { counts = try bounds() }
        guard let counts else { return shape }
        _ = take("?")
        return .repeated(shape, counts)
    }

    private mutating func bounds() throws(EvaluationError) -> ClosedRange<Int> {
        let least = number()
        let isOpen = take(",")
        let most = number()
        guard let least, take("}") else { throw unsupported }
        if let most { return least...max(least, most) }
        return least...(isOpen ? least + Limits.generatedRepeats : least)
    }

    private mutating func number() -> Int? {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        rest = rest.dropFirst(digits.count)
        // RE2 accepted the pattern, so a count is at most 1,000.
        return Int(text(of: digits))
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest = rest.dropFirst()
        return true
    }
}

struct TextGenerator {
    let source: @Sendable (Int) -> [UInt8]
    private(set) var scalars: [Unicode.Scalar] = []
    private var stepsLeft = 8 * Limits.generatedBytes

    init(source: @escaping @Sendable (Int) -> [UInt8]) { self.source = source }

    mutating func write(_ shape: TextShape, _ call: FunctionCall) throws(EvaluationError) {
        stepsLeft -= 1
        guard stepsLeft > 0, scalars.count < Limits.generatedBytes else {
            throw call.invalid(
                "the text has more than \(Limits.generatedBytes) characters", .overLimit)
        }
        switch shape {
        case .characters(let ranges):
            let count = ranges.reduce(0) { $0 + $1.count }
            var position = try choice(count, call)
            for range in ranges {
                if position < range.count,
                    let scalar = Unicode.Scalar(range.lowerBound + UInt32(position))
                {
                    scalars.append(scalar)
                    return
                }
                position -= range.count
            }
        case .sequence(let parts): for part in parts { try write(part, call) }
        case .alternatives(let branches):
            try write(branches[try choice(branches.count, call)], call)
        case .repeated(let inner, let counts):
            let count = counts.lowerBound + (try choice(counts.count, call))
            for _ in 0..<count { try write(inner, call) }
        }
    }

    /// A random number below `count`. With 64 bits and at most a million choices, the bias is
    /// negligible.
    private func choice(_ count: Int, _ call: FunctionCall) throws(EvaluationError) -> Int {
        let bytes = source(8)
        guard bytes.count == 8, count > 0 else {
            throw call.invalid("the source of randomness gave too little", .unavailable)
        }
        let value = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(value % UInt64(count))
    }
}
