// SPDX-License-Identifier: Apache-2.0
// Keys that sign simulated metadata, each as metadata carries it.

internal import Crypto
internal import CryptoExtras
internal import Foundation
package import Primitives

/// A key of one of the kinds that metadata knows.
package struct SimulatedKey: Sendable {
    private enum Material: Sendable {
        case ed25519(Curve25519.Signing.PrivateKey)
        case ecdsa(P256.Signing.PrivateKey)
        case rsa(_RSA.Signing.PrivateKey, _RSA.Signing.Padding)
    }

    package var id: String
    /// The entry of `keys`.
    package var entry: JSONValue
    private let material: Material

    /// The same key in every run.
    package static func numbered(_ number: UInt8) throws -> SimulatedKey {
        let key = try Curve25519.Signing.PrivateKey(
            rawRepresentation: [UInt8](repeating: number, count: 32))
        return SimulatedKey(
            type: "ed25519", scheme: "ed25519",
            text: hexText(key.publicKey.rawRepresentation), .ed25519(key))
    }

    package static func ecdsa(type: String = "ecdsa") -> SimulatedKey {
        let key = P256.Signing.PrivateKey()
        return SimulatedKey(
            type: type, scheme: "ecdsa-sha2-nistp256", text: key.publicKey.pemRepresentation,
            .ecdsa(key))
    }

    package static func rsa(scheme: String) throws -> SimulatedKey {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        return SimulatedKey(
            type: "rsa", scheme: scheme, text: key.publicKey.pemRepresentation,
            .rsa(key, scheme == "rsassa-pss-sha256" ? .PSS : .insecurePKCS1v1_5))
    }

    private init(type: String, scheme: String, text: String, _ material: Material) {
        entry = [
            "keytype": .string(type), "scheme": .string(scheme),
            "keyval": ["public": .string(text)],
        ]
        id = Digest(of: signedBytes(entry), by: .sha256).hex
        self.material = material
    }

    package func signature(over message: [UInt8]) throws -> String {
        switch material {
        case .ed25519(let key): hexText(try key.signature(for: message))
        case .ecdsa(let key): hexText(try key.signature(for: message).derRepresentation)
        case .rsa(let key, let padding):
            hexText(
                try key.signature(for: SHA256.hash(data: message), padding: padding)
                    .rawRepresentation)
        }
    }
}

/// What is signed: names sorted, no white space, and line breaks as they are. Other control
/// characters are in no simulated document.
package func signedBytes(_ value: JSONValue) -> [UInt8] {
    Array(sorted(value).compactText.replacing("\\n", with: "\n").utf8)
}

private func sorted(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let items): return .array(items.map(sorted))
    case .object(let object):
        var result = JSONObject()
        for member in object.members.sorted(by: { $0.name < $1.name }) {
            result[member.name] = sorted(member.value)
        }
        return .object(result)
    default: return value
    }
}

extension JSONValue {
    /// The same document with another value, or none, at a path of names.
    package func setting(_ path: [String], to value: JSONValue?) -> JSONValue {
        guard let name = path.first, var object else { return value ?? .null }
        if path.count == 1 {
            object[name] = value
        } else {
            object[name] = (object[name] ?? [:]).setting(Array(path.dropFirst()), to: value)
        }
        return .object(object)
    }
}
