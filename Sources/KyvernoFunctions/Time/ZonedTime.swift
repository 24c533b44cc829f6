// SPDX-License-Identifier: Apache-2.0
// A moment with the offset it was written in. Spec: RFC 3339; Go package time.

import Primitives

/// Seconds since 1970, nanoseconds, and the offset east of UTC, which printing keeps.
struct ZonedTime: Hashable, Sendable {
    let seconds: Int
    let nanoseconds: Int
    let offset: Int

    init(seconds: Int, nanoseconds: Int = 0, offset: Int = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
        self.offset = offset
    }

    /// Nanoseconds since 1970, in more bits than they need.
    var total: Int128 { Int128(seconds) * 1_000_000_000 + Int128(nanoseconds) }

    /// The same moment, in UTC.
    var utc: ZonedTime { ZonedTime(seconds: seconds, nanoseconds: nanoseconds) }

    init?(total: Int128, offset: Int) {
        let (quotient, rest) = total.quotientAndRemainder(dividingBy: 1_000_000_000)
        guard let seconds = Int(exactly: rest < 0 ? quotient - 1 : quotient),
            seconds.magnitude < 1 << 50, offset.magnitude < 1 << 20
        else { return nil }
        self.init(
            seconds: seconds, nanoseconds: Int(rest < 0 ? rest + 1_000_000_000 : rest),
            offset: offset)
    }

    /// The calendar where it was written.
    var calendar: CalendarTime { CalendarTime(seconds: seconds, offset: offset) }

    /// Go's time.RFC3339: no fraction, `Z` for no offset.
    var text: String {
        guard offset != 0 else { return calendar.text + "Z" }
        let size = abs(offset)
        let sign = offset < 0 ? "-" : "+"
        return calendar.text + sign + zeroPadded(size / 3600) + ":" + zeroPadded(size / 60 % 60)
    }

    /// Spec: Go Duration: the difference, kept within 64 bits.
    func since(_ other: ZonedTime) -> GoDuration {
        let difference = total - other.total
        let bounded = min(max(difference, Int128(Int64.min)), Int128(Int64.max))
        return GoDuration(nanoseconds: Int64(bounded))
    }

    /// Spec: Go Time.Truncate: down to a multiple of the duration since the year 1.
    func truncated(to duration: GoDuration) -> ZonedTime? {
        guard duration.nanoseconds > 0 else { return self }
        let start = Int128(-62_135_596_800) * 1_000_000_000
        let rest = (total - start) % Int128(duration.nanoseconds)
        return ZonedTime(
            total: total - (rest < 0 ? rest + Int128(duration.nanoseconds) : rest), offset: offset)
    }
}
