// SPDX-License-Identifier: Apache-2.0
// The calendar: days, months and years of a moment, at an offset from UTC.

/// A moment on the proleptic Gregorian calendar.
struct CivilTime {
    let year: Int
    let month: Int
    let day: Int
    let hour: Int
    let minute: Int
    let second: Int
    /// 0 is Sunday.
    let dayOfWeek: Int
    /// 0 is the first of January.
    let dayOfYear: Int

    /// The local time `offset` seconds east of UTC.
    init(seconds: Int64, offset: Int = 0) {
        let local = Int(seconds) + offset
        let days = dividedDown(local, 86_400)
        let rest = local - days * 86_400
        (year, month, day) = civilDate(days)
        hour = rest / 3_600
        minute = rest / 60 % 60
        second = rest % 60
        dayOfWeek = ((days % 7) + 11) % 7
        dayOfYear = days - daysSince1970(year: year, month: 1, day: 1)
    }
}

func daysIn(_ month: Int, of year: Int) -> Int {
    switch month {
    case 2:
        year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}

/// Years begin in March here, so that the leap day is the last one.
func daysSince1970(year: Int, month: Int, day: Int) -> Int {
    let shifted = month > 2 ? year : year - 1
    let era = dividedDown(shifted, 400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * daysPerEra + dayOfEra - daysTo1970
}

private func civilDate(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let era = dividedDown(days + daysTo1970, daysPerEra)
    let dayOfEra = days + daysTo1970 - era * daysPerEra
    let yearOfEra =
        (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / (daysPerEra - 1)) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let place = (5 * dayOfYear + 2) / 153
    let month = place < 10 ? place + 3 : place - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * place + 2) / 5 + 1)
}

/// Division that rounds down, for moments before 1970.
func dividedDown(_ value: Int, _ divisor: Int) -> Int {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
}

private let daysPerEra = 146_097
/// Days from 0000-03-01 to 1970-01-01.
private let daysTo1970 = 719_468
