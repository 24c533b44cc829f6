// SPDX-License-Identifier: Apache-2.0
// Splits a text into literals and {{ variables }}. Spec: docs/kyverno.md, "Variables".

import Primitives

/// A text as pieces: literals and variables.
struct VariableText: Sendable {
    indirect enum Piece: Sendable {
        case text(String)
        case variable(Variable)
    }

    /// One `{{ … }}`, whose expression can contain other variables.
    struct Variable: Sendable {
        let inner: VariableText
        /// `{{- … }}`: its value is not evaluated, even with the option `evaluatesValues`.
        let isShallow: Bool
    }

    let pieces: [Piece]
    /// Whether a `{{` is not closed.
    let isUnclosed: Bool

    var hasVariables: Bool {
        pieces.contains { if case .variable = $0 { true } else { false } }
    }

    /// Splits `text`. Unbalanced braces are text, as in Kyverno; `\{{` is a literal `{{`.
    init(_ text: String) throws(EvaluationStop) {
        var reader = VariableReader(bytes: Array(text.utf8))
        pieces = try reader.pieces(upTo: nil, depth: 0)
        isUnclosed = reader.isUnclosed
    }

    init(pieces: [Piece]) {
        self.pieces = pieces
        isUnclosed = false
    }
}

private struct VariableReader {
    let bytes: [UInt8]
    private var place = 0
    private var count = 0
    private var scanned = 0
    private(set) var isUnclosed = false

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// The pieces up to `end` or, at the outermost level, up to the end of the text.
    mutating func pieces(upTo end: Int?, depth: Int) throws(EvaluationStop)
        -> [VariableText.Piece]
    {
        var pieces: [VariableText.Piece] = []
        var text: [UInt8] = []
        let end = end ?? bytes.count
        while place < end {
            if bytes[place] == UInt8(ascii: "\\"), isOpening(place + 1) {
                text += "{{".utf8
                place += 3
            } else if isOpening(place), let close = try closing(of: place), close + 2 <= end {
                flush(&text, &pieces)
                pieces.append(.variable(try variable(upTo: close, depth: depth)))
            } else {
                isUnclosed = isUnclosed || isOpening(place)
                text.append(bytes[place])
                place += 1
            }
        }
        flush(&text, &pieces)
        return pieces
    }

    private func flush(_ text: inout [UInt8], _ pieces: inout [VariableText.Piece]) {
        guard !text.isEmpty else { return }
        pieces.append(.text(String(decoding: text, as: UTF8.self)))
        text = []
    }

    private mutating func variable(upTo close: Int, depth: Int) throws(EvaluationStop)
        -> VariableText.Variable
    {
        count += 1
        guard count <= Limits.variablesPerText, depth < Limits.documentDepth else {
            throw EvaluationStop(
                .overLimit,
                "the text has more than \(Limits.variablesPerText) variables, or nests them deeper "
                    + "than \(Limits.documentDepth)")
        }
        place += 2
        let isShallow = place < close && bytes[place] == UInt8(ascii: "-")
        if isShallow { place += 1 }
        let inner = try pieces(upTo: close, depth: depth + 1)
        place = close + 2
        return VariableText.Variable(inner: VariableText(pieces: inner), isShallow: isShallow)
    }

    private func isOpening(_ place: Int) -> Bool {
        place + 1 < bytes.count && bytes[place] == UInt8(ascii: "{")
            && bytes[place + 1] == UInt8(ascii: "{")
    }

    /// The position of the `}}` of a variable. Single braces inside (multi-select hashes) are
    /// counted in pairs; braces in quotes or literals are not counted.
    private mutating func closing(of start: Int) throws(EvaluationStop) -> Int? {
        var level = 0
        var place = start + 2
        defer { scanned += place - start }
        // Unclosed openings make this quadratic, so it has a budget.
        guard scanned <= Limits.jmespathOutputBytes else {
            throw EvaluationStop(.overLimit, "the text opens too many variables and ends none")
        }
        var quote: UInt8?
        // Kyverno's regular expression matches braces only. Assay respects quotes, so that '}}' can
        // occur in a string.
        while place < bytes.count, place - start <= Limits.jmespathBytes {
            let byte = bytes[place]
            if let open = quote {
                if byte == UInt8(ascii: "\\") { place += 1 } else if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"")
                || byte == UInt8(ascii: "`")
            {
                quote = byte
            } else if byte == UInt8(ascii: "{") {
                level += 1
            } else if byte == UInt8(ascii: "}") {
                if level > 0 {
                    level -= 1
                } else if place + 1 < bytes.count, bytes[place + 1] == byte {
                    return place
                } else {
                    return nil
                }
            }
            place += 1
        }
        return nil
    }
}
