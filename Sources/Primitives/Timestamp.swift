// SPDX-License-Identifier: Apache-2.0
// A moment, as documents write it. Spec: RFC 3339; OCI and SPDX use its UTC form.

/// A moment in whole seconds since 1970-01-01T00:00:00Z. It never comes from a clock below the
/// effects line: whoever needs "now" is told.
package struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let seconds: Int

    package init(seconds: Int) { self.seconds = seconds }

    /// Reads RFC 3339 with `Z` or an offset; fractions of a second are cut.
    package init(parsing text: some StringProtocol) throws(Failure) {
        guard let time = RFC3339Time(text) else {
            throw Failure(
                .malformed, "cannot read the time \(quoted(text))",
                because: "it is not written like 2026-11-23T09:30:00Z")
        }
        seconds = time.seconds
    }

    /// `2026-11-23T09:30:00Z`.
    package var description: String { CalendarTime(seconds: seconds).text + "Z" }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.seconds < right.seconds
    }
}
