// SPDX-License-Identifier: Apache-2.0
// assay generate-key-pair, assay import-key-pair, assay public-key.

import ArgumentParser
import Files
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

    @Option(help: "The PREFIX of the two files.")
    var outputKeyPrefix = "cosign"

    @Option(help: "The kind of key.")
    var algorithm: KeyKind = .ecdsaP256

    @Option(
        help: """
            A key service that makes the key and keeps it, ECDSA P-256: awskms:///alias/NAME, \
            hashivault://NAME, openbao://NAME, or x://… for the program sigstore-kms-x. Only \
            PREFIX.pub is written.
            """)
    var kms: KeyLocation?

    func validate() throws {
        guard kms == nil || algorithm == .ecdsaP256 else {
            throw ValidationError("a key service makes an ECDSA P-256 key; leave out --algorithm")
        }
    }

    func run() async throws {
        if let kms { return try await makeKey(at: try kms.reference()) }
        let files = KeyPairFiles(prefix: outputKeyPrefix)
        try files.checkAbsent()
        let password = try Password.forKey(confirmed: true)
        try files.write(try KeyGenerator.privateKey(algorithm.algorithm), password: password)
    }
}

extension GenerateKeyPairCommand {
    private func makeKey(at reference: KeyReference) async throws {
        let path = outputKeyPrefix + ".pub"
        guard !FileManager.default.fileExists(atPath: path) else {
            throw Failure(
                .usage, "cannot make the key", at: .named(path),
                because: "the file is there already",
                next: "choose another --output-key-prefix, or move the file away")
        }
        let key = try await Network.using(reference.needsNetwork) { transport in
            try await KeyOpener.ofThisProcess(transport).createKey(reference)
        }
        StandardOutput.did("made the private key \(reference)")
        try createFile(Array(key.pem.utf8), at: path, permissions: 0o644)
        StandardError.say("private key made and kept by \(reference)")
        StandardError.say("public key written to \(path)")
    }
}

/// The two files of a key pair: PREFIX.key and PREFIX.pub.
struct KeyPairFiles {
    private let secret: String
    private let open: String

    init(prefix: String) { (secret, open) = (prefix + ".key", prefix + ".pub") }

    /// Throws if one of the files exists, before a password is asked for; `createFile` checks
    /// again.
    func checkAbsent() throws(Failure) {
        for path in [secret, open] where FileManager.default.fileExists(atPath: path) {
            throw Failure(
                .usage, "cannot make the key pair", at: .named(path),
                because: "the file is there already",
                next: "choose another --output-key-prefix, or move the file away")
        }
    }

    /// Writes the private key encrypted, as cosign does, and the public key beside it.
    func write(_ key: PrivateKey, password: [UInt8]) throws {
        let sealed = try EncryptedPrivateKey(
            encrypting: key, password: password, salt: KeyGenerator.randomBytes(32),
            nonce: KeyGenerator.randomBytes(24))
        try createFile(Array(sealed.pem.utf8), at: secret, permissions: 0o600)
        do {
            try createFile(Array(key.publicKey.pem.utf8), at: open, permissions: 0o644)
        } catch {
            // A private key without its public half is half a pair.
            _ = try? removeFile(at: secret)
            throw error
        }
        StandardError.say("private key written to \(secret)")
        StandardError.say("public key written to \(open)")
    }
}

struct ImportKeyPairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-key-pair",
        abstract: "Encrypts a private key of another program: PREFIX.key and PREFIX.pub.",
        discussion: """
            Reads PEM: PKCS #8, encrypted or not, PKCS #1 and SEC 1. COSIGN_PASSWORD, or the answer to \
            a question, opens an encrypted key and protects the new file. Files are never overwritten.
            """)

    @Option(name: [.customShort("k"), .long], help: "The private key: a PEM file, or env://NAME.")
    var key: KeyLocation

    @Option(name: [.customShort("o"), .long], help: "The PREFIX of the two files.")
    var outputKeyPrefix = "import-cosign"

    @Flag(
        name: [.customShort("y"), .long],
        help: ArgumentHelp("Not needed: no other question is asked.", visibility: .hidden))
    var yes = false

    func run() async throws {
        let files = KeyPairFiles(prefix: outputKeyPrefix)
        try files.checkAbsent()
        let reference = try key.reference()
        let opener = KeyOpener.ofThisProcess(nil)
        guard let file = try opener.privateKeyFile(reference) else {
            throw Failure(
                .usage, "cannot import \(reference)",
                because: "it is neither a file nor a variable",
                next: "use the key where it is: assay sign --key \(reference)")
        }
        let key = try file.decrypted(with: opener.password)
        try files.write(key, password: try Password.forKey(confirmed: true))
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

    @Option(help: "A file for the public key; default: stdout.")
    var outfile: String?

    func run() async throws {
        let reference = try key.reference()
        let publicKey = try await Network.using(reference.needsNetwork) { transport in
            try await KeyOpener.ofThisProcess(transport).signer(reference).publicKey
        }
        let content = Array(publicKey.pem.utf8)
        guard let outfile else { return StandardOutput.print(raw: content) }
        try writeFile(content, at: outfile, permissions: 0o644)
        StandardError.say("public key written to \(outfile)")
    }
}
