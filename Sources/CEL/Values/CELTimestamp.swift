// SPDX-License-Identifier: Apache-2.0
// Moments with nanoseconds. Spec: cel-spec, langdef.md, "Abstract Types"; RFC 3339.

internal import Primitives

/// A moment from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
package struct CELTimestamp: Hashable, Sendable, Comparable {
    /// Seconds since 1970-01-01T00:00:00Z.
    package let seconds: Int64
    /// 0 to 999,999,999.
    package let nanoseconds: Int32

    static let zero = CELTimestamp(unchecked: 0, 0)
    static let secondsRange: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    private init(unchecked seconds: Int64, _ nanoseconds: Int32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Nil outside the years 1 to 9999.
    package init?(seconds: Int64, nanoseconds: Int32 = 0) {
        guard Self.secondsRange.contains(seconds), (0..<1_000_000_000).contains(nanoseconds) else {
            return nil
        }
        self.init(unchecked: seconds, nanoseconds)
    }

    package static func < (left: CELTimestamp, right: CELTimestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    func adding(_ duration: CELDuration) -> CELTimestamp? {
        let (whole, part) = duration.nanoseconds.quotientAndRemainder(dividingBy: billion)
        var nanos = Int64(nanoseconds) + part
        // No overflow: |seconds| < 2^38 and |whole| < 2^34.
        var sum = seconds + whole
        if nanos < 0 {
            nanos += billion
            sum -= 1
        } else if nanos >= billion {
            nanos -= billion
            sum += 1
        }
        return CELTimestamp(seconds: sum, nanoseconds: Int32(nanos))
    }

    /// Nil when the difference does not fit 64 bits of nanoseconds (about 292 years).
    func since(_ other: CELTimestamp) -> CELDuration? {
        let (nanos, tooLong) = (seconds - other.seconds).multipliedReportingOverflow(by: billion)
        let (sum, over) = nanos.addingReportingOverflow(
            Int64(nanoseconds) - Int64(other.nanoseconds))
        return tooLong || over ? nil : CELDuration(nanoseconds: sum)
    }

    /// RFC 3339 in UTC with as many digits of a second as it needs.
    package var text: String {
        let date = CivilTime(seconds: seconds)
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T"
            + "\(padded(date.hour, 2)):\(padded(date.minute, 2)):\(padded(date.second, 2))"
            + fractionText(Int64(nanoseconds)) + "Z"
    }
}

/// What a text is as a time: a moment, one outside the years 1 to 9999, or no time at all.
enum TimeReading {
    case time(CELTimestamp)
    case outOfRange
    case malformed
}

/// Reads RFC 3339 with `Z` or an offset, up to nine digits of a second kept.
///
/// Spec: RFC 3339 §5.6. No leap seconds, as in Go's reader, which Kubernetes uses.
func readTimestamp(_ text: String) -> TimeReading {
    var fields = DigitReader(text)
    guard let year = fields.number(4), fields.take("-"), let month = fields.number(2),
        fields.take("-"), let day = fields.number(2), fields.take("T") || fields.take("t"),
        let hour = fields.number(2), fields.take(":"), let minute = fields.number(2),
        fields.take(":"), let second = fields.number(2), let nanos = fields.fraction(),
        let offset = fields.offset(), fields.isAtEnd
    else { return isLongYear(text) ? .outOfRange : .malformed }
    guard (1...12).contains(month), day >= 1, day <= daysIn(month, of: year), hour < 24,
        minute < 60,
        second < 60
    else { return .malformed }
    let days = daysSince1970(year: year, month: month, day: day)
    let seconds = Int64(days * 86_400 + hour * 3_600 + minute * 60 + second - offset)
    guard let time = CELTimestamp(seconds: seconds, nanoseconds: nanos) else { return .outOfRange }
    return .time(time)
}

/// `10000-01-01T00:00:00Z` is a time, only not one of ours.
private func isLongYear(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "-"), maxSplits: 1)
    guard parts.count == 2, parts[0].count > 4, parts[0].allSatisfy(isDigit) else { return false }
    if case .time = readTimestamp("2000-" + (String(parts[1]) ?? "")) { return true }
    return false
}

private struct DigitReader {
    private var rest: ArraySlice<UInt8>

    init(_ text: String) { rest = Array(text.utf8)[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func number(_ count: Int) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy(isDigit) else { return nil }
        rest = rest.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    mutating func fraction() -> Int32? {
        guard take(".") || take(",") else { return 0 }
        let digits = rest.prefix(while: isDigit)
        guard !digits.isEmpty else { return nil }
        rest = rest.dropFirst(digits.count)
        var nanos: Int32 = 0
        for place in 0..<9 {
            let digit = digits.dropFirst(place).first.map { Int32($0 - UInt8(ascii: "0")) } ?? 0
            nanos = nanos * 10 + digit
        }
        return nanos
    }

    mutating func offset() -> Int? {
        if take("Z") || take("z") { return 0 }
        let sign: Int
        if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
        guard let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60
        else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }
}

func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
}

func padded(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
}

/// `.5` for half a second; nothing for none.
func fractionText(_ nanoseconds: Int64) -> String {
    guard nanoseconds != 0 else { return "" }
    var digits = padded(Int(nanoseconds.magnitude), 9)
    while digits.utf8.hasSuffix("0") { digits.removeLast() }
    return "." + digits
}

let billion: Int64 = 1_000_000_000
