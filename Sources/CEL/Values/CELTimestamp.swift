// SPDX-License-Identifier: Apache-2.0
// Timestamps in nanoseconds. Spec: cel-spec, langdef.md, "Abstract Types"; RFC 3339.

internal import Primitives

/// A time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
package struct CELTimestamp: Hashable, Sendable, Comparable {
    /// Seconds since 1970-01-01T00:00:00Z.
    package let seconds: Int64
    /// 0 to 999,999,999.
    package let nanoseconds: Int32

    static let zero = CELTimestamp(unchecked: 0, 0)
    package static let secondsRange: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    private init(unchecked seconds: Int64, _ nanoseconds: Int32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Nil outside the years 1 to 9999.
    package init?(seconds: Int64, nanoseconds: Int32 = 0) {
        guard Self.secondsRange.contains(seconds), (0..<1_000_000_000).contains(nanoseconds) else {
            return nil
        }
        self.init(unchecked: seconds, nanoseconds)
    }

    package static func < (left: CELTimestamp, right: CELTimestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    func adding(_ duration: GoDuration) -> CELTimestamp? {
        let (whole, part) = duration.nanoseconds.quotientAndRemainder(dividingBy: billion)
        var nanos = Int64(nanoseconds) + part
        // No overflow: |seconds| < 2^38 and |whole| < 2^34.
        var sum = seconds + whole
        if nanos < 0 {
            nanos += billion
            sum -= 1
        } else if nanos >= billion {
            nanos -= billion
            sum += 1
        }
        return CELTimestamp(seconds: sum, nanoseconds: Int32(nanos))
    }

    /// The difference; nil if it does not fit in 64 bits of nanoseconds (about 292 years).
    func since(_ other: CELTimestamp) -> GoDuration? {
        let (nanos, tooLong) = (seconds - other.seconds).multipliedReportingOverflow(by: billion)
        let (sum, over) = nanos.addingReportingOverflow(
            Int64(nanoseconds) - Int64(other.nanoseconds))
        return tooLong || over ? nil : GoDuration(nanoseconds: sum)
    }

    /// RFC 3339 in UTC, with the fewest digits of a second.
    package var text: String {
        CalendarTime(seconds: Int(seconds)).text + fractionText(nanoseconds, places: 9) + "Z"
    }
}

/// The result of parsing a time: a timestamp, a time outside the years 1 to 9999, or no time.
enum TimeReading {
    case time(CELTimestamp)
    case outOfRange
    case malformed
}

/// Parses RFC 3339 with `Z` or an offset; keeps up to nine digits of a second.
func readTimestamp(_ text: String) -> TimeReading {
    guard let found = RFC3339Time(text, as: .go) else {
        return isLongYear(text) ? .outOfRange : .malformed
    }
    return CELTimestamp(seconds: Int64(found.seconds), nanoseconds: Int32(found.nanoseconds))
        .map { .time($0) } ?? .outOfRange
}

/// `10000-01-01T00:00:00Z` is a time outside the range.
private func isLongYear(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: "-", maxSplits: 1)
    return parts.count == 2 && parts[0].utf8.count > 4 && parts[0].utf8.allSatisfy(isDigitByte)
        && RFC3339Time("2000-" + parts[1], as: .go) != nil
}

let billion: Int64 = 1_000_000_000
