// SPDX-License-Identifier: Apache-2.0
// The calendar: a moment in years, months, days, hours, minutes and seconds; and RFC 3339 texts.

/// A moment on the proleptic Gregorian calendar, which RFC 3339 and Go use for every year.
package struct CalendarTime: Hashable, Sendable {
    package let year: Int
    /// 1 is January.
    package let month: Int
    /// 1 is the first day of the month.
    package let day: Int
    package let hour: Int
    package let minute: Int
    package let second: Int
    private let daysSince1970: Int

    /// The local time `offset` seconds east of UTC, `seconds` after 1970-01-01T00:00:00Z.
    package init(seconds: Int, offset: Int = 0) {
        let (days, rest) = divided(seconds + offset, by: CalendarTime.secondsPerDay)
        daysSince1970 = days
        hour = rest / 3_600
        minute = rest / 60 % 60
        second = rest % 60
        let (era, dayOfEra) = divided(days + daysTo1970, by: daysPerEra)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / (daysPerEra - 1)) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }

    /// 0 is Sunday.
    package var dayOfWeek: Int { CalendarTime.dayOfWeek(daysSince1970: daysSince1970) }

    /// 0 is the first of January.
    package var dayOfYear: Int {
        daysSince1970 - CalendarTime.daysSince1970(year: year, month: 1, day: 1)
    }

    /// `2026-11-23T09:30:00`, without the offset.
    package var text: String {
        "\(zeroPadded(year, to: 4))-\(zeroPadded(month))-\(zeroPadded(day))T"
            + "\(zeroPadded(hour)):\(zeroPadded(minute)):\(zeroPadded(second))"
    }

    package static let secondsPerDay = 86_400

    /// The day of the week of a date; 0 is Sunday.
    package static func dayOfWeek(daysSince1970 days: Int) -> Int { ((days % 7) + 11) % 7 }

    /// 28 to 31. The month is 1 to 12.
    package static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2:
            year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
                ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01 to a date. Years begin in March here, so that the leap day is the last.
    package static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let (era, yearOfEra) = divided(month > 2 ? year : year - 1, by: 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * daysPerEra + dayOfEra - daysTo1970
    }
}

/// A moment that was read from an RFC 3339 text.
///
/// Foundation's reader is not used: it accepts text after the end, and the 30th of February.
package struct RFC3339Time: Hashable, Sendable {
    /// Since 1970-01-01T00:00:00Z.
    package let seconds: Int
    /// 0 to 999,999,999; digits after the ninth are dropped.
    package let nanoseconds: Int

    /// Whose reading of the grammar decides at its edges.
    package enum Reading: Sendable {
        /// RFC 3339 §5.6: a leap second (`:60`) is read as the first second after it, and a
        /// fraction begins with a point.
        case strict
        /// Go's `time.Parse`, which Kubernetes and cel-go use: there is no leap second, and a
        /// fraction begins with a point or a comma.
        case go
    }

    /// Reads `2026-11-23T09:30:00Z`, with an offset or a fraction too; nil for anything else.
    package init?(_ text: some StringProtocol, as reading: Reading = .strict) {
        var fields = TimeFields(text, isGo: reading == .go)
        guard let seconds = fields.seconds() else { return nil }
        self.seconds = seconds
        nanoseconds = fields.nanoseconds
    }
}

/// Reads the parts of a time in their order; nil where the text leaves the grammar.
private struct TimeFields {
    private var rest: ArraySlice<UInt8>
    private let isGo: Bool
    private(set) var nanoseconds = 0

    init(_ text: some StringProtocol, isGo: Bool) {
        rest = Array(text.utf8)[...]
        self.isGo = isGo
    }

    mutating func seconds() -> Int? {
        guard let year = number(4, in: 0...9999), take("-"), let month = number(2, in: 1...12),
            take("-"), let day = number(2, in: 1...CalendarTime.days(inMonth: month, of: year)),
            take("T") || take("t"), let hour = number(2, in: 0...23), take(":"),
            let minute = number(2, in: 0...59), take(":"),
            let second = number(2, in: 0...(isGo ? 59 : 60)), readFraction(),
            let offset = offset(), rest.isEmpty
        else { return nil }
        let days = CalendarTime.daysSince1970(year: year, month: month, day: day)
        return days * CalendarTime.secondsPerDay + hour * 3_600 + minute * 60 + second - offset
    }

    private mutating func offset() -> Int? {
        if take("Z") || take("z") { return 0 }
        let isWest = take("-")
        guard isWest || take("+"), let hours = number(2, in: 0...23), take(":"),
            let minutes = number(2, in: 0...59)
        else { return nil }
        return (isWest ? -1 : 1) * (hours * 3_600 + minutes * 60)
    }

    private mutating func readFraction() -> Bool {
        guard take(".") || (isGo && take(",")) else { return true }
        let digits = rest.prefix(while: isDigitByte)
        rest = rest.dropFirst(digits.count)
        let kept = digits.prefix(9)
        nanoseconds = (kept.count..<9).reduce(decimalValue(kept)) { value, _ in value * 10 }
        return !digits.isEmpty
    }

    private mutating func number(_ count: Int, in range: ClosedRange<Int>) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy(isDigitByte) else { return nil }
        rest = rest.dropFirst(count)
        let value = decimalValue(digits)
        return range.contains(value) ? value : nil
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }
}

/// Of so few digits that they cannot overflow.
private func decimalValue(_ digits: ArraySlice<UInt8>) -> Int {
    digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
}

/// Division that rounds down, for moments before 1970.
private func divided(_ value: Int, by divisor: Int) -> (quotient: Int, remainder: Int) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

/// Days of 400 years, after which the calendar repeats.
private let daysPerEra = 146_097
/// Days from 0000-03-01 to 1970-01-01.
private let daysTo1970 = 719_468
