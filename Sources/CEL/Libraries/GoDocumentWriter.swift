// SPDX-License-Identifier: Apache-2.0
// Values as JSON text, byte for byte as Go writes it: policies hash and compare such texts.
// Spec: Go, encoding/json, `Marshal`.

internal import Primitives

/// Writes one value: names in order, no blanks, `<`, `>` and `&` escaped.
struct GoDocumentWriter {
    private(set) var bytes: [UInt8] = []
    private var left = Limits.expressionResultItems

    mutating func write(
        _ value: CELValue, _ meter: inout CostMeter, depth: Int = 0
    ) throws(Stop) {
        left -= 1
        try meter.charge(1)
        guard left > 0, depth < deepestValue else {
            throw .failed(
                .tooLarge, "the value has more than \(Limits.expressionResultItems) parts")
        }
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .int(let number): append(String(number))
        case .uint(let number): append(String(number))
        case .double(let number): try append(number)
        case .string(let text), .type(let text): appendQuoted(text)
        case .bytes(let content): appendQuoted(base64Text(content))
        case .timestamp(let time): appendQuoted(time.text)
        case .duration(let length): appendQuoted(length.text)
        case .list(let items): try append(items, &meter, depth)
        case .map(let map): try append(map, &meter, depth)
        case .optional(let optional):
            guard let inner = optional.value else { return append("null") }
            try write(inner, &meter, depth: depth + 1)
        case .opaque(let value): appendQuoted(value.text)
        }
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func append(
        _ items: [CELValue], _ meter: inout CostMeter, _ depth: Int
    ) throws(Stop) {
        append("[")
        for (number, item) in items.enumerated() {
            if number > 0 { append(",") }
            try write(item, &meter, depth: depth + 1)
        }
        append("]")
    }

    private mutating func append(
        _ map: CELMap, _ meter: inout CostMeter, _ depth: Int
    ) throws(Stop) {
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
            appendQuoted(member.name)
            append(":")
            try write(member.value, &meter, depth: depth + 1)
        }
        append("}")
    }

    /// The shortest digits; with an exponent below 1e-6 and from 1e21 on.
    private mutating func append(_ number: Double) throws(Stop) {
        guard number.isFinite else {
            throw .failed(
                .invalidArgument,
                "json: unsupported value: \(shortestText(number)) is no number "
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

    private mutating func appendQuoted(_ text: String) {
        append("\"")
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": append("\\" + String(scalar))
            case "\n": append("\\n")
            case "\r": append("\\r")
            case "\t": append("\\t")
            case "\u{8}": append("\\b")
            case "\u{C}": append("\\f")
            case "<", ">", "&", "\u{0}"..."\u{1F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                append("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits)
            default: append(String(scalar))
            }
        }
        append("\"")
    }
}
