// SPDX-License-Identifier: Apache-2.0
// assay generate-key-pair, assay public-key.

import ArgumentParser
import Foundation
import Host
import Keys
import Primitives
import Signing

/// The kinds of keys that are made, as they are typed.
enum KeyKind: String, ExpressibleByArgument, CaseIterable {
    case ecdsaP256 = "ecdsa-p256"
    case ecdsaP384 = "ecdsa-p384"
    case ecdsaP521 = "ecdsa-p521"
    case ed25519

    var algorithm: PublicKey.Algorithm {
        switch self {
        case .ecdsaP256: .ecdsaP256
        case .ecdsaP384: .ecdsaP384
        case .ecdsaP521: .ecdsaP521
        case .ed25519: .ed25519
        }
    }
}

struct GenerateKeyPairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate-key-pair",
        abstract: "Makes a key pair: PREFIX.key (encrypted, as cosign's) and PREFIX.pub.",
        discussion:
            "The password comes from COSIGN_PASSWORD or is asked for. Files are never overwritten.")

    @Option(help: "What the two files are called.")
    var outputKeyPrefix = "cosign"

    @Option(help: "The kind of key.")
    var algorithm: KeyKind = .ecdsaP256

    func run() async throws {
        let (secret, open) = (outputKeyPrefix + ".key", outputKeyPrefix + ".pub")
        // Before a password is asked for; `createFile` is what really refuses.
        for path in [secret, open] where FileManager.default.fileExists(atPath: path) {
            throw Failure(
                .usage, "cannot make the key pair", at: .named(path),
                because: "the file is there already",
                next: "choose another --output-key-prefix, or move the file away")
        }
        let password = try Password.forKey(confirmed: true)
        let key = try KeyGenerator.privateKey(algorithm.algorithm)
        let sealed = try EncryptedPrivateKey(
            sealing: key, password: password, salt: KeyGenerator.randomBytes(32),
            nonce: KeyGenerator.randomBytes(24))
        try createFile(Array(sealed.pem.utf8), at: secret, permissions: 0o600)
        do {
            try createFile(Array(key.publicKey.pem.utf8), at: open, permissions: 0o644)
        } catch {
            // A private key without its public half is half a pair.
            removeFile(at: secret)
            throw error
        }
        Talk.say("private key written to \(secret)")
        Talk.say("public key written to \(open)")
    }
}

struct PublicKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "public-key", abstract: "Prints the public half of a private key.")

    @Option(
        help: """
            The private key: a file, env://NAME, awskms://…, hashivault://NAME, openbao://NAME, a \
            pkcs11: URI, or x://… for the program sigstore-kms-x. The password of a file is read \
            from COSIGN_PASSWORD.
            """)
    var key: KeyLocation

    func run() async throws {
        let reference = try key.reference()
        let publicKey = try await Network.using(reference.needsNetwork) { transport in
            try await KeyOpener.ofThisProcess(transport).signer(reference).publicKey
        }
        Answer.print(raw: Array(publicKey.pem.utf8))
    }
}
