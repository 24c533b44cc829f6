// SPDX-License-Identifier: Apache-2.0
// The 26 functions of the specification. Spec: JMESPath, "Built-in Functions".

import FoundationEssentials
package import Primitives

let standardFunctions =
    standardNumberFunctions + standardTextFunctions + standardListFunctions
    + standardOrderFunctions

private let standardNumberFunctions: [FunctionDefinition] = [
    FunctionDefinition("abs", [.number], "number", "the number without its sign") {
        call, _ throws(EvaluationError) in
        let number = try call.number(0)
        return try number < .whole(0) ? (.whole(0) - number).json() : call.value(0)
    },
    // Deviation: avg([]) is null, as the specification says; in Kyverno it is NaN.
    FunctionDefinition("avg", [.numbers], "number", "the mean; null for an empty list") {
        call, evaluator throws(EvaluationError) in
        let items = try call.array(0)
        guard !items.isEmpty else { return .null }
        let total = try total(of: items, &evaluator)
        return try JMESPathNumber.normal(total.double / Double(items.count)).json()
    },
    FunctionDefinition("ceil", [.number], "number", "the next whole number up") {
        call, _ throws(EvaluationError) in
        try rounded(call, .up)
    },
    FunctionDefinition("floor", [.number], "number", "the next whole number down") {
        call, _ throws(EvaluationError) in
        try rounded(call, .down)
    },
    FunctionDefinition("sum", [.numbers], "number", "all numbers added; 0 for an empty list") {
        call, evaluator throws(EvaluationError) in
        try total(of: call.array(0), &evaluator).json()
    },
    FunctionDefinition(
        "to_number", [.any], "number", "the number a text spells; null for others", price: .reader
    ) {
        call, _ throws(EvaluationError) in
        switch try call.value(0) {
        case .number(let number): return .number(number)
        case .string(let text): return spelledNumber(text) ?? .null
        default: return .null
        }
    },
]

private let standardTextFunctions: [FunctionDefinition] = [
    FunctionDefinition(
        "contains", [[.array, .string], .any], "boolean",
        "whether a list holds the value, or a text the text"
    ) { call, evaluator throws(EvaluationError) in
        let wanted = try call.value(1)
        guard case .string(let text) = try call.value(0) else {
            // Deviation: Kyverno's fork crashes on a search for an object; Assay compares deeply.
            for item in try call.array(0) where try evaluator.areEqual(item, wanted) {
                return true
            }
            return false
        }
        guard case .string(let part) = wanted else { return false }
        try evaluator.spend(text.utf8.count / 16)
        return .bool(firstRange(of: Array(part.utf8), in: Array(text.utf8)[...]) != nil)
    },
    FunctionDefinition("ends_with", [.string, .string], "boolean", "whether the text ends so") {
        call, _ throws(EvaluationError) in
        let end = try call.string(1).utf8.reversed()
        return .bool(try call.string(0).utf8.reversed().starts(with: end))
    },
    FunctionDefinition("starts_with", [.string, .string], "boolean", "whether the text starts so") {
        call, _ throws(EvaluationError) in
        .bool(try call.string(0).utf8.starts(with: call.string(1).utf8))
    },
    FunctionDefinition("join", [.string, .strings], "string", "the texts with the first between") {
        call, evaluator throws(EvaluationError) in
        let (glue, parts) = (try call.string(0), try call.array(1).compactMap(\.string))
        let size = parts.reduce(0) { $0 + $1.utf8.count + glue.utf8.count }
        try evaluator.produce(bytes: size)
        return .string(parts.joined(separator: glue))
    },
    FunctionDefinition("to_string", [.any], "string", "a text as it is, other values as JSON") {
        call, evaluator throws(EvaluationError) in
        let value = try call.value(0)
        if case .string = value { return value }
        try evaluator.produce(value)
        return .string(value.compactText)
    },
    FunctionDefinition(
        "length", [[.string, .array, .object]], "number", "characters, items or members"
    ) { call, evaluator throws(EvaluationError) in
        switch try call.value(0) {
        case .string(let text):
            try evaluator.spend(text.utf8.count / 16)
            return .number(JSONNumber(text.unicodeScalars.count))
        case .array(let items): return .number(JSONNumber(items.count))
        case .object(let object): return .number(JSONNumber(object.count))
        default: return .null
        }
    },
    FunctionDefinition(
        "reverse", [[.array, .string]], "array|string", "items or characters, last first",
        price: .characters
    ) { call, evaluator throws(EvaluationError) in
        guard case .string(let text) = try call.value(0) else {
            let items = try call.array(0)
            try evaluator.produce(bytes: items.count * bytesPerEntry)
            return .array(items.reversed())
        }
        try evaluator.produce(bytes: text.utf8.count)
        return .string(String(String.UnicodeScalarView(text.unicodeScalars.reversed())))
    },
]

private let standardListFunctions: [FunctionDefinition] = [
    FunctionDefinition("keys", [.object], "array", "the names of an object's members") {
        call, evaluator throws(EvaluationError) in
        let names = try call.object(0).names
        try evaluator.produce(bytes: names.reduce(0) { $0 + $1.utf8.count + bytesPerEntry })
        return .array(names.map { .string($0) })
    },
    FunctionDefinition("values", [.object], "array", "the values of an object's members") {
        call, evaluator throws(EvaluationError) in
        let values = try call.object(0).members.map(\.value)
        try evaluator.produce(bytes: values.count * bytesPerEntry)
        return .array(values)
    },
    FunctionDefinition(
        "merge", [.object], "object", "one object with all members; later ones win",
        isVariadic: true
    ) { call, evaluator throws(EvaluationError) in
        var merged = JSONObject()
        for position in 0..<call.count {
            let object = try call.object(position)
            try evaluator.produce(bytes: object.count * bytesPerEntry)
            for member in object {
                try evaluator.spend(member.name.utf8.count / 2)
                merged[member.name] = member.value
            }
        }
        return .object(merged)
    },
    FunctionDefinition(
        "map", [.reference, .array], "array", "the expression's value for each item, nulls too"
    ) { call, evaluator throws(EvaluationError) in
        let (expression, items) = (try call.reference(0), try call.array(1))
        try evaluator.produce(bytes: items.count * bytesPerEntry)
        var results: [JSONValue] = []
        for item in items { results.append(try evaluator.swallowed(expression, on: item)) }
        return .array(results)
    },
    FunctionDefinition(
        "not_null", [.any], "any", "the first argument that is not null", isVariadic: true
    ) { call, _ throws(EvaluationError) in
        for position in 0..<call.count {
            let value = try call.value(position)
            if case .null = value { continue }
            return value
        }
        return .null
    },
    FunctionDefinition("to_array", [.any], "array", "a list as it is, another value in a list") {
        call, _ throws(EvaluationError) in
        let value = try call.value(0)
        if case .array = value { return value }
        return .array([value])
    },
    FunctionDefinition("type", [.any], "string", "what kind of value it is") {
        call, _ throws(EvaluationError) in
        switch try call.value(0) {
        case .null: "null"
        case .bool: "boolean"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    },
]

private let standardOrderFunctions: [FunctionDefinition] = [
    FunctionDefinition("max", [[.numbers, .strings]], "number|string", "the greatest item") {
        call, evaluator throws(EvaluationError) in
        try extreme(call.array(0).map { ($0, $0) }, call, &evaluator) { $1 < $0 }
    },
    FunctionDefinition("min", [[.numbers, .strings]], "number|string", "the smallest item") {
        call, evaluator throws(EvaluationError) in
        try extreme(call.array(0).map { ($0, $0) }, call, &evaluator) { $0 < $1 }
    },
    FunctionDefinition(
        "max_by", [.array, .reference], "any", "the item whose expression is greatest"
    ) { call, evaluator throws(EvaluationError) in
        try extreme(keyed(call, &evaluator), call, &evaluator) { $1 < $0 }
    },
    FunctionDefinition(
        "min_by", [.array, .reference], "any", "the item whose expression is smallest"
    ) { call, evaluator throws(EvaluationError) in
        try extreme(keyed(call, &evaluator), call, &evaluator) { $0 < $1 }
    },
    FunctionDefinition("sort", [[.numbers, .strings]], "array", "the items, smallest first") {
        call, evaluator throws(EvaluationError) in
        try sorted(call.array(0).map { ($0, $0) }, call, &evaluator)
    },
    FunctionDefinition(
        "sort_by", [.array, .reference], "array", "the items by the expression's value"
    ) { call, evaluator throws(EvaluationError) in
        try sorted(keyed(call, &evaluator), call, &evaluator)
    },
]

private func total(of items: [JSONValue], _ evaluator: inout Evaluator)
    throws(EvaluationError) -> JMESPathNumber
{
    try evaluator.spend(items.count)
    return items.reduce(.whole(0)) { sum, item in
        if case .number(let number) = item { sum + JMESPathNumber(number) } else { sum }
    }
}

private func rounded(_ call: FunctionCall, _ rule: FloatingPointRoundingRule)
    throws(EvaluationError) -> JSONValue
{
    let number = try call.number(0)
    if let whole = number.integer { return .number(JSONNumber(whole)) }
    return try JMESPathNumber.normal(number.double.rounded(rule)).json()
}

/// Spec: JMESPath, "to_number": a string that is a JSON number.
private func spelledNumber(_ text: String) -> JSONValue? {
    guard text.utf8.count <= 400, let first = text.utf8.first,
        first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
        let value = try? JSONValue(parsing: Array(text.utf8), named: "number"),
        case .number(let number) = value, number.double?.isFinite == true
    else { return nil }
    return value
}

// MARK: Order

/// A sort key: a number, or a string that is compared by code points.
private enum SortKey: Comparable {
    case number(JMESPathNumber)
    case text([UInt8])

    init?(_ value: JSONValue) {
        switch value {
        case .number(let number): self = .number(JMESPathNumber(number))
        case .string(let text): self = .text(Array(text.utf8))
        default: return nil
        }
    }

    func isSameKind(as other: SortKey) -> Bool {
        switch (self, other) {
        case (.number, .number), (.text, .text): true
        default: false
        }
    }

    static func < (left: SortKey, right: SortKey) -> Bool {
        switch (left, right) {
        case (.number(let first), .number(let second)): first < second
        case (.text(let first), .text(let second)): first.lexicographicallyPrecedes(second)
        case (.number, .text): true
        case (.text, .number): false
        }
    }
}

private func keyed(_ call: FunctionCall, _ evaluator: inout Evaluator)
    throws(EvaluationError) -> [(JSONValue, JSONValue)]
{
    let expression = try call.reference(1)
    var pairs: [(JSONValue, JSONValue)] = []
    for item in try call.array(0) {
        pairs.append((item, try evaluator.swallowed(expression, on: item)))
    }
    return pairs
}

private func withKeys(
    _ pairs: [(item: JSONValue, key: JSONValue)], _ call: FunctionCall,
    _ evaluator: inout Evaluator
) throws(EvaluationError) -> [(item: JSONValue, key: SortKey)] {
    try evaluator.spend(pairs.count)
    var keys: [(item: JSONValue, key: SortKey)] = []
    for pair in pairs {
        guard let key = SortKey(pair.key), keys.first?.key.isSameKind(as: key) ?? true else {
            throw call.invalid("items compare by numbers only, or by texts only", .invalidType)
        }
        keys.append((pair.item, key))
    }
    return keys
}

/// The first item with the greatest (or least) key.
private func extreme(
    _ pairs: [(JSONValue, JSONValue)], _ call: FunctionCall, _ evaluator: inout Evaluator,
    _ beats: (SortKey, SortKey) -> Bool
) throws(EvaluationError) -> JSONValue {
    let keys = try withKeys(pairs, call, &evaluator)
    guard var best = keys.first else { return .null }
    for candidate in keys.dropFirst() where beats(candidate.key, best.key) { best = candidate }
    return best.item
}

/// Items with equal keys keep their order.
private func sorted(
    _ pairs: [(JSONValue, JSONValue)], _ call: FunctionCall, _ evaluator: inout Evaluator
) throws(EvaluationError) -> JSONValue {
    let keys = try withKeys(pairs, call, &evaluator)
    try evaluator.produce(bytes: pairs.count * bytesPerEntry)
    try evaluator.spend(pairs.count * (Int.bitWidth - pairs.count.leadingZeroBitCount))
    let places = keys.indices.sorted { one, other in
        if keys[one].key < keys[other].key { return true }
        return !(keys[other].key < keys[one].key) && one < other
    }
    return .array(places.map { keys[$0].item })
}

/// The first occurrence of the bytes, by the algorithm of Knuth, Morris and Pratt: linear time.
package func firstRange(of part: [UInt8], in text: ArraySlice<UInt8>) -> Range<Int>? {
    guard !part.isEmpty else { return text.startIndex..<text.startIndex }
    guard part.count <= text.count else { return nil }
    var borders = [Int](repeating: 0, count: part.count)
    var length = 0
    if part.count > 1 {
        for position in 1..<part.count {
            while length > 0, part[position] != part[length] { length = borders[length - 1] }
            if part[position] == part[length] { length += 1 }
            borders[position] = length
        }
    }
    var matched = 0
    for position in text.indices {
        while matched > 0, text[position] != part[matched] { matched = borders[matched - 1] }
        if text[position] == part[matched] { matched += 1 }
        if matched == part.count { return (position - matched + 1)..<(position + 1) }
    }
    return nil
}

/// JSON in the form of Go's encoding/json: sorted names, escaped `<`, `>` and `&`, and numbers in
/// Go's format.
///
/// - Parameter isExact: whether integers of 64 bits keep all digits; Go rounds to doubles.
package func goJSON(_ value: JSONValue, isExact: Bool = false) -> String {
    switch value {
    case .number(let number):
        if isExact, let text = number.exactText, text.utf8.count <= 21 { return text }
        switch JMESPathNumber(number) {
        case .whole(let whole) where whole.magnitude < 1 << 53: return String(whole)
        case let other: return goText(other.double, .json)
        }
    case .array(let items):
        return "[" + items.map { goJSON($0, isExact: isExact) }.joined(separator: ",") + "]"
    case .object(let object):
        let members = object.members.sorted {
            Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8))
        }
        let texts = members.map {
            goJSON(.string($0.name)) + ":" + goJSON($0.value, isExact: isExact)
        }
        return "{" + texts.joined(separator: ",") + "}"
    case .string:
        var text = ""
        for scalar in value.compactText.unicodeScalars {
            switch scalar {
            case "<": text += "\\u003c"
            case ">": text += "\\u003e"
            case "&": text += "\\u0026"
            case "\u{2028}": text += "\\u2028"
            case "\u{2029}": text += "\\u2029"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    case .null, .bool: return value.compactText
    }
}
