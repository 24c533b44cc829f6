// SPDX-License-Identifier: Apache-2.0
// Maps whose keys are outside text. Spec: docs/decisions/0018-texts-are-bytes.md.

/// A map whose keys are equal when their bytes are: labels, annotations, names of files.
///
/// In a `[String: Value]` two canonically equivalent keys are one key: the later value replaces the
/// earlier one, and a look-up finds a key with other bytes.
package struct ByteStringMap<Value> {
    private var values: [ByteString: Value]

    package init() { values = [:] }

    package init(_ map: [String: Value]) {
        values = [:]
        for (key, value) in map { values[ByteString(key)] = value }
    }

    package subscript(key: String) -> Value? {
        get { values[ByteString(key)] }
        set { values[ByteString(key)] = newValue }
    }

    package subscript(key: String, default standard: @autoclosure () -> Value) -> Value {
        get { values[ByteString(key)] ?? standard() }
        set { values[ByteString(key)] = newValue }
    }

    package var count: Int { values.count }
    package var isEmpty: Bool { values.isEmpty }
    /// The keys by their bytes, so that the order is always the same.
    package var keys: [String] { values.keys.sorted().map(\.text) }
}

extension ByteStringMap: Sequence {
    /// The pairs by the bytes of their keys, so that the order is always the same.
    package func makeIterator() -> IndexingIterator<[(key: String, value: Value)]> {
        values.sorted { $0.key < $1.key }.map { (key: $0.key.text, value: $0.value) }
            .makeIterator()
    }
}

extension ByteStringMap: ExpressibleByDictionaryLiteral {
    /// A literal with one key twice keeps the last value.
    package init(dictionaryLiteral elements: (String, Value)...) {
        values = [:]
        for (key, value) in elements { values[ByteString(key)] = value }
    }
}

extension ByteStringMap: Sendable where Value: Sendable {}
extension ByteStringMap: Equatable where Value: Equatable {}
extension ByteStringMap: Hashable where Value: Hashable {}
