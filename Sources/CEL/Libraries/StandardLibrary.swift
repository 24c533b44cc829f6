// SPDX-License-Identifier: Apache-2.0
// The standard library, which every environment has. Spec: cel-spec, langdef.md, "List of Standard
// Definitions".

internal import Primitives

extension CELLibrary {
    /// Operators, conversions, string and time functions, and the macros `has`, `all`, `exists`,
    /// `exists_one`, `map` and `filter`.
    package static let standard = CELLibrary(
        Content(
            overloads: operatorOverloads + conversionOverloads + textOverloads + timeOverloads,
            types: [
                "bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type",
                "type", "google.protobuf.Timestamp", "google.protobuf.Duration",
            ],
            macros: .standard))

    /// The functions of optionals (`optional.of`, …), `a.?b`, `a[?k]`, `[?x]`, `{?k: v}`.
    package static let optionals = CELLibrary(
        Content(
            overloads: optionalOverloads, types: ["optional_type"], macros: .optionals))

    /// `cel.bind`.
    package static let bindings = CELLibrary(Content(macros: .bindings))
    /// `cel.block`, which optimizers generate.
    package static let blocks = CELLibrary(Content(macros: .blocks))
    /// `all(i, v, …)`, `transformList`, `transformMap`, `transformMapEntry`.
    package static let twoVariables = CELLibrary(Content(macros: .twoVariables))
}

// MARK: - Operators

/// An operator for the type check. The planner implements operators itself.
private func operation(
    _ name: String, _ parameters: [CELType], _ result: CELType
) -> Overload {
    Overload(
        name, parameters, result,
        .many { _, _ throws(EvaluationInterruption) in
            throw .failed(.bug, "operators are not called")
        })
}

private let a = CELType.parameter("A")
private let b = CELType.parameter("B")

private let operatorOverloads: [Overload] = {
    var all: [Overload] = [
        operation("!_", [.bool], .bool), operation("-_", [.int], .int),
        operation("-_", [.double], .double), operation("_==_", [a, a], .bool),
        operation("_!=_", [a, a], .bool), operation("@in", [a, .list(a)], .bool),
        operation("@in", [a, .map(a, b)], .bool), operation("_[_]", [.list(a), .int], a),
        operation("_[_]", [.map(a, b), a], b),
        operation("_+_", [.string, .string], .string),
        operation("_+_", [.bytes, .bytes], .bytes),
        operation("_+_", [.list(a), .list(a)], .list(a)),
        operation("_+_", [.timestamp, .duration], .timestamp),
        operation("_+_", [.duration, .timestamp], .timestamp),
        operation("_+_", [.duration, .duration], .duration),
        operation("_-_", [.timestamp, .timestamp], .duration),
        operation("_-_", [.timestamp, .duration], .timestamp),
        operation("_-_", [.duration, .duration], .duration),
    ]
    for type in [CELType.int, .uint, .double] {
        for name in ["_+_", "_-_", "_*_", "_/_"] {
            all.append(operation(name, [type, type], type))
        }
        if type != .double { all.append(operation("_%_", [type, type], type)) }
    }
    for name in ["_<_", "_<=_", "_>_", "_>=_"] {
        for type in [CELType.bool, .string, .bytes, .timestamp, .duration] {
            all.append(operation(name, [type, type], .bool))
        }
        for left in [CELType.int, .uint, .double] {
            for right in [CELType.int, .uint, .double] {
                all.append(operation(name, [left, right], .bool))
            }
        }
    }
    return all
}()

// MARK: - Texts

private let textOverloads: [Overload] = [
    .global("size", .string, .int) { text, _ throws(EvaluationInterruption) in size(of: text) },
    .global("size", .bytes, .int) { bytes, _ throws(EvaluationInterruption) in size(of: bytes) },
    .global("size", .list(a), .int) { list, _ throws(EvaluationInterruption) in size(of: list) },
    .global("size", .map(a, b), .int) { map, _ throws(EvaluationInterruption) in size(of: map) },
    .method("size", on: .string, .int) { text, _ throws(EvaluationInterruption) in size(of: text) },
    .method("size", on: .bytes, .int) { bytes, _ throws(EvaluationInterruption) in size(of: bytes)
    },
    .method("size", on: .list(a), .int) { list, _ throws(EvaluationInterruption) in size(of: list)
    },
    .method("size", on: .map(a, b), .int) { map, _ throws(EvaluationInterruption) in size(of: map)
    },
    .method("contains", on: .string, .string, .bool) {
        text, part, _ throws(EvaluationInterruption) in
        let text = try text.string()
        let part = try part.string()
        return .bool(TextSearch(part.utf8).first(in: Array(text.utf8)) != nil)
    },
    .method("startsWith", on: .string, .string, .bool) {
        text, part, _ throws(EvaluationInterruption) in
        .bool(try text.string().utf8.starts(with: try part.string().utf8))
    },
    .method("endsWith", on: .string, .string, .bool) {
        text, part, _ throws(EvaluationInterruption) in
        .bool(try text.string().utf8.reversed().starts(with: try part.string().utf8.reversed()))
    },
    .method("matches", on: .string, .string, .bool, matches),
    .global("matches", .string, .string, .bool, matches),
]

private func size(of value: CELValue) -> CELValue {
    switch value {
    case .string(let text): .int(Int64(text.unicodeScalars.count))
    default: .int(Int64(value.costSize))
    }
}

private func matches(
    _ text: CELValue, _ pattern: CELValue, _ meter: inout CostMeter
) throws(EvaluationInterruption) -> CELValue {
    let text = try text.string()
    let pattern = try compiled(try pattern.string(), &meter)
    try meter.charge(matchCost(text.utf8.count, pattern))
    return .bool(pattern.matches(text))
}

// MARK: - Optionals

private let optionalOverloads: [Overload] = [
    .global("optional.of", a, .optional(a)) { value, _ throws(EvaluationInterruption) in .of(value)
    },
    .global("optional.ofNonZeroValue", a, .optional(a)) { value, _ throws(EvaluationInterruption) in
        value.isZero ? .none : .of(value)
    },
    .global("optional.none", [], .optional(a)) { _, _ throws(EvaluationInterruption) in .none },
    .method("hasValue", on: .optional(a), .bool) { value, _ throws(EvaluationInterruption) in
        .bool(try content(value) != nil)
    },
    .method("value", on: .optional(a), a) { value, _ throws(EvaluationInterruption) in
        guard let present = try content(value) else {
            throw .failed(.emptyOptional, "optional.none() dereference")
        }
        return present
    },
    .method("or", on: .optional(a), .optional(a), .optional(a)) {
        value, other, _ throws(EvaluationInterruption) in
        try content(value) == nil ? other : value
    },
    .method("orValue", on: .optional(a), a, a) { value, other, _ throws(EvaluationInterruption) in
        try content(value) ?? other
    },
    .global("optional.unwrap", .list(.optional(a)), .list(a), unwrapped),
    .method("unwrapOpt", on: .list(.optional(a)), .list(a), unwrapped),
    .method("first", on: .list(a), .optional(a)) { list, _ throws(EvaluationInterruption) in
        try list.items().first.map(CELValue.of) ?? .none
    },
    .method("last", on: .list(a), .optional(a)) { list, _ throws(EvaluationInterruption) in
        try list.items().last.map(CELValue.of) ?? .none
    },
]

private func content(_ value: CELValue) throws(EvaluationInterruption) -> CELValue? {
    guard case .optional(let optional) = value else { throw .noSuchOverload }
    return optional.value
}

private func unwrapped(_ list: CELValue, _ meter: inout CostMeter) throws(EvaluationInterruption)
    -> CELValue
{
    var present: [CELValue] = []
    for item in try list.items() {
        try meter.charge(1)
        if let value = try content(item) { present.append(value) }
    }
    return .list(present)
}
