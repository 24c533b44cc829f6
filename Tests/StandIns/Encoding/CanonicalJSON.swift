// SPDX-License-Identifier: Apache-2.0
// JSON in one encoding only, which is what logs hash and sign. Spec: RFC 8785 (JCS).

package import Primitives

/// The canonical bytes of a value: no blanks, names in the order of their UTF-16 code units.
///
/// Deviation: only whole numbers are written by the stand-ins, so RFC 8785 §3.2.2.3 (floating
/// point) is not needed; numbers keep their spelling.
package func canonicalJSON(_ value: JSONValue) -> [UInt8] { sorted(value).compactBytes }

private func sorted(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let items): return .array(items.map(sorted))
    case .object(let object):
        var ordered = JSONObject()
        let members = object.sorted { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) }
        for member in members { ordered[member.name] = sorted(member.value) }
        return .object(ordered)
    default: return value
    }
}

extension JSONValue {
    /// Bytes as protobuf's JSON writes them.
    package static func base64(_ bytes: [UInt8]) -> JSONValue { .string(base64Text(bytes)) }

    /// A 64-bit number as protobuf's JSON writes it: in a string.
    package static func text(_ number: Int) -> JSONValue { .string(String(number)) }

    package static func number(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }
}

/// base64url without padding, as JWTs use it. Spec: RFC 7515 §2.
package func base64URLText(_ bytes: [UInt8]) -> String {
    String(
        base64Text(bytes).compactMap { character in
            switch character {
            case "+": "-"
            case "/": "_"
            case "=": nil
            default: character
            }
        })
}

/// One PEM block with a newline at its end. Spec: RFC 7468.
package func pemText(_ type: String, _ derBytes: [UInt8]) -> String {
    var rest = Substring(base64Text(derBytes))
    var lines = ["-----BEGIN \(type)-----"]
    while !rest.isEmpty {
        lines.append(String(rest.prefix(64)))
        rest = rest.dropFirst(64)
    }
    return (lines + ["-----END \(type)-----", ""]).joined(separator: "\n")
}
