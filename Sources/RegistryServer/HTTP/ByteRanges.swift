// SPDX-License-Identifier: Apache-2.0
// Ranges of bytes as clients write them.
// Spec: RFC 9110 §14.1.2 (Range); OCI distribution-spec 1.1, "Pushing a blob in chunks".

internal import Primitives

/// What a `Range` header asks of content.
enum WantedRange: Hashable, Sendable {
    /// There is no range, or several: the whole content answers.
    case everything
    case part(Range<Int>)
    /// No byte of the content is in the range.
    case unsatisfiable

    /// Reads `bytes=0-9`, `bytes=10-` or `bytes=-5`. A range that ends before it starts is
    /// unsatisfiable; the conformance suite asks for that.
    init(parsing header: String?, size: Int) {
        guard let wanted = header?.utf8.removingPrefix("bytes="), !wanted.utf8.contains(",") else {
            self = .everything
            return
        }
        let sides = wanted.utf8.split(
            separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2 else { self = .unsatisfiable; return }
        let range: Range<Int>?
        switch (natural(sides[0]), natural(sides[1])) {
        case (let first?, let last?): range = first <= last ? first..<last.advanced(by: 1) : nil
        case (let first?, nil) where sides[1].isEmpty: range = first < size ? first..<size : nil
        case (nil, let count?) where sides[0].isEmpty: range = max(0, size - count)..<size
        default: range = nil
        }
        guard let range, range.lowerBound < size, !range.isEmpty else {
            self = .unsatisfiable
            return
        }
        self = .part(range.clamped(to: 0..<size))
    }
}

/// Reads the `Content-Range` of a chunk: `0-1023`, with or without `bytes` before and `/…` after.
func chunkRange(_ header: String) -> Range<Int>? {
    var text = header[...]
    for unit in ["bytes ", "bytes="] where text.utf8.hasPrefix(unit) {
        text = Substring(text.utf8.dropFirst(unit.utf8.count))
    }
    let sides = text.utf8.prefix(before: "/").utf8.split(
        separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard sides.count == 2, let first = natural(sides[0]), let last = natural(sides[1]),
        first <= last
    else { return nil }
    return first..<last + 1
}

/// A number without sign, and small enough that one more still fits.
func natural(_ text: some StringProtocol) -> Int? {
    guard !text.isEmpty, text.utf8.count <= 18, text.utf8.allSatisfy({ (48...57).contains($0) })
    else { return nil }
    return Int(text)
}
