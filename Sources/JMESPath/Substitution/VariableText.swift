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
    init(_ text: String) throws(EvaluationError) {
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
    private var position = 0
    private var count = 0
    private var scanned = 0
    private(set) var isUnclosed = false

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// The pieces up to `end` or, at the outermost level, up to the end of the text.
    mutating func pieces(upTo end: Int?, depth: Int) throws(EvaluationError)
        -> [VariableText.Piece]
    {
        var pieces: [VariableText.Piece] = []
        var text: [UInt8] = []
        let end = end ?? bytes.count
        while position < end {
            if bytes[position] == UInt8(ascii: "\\"), isOpening(position + 1) {
                text += "{{".utf8
                position += 3
            } else if isOpening(position), let close = try closing(of: position), close + 2 <= end {
                flush(&text, &pieces)
                pieces.append(.variable(try variable(upTo: close, depth: depth)))
            } else {
                isUnclosed = isUnclosed || isOpening(position)
                text.append(bytes[position])
                position += 1
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

    private mutating func variable(upTo close: Int, depth: Int) throws(EvaluationError)
        -> VariableText.Variable
    {
        count += 1
        guard count <= Limits.variablesPerText, depth < Limits.documentDepth else {
            throw EvaluationError(
                .overLimit,
                "the text has more than \(Limits.variablesPerText) variables, or nests them deeper "
                    + "than \(Limits.documentDepth)")
        }
        position += 2
        let isShallow = position < close && bytes[position] == UInt8(ascii: "-")
        if isShallow { position += 1 }
        let inner = try pieces(upTo: close, depth: depth + 1)
        position = close + 2
        return VariableText.Variable(inner: VariableText(pieces: inner), isShallow: isShallow)
    }

    private func isOpening(_ position: Int) -> Bool {
        position + 1 < bytes.count && bytes[position] == UInt8(ascii: "{")
            && bytes[position + 1] == UInt8(ascii: "{")
    }

    /// The position of the `}}` of a variable. Single braces inside (multi-select hashes) are
    /// counted in pairs; braces in quotes or literals are not counted.
    private mutating func closing(of start: Int) throws(EvaluationError) -> Int? {
        var level = 0
        var position = start + 2
        defer { scanned += position - start }
        // Unclosed openings make this quadratic, so it has a budget.
        guard scanned <= Limits.jmespathOutputBytes else {
            throw EvaluationError(.overLimit, "the text opens too many variables and ends none")
        }
        var quote: UInt8?
        // Kyverno's regular expression matches braces only. Assay respects quotes, so that '}}' can
        // occur in a string.
        while position < bytes.count, position - start <= Limits.jmespathBytes {
            let byte = bytes[position]
            if let open = quote {
                if byte == UInt8(ascii: "\\") { position += 1 } else if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"")
                || byte == UInt8(ascii: "`")
            {
                quote = byte
            } else if byte == UInt8(ascii: "{") {
                level += 1
            } else if byte == UInt8(ascii: "}") {
                if level > 0 {
                    level -= 1
                } else if position + 1 < bytes.count, bytes[position + 1] == byte {
                    return position
                } else {
                    return nil
                }
            }
            position += 1
        }
        return nil
    }
}
