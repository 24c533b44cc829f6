// SPDX-License-Identifier: Apache-2.0
// Private key files, encrypted or not.

package import Primitives

/// A parsed private key file: unencrypted, or encrypted in one of two formats.
package enum PrivateKeyFile: Sendable {
    /// An unencrypted key.
    case unencrypted(PrivateKey)
    /// cosign's format.
    case sigstore(EncryptedPrivateKey)
    /// Encrypted PKCS #8, as openssl writes it.
    case pkcs8(EncryptedPKCS8)

    /// Parses a file; the PEM label determines the format.
    package init(pem text: String) throws(Failure) {
        // The parser of unencrypted keys explains text that is not PEM, or has several blocks.
        let blocks = (try? pemBlocks(text, whatFor: "the private key")) ?? []
        switch blocks.first {
        case let block? where EncryptedPrivateKey.isLabel(block.label):
            self = .sigstore(try EncryptedPrivateKey(pem: text))
        case let block? where blocks.count == 1 && block.label == "ENCRYPTED PRIVATE KEY":
            self = .pkcs8(try EncryptedPKCS8(derBytes: block.bytes))
        default: self = .unencrypted(try PrivateKey(plainPEM: text))
        }
    }

    package var needsPassword: Bool { if case .unencrypted = self { false } else { true } }

    /// The decrypted key. `password` is called only for an encrypted key.
    package func decrypted(with password: () throws -> [UInt8]) throws -> PrivateKey {
        switch self {
        case .unencrypted(let key): key
        case .sigstore(let sealed): try sealed.decrypted(with: try password())
        case .pkcs8(let sealed): try sealed.decrypted(with: try password())
        }
    }
}
