// SPDX-License-Identifier: Apache-2.0
// Times with a UTC offset. Spec: RFC 3339; Go package time.

import Primitives

/// A time in seconds since 1970 and nanoseconds, and the UTC offset in which it is displayed.
struct ZonedTime: Hashable, Sendable {
    let seconds: Int
    let nanoseconds: Int
    let offset: Int

    init(seconds: Int, nanoseconds: Int = 0, offset: Int = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
        self.offset = offset
    }

    /// Nanoseconds since 1970.
    var total: Int128 { Int128(seconds) * 1_000_000_000 + Int128(nanoseconds) }

    /// The same time in UTC.
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

    /// The calendar time at its offset.
    var calendar: CalendarTime { CalendarTime(seconds: seconds, offset: offset) }

    /// Go's time.RFC3339: no fraction, and `Z` for UTC.
    var text: String {
        guard offset != 0 else { return calendar.text + "Z" }
        let size = abs(offset)
        let sign = offset < 0 ? "-" : "+"
        return calendar.text + sign + zeroPadded(size / 3600) + ":" + zeroPadded(size / 60 % 60)
    }

    /// The difference, limited to 64 bits. Spec: Go package time, Time.Sub.
    func since(_ other: ZonedTime) -> GoDuration {
        let difference = total - other.total
        let bounded = min(max(difference, Int128(Int64.min)), Int128(Int64.max))
        return GoDuration(nanoseconds: Int64(bounded))
    }

    /// Rounds down to a multiple of the duration since the year 1. Spec: Go package time,
    /// Time.Truncate.
    func truncated(to duration: GoDuration) -> ZonedTime? {
        guard duration.nanoseconds > 0 else { return self }
        let start = Int128(-62_135_596_800) * 1_000_000_000
        let rest = (total - start) % Int128(duration.nanoseconds)
        return ZonedTime(
            total: total - (rest < 0 ? rest + Int128(duration.nanoseconds) : rest), offset: offset)
    }
}
