// SPDX-License-Identifier: Apache-2.0
// Types as the checker sees them. Spec: cel-spec, langdef.md, "Gradual Type Checking".

/// A type. `dyn` matches any type; a type parameter is one type within one use of a declaration.
package indirect enum CELType: Hashable, Sendable {
    case dyn
    case null
    case bool
    case int
    case uint
    case double
    case string
    case bytes
    case timestamp
    case duration
    case list(CELType)
    case map(CELType, CELType)
    case optional(CELType)
    case type(CELType)
    case opaque(String, [CELType])
    case parameter(String)

    package static let anyList = CELType.list(.dyn)
    package static let anyMap = CELType.map(.dyn, .dyn)
}

extension CELType: CustomStringConvertible {
    /// `map(string, list(int))`.
    package var description: String {
        switch self {
        case .dyn: "dyn"
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .timestamp: "google.protobuf.Timestamp"
        case .duration: "google.protobuf.Duration"
        case .list(let item): "list(\(item))"
        case .map(let key, let value): "map(\(key), \(value))"
        case .optional(let value): "optional_type(\(value))"
        case .type(let type): "type(\(type))"
        case .opaque(let name, let parameters):
            parameters.isEmpty
                ? name : "\(name)(\(parameters.map(\.description).joined(separator: ", ")))"
        case .parameter(let name): name
        }
    }
}

extension CELType {
    /// The types directly inside this one.
    var parameters: [CELType] {
        switch self {
        case .list(let item), .optional(let item), .type(let item): [item]
        case .map(let key, let value): [key, value]
        case .opaque(_, let parameters): parameters
        default: []
        }
    }

    /// The same kind of type with other element types.
    func replacingParameters(_ parameters: [CELType]) -> CELType {
        switch self {
        case .list: .list(parameters[0])
        case .optional: .optional(parameters[0])
        case .type: .type(parameters[0])
        case .map: .map(parameters[0], parameters[1])
        case .opaque(let name, _): .opaque(name, parameters)
        default: self
        }
    }

    /// Whether both types are of the same kind, without regard to their element types.
    func isSameKind(as other: CELType) -> Bool {
        switch (self, other) {
        case (.list, .list), (.map, .map), (.optional, .optional), (.type, .type): true
        case (.opaque(let a, let inA), .opaque(let b, let inB)): a == b && inA.count == inB.count
        default: self == other
        }
    }

    /// The kinds of values that can have this type, without regard to element types.
    var kinds: ValueKinds {
        switch self {
        case .dyn, .parameter: .all
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .timestamp: .timestamp
        case .duration: .duration
        case .list: .list
        case .map: .map
        case .optional: .optional
        case .type: .type
        case .opaque: .opaque
        }
    }
}

/// A set of kinds of values, as bits: one `&` tests whether an overload takes an argument.
struct ValueKinds: OptionSet, Sendable {
    let rawValue: UInt16

    static let null = ValueKinds(rawValue: 1 << 0)
    static let bool = ValueKinds(rawValue: 1 << 1)
    static let int = ValueKinds(rawValue: 1 << 2)
    static let uint = ValueKinds(rawValue: 1 << 3)
    static let double = ValueKinds(rawValue: 1 << 4)
    static let string = ValueKinds(rawValue: 1 << 5)
    static let bytes = ValueKinds(rawValue: 1 << 6)
    static let timestamp = ValueKinds(rawValue: 1 << 7)
    static let duration = ValueKinds(rawValue: 1 << 8)
    static let list = ValueKinds(rawValue: 1 << 9)
    static let map = ValueKinds(rawValue: 1 << 10)
    static let optional = ValueKinds(rawValue: 1 << 11)
    static let type = ValueKinds(rawValue: 1 << 12)
    static let opaque = ValueKinds(rawValue: 1 << 13)
    static let all = ValueKinds(rawValue: .max)
}

extension CELValue {
    var kind: ValueKinds {
        switch self {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .list: .list
        case .map: .map
        case .timestamp: .timestamp
        case .duration: .duration
        case .type: .type
        case .optional: .optional
        case .opaque: .opaque
        }
    }
}
