// SPDX-License-Identifier: Apache-2.0
// Conversion between JSON and CEL values. Spec: cel-spec, langdef.md, "JSON Data Conversion".

package import Primitives

extension CELValue {
    /// A JSON document as a CEL value. Integers of 64 bits become ints, other numbers doubles, as
    /// in Kubernetes' unstructured objects.
    package init(json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .string(let text): self = .string(text)
        case .number(let number):
            self = number.integer.map { .int(Int64($0)) } ?? .double(number.double ?? .nan)
        case .array(let items): self = .list(items.map(CELValue.init(json:)))
        case .object(let object):
            var map = MapBuilder(capacity: object.count)
            for member in object {
                map.set(CELValue(json: member.value), for: .string(member.name))
            }
            self = .map(map.map())
        }
    }

    /// The value as a JSON document. Throws if it is too large or JSON cannot represent it.
    package func json() throws(Failure) -> JSONValue {
        var left = Limits.expressionResultItems
        var meter = CostMeter(.max)
        do throws(EvaluationInterruption) { return try json(&left, &meter) } catch {
            guard case .problem(let problem) = error else {
                throw Failure(.bug, "cannot write the value", because: "it waits for facts")
            }
            throw Failure(.unsupported, "cannot write the value", because: problem.message)
        }
    }

    func json(
        _ left: inout Int, _ meter: inout CostMeter, depth: Int = 0
    ) throws(EvaluationInterruption) -> JSONValue {
        left -= 1 + writtenBytes / 64
        try meter.chargeText(writtenBytes)
        guard left > 0, depth < deepestValue else {
            throw .failed(
                .tooLarge, "the value has more than \(Limits.expressionResultItems) parts")
        }
        switch self {
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .int(let number): return .number(JSONNumber(Int(number)))
        case .uint(let number):
            return Int(exactly: number).map { .number(JSONNumber($0)) } ?? .string(String(number))
        case .double(let number):
            return JSONNumber(number).map { .number($0) } ?? .string(shortestText(number))
        case .string(let text): return .string(text)
        case .bytes(let bytes): return .string(base64Text(bytes))
        case .timestamp(let time): return .string(time.text)
        case .duration(let length): return .string(length.secondsText)
        case .type(let name): return .string(name)
        case .list(let items):
            var written: [JSONValue] = []
            for item in items { written.append(try item.json(&left, &meter, depth: depth + 1)) }
            return .array(written)
        case .map(let map):
            var object = JSONObject()
            for (key, value) in zip(map.keys, map.values) {
                object[keyText(key)] = try value.json(&left, &meter, depth: depth + 1)
            }
            return .object(object)
        case .optional(let optional):
            return try optional.value?.json(&left, &meter, depth: depth + 1) ?? .null
        case .opaque(let value): return .string(value.text)
        }
    }
}

extension CELValue {
    /// The number of bytes that are copied when the value is written.
    var writtenBytes: Int {
        switch self {
        case .string(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        case .opaque(let value): value.text.utf8.count
        default: 0
        }
    }
}

private func keyText(_ key: CELKey) -> String {
    switch key {
    case .string(let text): text
    case .int(let value): String(value)
    case .uint(let value): String(value)
    case .bool(let value): String(value)
    }
}
