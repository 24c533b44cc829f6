// SPDX-License-Identifier: Apache-2.0
// YAML with its lines and columns, read by the rules Kubernetes readers use.

/// One value of a YAML (or JSON) file, with the place it stands at.
package struct YAMLNode: Sendable {
    package indirect enum Content: Sendable {
        /// Null, a boolean, a number or a string.
        case scalar(JSONValue)
        case sequence([YAMLNode])
        case mapping([Member])
    }

    package struct Member: Sendable {
        package let name: String
        package let value: YAMLNode
        /// Where the name stands, for "unknown field".
        package let place: Place
    }

    package let content: Content
    package let place: Place
    /// `y`, `Y`, `n` or `N` as it is written without quotes; `content` is then a boolean.
    var letter: String?

    /// The value without its places.
    package var json: JSONValue {
        switch content {
        case .scalar(let value): return value
        case .sequence(let items): return .array(items.map(\.json))
        case .mapping(let members):
            return .object(
                JSONObject(
                    members.map { JSONObject.Member(name: $0.name, value: $0.value.json) }))
        }
    }

    package func broken(_ why: String) -> Failure {
        Failure(.malformed, "cannot read the document", at: place, because: why)
    }

    package var isNull: Bool { if case .scalar(.null) = content { true } else { false } }

    package var kindName: String { json.kindName }

    /// The member of that name, or nil when it is absent; null counts as absent.
    package func optional(_ name: String) throws(Failure) -> YAMLNode? {
        for member in try members() where isSame(member.name, name) && !member.value.isNull {
            return member.value
        }
        return nil
    }

    package func required(_ name: String) throws(Failure) -> YAMLNode {
        guard let found = try optional(name) else {
            throw broken("the field \(quoted(name)) is missing")
        }
        return found
    }

    package func members() throws(Failure) -> [Member] {
        guard case .mapping(let members) = content else {
            throw broken("it is \(kindName), not an object")
        }
        return members
    }

    package func items() throws(Failure) -> [YAMLNode] {
        guard case .sequence(let items) = content else {
            throw broken("it is \(kindName), not a list")
        }
        return items
    }

    /// The text of a field that is always a string. An unquoted `n` is a boolean to kubectl, which
    /// the API server refuses in such a field; so the letter is its only meaning, and it is taken.
    package func string() throws(Failure) -> String {
        if let letter { return letter }
        guard case .scalar(.string(let text)) = content else {
            throw broken("it is \(kindName), not a string")
        }
        return text
    }

    package func integer() throws(Failure) -> Int {
        guard case .scalar(.number(let number)) = content, let value = number.integer else {
            throw broken("it is \(kindName), not a whole number")
        }
        return value
    }

    package func boolean() throws(Failure) -> Bool {
        guard case .scalar(.bool(let value)) = content else {
            throw broken("it is \(kindName), not true or false")
        }
        return value
    }

    package func strings() throws(Failure) -> [String] {
        var texts: [String] = []
        for item in try items() { texts.append(try item.string()) }
        return texts
    }

    package func stringMap() throws(Failure) -> ByteStringMap<String> {
        var map: ByteStringMap<String> = [:]
        for member in try members() { map[member.name] = try member.value.string() }
        return map
    }

    /// Refuses members that the format does not have, at the line where they stand.
    package func refuseFields(otherThan known: Set<String>) throws(Failure) {
        for member in try members() where !known.contains(where: { isSame($0, member.name) }) {
            throw Failure(
                .malformed, "cannot read the document", at: member.place,
                because: "the field \(quoted(member.name)) is not one of "
                    + known.sorted().joined(separator: ", "))
        }
    }
}
