// SPDX-License-Identifier: Apache-2.0
// Signed notes. Spec: C2SP signed-note.

internal import Primitives

/// A text with signature lines. Parsing checks the form, not the signatures.
package struct SignedNote: Hashable, Sendable {
    /// One unverified signature line.
    package struct Signature: Hashable, Sendable {
        package let name: String
        /// The first four bytes of the key ID, which distinguish keys of one name.
        package let hint: [UInt8]
        package let bytes: [UInt8]

        package init(name: String, hint: [UInt8], bytes: [UInt8]) {
            self.name = name
            self.hint = hint
            self.bytes = bytes
        }
    }

    /// The signed text: all lines before the blank line, with the final newline.
    package let text: String
    package let signatures: [Signature]

    /// Parses a note, split at its last blank line.
    ///
    /// Spec: C2SP signed-note, "Format": UTF-8 without control characters except newlines, and at
    /// least one signature line; all signature lines must be well-formed, also those of unknown
    /// keys.
    package init(parsing bytes: [UInt8]) throws(VerificationError) {
        guard bytes.count <= Limits.signedNoteBytes else {
            throw VerificationError(
                .overLimit,
                "the note has \(bytes.count) bytes, the limit is \(Limits.signedNoteBytes)")
        }
        guard let whole = String(validating: bytes, as: UTF8.self) else {
            throw malformedNote("it is not UTF-8")
        }
        guard longestMarkRun(in: whole) <= Limits.combiningMarks else {
            throw VerificationError(
                .overLimit,
                "the note has more than \(Limits.combiningMarks) combining marks in a row")
        }
        guard bytes.allSatisfy({ $0 >= 0x20 || $0 == newline }), bytes.last == newline else {
            throw malformedNote("it has control characters, or no newline at its end")
        }
        guard let blank = lastBlankLine(bytes), blank > 0 else {
            throw malformedNote("no blank line parts its text from its signatures")
        }
        guard blank + 1 < bytes.count else { throw malformedNote("it has no signature") }
        text = String(decoding: whole.utf8.prefix(blank), as: UTF8.self)
        let lines = bytes.dropFirst(blank + 1).dropLast().split(
            separator: newline, omittingEmptySubsequences: false)
        guard lines.count <= Limits.signaturesPerNote else {
            throw VerificationError(
                .overLimit,
                "the note has \(lines.count) signatures, the limit is \(Limits.signaturesPerNote)")
        }
        var signatures: [Signature] = []
        for line in lines { signatures.append(try Signature(line: line)) }
        self.signatures = signatures
    }

    package init(parsing text: String) throws(VerificationError) {
        try self.init(parsing: Array(text.utf8))
    }

    /// The original note with its signatures.
    package var description: String {
        let lines = signatures.map { "— \($0.name) \(base64Text($0.hint + $0.bytes))\n" }
        return text + "\n" + lines.joined()
    }
}

extension SignedNote.Signature {
    /// Spec: signed-note, "Signatures": em dash, space, key name, space, base64 of the four bytes
    /// of key id and the signature.
    fileprivate init(line: ArraySlice<UInt8>) throws(VerificationError) {
        let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].elementsEqual("—".utf8), !parts[1].isEmpty else {
            throw malformedNote(
                "the line \(quoted(String(decoding: line, as: UTF8.self))) is not — name base64")
        }
        name = String(decoding: parts[1], as: UTF8.self)
        guard !name.utf8.contains("+"),
            !name.unicodeScalars.contains(where: \.properties.isWhitespace)
        else {
            throw malformedNote("the key name \(quoted(name)) holds a space or a plus")
        }
        guard let content = Primitives.bytes(fromBase64: String(decoding: parts[2], as: UTF8.self)),
            content.count > hintBytes
        else {
            throw malformedNote("the signature of \(quoted(name)) is not base64 of 5 bytes or more")
        }
        hint = Array(content.prefix(hintBytes))
        bytes = Array(content.dropFirst(hintBytes))
    }
}

/// The index of the second newline of the last pair, which is the blank line.
private func lastBlankLine(_ bytes: [UInt8]) -> Int? {
    var place = bytes.count - 1
    while place > 0 {
        if bytes[place] == newline, bytes[place - 1] == newline { return place }
        place -= 1
    }
    return nil
}

private func malformedNote(_ why: String) -> VerificationError {
    VerificationError(.checkpointMalformed, "the note cannot be read: \(why)")
}

private let newline = UInt8(ascii: "\n")
private let hintBytes = 4
