// SPDX-License-Identifier: Apache-2.0
// A private key file of any kind, before its password is asked for.

package import Primitives

/// What a private key file is: open, or closed with a password in one of two ways.
package enum SealedPrivateKey: Sendable {
    /// No password protects it.
    case open(PrivateKey)
    /// cosign's own form.
    case sigstore(EncryptedPrivateKey)
    /// What openssl writes.
    case pkcs8(EncryptedPKCS8)

    /// Recognises the form by the PEM label.
    package init(pem text: String) throws(Failure) {
        // Text that is not PEM, or more than one block, is explained where plain keys are read.
        let blocks = (try? pemBlocks(text, whatFor: "the private key")) ?? []
        switch blocks.first {
        case let block? where EncryptedPrivateKey.isLabel(block.label):
            self = .sigstore(try EncryptedPrivateKey(pem: text))
        case let block? where blocks.count == 1 && block.label == "ENCRYPTED PRIVATE KEY":
            self = .pkcs8(try EncryptedPKCS8(derBytes: block.bytes))
        default: self = .open(try PrivateKey(plainPEM: text))
        }
    }

    package var needsPassword: Bool { if case .open = self { false } else { true } }

    /// The key; `password` is asked for only when one is needed.
    package func opened(with password: () throws -> [UInt8]) throws -> PrivateKey {
        switch self {
        case .open(let key): key
        case .sigstore(let sealed): try sealed.opened(with: try password())
        case .pkcs8(let sealed): try sealed.opened(with: try password())
        }
    }
}
