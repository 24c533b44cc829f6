// SPDX-License-Identifier: Apache-2.0
// The parts of timestamps and durations. Spec: cel-spec, langdef.md, "Timezones".

internal import Primitives

let timeOverloads: [Overload] =
    part("getFullYear") { Int64($0.year) } + part("getMonth") { Int64($0.month - 1) }
    + part("getDayOfYear") { Int64($0.dayOfYear) } + part("getDate") { Int64($0.day) }
    + part("getDayOfMonth") { Int64($0.day - 1) } + part("getDayOfWeek") { Int64($0.dayOfWeek) }
    + part("getHours") { Int64($0.hour) } + part("getMinutes") { Int64($0.minute) }
    + part("getSeconds") { Int64($0.second) }
    + [
        .method("getMilliseconds", on: .timestamp, .int) { time, _ throws(EvaluationInterruption) in
            .int(Int64(try time.time().nanoseconds / 1_000_000))
        },
        .method("getMilliseconds", on: .timestamp, .string, .int) {
            time, zone, _ throws(EvaluationInterruption) in
            _ = try offset(of: try zone.string(), at: try time.time())
            return .int(Int64(try time.time().nanoseconds / 1_000_000))
        },
        .method("getHours", on: .duration, .int) { length, _ throws(EvaluationInterruption) in
            .int(try length.length().nanoseconds / (3_600 * billion))
        },
        .method("getMinutes", on: .duration, .int) { length, _ throws(EvaluationInterruption) in
            .int(try length.length().nanoseconds / (60 * billion))
        },
        .method("getSeconds", on: .duration, .int) { length, _ throws(EvaluationInterruption) in
            .int(try length.length().nanoseconds / billion)
        },
        // Spec: cel-spec, langdef.md: the milliseconds of the last second, not the total.
        .method("getMilliseconds", on: .duration, .int) {
            length, _ throws(EvaluationInterruption) in
            .int(try length.length().nanoseconds % billion / 1_000_000)
        },
    ]

private func part(
    _ name: String, _ value: @escaping @Sendable (CalendarTime) -> Int64
) -> [Overload] {
    [
        .method(name, on: .timestamp, .int) { time, _ throws(EvaluationInterruption) in
            .int(value(CalendarTime(seconds: Int(try time.time().seconds))))
        },
        .method(name, on: .timestamp, .string, .int) {
            time, zone, _ throws(EvaluationInterruption) in
            let time = try time.time()
            let offset = try offset(of: try zone.string(), at: time)
            return .int(value(CalendarTime(seconds: Int(time.seconds), offset: offset)))
        },
    ]
}

/// The offset from UTC in seconds, of `UTC`, `+05:30`, `05:30`, `-08:00` or a name of the time zone
/// database.
private func offset(of zone: String, at time: CELTimestamp) throws(EvaluationInterruption) -> Int {
    if zone.isEmpty || zone == "UTC" || zone == "Z" { return 0 }
    if let fixed = fixedOffset(zone) { return fixed }
    if isASCII(zone), let offset = TimeZones.offset(of: zone, at: time.seconds) { return offset }
    let why =
        time.seconds < TimeZones.firstSecond
        ? "named time zones are known from 1990 on" : "unknown time zone \(quoted(zone))"
    throw .failed(.invalidArgument, why)
}

private func fixedOffset(_ zone: String) -> Int? {
    var rest = zone[...]
    var sign = 1
    if rest.utf8.hasPrefix("-") || rest.utf8.hasPrefix("+") {
        sign = rest.utf8.hasPrefix("-") ? -1 : 1
        rest = Substring(rest.utf8.dropFirst())
    }
    let parts = rest.utf8.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2,
        parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy(isDigitByte) }),
        let hours = Int(parts[0]), let minutes = Int(parts[1]), hours <= 23, minutes <= 59
    else { return nil }
    return sign * (hours * 3_600 + minutes * 60)
}
