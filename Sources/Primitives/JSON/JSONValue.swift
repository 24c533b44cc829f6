// SPDX-License-Identifier: Apache-2.0
// JSON as it was written: member order and number spelling are kept. Spec: RFC 8259.

/// A JSON value. Objects keep their order and cannot hold one name twice; numbers keep their text.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// Texts are equal when their bytes are. Spec: RFC 8259 §8.3.
    package static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): isSame(left, right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .number(let number): hasher.combine(number)
        case .string(let text): hasher.combine(ByteString(text))
        case .array(let items): hasher.combine(items)
        case .object(let object): hasher.combine(object)
        }
    }
}

/// A number in its own spelling, so that 1e2, 100 and 100.0 stay what the author wrote.
package struct JSONNumber: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ value: Int) { description = String(value) }

    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        description = value.description
    }

    init(spelling: String) { description = spelling }

    /// The value as a whole number, when it is one that fits.
    package var integer: Int? { Int(description) }

    /// The nearest binary floating-point value.
    package var double: Double? { Double(description) }
}

/// Names and values in the order they were written; each name once.
package struct JSONObject: Hashable, Sendable, ExpressibleByDictionaryLiteral, Sequence {
    package struct Member: Sendable {
        package let name: String
        package let value: JSONValue
    }

    package private(set) var members: [Member] = []
    /// The index of each name in `members`; empty while the object is searched member by member.
    private var indices = JSONNameIndex()

    package init() {}

    /// A literal with one name twice keeps the last value; parsed text with one is refused.
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (name, value) in elements { self[name] = value }
    }

    /// An object of members whose names differ.
    init(_ members: [Member]) {
        self.members = members
        indexNames(from: 0)
    }

    init(_ members: [Member], _ indices: JSONNameIndex) {
        self.members = members
        self.indices = indices
    }

    /// The member spelt exactly so.
    ///
    /// Spec: RFC 8259 §8.3: names are compared code unit by code unit.
    package subscript(name: String) -> JSONValue? {
        get { index(of: name).map { members[$0].value } }
        set {
            switch (index(of: name), newValue) {
            case (let index?, let value?): members[index] = Member(name: name, value: value)
            case (nil, let value?):
                members.append(Member(name: name, value: value))
                indexNames(from: members.count - 1)
            case (let index?, nil):
                members.remove(at: index)
                indices = JSONNameIndex()
                indexNames(from: 0)
            case (nil, nil): break
            }
        }
    }

    private func index(of name: String) -> Int? {
        guard indices.isEmpty else { return indices.index(of: name, in: members) }
        return members.firstIndex { isSame($0.name, name) }
    }

    /// Keeps `indices` complete once there are more than `longestSearchedObject` members.
    private mutating func indexNames(from first: Int) {
        guard members.count > longestSearchedObject else { return }
        for index in (indices.isEmpty ? 0 : first)..<members.count {
            _ = indices.insert(members[index].name, at: index, in: members)
        }
    }

    package var count: Int { members.count }
    package var isEmpty: Bool { members.isEmpty }
    package var names: [String] { members.map(\.name) }

    package func makeIterator() -> IndexingIterator<[Member]> { members.makeIterator() }

    /// Two objects are equal when they hold the same members, in any order.
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.name] == $0.value }
    }

    package func hash(into hasher: inout Hasher) {
        for member in members.sorted(by: { ByteString($0.name) < ByteString($1.name) }) {
            hasher.combine(ByteString(member.name))
            hasher.combine(member.value)
        }
    }
}

/// Objects up to this size are searched member by member; hashing is faster above it.
let longestSearchedObject = 8

extension JSONValue {
    package var string: String? { if case .string(let text) = self { text } else { nil } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var integer: Int? { if case .number(let number) = self { number.integer } else { nil } }
    package var array: [JSONValue]? { if case .array(let items) = self { items } else { nil } }
    package var object: JSONObject? { if case .object(let object) = self { object } else { nil } }
    package var isNull: Bool { self == .null }

    /// The member of that name; nil when this is no object or has none.
    package subscript(name: String) -> JSONValue? { object?[name] }

    /// What kind of value this is, in an error's words.
    package var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (name, value) in elements { object[name] = value }
        self = .object(object)
    }
}
