// SPDX-License-Identifier: Apache-2.0
// Parses the parts of a time in the order of a layout. Spec: Go package time, Parse.

import Primitives

struct TimeTextReader {
    var rest: ArraySlice<UInt8>
    private var year = 0
    private var month: Int?
    private var day: Int?
    private var dayOfYear: Int?
    private var hour = 0
    private var minute = 0
    private var second = 0
    private var nanoseconds = 0
    private var isAfternoon: Bool?
    private var offset = 0
    /// The offset of `GMT+3`. Deviation kept from Go: the time is parsed as UTC and displayed three
    /// hours later.
    private var namedOffset = 0
    /// Spec: Go package time, Parse: the name UTC takes precedence over digits.
    private var isUTC = false

    init(rest: ArraySlice<UInt8>) { self.rest = rest }

    /// Spec: Go package time, Parse: elements that are not in the layout are zero; the default day
    /// is the first.
    func time() -> ZonedTime? {
        var (month, day) = (month ?? 1, day ?? 1)
        if let dayOfYear {
            guard let found = date(dayOfYear: dayOfYear), self.month ?? found.month == found.month,
                self.day ?? found.day == found.day
            else { return nil }
            (month, day) = found
        }
        guard (1...CalendarTime.days(inMonth: month, of: year)).contains(day) else { return nil }
        var hour = hour
        if let isAfternoon {
            if isAfternoon, hour < 12 { hour += 12 }
            if !isAfternoon, hour == 12 { hour = 0 }
        }
        let offset = isUTC ? 0 : offset
        let midnight =
            CalendarTime.daysSince1970(year: year, month: month, day: day)
            * CalendarTime.secondsPerDay
        return ZonedTime(
            seconds: midnight + hour * 3600 + minute * 60 + second - offset,
            nanoseconds: nanoseconds, offset: offset == 0 ? namedOffset : offset)
    }

    private func date(dayOfYear: Int) -> (month: Int, day: Int)? {
        var left = dayOfYear
        for month in 1...12 {
            let count = CalendarTime.days(inMonth: month, of: year)
            if left <= count { return left > 0 ? (month, left) : nil }
            left -= count
        }
        return nil
    }

    mutating func read(_ part: LayoutPart, before next: LayoutPart?) -> Bool {
        switch part {
        case .literal(let bytes): return skip(bytes)
        case .longYear, .shortYear: return readYear(part)
        case .longMonth: return name(longMonths).map { month = $0 + 1 } != nil
        case .shortMonth:
            return name(longMonths.map { String($0.prefix(3)) }).map { month = $0 + 1 } != nil
        case .month(let isPadded): return number(isPadded, 1...12).map { month = $0 } != nil
        case .longWeekday: return name(weekdays) != nil
        case .shortWeekday: return name(weekdays.map { String($0.prefix(3)) }) != nil
        case .day, .spaceDay, .dayOfYear: return readDay(part)
        case .hour: return number(false, 0...23).map { hour = $0 } != nil
        case .halfDayHour(let isPadded): return number(isPadded, 0...12).map { hour = $0 } != nil
        case .minute(let isPadded): return number(isPadded, 0...59).map { minute = $0 } != nil
        case .second(let isPadded):
            guard let value = number(isPadded, 0...59) else { return false }
            second = value
            // Spec: Go package time, Parse: a fraction can follow the seconds, even if the layout
            // has none.
            if case .fraction? = next { return true }
            return optionalFraction()
        case .noon(let isUpper): return readNoon(isUpper)
        case .fraction(let digits): return readFraction(digits)
        case .zoneName: return readZoneName()
        case .offset(let takesZ, let form): return readOffset(takesZ, form)
        }
    }

    private mutating func readYear(_ part: LayoutPart) -> Bool {
        guard let value = digits(part == .longYear ? 4 : 2) else { return false }
        year = part == .longYear ? value : value + (value >= 69 ? 1900 : 2000)
        return true
    }

    private mutating func readDay(_ part: LayoutPart) -> Bool {
        switch part {
        case .dayOfYear(let isPadded):
            if !isPadded { skipSpaces(2) }
            let taken = rest.prefix(3).prefix(while: isDigitByte)
            guard let value = digits(isPadded ? 3 : taken.count), (1...366).contains(value) else {
                return false
            }
            dayOfYear = value
        case .day(isPadded: true):
            guard let value = digits(2) else { return false }
            day = value
        default:
            skipSpaces(1)
            guard let value = number(false, 0...99) else { return false }
            day = value
        }
        return true
    }

    private mutating func skipSpaces(_ most: Int) {
        for _ in 0..<most where rest.first == UInt8(ascii: " ") { rest = rest.dropFirst() }
    }

    /// Spec: Go package time, Parse: a space of the layout matches zero or more spaces.
    private mutating func skip(_ bytes: [UInt8]) -> Bool {
        var wanted = bytes[...]
        while let byte = wanted.popFirst() {
            if byte == UInt8(ascii: " ") {
                if let first = rest.first, first != byte { return false }
                wanted = wanted.drop { $0 == byte }
                rest = rest.drop { $0 == byte }
            } else {
                guard rest.first == byte else { return false }
                rest = rest.dropFirst()
            }
        }
        return true
    }

    private mutating func readNoon(_ isUpper: Bool) -> Bool {
        let text = String(decoding: rest.prefix(2), as: UTF8.self)
        guard text == (isUpper ? "AM" : "am") || text == (isUpper ? "PM" : "pm") else {
            return false
        }
        isAfternoon = text.utf8.lowercased() == "pm"
        rest = rest.dropFirst(2)
        return true
    }

    private mutating func optionalFraction() -> Bool {
        guard let mark = rest.first, mark == UInt8(ascii: ".") || mark == UInt8(ascii: ","),
            let next = rest.dropFirst().first, isDigitByte(next)
        else { return true }
        return readFraction(nil)
    }

    private mutating func readFraction(_ count: Int?) -> Bool {
        guard let mark = rest.first, mark == UInt8(ascii: ".") || mark == UInt8(ascii: ",") else {
            // Spec: Go package time, Parse: `.999` is optional.
            return count == nil
        }
        let found = rest.dropFirst().prefix(while: isDigitByte)
        guard !found.isEmpty, count == nil || found.count >= (count ?? 0) else {
            return false
        }
        let taken = found.prefix(count ?? found.count)
        rest = rest.dropFirst(taken.count + 1)
        let kept = taken.prefix(9).reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        nanoseconds = (min(taken.count, 9)..<9).reduce(kept) { value, _ in value * 10 }
        return true
    }

    /// Spec: Go, `parseTimeZone`: three capitals, or four or five with a `T` at the end; `GMT+3`;
    /// `+03`.
    private mutating func readZoneName() -> Bool {
        if rest.starts(with: "GMT".utf8) {
            rest = rest.dropFirst(3)
            namedOffset = (signedHours() ?? 0) * 3600
            return true
        }
        if let sign = rest.first, isSign(sign) { return rest.count >= 3 && signedHours() != nil }
        let letters = rest.prefix(6).prefix { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
        var length = letters.count
        if rest.starts(with: "ChST".utf8) || rest.starts(with: "MeST".utf8) { length = 4 }
        let isName =
            switch letters.count {
            case 3: true
            case 4, 5: letters.last == UInt8(ascii: "T") || letters.elementsEqual("WITA".utf8)
            default: length == 4 || letters.starts(with: "UTC".utf8)
            }
        guard isName else { return false }
        isUTC = letters.starts(with: "UTC".utf8)
        rest = rest.dropFirst(isUTC ? 3 : length)
        return true
    }

    /// An offset in hours such as `+3`, from -23 to +23.
    private mutating func signedHours() -> Int? {
        guard let sign = rest.first, isSign(sign) else { return nil }
        let digits = rest.dropFirst().prefix(while: isDigitByte)
        guard let hours = Int(String(decoding: digits, as: UTF8.self)), hours <= 23 else {
            return nil
        }
        rest = rest.dropFirst(digits.count + 1)
        return sign == UInt8(ascii: "-") ? -hours : hours
    }

    private func isSign(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
    }

    private mutating func readOffset(_ takesZ: Bool, _ form: OffsetForm) -> Bool {
        // Spec: Go package time, Parse: not if the layout has seconds.
        let hasSeconds = form == .colonSeconds || form == .digitSeconds
        if takesZ, !hasSeconds, rest.first == UInt8(ascii: "Z") {
            rest = rest.dropFirst()
            offset = 0
            return true
        }
        guard let sign = rest.popFirst(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
            let hours = digits(2), hours <= 24
        else { return false }
        var total = hours * 3600
        let parts = form == .hours ? 0 : form == .colon || form == .digits ? 1 : 2
        let hasColon = form == .colon || form == .colonSeconds
        for size in [60, 1].prefix(parts) {
            if hasColon {
                guard rest.popFirst() == UInt8(ascii: ":") else { return false }
            }
            guard let value = digits(2), value <= 60 else { return false }
            total += value * size
        }
        offset = sign == UInt8(ascii: "-") ? -total : total
        return true
    }

    private mutating func digits(_ count: Int) -> Int? {
        let taken = rest.prefix(count)
        guard count > 0, taken.count == count, taken.allSatisfy(isDigitByte) else { return nil }
        rest = rest.dropFirst(count)
        return taken.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    /// Two digits, or one or two digits if the layout does not pad them.
    private mutating func number(_ isPadded: Bool, _ range: ClosedRange<Int>) -> Int? {
        let count = isPadded ? 2 : rest.prefix(2).prefix(while: isDigitByte).count
        guard let value = digits(count), range.contains(value) else { return nil }
        return value
    }

    /// The index of the name that the text starts with, without regard to case.
    private mutating func name(_ names: [String]) -> Int? {
        for (position, name) in names.enumerated() {
            let taken = String(decoding: rest.prefix(name.utf8.count), as: UTF8.self)
            guard isSame(taken.utf8.lowercased(), name.utf8.lowercased()) else { continue }
            rest = rest.dropFirst(name.utf8.count)
            return position
        }
        return nil
    }
}

private let longMonths = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
]
private let weekdays = [
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
]
