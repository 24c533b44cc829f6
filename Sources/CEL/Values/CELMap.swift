// SPDX-License-Identifier: Apache-2.0
// CEL maps. Spec: cel-spec, langdef.md, "Aggregate Values".

internal import Primitives

/// A key of a map. `1`, `1u` and, in a lookup, `1.0` are the same key.
package enum CELKey: Sendable, Hashable {
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case string(String)

    /// The key as a CEL value.
    package var value: CELValue {
        switch self {
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .uint(let value): .uint(value)
        case .string(let text): .string(text)
        }
    }

    /// The key of a value; nil if a value of its type cannot be a key.
    init?(_ value: CELValue) {
        switch value {
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .uint(let value): self = .uint(value)
        case .string(let text): self = .string(text)
        default: return nil
        }
    }

    /// The key for a lookup, which may also be a double with an integral value: `{1: 'a'}[1.0]`.
    init?(lookup value: CELValue) {
        guard case .double(let number) = value else {
            self.init(value)
            return
        }
        if let whole = Int64(exactly: number) {
            self = .int(whole)
        } else if let whole = UInt64(exactly: number) {
            self = .uint(whole)
        } else {
            return nil
        }
    }

    package static func == (left: CELKey, right: CELKey) -> Bool {
        switch (left, right) {
        case (.string(let a), .string(let b)): isSame(a, b)
        case (.int(let a), .int(let b)): a == b
        case (.uint(let a), .uint(let b)): a == b
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .uint(let b)), (.uint(let b), .int(let a)): a >= 0 && UInt64(a) == b
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .bool(let value): hasher.combine(value)
        case .int(let value): hasher.combine(UInt64(bitPattern: value))
        case .uint(let value): hasher.combine(value)
        case .string(let text): hasher.combine(text)
        }
    }
}

/// Keys and values in their original order; each key once.
package final class CELMap: Sendable, Equatable {
    package let keys: [CELKey]
    package let values: [CELValue]
    /// Indices by key; only for maps that are too long for a linear search.
    private let index: [CELKey: Int]?

    /// Creates a map of unique keys. `MapBuilder` ensures that keys from outside are unique.
    fileprivate init(unique keys: [CELKey], _ values: [CELValue], index: [CELKey: Int]?) {
        self.keys = keys
        self.values = values
        self.index = index
    }

    package static let empty = CELMap(unique: [], [], index: nil)

    package var count: Int { keys.count }

    package subscript(key: CELKey) -> CELValue? {
        guard let index else {
            for position in keys.indices where keys[position] == key { return values[position] }
            return nil
        }
        return index[key].map { values[$0] }
    }

    /// The value under a string key.
    package subscript(name: String) -> CELValue? {
        guard let index else {
            for position in keys.indices {
                if case .string(let key) = keys[position], isSame(key, name) {
                    return values[position]
                }
            }
            return nil
        }
        return index[.string(name)].map { values[$0] }
    }

    package static func == (left: CELMap, right: CELMap) -> Bool {
        guard left !== right else { return true }
        guard left.count == right.count else { return false }
        return left.keys.indices.allSatisfy { right[left.keys[$0]] == left.values[$0] }
    }
}

/// Collects entries for a map.
package struct MapBuilder {
    private var keys: [CELKey] = []
    private var values: [CELValue] = []
    private var index: [CELKey: Int]?

    package init(capacity: Int = 0) {
        keys.reserveCapacity(capacity)
        values.reserveCapacity(capacity)
    }

    package var count: Int { keys.count }

    /// Adds an entry. Returns false, and adds nothing, if the key exists.
    package mutating func insert(_ value: CELValue, for key: CELKey) -> Bool {
        guard position(of: key) == nil else { return false }
        append(value, for: key)
        return true
    }

    /// Adds an entry or replaces the value of its key.
    package mutating func set(_ value: CELValue, for key: CELKey) {
        if let position = position(of: key) {
            values[position] = value
        } else {
            append(value, for: key)
        }
    }

    package consuming func map() -> CELMap {
        keys.isEmpty ? .empty : CELMap(unique: keys, values, index: index)
    }

    private func position(of key: CELKey) -> Int? {
        if let index { return index[key] }
        return keys.firstIndex(of: key)
    }

    private mutating func append(_ value: CELValue, for key: CELKey) {
        keys.append(key)
        values.append(value)
        if index != nil {
            index?[key] = keys.count - 1
        } else if keys.count > longestPlainMap {
            var places: [CELKey: Int] = [:]
            for (position, key) in keys.enumerated() { places[key] = position }
            index = places
        }
    }
}

/// Maps up to this length use a linear search; above it, hashing is faster.
private let longestPlainMap = 8
