// SPDX-License-Identifier: Apache-2.0
// Parses times by a layout, which shows how 2 January 2006, 15:04:05 -0700 is written.
// Spec: Go package time, "Constants" and Parse.

import Primitives

/// Parses strings as Go's time.Parse does.
///
/// Deviation: a zone with a name other than UTC or GMT counts as UTC, as Go treats unknown names.
/// Go looks the name up in the machine's time zone first.
struct GoTimeLayout {
    static let rfc3339 = GoTimeLayout("2006-01-02T15:04:05Z07:00")
    private let parts: [LayoutPart]

    init(_ layout: String) {
        var rest = Array(layout.utf8)[...]
        var parts: [LayoutPart] = []
        var literal: [UInt8] = []
        while !rest.isEmpty {
            if let (part, length) = layoutPart(rest) {
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literal = []
                parts.append(part)
                rest = rest.dropFirst(length)
            } else {
                literal.append(rest.removeFirst())
            }
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        self.parts = parts
    }

    /// The time; nil if the string does not match the layout, or the date does not exist.
    func time(from text: String) -> ZonedTime? {
        var reader = TimeTextReader(rest: Array(text.utf8)[...])
        for (position, part) in parts.enumerated() {
            let next = parts.indices.contains(position + 1) ? parts[position + 1] : nil
            guard reader.read(part, before: next) else { return nil }
        }
        guard reader.rest.isEmpty else { return nil }
        return reader.time()
    }
}

enum LayoutPart: Equatable {
    case literal([UInt8])
    case longYear, shortYear
    case longMonth, shortMonth, month(isPadded: Bool)
    case longWeekday, shortWeekday
    case day(isPadded: Bool), spaceDay, dayOfYear(isPadded: Bool)
    case hour, halfDayHour(isPadded: Bool), minute(isPadded: Bool), second(isPadded: Bool)
    case noon(isUpper: Bool)
    /// Digits of a second: a fixed number of them, or any number.
    case fraction(digits: Int?)
    case zoneName
    case offset(takesZ: Bool, form: OffsetForm)
}

enum OffsetForm: Equatable { case hours, digits, colon, digitSeconds, colonSeconds }

/// The elements of layouts, longest first: `January` before `Jan`, `2006` before `2`.
private let layoutWords: [(text: String, part: LayoutPart)] = [
    ("January", .longMonth), ("Jan", .shortMonth), ("Monday", .longWeekday), ("Mon", .shortWeekday),
    ("MST", .zoneName), ("2006", .longYear), ("__2", .dayOfYear(isPadded: false)),
    ("_2006", .literal([])), ("_2", .spaceDay), ("002", .dayOfYear(isPadded: true)),
    ("01", .month(isPadded: true)), ("02", .day(isPadded: true)),
    ("03", .halfDayHour(isPadded: true)), ("04", .minute(isPadded: true)),
    ("05", .second(isPadded: true)), ("06", .shortYear), ("15", .hour),
    ("PM", .noon(isUpper: true)), ("pm", .noon(isUpper: false)),
    ("-07:00:00", .offset(takesZ: false, form: .colonSeconds)),
    ("-070000", .offset(takesZ: false, form: .digitSeconds)),
    ("-07:00", .offset(takesZ: false, form: .colon)),
    ("-0700", .offset(takesZ: false, form: .digits)), ("-07", .offset(takesZ: false, form: .hours)),
    ("Z07:00:00", .offset(takesZ: true, form: .colonSeconds)),
    ("Z070000", .offset(takesZ: true, form: .digitSeconds)),
    ("Z07:00", .offset(takesZ: true, form: .colon)),
    ("Z0700", .offset(takesZ: true, form: .digits)),
    ("Z07", .offset(takesZ: true, form: .hours)), ("1", .month(isPadded: false)),
    ("2", .day(isPadded: false)), ("3", .halfDayHour(isPadded: false)),
    ("4", .minute(isPadded: false)), ("5", .second(isPadded: false)),
]

private func layoutPart(_ rest: ArraySlice<UInt8>) -> (LayoutPart, Int)? {
    if let fraction = fractionPart(rest) { return fraction }
    for (text, part) in layoutWords where rest.starts(with: text.utf8) {
        // Spec: Go package time: `Jan` and `Mon` are elements only if no lower-case letter follows.
        if text == "Jan" || text == "Mon", let next = rest.dropFirst(3).first,
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(next)
        {
            continue
        }
        // Spec: Go package time: `_2006` is an underscore and a year.
        if text == "_2006" { return nil }
        return (part, text.utf8.count)
    }
    return nil
}

/// `.000`, `,999`: digits of a second, unless another digit follows.
private func fractionPart(_ rest: ArraySlice<UInt8>) -> (LayoutPart, Int)? {
    guard let mark = rest.first, mark == UInt8(ascii: ".") || mark == UInt8(ascii: ","),
        let digit = rest.dropFirst().first, digit == UInt8(ascii: "0") || digit == UInt8(ascii: "9")
    else { return nil }
    let count = rest.dropFirst().prefix { $0 == digit }.count
    if let next = rest.dropFirst(count + 1).first, isDigitByte(next) { return nil }
    let digits = digit == UInt8(ascii: "0") ? count : nil
    return (.fraction(digits: digits), count + 1)
}
