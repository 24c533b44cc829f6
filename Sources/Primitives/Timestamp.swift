// SPDX-License-Identifier: Apache-2.0
// A moment, as documents write it. Spec: RFC 3339; OCI and SPDX use its UTC form.

/// A moment in whole seconds since 1970-01-01T00:00:00Z. It never comes from a clock below the
/// effects line: whoever needs "now" is told.
package struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let seconds: Int

    package init(seconds: Int) { self.seconds = seconds }

    /// Reads RFC 3339 with `Z` or an offset; fractions of a second are cut.
    ///
    /// Foundation's reader is not used: it takes text after the end, and the 30th of February.
    package init(parsing text: some StringProtocol) throws(Failure) {
        var fields = TimestampFields(text)
        guard let seconds = fields.seconds() else {
            throw Failure(
                .malformed, "cannot read the time \(quoted(text))",
                because: "it is not written like 2026-11-23T09:30:00Z")
        }
        self.seconds = seconds
    }

    /// `2026-11-23T09:30:00Z`.
    package var description: String {
        let (days, rest) = divided(seconds, by: secondsPerDay)
        let (year, month, day) = civilDate(daysSince1970: days)
        return "\(padded(year, to: 4))-\(padded(month))-\(padded(day))T"
            + "\(padded(rest / 3600)):\(padded(rest / 60 % 60)):\(padded(rest % 60))Z"
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.seconds < right.seconds
    }
}

/// Reads the parts of a time in their order; nil wherever the text leaves the grammar.
///
/// Spec: RFC 3339 §5.6, date-time. A leap second (`:60`) counts as the first second after it.
private struct TimestampFields {
    private var rest: ArraySlice<UInt8>

    init(_ text: some StringProtocol) { rest = Array(text.utf8)[...] }

    mutating func seconds() -> Int? {
        guard let year = number(4, in: 0...9999), take("-"), let month = number(2, in: 1...12),
            take("-"), let day = number(2, in: 1...daysIn(month, of: year)), take("T") || take("t"),
            let hour = number(2, in: 0...23), take(":"), let minute = number(2, in: 0...59),
            take(":"), let second = number(2, in: 0...60), skipFraction(),
            let offset = offset(), rest.isEmpty
        else { return nil }
        return days(toYear: year, month, day) * secondsPerDay
            + hour * 3600 + minute * 60 + second - offset
    }

    private mutating func offset() -> Int? {
        if take("Z") || take("z") { return 0 }
        let sign: Int
        if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
        guard let hours = number(2, in: 0...23), take(":"), let minutes = number(2, in: 0...59)
        else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }

    private mutating func skipFraction() -> Bool {
        guard take(".") else { return true }
        let digits = rest.prefix(while: isDigit)
        rest = rest.dropFirst(digits.count)
        return !digits.isEmpty
    }

    private mutating func number(_ count: Int, in range: ClosedRange<Int>) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy(isDigit) else { return nil }
        rest = rest.dropFirst(count)
        let value = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return range.contains(value) ? value : nil
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }
}

private func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

private func daysIn(_ month: Int, of year: Int) -> Int {
    switch month {
    case 2:
        year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar, which RFC 3339 uses for
/// every year. Years begin in March here, so that the leap day is the last one.
private func days(toYear year: Int, _ month: Int, _ day: Int) -> Int {
    let (era, yearOfEra) = divided(month > 2 ? year : year - 1, by: 400)
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * daysPerEra + dayOfEra - daysTo1970
}

/// The way back.
private func civilDate(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
    let (era, dayOfEra) = divided(days + daysTo1970, by: daysPerEra)
    let yearOfEra =
        (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / (daysPerEra - 1)) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let place = (5 * dayOfYear + 2) / 153
    let month = place < 10 ? place + 3 : place - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * place + 2) / 5 + 1)
}

/// Division that rounds down, for moments before 1970.
private func divided(_ value: Int, by divisor: Int) -> (quotient: Int, remainder: Int) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

private func padded(_ value: Int, to width: Int = 2) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
}

private let secondsPerDay = 86_400
/// Days of 400 years, after which the calendar repeats.
private let daysPerEra = 146_097
/// Days from 0000-03-01 to 1970-01-01.
private let daysTo1970 = 719_468
