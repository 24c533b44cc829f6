// SPDX-License-Identifier: Apache-2.0
// PEM text: keys and certificates between two boundary lines. Spec: RFC 7468 §2, §3 (Figure 2).

/// One PEM block: its label and the bytes that its base64 encodes.
///
/// The reader takes RFC 7468's lax form, which Go, OpenSSL and most other readers take too: lines of
/// any length, blank lines, indentation, spaces at the end of lines, CRLF, text before, between and
/// after the blocks, no line break at the end of the file. White space never decides; the base64
/// itself must be canonical (RFC 4648 §3.5), and both boundaries must name the same label.
package struct PEMBlock: Hashable, Sendable {
    /// "PUBLIC KEY", "CERTIFICATE", …
    package let label: String
    package let bytes: [UInt8]

    /// Reads every block of a text, in its order; an empty list when there is none.
    ///
    /// - Throws: `Reason` for the first block that is not well-formed, even between good ones.
    package static func list(in text: some Collection<UInt8>) throws(Reason) -> [PEMBlock] {
        var scanner = PEMScanner(text)
        var blocks: [PEMBlock] = []
        while let block = try scanner.next() { blocks.append(block) }
        return blocks
    }

    /// Whether a text holds the beginning of a block, and so is meant as PEM.
    package static func isPEM(_ text: some Collection<UInt8>) -> Bool {
        var scanner = PEMScanner(text)
        return scanner.nextBoundary() != nil
    }

    /// Why a text is not well-formed PEM: a sentence for people.
    package struct Reason: Error, Hashable, Sendable {
        package let why: String

        package init(why: String) { self.why = why }
    }
}

/// Walks over a text from one boundary to the next.
private struct PEMScanner {
    private let text: [UInt8]
    private var index: Int

    init(_ text: some Collection<UInt8>) {
        self.text = Array(text)
        // Editors on Windows put a byte order mark first.
        index = self.text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    mutating func next() throws(PEMBlock.Reason) -> PEMBlock? {
        guard let label = nextBoundary() else { return nil }
        let name = String(decoding: label, as: UTF8.self)
        let start = index
        while index < text.count, text[index] != UInt8(ascii: "-") { index += 1 }
        let body = text[start..<index]
        guard take(Array("-----END ".utf8)) else {
            throw PEMBlock.Reason(why: "the PEM block \(quoted(name)) has no end")
        }
        guard take(label), take(dashes) else {
            throw PEMBlock.Reason(
                why: "the PEM block \(quoted(name)) ends with another label than it begins with")
        }
        try requireLineEnd(after: name)
        return PEMBlock(label: name, bytes: try decoded(body, of: name))
    }

    /// The label of the next `-----BEGIN LABEL-----` at the start of a line; the index is after it.
    mutating func nextBoundary() -> [UInt8]? {
        while index < text.count {
            skipWhiteSpace()
            if let label = takeBoundary() { return label }
            while index < text.count, !isLineBreak(text[index]) { index += 1 }
        }
        return nil
    }

    private mutating func takeBoundary() -> [UInt8]? {
        guard take(Array("-----BEGIN ".utf8)) else { return nil }
        let start = index
        // Spec: RFC 7468 §3: printable characters, and single hyphens between them.
        while index < text.count, (0x20...0x7E).contains(text[index]),
            !text[index...].starts(with: dashes)
        { index += 1 }
        let label = Array(text[start..<index])
        return !label.isEmpty && take(dashes) ? label : nil
    }

    /// Nothing but white space follows a boundary on its line, except the next block's boundary.
    private func requireLineEnd(after name: String) throws(PEMBlock.Reason) {
        let rest = text[index...].prefix { !isLineBreak($0) }.drop(while: isWhiteSpace)
        guard rest.isEmpty || rest.starts(with: dashes) else {
            throw PEMBlock.Reason(
                why: "text follows the end of the PEM block \(quoted(name)) on the same line")
        }
    }

    private func decoded(
        _ body: ArraySlice<UInt8>, of name: String
    ) throws(PEMBlock.Reason) -> [UInt8] {
        let base64 = String(decoding: body.filter { !isWhiteSpace($0) }, as: UTF8.self)
        if let content = Primitives.bytes(fromBase64: base64), !content.isEmpty { return content }
        guard body.contains(UInt8(ascii: ":")) else {
            throw PEMBlock.Reason(why: "the PEM block \(quoted(name)) does not hold base64")
        }
        // Spec: RFC 7468 §2: attributes and headers of RFC 1421 are not part of the format.
        throw PEMBlock.Reason(why: "the PEM block \(quoted(name)) has headers (RFC 1421)")
    }

    private mutating func take(_ expected: [UInt8]) -> Bool {
        guard text[index...].starts(with: expected) else { return false }
        index += expected.count
        return true
    }

    private mutating func skipWhiteSpace() {
        while index < text.count, isWhiteSpace(text[index]) { index += 1 }
    }
}

private let dashes = Array("-----".utf8)

private func isLineBreak(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

/// Spec: RFC 7468 §3, Figure 2: space, tab, CR, LF, vertical tab, form feed.
private func isWhiteSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
}
