// SPDX-License-Identifier: Apache-2.0
// Reading parsed documents field by field, with a failure that points at the field.

/// A JSON value together with where it stands, for readers that must say what is wrong with it.
package struct JSONReader: Sendable {
    package let value: JSONValue
    /// What the document is called in a failure.
    package let document: String
    /// RFC 6901 pointer of `value` inside the document.
    package let pointer: String

    package init(_ value: JSONValue, document: String, pointer: String = "") {
        self.value = value
        self.document = document
        self.pointer = pointer
    }

    /// Parses strictly and stands at the root.
    ///
    /// - Parameter values: the most values the document may have.
    package init(
        parsing bytes: some Collection<UInt8>, named name: String,
        values: Int = Limits.jsonValues
    ) throws(Failure) {
        self.init(try JSONValue(parsing: bytes, named: name, values: values), document: name)
    }

    package var place: Place { .document(document, pointer: pointer) }

    /// A failure of kind `malformed` about this very value.
    package func broken(_ why: String) -> Failure {
        Failure(.malformed, "cannot read \(document)", at: place, because: why)
    }

    /// The member of that name, or nil when it is absent; null counts as absent.
    package func optional(_ name: String) throws(Failure) -> JSONReader? {
        guard let object = value.object else {
            throw broken("it is \(value.kindName), not an object")
        }
        guard let member = object[name], !member.isNull else { return nil }
        return child(member, name)
    }

    package func required(_ name: String) throws(Failure) -> JSONReader {
        guard let found = try optional(name) else {
            throw broken("the field \(quoted(name)) is missing")
        }
        return found
    }

    package func string() throws(Failure) -> String {
        guard let text = value.string else { throw broken("it is \(value.kindName), not a string") }
        return text
    }

    /// The bytes of a string that is base64 with one encoding for each value.
    ///
    /// - Parameter count: how many bytes it must hold.
    package func base64(count: Int? = nil) throws(Failure) -> [UInt8] {
        guard let content = bytes(fromBase64: try string()) else {
            throw broken("it is not base64")
        }
        if let count, content.count != count {
            throw broken("it holds \(content.count) bytes, not \(count)")
        }
        return content
    }

    /// As `base64`, and the URL-safe alphabet too, padded or not, in one line or several.
    package func anyBase64() throws(Failure) -> [UInt8] {
        guard let content = bytes(fromAnyBase64: withoutLineBreaks(try string())) else {
            throw broken("it is not base64")
        }
        return content
    }

    package func integer() throws(Failure) -> Int {
        guard let number = value.integer else {
            throw broken("it is \(value.kindName), not a whole number")
        }
        return number
    }

    package func boolean() throws(Failure) -> Bool {
        guard let value = value.bool else {
            throw broken("it is \(value.kindName), not true or false")
        }
        return value
    }

    package func object() throws(Failure) -> JSONObject {
        guard let object = value.object else {
            throw broken("it is \(value.kindName), not an object")
        }
        return object
    }

    /// The items of a list; more than `limit` of them is a failure before any is read.
    package func items(atMost limit: Int) throws(Failure) -> [JSONReader] {
        guard let items = value.array else { throw broken("it is \(value.kindName), not a list") }
        guard items.count <= limit else {
            throw Failure(
                .overLimit, "cannot read \(document)", at: place,
                because: "it has \(items.count) items, the limit is \(limit)")
        }
        var readers: [JSONReader] = []
        for (index, item) in items.enumerated() { readers.append(child(item, String(index))) }
        return readers
    }

    /// An object whose values are all strings, such as annotations or labels.
    package func stringMap() throws(Failure) -> ByteStringMap<String> {
        var map: ByteStringMap<String> = [:]
        for member in try object() {
            map[member.name] = try child(member.value, member.name).string()
        }
        return map
    }

    /// Refuses members that the format does not have.
    package func refuseFields(otherThan known: Set<String>) throws(Failure) {
        for member in try object() where !known.contains(where: { isSame($0, member.name) }) {
            throw child(member.value, member.name).broken(
                "the field \(quoted(member.name)) is not one of \(known.sorted().joined(separator: ", "))"
            )
        }
    }

    private func child(_ value: JSONValue, _ name: String) -> JSONReader {
        var escaped = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~": escaped += "~0"
            case "/": escaped += "~1"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return JSONReader(value, document: document, pointer: pointer + "/" + escaped)
    }
}
