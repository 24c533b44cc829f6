// SPDX-License-Identifier: Apache-2.0
// The licences in a Debian copyright file. Spec: Debian copyright-format 1.0.

internal import Primitives

/// The License fields of a machine-readable copyright file, each once, in order; nil if the file is
/// not machine-readable.
///
/// Only the first line of a field, with the short names, is used.
func debianLicenseNames(_ bytes: [UInt8]) -> [String]? {
    var names: [String] = []
    var paragraph = CopyrightParagraph()
    var isFirst = true
    /// False if the first paragraph does not declare this format.
    func finish() -> Bool {
        defer { paragraph = CopyrightParagraph() }
        guard !paragraph.isEmpty else { return true }
        defer { isFirst = false }
        if isFirst, !paragraph.hasFormat { return false }
        // A paragraph with only a License field contains the text of the licence.
        guard isFirst || paragraph.hasFiles else { return true }
        let written = paragraph.license ?? (isFirst ? nil : "")
        if let name = written.map({ longestMarkRun(in: $0) <= Limits.combiningMarks ? $0 : "" }),
            !names.contains(where: { isSame($0, name) })
        {
            names.append(name)
        }
        return true
    }
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
        if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) {
            guard finish() else { return nil }
        } else {
            paragraph.add(line)
        }
    }
    guard finish(), !isFirst else { return nil }
    return names
}

private struct CopyrightParagraph {
    private(set) var isEmpty = true
    private(set) var hasFormat = false
    private(set) var hasFiles = false
    private(set) var license: String?

    mutating func add(_ line: ArraySlice<UInt8>) {
        guard let first = line.first, first != UInt8(ascii: "#") else { return }
        isEmpty = false
        guard first != 0x20, first != 0x09, let colon = line.firstIndex(of: UInt8(ascii: ":"))
        else { return }
        let name = line[..<colon].map { $0 | 0x20 }
        let value = String(
            decoding: line[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
                .filter { $0 != 0x0D }, as: UTF8.self)
        if name.elementsEqual("format".utf8) || name.elementsEqual("format-specification".utf8) {
            hasFormat = ["copyright-format", "dep5", "DEP-5"].contains { part in
                value.utf8.indices.contains { value.utf8[$0...].starts(with: part.utf8) }
            }
        } else if name.elementsEqual("files".utf8) {
            hasFiles = true
        } else if name.elementsEqual("license".utf8) {
            license = value
        }
    }
}
