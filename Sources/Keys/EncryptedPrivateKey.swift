// SPDX-License-Identifier: Apache-2.0
// cosign's encrypted private keys: scrypt, then NaCl secretbox.
// Spec: cosign v3.1.2, pkg/cosign/keys.go; secure-systems-lab/go-securesystemslib, encrypted.

internal import CSodium
package import Primitives
internal import SwiftASN1

/// An encrypted private key in cosign's PEM format.
package struct EncryptedPrivateKey: Sendable {
    private let cost: Int
    private let salt: [UInt8]
    private let nonce: [UInt8]
    private let box: [UInt8]

    /// Whether a PEM label is one of cosign's encrypted keys.
    package static func isLabel(_ label: String) -> Bool { labels.contains(label) }

    /// Parses the PEM format. Only the scrypt parameters of known writers are accepted.
    package init(pem text: String) throws(Failure) {
        let blocks = try pemBlocks(text, whatFor: "the encrypted private key")
        guard blocks.count == 1, let block = blocks.first, labels.contains(block.label)
        else {
            throw Failure(
                .malformed, "cannot read the encrypted private key",
                because: "it is not one PEM block named \(labels.joined(separator: " or "))")
        }
        let json = try JSONReader(parsing: block.bytes, named: "the encrypted private key")
        let derivation = try json.required("kdf")
        try derivation.expect("name", "scrypt")
        try json.required("cipher").expect("name", "nacl/secretbox")
        let parameters = try derivation.required("params")
        cost = try parameters.required("N").integer()
        guard acceptedCosts.contains(cost), try parameters.required("r").integer() == 8,
            try parameters.required("p").integer() == 1
        else {
            throw parameters.broken("scrypt's N, r, p are not 32768, 65536 or 131072, then 8 and 1")
        }
        salt = try derivation.required("salt").base64(count: 32)
        nonce = try json.required("cipher").required("nonce").base64(count: 24)
        box = try json.required("ciphertext").base64()
    }

    /// Encrypts a key.
    ///
    /// - Parameters:
    ///   - salt: 32 random bytes.
    ///   - nonce: 24 random bytes.
    package init(
        encrypting key: PrivateKey, password: [UInt8], salt: [UInt8], nonce: [UInt8]
    ) throws(Failure) {
        guard salt.count == 32, nonce.count == 24 else {
            throw Failure(
                .bug, "cannot encrypt the key", because: "the salt needs 32 bytes and the nonce 24")
        }
        cost = writtenCost
        self.salt = salt
        self.nonce = nonce
        let secret = try derivedKey(password: password, salt: salt, cost: writtenCost)
        let plain = key.pkcs8
        var sealed = [UInt8](repeating: 0, count: plain.count + tagBytes)
        let status = unsafe crypto_secretbox_easy(
            &sealed, plain, UInt64(plain.count), nonce, secret)
        guard status == 0 else {
            throw Failure(.bug, "cannot encrypt the key", because: "libsodium refused")
        }
        box = sealed
    }

    /// Decrypts the key.
    ///
    /// - Throws: `denied` for a wrong password.
    package func decrypted(with password: [UInt8]) throws(Failure) -> PrivateKey {
        guard box.count > tagBytes else {
            throw Failure(
                .malformed, "cannot decrypt the private key", because: "its ciphertext is too short"
            )
        }
        let secret = try derivedKey(password: password, salt: salt, cost: cost)
        var plain = [UInt8](repeating: 0, count: box.count - tagBytes)
        let status = unsafe crypto_secretbox_open_easy(
            &plain, box, UInt64(box.count), nonce, secret)
        guard status == 0 else {
            throw Failure(
                .denied, "cannot decrypt the private key", because: "the password is wrong",
                next: "set COSIGN_PASSWORD to the password it was made with")
        }
        return try PrivateKey(pkcs8: plain)
    }

    /// The PEM format, with the label of current cosign.
    package var pem: String {
        let body: JSONValue = [
            "kdf": [
                "name": "scrypt",
                "params": ["N": .number(JSONNumber(cost)), "r": 8, "p": 1],
                "salt": .string(base64Text(salt)),
            ],
            "cipher": ["name": "nacl/secretbox", "nonce": .string(base64Text(nonce))],
            "ciphertext": .string(base64Text(box)),
        ]
        return PEMDocument(type: labels[0], derBytes: body.compactBytes).pemString + "\n"
    }
}

extension JSONReader {
    fileprivate func expect(_ name: String, _ expected: String) throws(Failure) {
        let field = try required(name)
        guard try field.string() == expected else { throw field.broken("it is not \(expected)") }
    }
}

/// Derives the key with scrypt. Spec: RFC 7914. libsodium is fast in debug builds too.
private func derivedKey(password: [UInt8], salt: [UInt8], cost: Int) throws(Failure) -> [UInt8] {
    var key = [UInt8](repeating: 0, count: 32)
    let status = unsafe crypto_pwhash_scryptsalsa208sha256_ll(
        password, password.count, salt, salt.count, UInt64(cost), 8, 1, &key, key.count)
    guard status == 0 else {
        throw Failure(
            .unavailable, "cannot encrypt or decrypt the private key",
            because: "scrypt had too little memory to derive the key from the password")
    }
    return key
}

/// The label of current cosign, and that of older versions.
private let labels = ["ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"]
/// The cost parameters (N) of cosign, sigstore-rs and older cosign. Others could exhaust the
/// memory.
private let acceptedCosts: Set<Int> = [32768, 65536, 131072]
private let writtenCost = 65536
/// The length of the Poly1305 tag, which secretbox puts first.
private let tagBytes = 16
