// SPDX-License-Identifier: Apache-2.0
// Values as JSON with types, for test suites: {"int": "1"}, {"list": [{"bool": true}]}.

internal import FoundationEssentials
package import Primitives

extension CELValue {
    /// Parses `{"type": content}`. 64-bit numbers are strings or numbers; doubles may be
    /// hexadecimal.
    package init(tagged json: JSONValue) throws(Failure) {
        guard let object = json.object, let member = object.members.first, object.count == 1 else {
            throw unreadable("it is not an object with one type in it")
        }
        guard let value = try CELValue(tag: member.name, member.value) else {
            throw unreadable("\(quoted(member.name)) does not hold what it should")
        }
        self = value
    }

    private init?(tag: String, _ content: JSONValue) throws(Failure) {
        switch tag {
        case "null": self = .null
        case "bool":
            guard let value = content.bool else { return nil }
            self = .bool(value)
        case "int":
            guard
                let value = content.string.flatMap({ Int64($0) }) ?? content.integer.map(Int64.init)
            else { return nil }
            self = .int(value)
        case "uint":
            guard
                let value = content.string.flatMap({ UInt64($0) })
                    ?? content.integer.flatMap(UInt64.init(exactly:))
            else { return nil }
            self = .uint(value)
        case "double":
            guard let value = content.string.flatMap({ hexDouble($0) }) ?? numberDouble(content)
            else { return nil }
            self = .double(value)
        case "string":
            guard let value = content.string else { return nil }
            self = .string(value)
        case "bytes":
            guard let value = content.string.flatMap({ Data(base64Encoded: $0) }) else {
                return nil
            }
            self = .bytes(Array(value))
        case "type":
            guard let value = content.string else { return nil }
            self = .type(value)
        case "timestamp", "duration":
            guard let value = moment(tag, content) else { return nil }
            self = value
        case "optional":
            self = content == .null ? .none : .of(try CELValue(tagged: content))
        default:
            guard let value = try container(tag, content) else { return nil }
            self = value
        }
    }

    /// The value in the form of `init(tagged:)`. Throws if it is too large.
    package func tagged() throws(Failure) -> JSONValue {
        var left = Limits.expressionResultItems
        return try tagged(&left, depth: 0)
    }

    private func tagged(_ left: inout Int, depth: Int) throws(Failure) -> JSONValue {
        left -= 1 + writtenBytes / 64
        guard left > 0, depth < deepestValue else {
            throw Failure(
                .overLimit, "cannot write the value",
                because: "it has more than \(Limits.expressionResultItems) parts")
        }
        switch self {
        case .null: return ["null": .null]
        case .bool(let value): return ["bool": .bool(value)]
        case .int(let value): return ["int": .string(String(value))]
        case .uint(let value): return ["uint": .string(String(value))]
        case .double(let value): return ["double": .string(hexText(value))]
        case .string(let text): return ["string": .string(text)]
        case .bytes(let bytes): return ["bytes": .string(base64Text(bytes))]
        case .type(let name): return ["type": .string(name)]
        case .timestamp(let time):
            return ["timestamp": seconds(time.seconds, Int64(time.nanoseconds))]
        case .duration(let length):
            let (whole, part) = length.nanoseconds.quotientAndRemainder(dividingBy: billion)
            return ["duration": seconds(whole, part)]
        case .list(let items):
            var written: [JSONValue] = []
            for item in items { written.append(try item.tagged(&left, depth: depth + 1)) }
            return ["list": .array(written)]
        case .map(let map):
            var written: [JSONValue] = []
            for (key, value) in zip(map.keys, map.values) {
                written.append([
                    try key.value.tagged(&left, depth: depth + 1),
                    try value.tagged(&left, depth: depth + 1),
                ])
            }
            return ["map": .array(written)]
        case .optional(let optional):
            guard let value = optional.value else { return ["optional": .null] }
            return ["optional": try value.tagged(&left, depth: depth + 1)]
        case .opaque(let value):
            return ["opaque": ["type": .string(value.typeName), "text": .string(value.text)]]
        }
    }
}

private func unreadable(_ why: String) -> Failure {
    Failure(.malformed, "cannot read the tagged value", because: why)
}

private func container(_ tag: String, _ content: JSONValue) throws(Failure) -> CELValue? {
    guard let items = content.array else { return nil }
    switch tag {
    case "list":
        var list: [CELValue] = []
        for item in items { list.append(try CELValue(tagged: item)) }
        return .list(list)
    case "map":
        var map = MapBuilder(capacity: items.count)
        for item in items {
            guard let pair = item.array, pair.count == 2,
                let key = CELKey(try CELValue(tagged: pair[0]))
            else { return nil }
            map.set(try CELValue(tagged: pair[1]), for: key)
        }
        return .map(map.map())
    default: return nil
    }
}

private func moment(_ tag: String, _ content: JSONValue) -> CELValue? {
    guard
        let seconds = content["seconds"].flatMap({
            $0.string.flatMap { Int64($0) } ?? $0.integer.map(Int64.init)
        })
    else { return nil }
    let nanos = Int64(content["nanos"]?.integer ?? 0)
    if tag == "timestamp" {
        guard let part = Int32(exactly: nanos) else { return nil }
        return CELTimestamp(seconds: seconds, nanoseconds: part).map(CELValue.timestamp)
    }
    let (whole, tooLong) = seconds.multipliedReportingOverflow(by: billion)
    let (sum, over) = whole.addingReportingOverflow(nanos)
    return tooLong || over ? nil : .duration(GoDuration(nanoseconds: sum))
}

private func seconds(_ seconds: Int64, _ nanos: Int64) -> JSONValue {
    ["seconds": .string(String(seconds)), "nanos": .number(JSONNumber(Int(nanos)))]
}

private func numberDouble(_ content: JSONValue) -> Double? {
    if case .number(let number) = content { number.double } else { nil }
}

/// `0x1.8000000000000p+1` or decimal, `NaN`, `Infinity`.
private func hexDouble(_ text: String) -> Double? {
    switch text {
    case "NaN": .nan
    case "Infinity": .infinity
    case "-Infinity": -.infinity
    default: Double(text)
    }
}

/// Thirteen hexadecimal digits after the point, as C's `%a` and Python's `float.hex` write them.
private func hexText(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    let sign = value.sign == .minus ? "-" : ""
    if value == 0 { return sign + "0x0.0p+0" }
    let digits = String(value.significandBitPattern, radix: 16)
    let fraction = String(repeating: "0", count: 13 - digits.utf8.count) + digits
    let exponent = value.isNormal ? Int(value.exponentBitPattern) - 1_023 : -1_022
    return
        "\(sign)0x\(value.isNormal ? 1 : 0).\(fraction)p\(exponent < 0 ? "-" : "+")\(abs(exponent))"
}
