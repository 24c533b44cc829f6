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

    /// The calendar fields where it was written; the weekday counts from Sunday, 0.
    var fields: (year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, weekday: Int)
    {
        let local = seconds + offset
        let rest = ((local % 86_400) + 86_400) % 86_400
        let days = (local - rest) / 86_400
        let (year, month, day) = civilDate(days)
        return (
            year, month, day, rest / 3600, rest / 60 % 60, rest % 60, (((days + 4) % 7) + 7) % 7
        )
    }

    /// Go's time.RFC3339: no fraction, `Z` for no offset.
    var text: String {
        let now = fields
        let date = "\(padded(now.year, 4))-\(padded(now.month))-\(padded(now.day))"
        let time = "T\(padded(now.hour)):\(padded(now.minute)):\(padded(now.second))"
        guard offset != 0 else { return date + time + "Z" }
        let size = abs(offset)
        let sign = offset < 0 ? "-" : "+"
        return date + time + sign + padded(size / 3600) + ":" + padded(size / 60 % 60)
    }

    /// Spec: Go Duration: the difference, kept within 64 bits.
    func since(_ other: ZonedTime) -> GoDuration {
        let difference = total - other.total
        let bounded = min(max(difference, Int128(Int.min)), Int128(Int.max))
        return GoDuration(nanoseconds: Int(bounded))
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

private func padded(_ value: Int, _ width: Int = 2) -> String {
    let text = String(abs(value))
    return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - text.count)) + text
}

/// Days of the proleptic Gregorian calendar since 1970; years begin in March here.
func daysSince1970(year: Int, month: Int, day: Int) -> Int {
    let shifted = month > 2 ? year : year - 1
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

private func civilDate(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let place = (5 * dayOfYear + 2) / 153
    let month = place < 10 ? place + 3 : place - 9
    return (
        yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * place + 2) / 5 + 1
    )
}

func days(inMonth month: Int, year: Int) -> Int {
    let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
}
