// SPDX-License-Identifier: Apache-2.0
// assay generate-key-pair, assay public-key.

import ArgumentParser
import Foundation
import Host
import Primitives
import Signing

extension PublicKey.Algorithm: ExpressibleByArgument {
    private static let names: [(name: String, algorithm: PublicKey.Algorithm)] = [
        ("ecdsa-p256", .ecdsaP256), ("ecdsa-p384", .ecdsaP384), ("ecdsa-p521", .ecdsaP521),
        ("ed25519", .ed25519),
    ]

    package init?(argument: String) {
        guard let known = Self.names.first(where: { $0.name == argument }) else { return nil }
        self = known.algorithm
    }

    package static var allValueStrings: [String] { names.map(\.name) }
    package var defaultValueDescription: String {
        Self.names.first { $0.algorithm == self }?.name ?? rawValue
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
    var algorithm: PublicKey.Algorithm = .ecdsaP256

    func run() async throws {
        let (secret, open) = (outputKeyPrefix + ".key", outputKeyPrefix + ".pub")
        for path in [secret, open] where FileManager.default.fileExists(atPath: path) {
            throw Failure(
                .usage, "cannot make the key pair", at: .named(path),
                because: "the file is there already",
                next: "choose another --output-key-prefix, or move the file away")
        }
        let password = try Password.forKey(confirmed: true)
        let key = try KeyGenerator.privateKey(algorithm)
        let sealed = try EncryptedPrivateKey(
            sealing: key, password: password, salt: KeyGenerator.randomBytes(32),
            nonce: KeyGenerator.randomBytes(24))
        try writeFile(Array(sealed.pem.utf8), at: secret, permissions: 0o600)
        try writeFile(Array(try key.publicKey.pem.utf8), at: open, permissions: 0o644)
        Talk.say("private key written to \(secret)")
        Talk.say("public key written to \(open)")
    }
}

struct PublicKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "public-key", abstract: "Prints the public half of a private key.")

    @OptionGroup var key: SigningKeyOptions

    func run() async throws {
        Answer.print(raw: Array(try key.privateKey().publicKey.pem.utf8))
    }
}
