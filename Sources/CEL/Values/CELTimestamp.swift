// SPDX-License-Identifier: Apache-2.0
// Moments with nanoseconds. Spec: cel-spec, langdef.md, "Abstract Types"; RFC 3339.

internal import Primitives

/// A moment from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
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

    /// Nil when the difference does not fit 64 bits of nanoseconds (about 292 years).
    func since(_ other: CELTimestamp) -> GoDuration? {
        let (nanos, tooLong) = (seconds - other.seconds).multipliedReportingOverflow(by: billion)
        let (sum, over) = nanos.addingReportingOverflow(
            Int64(nanoseconds) - Int64(other.nanoseconds))
        return tooLong || over ? nil : GoDuration(nanoseconds: sum)
    }

    /// RFC 3339 in UTC with as many digits of a second as it needs.
    package var text: String {
        CalendarTime(seconds: Int(seconds)).text + fractionText(nanoseconds, places: 9) + "Z"
    }
}

/// What a text is as a time: a moment, one outside the years 1 to 9999, or no time at all.
enum TimeReading {
    case time(CELTimestamp)
    case outOfRange
    case malformed
}

/// Reads RFC 3339 with `Z` or an offset, up to nine digits of a second kept.
func readTimestamp(_ text: String) -> TimeReading {
    guard let found = RFC3339Time(text, as: .go) else {
        return isLongYear(text) ? .outOfRange : .malformed
    }
    return CELTimestamp(seconds: Int64(found.seconds), nanoseconds: Int32(found.nanoseconds))
        .map { .time($0) } ?? .outOfRange
}

/// `10000-01-01T00:00:00Z` is a time, only not one of ours.
private func isLongYear(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: "-", maxSplits: 1)
    return parts.count == 2 && parts[0].utf8.count > 4 && parts[0].utf8.allSatisfy(isDigitByte)
        && RFC3339Time("2000-" + parts[1], as: .go) != nil
}

let billion: Int64 = 1_000_000_000
