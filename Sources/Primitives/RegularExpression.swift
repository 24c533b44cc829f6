// SPDX-License-Identifier: Apache-2.0
// Regular expressions with the syntax and the linear time of RE2: what cosign, Kyverno and CEL mean.

internal import CRE2

/// A compiled expression. Matching takes time linear in the text, whatever the pattern.
///
/// Spec: RE2, doc/syntax.txt. Unanchored, as in Go: whoever wants the whole text writes `^` and
/// `$`, or takes `init(anchored:)`.
package final class RegularExpression: Sendable {
    package let pattern: String
    /// About how many steps the compiled expression has; what compiling and matching cost goes with it.
    package let effort: Int
    private let compiled: Compiled

    /// Compiles `pattern`; too large a one (`(a{1000}){1000}`) is refused.
    package init(_ pattern: String) throws(Failure) {
        self.pattern = pattern
        if hasByteEscape(pattern) {
            throw Failure(
                .malformed, "cannot read the regular expression \(quoted(pattern))",
                because: "\\C would match half of a character; Go's RE2 has no such escape")
        }
        effort = RegularExpression.effort(of: pattern)
        compiled = try Compiled(pattern)
    }

    /// Compiles `pattern` so that it speaks about the whole text.
    package convenience init(anchored pattern: String) throws(Failure) {
        // Alone first: `a)|(b` must not become well-formed by our parentheses.
        _ = try Compiled(pattern)
        try self.init("^(?:" + pattern + ")$")
    }

    /// Whether the pattern occurs anywhere in `text`.
    package func matches(_ text: String) -> Bool { firstMatch(in: text, groups: 0) != nil }

    /// Capturing groups, the whole match not counted.
    package var groupCount: Int { compiled.groupCount }

    /// The leftmost match at or after a byte offset: the ranges, in bytes of UTF-8, of the whole
    /// match and of up to `groups` groups; nil for a group that took no part.
    package func firstMatch(
        in text: String, from start: Int = 0, groups: Int
    ) -> [Range<Int>?]? {
        compiled.firstMatch(in: text, from: start, spans: groups + 1)
    }

    /// The number of the group with that name.
    package func group(named name: String) -> Int? { compiled.group(named: name) }
}

/// Whether `\C` stands in the pattern, escaped backslashes and `\Q…\E` aside.
private func hasByteEscape(_ pattern: String) -> Bool {
    var isQuoted = false
    var rest = pattern.utf8[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "\\"), let escaped = rest.first else { continue }
        if isQuoted {
            isQuoted = escaped != UInt8(ascii: "E")
            continue
        }
        rest = rest.dropFirst()
        if escaped == UInt8(ascii: "C") { return true }
        isQuoted = escaped == UInt8(ascii: "Q")
    }
    return false
}

extension RegularExpression: Hashable {
    package static func == (left: RegularExpression, right: RegularExpression) -> Bool {
        left.pattern == right.pattern
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(pattern) }
}

/// The one place that touches the C side. RE2 objects may be shared between threads once made.
@safe private struct Compiled: ~Copyable, @unchecked Sendable {  // Safe: RE2 locks inside.
    private let handle: OpaquePointer

    init(_ pattern: String) throws(Failure) {
        guard pattern.utf8.count <= Limits.regularExpressionBytes else {
            throw Failure(
                .overLimit, "cannot read the regular expression \(quoted(pattern))",
                because: "it has \(pattern.utf8.count) bytes, the limit is "
                    + "\(Limits.regularExpressionBytes)")
        }
        var reason = [CChar](repeating: 0, count: 200)
        var text = pattern
        let made = text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { pattern in
                unsafe reason.withUnsafeMutableBufferPointer { error in
                    unsafe cre2_compile(
                        pattern.baseAddress, pattern.count, Limits.regularExpressionMemory,
                        error.baseAddress, error.count)
                }
            }
        }
        guard let made = unsafe made else {
            let why = reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw Failure(
                .malformed, "cannot read the regular expression \(quoted(pattern))",
                because: plain(String(decoding: why, as: UTF8.self)) + " (syntax: RE2)")
        }
        unsafe handle = made
    }

    deinit { unsafe cre2_free(handle) }

    var groupCount: Int { unsafe Int(cre2_group_count(handle)) }

    func firstMatch(in text: String, from start: Int, spans count: Int) -> [Range<Int>?]? {
        var text = text
        var spans = [cre2_span](repeating: cre2_span(start: -1, end: -1), count: max(count, 1))
        let found = text.withUTF8 { bytes in
            guard start >= 0, start <= bytes.count else { return false }
            // An empty string may have no address; RE2 wants one.
            guard let base = bytes.baseAddress else {
                return unsafe cre2_match(handle, "", 0, 0, &spans, Int32(spans.count)) == 1
            }
            return unsafe base.withMemoryRebound(to: CChar.self, capacity: bytes.count) { text in
                unsafe cre2_match(handle, text, bytes.count, start, &spans, Int32(spans.count)) == 1
            }
        }
        guard found else { return nil }
        return spans.map { $0.start < 0 ? nil : $0.start..<$0.end }
    }

    func group(named name: String) -> Int? {
        var name = name
        let found = name.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                unsafe cre2_named_group(handle, characters.baseAddress, characters.count)
            }
        }
        return found < 0 ? nil : Int(found)
    }
}
