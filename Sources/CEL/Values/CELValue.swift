// SPDX-License-Identifier: Apache-2.0
// The values of expressions. Spec: cel-spec, langdef.md, "Values".

package import Primitives

/// A CEL value. It is small and immutable; copies of lists and maps share their storage.
///
/// Swift's `==` compares type and content (`1` is not `1u`, NaN equals NaN), for sets and tests.
/// `isEqual(to:)` is the `==` of CEL.
package enum CELValue: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case list([CELValue])
    case map(CELMap)
    case timestamp(CELTimestamp)
    case duration(GoDuration)
    /// A type as a value, by its name: `type(1) == int`.
    case type(String)
    case optional(CELOptional)
    case opaque(OpaqueValue)

    package static func of(_ value: CELValue) -> CELValue { .optional(CELOptional(value)) }
    package static var none: CELValue { .optional(CELOptional(nil)) }

    /// The name of the value's type, as `type(x)` displays it.
    package var typeName: String {
        switch self {
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .list: "list"
        case .map: "map"
        case .timestamp: "google.protobuf.Timestamp"
        case .duration: "google.protobuf.Duration"
        case .type: "type"
        case .optional: "optional_type"
        case .opaque(let value): value.typeName
        }
    }

    /// The size in Kubernetes' cost model: items, entries or bytes; 1 for scalars. Kubernetes
    /// counts the code points of strings; the number of bytes is never less and takes constant
    /// time.
    var costSize: Int {
        switch self {
        case .string(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        case .list(let items): items.count
        case .map(let map): map.count
        default: 1
        }
    }

    /// Whether it is the zero value of its type, which `optional.ofNonZeroValue` turns into `none`.
    var isZero: Bool {
        switch self {
        case .null: true
        case .bool(let value): !value
        case .int(let value): value == 0
        case .uint(let value): value == 0
        case .double(let value): value == 0
        case .string(let text): text.isEmpty
        case .bytes(let bytes): bytes.isEmpty
        case .list(let items): items.isEmpty
        case .map(let map): map.count == 0
        case .timestamp(let time): time == CELTimestamp.zero
        case .duration(let duration): duration.nanoseconds == 0
        case .optional(let optional): optional.value == nil
        case .type, .opaque: false
        }
    }
}

extension CELValue {
    /// Subtracts the number of parts, itself included, from `left`; false if there are more.
    func fits(in left: inout Int) -> Bool {
        left -= 1
        guard left >= 0 else { return false }
        switch self {
        case .list(let items):
            for item in items where !item.fits(in: &left) { return false }
        case .map(let map):
            for value in map.values where !value.fits(in: &left) { return false }
        case .optional(let optional): return optional.value?.fits(in: &left) ?? true
        default: break
        }
        return true
    }
}

/// The value of `optional.of`.
package final class CELOptional: Sendable {
    package let value: CELValue?

    package init(_ value: CELValue?) { self.value = value }
}

/// Whether the text is ASCII. Versions, images and zones are ASCII; other text is rejected before a
/// parser searches it character by character, which takes long.
func isASCII(_ text: String) -> Bool { text.utf8.allSatisfy { $0 < 0x80 } }

/// The order of strings by code points, which is the order of their UTF-8 bytes.
func isTextBefore(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
}

extension CELValue: Hashable {
    package static func == (left: CELValue, right: CELValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.uint(let a), .uint(let b)): a == b
        case (.double(let a), .double(let b)): a.bitPattern == b.bitPattern || a == b
        case (.string(let a), .string(let b)): isSame(a, b)
        case (.bytes(let a), .bytes(let b)): a == b
        case (.list(let a), .list(let b)): a == b
        case (.map(let a), .map(let b)): a == b
        case (.timestamp(let a), .timestamp(let b)): a == b
        case (.duration(let a), .duration(let b)): a == b
        case (.type(let a), .type(let b)): a == b
        case (.optional(let a), .optional(let b)): a.value == b.value
        case (.opaque(let a), .opaque(let b)): a == b
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .int(let value): hasher.combine(value)
        case .uint(let value): hasher.combine(value)
        case .double(let value): hasher.combine(value == 0 ? 0 : value.bitPattern)
        case .string(let text): hasher.combine(ByteString(text))
        case .bytes(let bytes): hasher.combine(bytes)
        case .list(let items):
            hasher.combine(items)
        case .map(let map): hasher.combine(map.count)
        case .timestamp(let time): hasher.combine(time)
        case .duration(let duration): hasher.combine(duration)
        case .type(let name): hasher.combine(name)
        case .optional(let optional): hasher.combine(optional.value)
        case .opaque(let value): hasher.combine(value.text)
        }
    }
}

extension CELValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByArrayLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(arrayLiteral elements: CELValue...) { self = .list(elements) }
}
