// SPDX-License-Identifier: Apache-2.0
// Writes values as JSON with the same bytes as Go, because policies hash and compare such text.
// Spec: Go, encoding/json, `Marshal`.

internal import CEL
internal import Primitives

/// Writes one value: sorted names, no spaces, and `<`, `>` and `&` escaped.
struct GoDocumentWriter {
    private(set) var bytes: [UInt8] = []
    private var left = Limits.expressionResultItems

    mutating func write(
        _ value: CELValue, _ meter: inout CostMeter, depth: Int = 0
    ) throws(EvaluationInterruption) {
        left -= 1
        try meter.charge(2)
        guard left > 0, depth < deepestValue else {
            throw .failed(
                .tooLarge, "the value has more than \(Limits.expressionResultItems) parts")
        }
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .int(let number): append(String(number))
        case .uint(let number): append(String(number))
        case .double(let number):
            // Finding the shortest digits takes about a microsecond.
            try meter.charge(20)
            try append(number)
        case .string(let text), .type(let text): try appendQuoted(text, &meter)
        case .bytes(let content):
            try meter.chargeText(content.count)
            try appendQuoted(base64Text(content), &meter)
        case .timestamp(let time): try appendQuoted(time.text, &meter)
        case .duration(let length): try appendQuoted(length.secondsText, &meter)
        case .list(let items): try append(items, &meter, depth)
        case .map(let map): try append(map, &meter, depth)
        case .optional(let optional):
            guard let inner = optional.value else { return append("null") }
            try write(inner, &meter, depth: depth + 1)
        case .opaque(let value): try appendQuoted(value.text, &meter)
        }
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func append(
        _ items: [CELValue], _ meter: inout CostMeter, _ depth: Int
    ) throws(EvaluationInterruption) {
        append("[")
        for (number, item) in items.enumerated() {
            if number > 0 { append(",") }
            try write(item, &meter, depth: depth + 1)
        }
        append("]")
    }

    private mutating func append(
        _ map: CELMap, _ meter: inout CostMeter, _ depth: Int
    ) throws(EvaluationInterruption) {
        var members: [(name: String, value: CELValue)] = []
        for (key, value) in zip(map.keys, map.values) {
            guard case .string(let name) = key else {
                throw .failed(
                    .invalidArgument,
                    "json: unsupported map key type \(key.value.typeName): JSON's names are texts")
            }
            members.append((name, value))
        }
        members.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        append("{")
        for (number, member) in members.enumerated() {
            if number > 0 { append(",") }
            try appendQuoted(member.name, &meter)
            append(":")
            try write(member.value, &meter, depth: depth + 1)
        }
        append("}")
    }

    /// Appends the shortest digits, with an exponent below 1e-6 and from 1e21.
    private mutating func append(_ number: Double) throws(EvaluationInterruption) {
        guard number.isFinite else {
            throw .failed(
                .invalidArgument,
                "json: unsupported value: \(shortestText(number)) is not a number "
                    + "of JSON")
        }
        if number == 0 { return append(number.sign == .minus ? "-0" : "0") }
        let decimal = DecimalDigits(number)
        guard decimal.exponent < -6 || decimal.exponent >= 21 else {
            return append(decimal.plainText)
        }
        let tail = decimal.digits.dropFirst()
        append((number < 0 ? "-" : "") + decimal.digits.prefix(1))
        if !tail.isEmpty { append("." + tail) }
        append((decimal.exponent < 0 ? "e-" : "e+") + String(abs(decimal.exponent)))
    }

    /// Charges before it writes: a list can hold one long string many times.
    private mutating func appendQuoted(
        _ text: String, _ meter: inout CostMeter
    ) throws(EvaluationInterruption) {
        try meter.chargeText(text.utf8.count)
        let content = Array(text.utf8)
        bytes.append(UInt8(ascii: "\""))
        for (position, byte) in content.enumerated() {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x0A: append("\\n")
            case 0x0D: append("\\r")
            case 0x09: append("\\t")
            case 0x08: append("\\b")
            case 0x0C: append("\\f")
            case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), 0..<0x20:
                append("\\u00" + hexText([byte]))
            case 0xA8, 0xA9:
                // The last of the three bytes of U+2028 or U+2029.
                guard position >= 2, content[position - 2] == 0xE2, content[position - 1] == 0x80
                else {
                    bytes.append(byte)
                    continue
                }
                bytes.removeLast(2)
                append(byte == 0xA8 ? "\\u2028" : "\\u2029")
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
