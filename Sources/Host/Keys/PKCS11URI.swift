// SPDX-License-Identifier: Apache-2.0
// Addresses of keys in tokens. Spec: RFC 7512 (the PKCS #11 URI scheme).

package import Primitives

/// Which module, which token, which key. An attribute that is absent fits everything.
package struct PKCS11URI: Hashable, Sendable {
    package private(set) var token: String?
    package private(set) var manufacturer: String?
    package private(set) var model: String?
    package private(set) var serial: String?
    package private(set) var slot: UInt?
    /// CKA_LABEL.
    package private(set) var object: String?
    /// CKA_ID.
    package private(set) var id: [UInt8]?
    package private(set) var modulePath: String?
    package private(set) var moduleName: String?
    /// A file that holds the PIN.
    package private(set) var pinSource: String?
    /// Never shown.
    private(set) var pinValue: [UInt8]?

    /// Reads a `pkcs11:` URI.
    ///
    /// Spec: RFC 7512 §2.3: an attribute occurs at most once. One that we do not know could narrow
    /// the choice of the key, so it is refused and not ignored.
    package init(parsing text: String) throws(Failure) {
        guard PKCS11URI.isWritten(in: text), text.utf8.count <= Limits.keyReferenceBytes else {
            throw broken("it does not start with pkcs11:, or is too long")
        }
        let parts = Substring(text.utf8.dropFirst(7)).utf8.split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var seen: Set<String> = []
        for attribute in parts[0].utf8.split(separator: ";") {
            guard !attribute.utf8.contains("pin-value=") else {
                throw broken("pin-value= follows ?, not ; or &")
            }
            let (name, value) = try decoded(attribute, &seen)
            try setPath(name, value)
        }
        for attribute in parts.dropFirst().first?.utf8.split(separator: "&") ?? [] {
            let (name, value) = try decoded(attribute, &seen)
            try setQuery(name, value)
        }
        guard object != nil || id != nil else {
            throw broken("it has neither object= nor id=, so it names no key")
        }
    }

    /// Whether a text is such a URI. Spec: RFC 3986 §3.1: schemes have no case.
    static func isWritten(in text: String) -> Bool {
        Substring(text.utf8.prefix(7)).utf8.lowercased() == "pkcs11:"
    }

    private mutating func setPath(_ name: String, _ value: [UInt8]) throws(Failure) {
        switch name {
        case "token": token = try text(value, name)
        case "manufacturer": manufacturer = try text(value, name)
        case "model": model = try text(value, name)
        case "serial": serial = try text(value, name)
        case "object": object = try text(value, name)
        case "id":
            guard !value.isEmpty else { throw broken("id= is empty") }
            id = value
        case "slot-id":
            guard let number = UInt(try text(value, name)) else {
                throw broken("slot-id= is not a whole number")
            }
            slot = number
        case "type":
            let known = ["private", "public", "cert"]
            guard known.contains(try text(value, name)) else {
                throw broken("type= is none of \(known.joined(separator: ", "))")
            }
        default: throw unknown(name)
        }
    }

    private mutating func setQuery(_ name: String, _ value: [UInt8]) throws(Failure) {
        switch name {
        case "module-path": modulePath = try text(value, name)
        case "module-name":
            let found = try text(value, name)
            guard isPlainName(found, allowing: "-_."), !found.utf8.hasPrefix(".") else {
                throw broken("module-name= is not a plain name")
            }
            moduleName = found
        case "pin-source": pinSource = try text(value, name)
        case "pin-value": pinValue = value
        default: throw unknown(name)
        }
    }
}

extension PKCS11URI: CustomStringConvertible {
    /// The URI in a fixed order, without the PIN.
    package var description: String {
        var parts: [String] = []
        for (name, value) in [
            ("token", token), ("manufacturer", manufacturer), ("model", model), ("serial", serial),
            ("slot-id", slot.map(String.init)), ("object", object),
        ] {
            if let value { parts.append("\(name)=\(encoded(Array(value.utf8)))") }
        }
        if let id { parts.append("id=" + id.map { "%" + hexText([$0]) }.joined()) }
        return "pkcs11:" + parts.joined(separator: ";")
    }
}

private func decoded(_ attribute: Substring, _ seen: inout Set<String>) throws(Failure) -> (
    String, [UInt8]
) {
    let parts = attribute.utf8.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { throw broken("an attribute has no value") }
    let name = String(parts[0])
    guard seen.insert(name).inserted else { throw broken("\(quoted(name)) occurs twice") }
    guard let value = percentDecoded(parts[1]) else {
        throw broken("% is not followed by two hex digits")
    }
    return (name, value)
}

private func encoded(_ value: [UInt8]) -> String {
    value.map { byte in
        let character = String(decoding: [byte], as: UTF8.self)
        return isPlainName(character, allowing: "-._~") ? character : "%" + hexText([byte])
    }.joined()
}

private func text(_ value: [UInt8], _ name: String) throws(Failure) -> String {
    guard !value.isEmpty, !value.contains(0), let text = String(validating: value, as: UTF8.self)
    else { throw broken("\(name)= is not text") }
    return text
}

private func unknown(_ name: String) -> Failure {
    Failure(
        .unsupported, "cannot use the PKCS #11 URI",
        because: "the attribute \(quoted(name)) is not known to Assay",
        next: "token, manufacturer, model, serial, slot-id, object, id and type are; after ?, "
            + "module-path, module-name, pin-source and pin-value")
}

/// The URI itself is not shown: it may hold a PIN.
private func broken(_ why: String) -> Failure {
    Failure(.usage, "cannot use the PKCS #11 URI", because: why)
}
