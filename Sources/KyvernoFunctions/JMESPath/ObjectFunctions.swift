// SPDX-License-Identifier: Apache-2.0
// Functions on objects, lists and documents. Spec: kyverno.io, "JMESPath".

import JMESPath
import Primitives

let objectFunctions: [FunctionDefinition] = [
    FunctionDefinition(
        "label_match", [.object, .object], "boolean",
        "whether the second has all pairs of the first"
    ) { call, evaluator throws(EvaluationError) in
        let labels = try call.object(1)
        for member in try call.object(0) {
            try evaluator.spend(member.name.utf8.count / 2)
            guard let value = labels[member.name], try evaluator.areEqual(member.value, value)
            else {
                return false
            }
        }
        return true
    },
    FunctionDefinition(
        "lookup", [[.object, .array], [.string, .number]], "any",
        "a member or item; null if absent",
        price: .characters
    ) { call, _ throws(EvaluationError) in
        if case .object(let object) = try call.value(0) {
            return object[try call.string(1)] ?? .null
        }
        let items = try call.array(0)
        let position = try call.integer(1)
        return items.indices.contains(position) ? items[position] : .null
    },
    FunctionDefinition(
        "items", [[.object, .array], .string, .string], "array[object]",
        "each member (names sorted) or item as an object with two named parts"
    ) { call, evaluator throws(EvaluationError) in
        let (keyName, valueName) = (try call.string(1), try call.string(2))
        var pairs: [(JSONValue, JSONValue)] = []
        if case .object(let object) = try call.value(0) {
            let members = object.members.sorted {
                Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8))
            }
            pairs = members.map { (.string($0.name), $0.value) }
        } else {
            pairs = try call.array(0).enumerated().map { (.number(JSONNumber($0)), $1) }
        }
        try evaluator.produce(
            bytes: pairs.count * (keyName.utf8.count + valueName.utf8.count + 3 * bytesPerEntry))
        try evaluator.spend(pairs.count * (2 + (keyName.utf8.count + valueName.utf8.count) / 2))
        return .array(pairs.map { .object([keyName: $0.0, valueName: $0.1]) })
    },
    FunctionDefinition(
        "object_from_lists", [.array, .array], "object",
        "names with values; null for missing ones, too many are left out"
    ) { call, evaluator throws(EvaluationError) in
        let (names, values) = (try call.array(0), try call.array(1))
        try evaluator.produce(bytes: names.count * bytesPerEntry)
        var object = JSONObject()
        for (position, name) in names.enumerated() {
            guard case .string(let name) = name else {
                throw call.invalid("\(name.kindName) cannot be a name", .invalidType)
            }
            try evaluator.spend(name.utf8.count / 2)
            object[name] = values.indices.contains(position) ? values[position] : .null
        }
        return .object(object)
    },
    FunctionDefinition("parse_json", [.string], "any", "the value that a JSON text spells") {
        call, evaluator throws(EvaluationError) in
        let bytes = Array(try call.string(0).utf8)
        try evaluator.spend(bytes.count / 4)
        try evaluator.produce(bytes: bytes.count * 2)
        do throws(Failure) {
            return try JSONValue(parsing: bytes, named: "the text")
        } catch {
            throw call.invalid(error.why, error.kind == .overLimit ? .overLimit : .invalidValue)
        }
    },
    FunctionDefinition(
        "parse_yaml", [.string], "any", "the value of the first YAML document",
        price: FunctionPrice(base: 200, perText: 64)
    ) {
        call, evaluator throws(EvaluationError) in
        let bytes = Array(try call.string(0).utf8)
        try evaluator.spend(bytes.count)
        try evaluator.produce(bytes: bytes.count * 2)
        let value: JSONValue
        do throws(Failure) {
            value =
                try YAMLNode.documents(
                    parsing: bytes, named: "the text", nodes: Limits.expressionYAMLNodes
                ).first?.json ?? .null
        } catch {
            throw call.invalid(error.why, error.kind == .overLimit ? .overLimit : .invalidValue)
        }
        // Aliases can make a document larger than its text.
        try evaluator.produce(value)
        return value
    },
]
