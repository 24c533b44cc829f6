// SPDX-License-Identifier: Apache-2.0
// Named time zones. The table is part of the program, so that results do not depend on the machine.

internal import Primitives

/// The time zone database, by name.
enum TimeZones {
    /// The offset from UTC in seconds; nil for a name that is not in the table, and before 1990.
    static func offset(of name: String, at seconds: Int64) -> Int? {
        guard seconds >= firstSecond, let zone = zones[name] else { return nil }
        return zone.offset(at: Int(seconds))
    }

    static var names: [String] { zones.keys.sorted() }

    /// 1990-01-01T00:00:00Z.
    static let firstSecond: Int64 = 631_152_000

    private static let zones: [String: TimeZoneRules] = {
        var zones: [String: TimeZoneRules] = [:]
        for entry in timeZoneTable.utf8.split(separator: ";") {
            let parts = entry.utf8.split(separator: "|", omittingEmptySubsequences: false)
            guard let rules = TimeZoneRules(parts) else { continue }
            for name in parts[0].utf8.split(separator: ",") { zones[String(name)] = rules }
        }
        return zones
    }()
}

/// One zone: a list of changes, then a rule for each later year.
private struct TimeZoneRules: Sendable {
    private struct Change: Sendable {
        let month: Int
        /// The week of the month; 5 is the last one.
        let week: Int
        let dayOfWeek: Int
        let seconds: Int

        init?(_ text: Substring) {
            let numbers = text.utf8.split(separator: ".").compactMap { Int($0) }
            guard numbers.count == 4 else { return nil }
            (month, week, dayOfWeek, seconds) = (numbers[0], numbers[1], numbers[2], numbers[3])
        }

        /// Seconds since 1970 at local midnight of the day, plus the time of the change.
        func seconds(in year: Int) -> Int {
            let first = CalendarTime.daysSince1970(year: year, month: month, day: 1)
            let weekday = CalendarTime.dayOfWeek(daysSince1970: first)
            var day = (dayOfWeek - weekday + 7) % 7 + (week - 1) * 7
            while day >= CalendarTime.days(inMonth: month, of: year) { day -= 7 }
            return (first + day) * CalendarTime.secondsPerDay + seconds
        }
    }

    private let moments: [Int]
    private let offsets: [Int]
    private let first: Int
    private let ruleStart: Int
    private let standard: Int
    private let daylight: (offset: Int, begin: Change, end: Change)?

    init?(_ parts: [Substring]) {
        guard parts.count == 6, let start = Int(parts[2]), let year = Int(parts[3]) else {
            return nil
        }
        let all = parts[1].utf8.split(separator: ",").compactMap { Int($0) }
        let rule = parts[4].utf8.split(separator: ",")
        guard all.indices.contains(start), let standard = rule.first.flatMap({ Int($0) }) else {
            return nil
        }
        let digits = parts[5].utf8.compactMap { alphabet[$0] }
        let values = stride(from: 0, to: digits.count - digits.count % 5, by: 5).map { position in
            digits[position..<position + 5].reduce(0) { $0 << 6 | $1 }
        }
        guard values.allSatisfy({ all.indices.contains($0 & 3) }) else { return nil }
        moments = values.map { ($0 >> 2) * 60 }
        offsets = values.map { all[$0 & 3] }
        first = all[start]
        ruleStart =
            CalendarTime.daysSince1970(year: year, month: 1, day: 1) * CalendarTime.secondsPerDay
        self.standard = standard
        if rule.count == 4, let offset = Int(rule[1]), let begin = Change(rule[2]),
            let end = Change(rule[3])
        {
            daylight = (offset, begin, end)
        } else {
            daylight = nil
        }
    }

    func offset(at seconds: Int) -> Int {
        guard seconds >= ruleStart else {
            return moments.lastIndex { $0 <= seconds }.map { offsets[$0] } ?? first
        }
        guard let daylight else { return standard }
        let year = CalendarTime(seconds: seconds, offset: standard).year
        let begin = daylight.begin.seconds(in: year) - standard
        let end = daylight.end.seconds(in: year) - daylight.offset
        let isDaylight =
            begin < end ? begin <= seconds && seconds < end : seconds < end || begin <= seconds
        return isDaylight ? daylight.offset : standard
    }
}

private let alphabet: [UInt8: Int] = {
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8
    return Dictionary(uniqueKeysWithValues: digits.enumerated().map { ($1, $0) })
}()
