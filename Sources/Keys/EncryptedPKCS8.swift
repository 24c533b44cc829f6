// SPDX-License-Identifier: Apache-2.0
// Encrypted PKCS #8. Spec: RFC 5958 §3 (EncryptedPrivateKeyInfo), RFC 8018 (PBES2, PBKDF2),
// RFC 7914 §7 (scrypt), RFC 3565 (AES-CBC).

internal import CSodium
internal import Crypto
internal import CryptoExtras
internal import FoundationEssentials
package import Primitives
internal import SwiftASN1

/// An `ENCRYPTED PRIVATE KEY`, the format of `openssl pkcs8 -topk8` and most tools.
///
/// The file sets the cost of the key derivation; it is checked against a limit first.
package struct EncryptedPKCS8: Sendable {
    private let derivation: KeyDerivation
    private let keyBytes: Int
    private let vector: [UInt8]
    private let ciphertext: [UInt8]

    /// Parses the DER format.
    package init(derBytes: [UInt8]) throws(Failure) {
        guard let outline = try? EncryptedKeyOutline(derEncoded: derBytes) else {
            throw broken("it is not an EncryptedPrivateKeyInfo in DER")
        }
        // Spec: RFC 8018 §6.2; the older schemes of §6.1 use DES, RC2, MD5.
        guard outline.algorithm.identifier == [1, 2, 840, 113549, 1, 5, 13],
            let parameters = outline.algorithm.parameters,
            let (derivation, cipher) = try? parts(of: parameters)
        else { throw foreign("its encryption is not PBES2") }
        guard let keyBytes = cipherKeyBytes[cipher.identifier], let iv = cipher.parameters,
            let vector = try? ASN1OctetString(derEncoded: iv), vector.bytes.count == 16
        else { throw foreign("its cipher is not AES-CBC") }
        self.derivation = try KeyDerivation(derivation, keyBytes: keyBytes)
        self.keyBytes = keyBytes
        self.vector = Array(vector.bytes)
        ciphertext = outline.content
        guard !ciphertext.isEmpty, ciphertext.count.isMultiple(of: 16) else {
            throw broken("the length of its ciphertext is not a multiple of the block size")
        }
    }

    /// Decrypts the key.
    ///
    /// - Throws: `denied` for a wrong password.
    package func decrypted(with password: [UInt8]) throws(Failure) -> PrivateKey {
        let secret = try derivation.key(from: password, count: keyBytes)
        guard let vector = try? AES._CBC.IV(ivBytes: vector),
            let plain = try? AES._CBC.decrypt(ciphertext, using: secret, iv: vector),
            (try? DER.parse(Array(plain))) != nil
        else {
            throw Failure(
                .denied, "cannot decrypt the private key", because: "the password is wrong",
                next: "set COSIGN_PASSWORD to the password it was made with")
        }
        return try PrivateKey(pkcs8: Array(plain))
    }
}

/// The key derivation from a password.
private enum KeyDerivation: Sendable {
    case pbkdf2(salt: [UInt8], iterations: Int, hash: KDF.Insecure.PBKDF2.HashFunction)
    case scrypt(salt: [UInt8], iterations: Int, blockSize: Int, parallelism: Int)

    init(_ algorithm: KeyAlgorithm, keyBytes: Int) throws(Failure) {
        let parameters = algorithm.parameters
        switch algorithm.identifier {
        case [1, 2, 840, 113549, 1, 5, 12]:
            guard let parameters, let found = try? PBKDF2Parameters(derEncoded: parameters),
                found.keyLength == nil || found.keyLength == keyBytes
            else { throw broken("its PBKDF2 parameters are invalid") }
            guard let hash = pseudorandomFunctions[found.function] else {
                throw foreign("PBKDF2 with \(found.function) is not known")
            }
            guard (1...Limits.passwordIterations).contains(found.iterations) else {
                throw tooMuch(
                    "\(found.iterations) rounds of PBKDF2", "\(Limits.passwordIterations)")
            }
            self = .pbkdf2(salt: found.salt, iterations: found.iterations, hash: hash)
        case [1, 3, 6, 1, 4, 1, 11591, 4, 11]:
            guard let parameters, let found = try? ScryptParameters(derEncoded: parameters),
                found.keyLength == nil || found.keyLength == keyBytes, found.iterations > 1,
                found.iterations & (found.iterations - 1) == 0, found.blockSize > 0,
                found.parallelism > 0
            else { throw broken("its scrypt parameters are invalid") }
            // Each factor is checked before the multiplication, so it cannot overflow.
            guard found.iterations <= Limits.scryptBytes, found.blockSize <= 64,
                found.parallelism <= 16,
                128 * found.iterations * found.blockSize * found.parallelism <= Limits.scryptBytes
            else {
                throw tooMuch(
                    "scrypt with N \(found.iterations), r \(found.blockSize), p \(found.parallelism)",
                    "\(Limits.scryptBytes) bytes")
            }
            self = .scrypt(
                salt: found.salt, iterations: found.iterations, blockSize: found.blockSize,
                parallelism: found.parallelism)
        default: throw foreign("its password function is neither PBKDF2 nor scrypt")
        }
    }

    func key(from password: [UInt8], count: Int) throws(Failure) -> SymmetricKey {
        switch self {
        case .pbkdf2(let salt, let iterations, let hash):
            let key = try? KDF.Insecure.PBKDF2.deriveKey(
                from: password, salt: salt, using: hash, outputByteCount: count,
                unsafeUncheckedRounds: iterations)
            guard let key else { throw broken("PBKDF2 refused its parameters") }
            return key
        case .scrypt(let salt, let iterations, let blockSize, let parallelism):
            var key = [UInt8](repeating: 0, count: count)
            let status = unsafe crypto_pwhash_scryptsalsa208sha256_ll(
                password, password.count, salt, salt.count, UInt64(iterations), UInt32(blockSize),
                UInt32(parallelism), &key, key.count)
            guard status == 0 else {
                throw Failure(
                    .unavailable, "cannot decrypt the private key",
                    because: "scrypt had too little memory to derive the key from the password")
            }
            return SymmetricKey(data: key)
        }
    }
}

/// EncryptedPrivateKeyInfo.
private struct EncryptedKeyOutline: DERParseable {
    let algorithm: KeyAlgorithm
    let content: [UInt8]

    init(derEncoded node: ASN1Node) throws {
        (algorithm, content) = try DER.sequence(node, identifier: .sequence) { nodes in
            let algorithm = try KeyAlgorithm(derEncoded: &nodes)
            return (algorithm, Array(try ASN1OctetString(derEncoded: &nodes).bytes))
        }
    }
}

/// PBES2-params.
private func parts(of parameters: ASN1Node) throws -> (KeyAlgorithm, KeyAlgorithm) {
    try DER.sequence(parameters, identifier: .sequence) { nodes in
        (try KeyAlgorithm(derEncoded: &nodes), try KeyAlgorithm(derEncoded: &nodes))
    }
}

private struct PBKDF2Parameters: DERParseable {
    let salt: [UInt8]
    let iterations: Int
    let keyLength: Int?
    let function: ASN1ObjectIdentifier

    init(derEncoded node: ASN1Node) throws {
        self = try DER.sequence(node, identifier: .sequence) { nodes in
            let salt = try ASN1OctetString(derEncoded: &nodes)
            let iterations = try Int(derEncoded: &nodes)
            let keyLength: Int? = try DER.optionalImplicitlyTagged(&nodes)
            // Spec: RFC 8018 §A.2: prf DEFAULT hmacWithSHA1.
            let function = try nodes.next().map { try KeyAlgorithm(derEncoded: $0).identifier }
            return PBKDF2Parameters(
                salt: Array(salt.bytes), iterations: iterations, keyLength: keyLength,
                function: function ?? hmacWithSHA1)
        }
    }

    private init(salt: [UInt8], iterations: Int, keyLength: Int?, function: ASN1ObjectIdentifier) {
        self.salt = salt
        self.iterations = iterations
        self.keyLength = keyLength
        self.function = function
    }
}

private struct ScryptParameters: DERParseable {
    let salt: [UInt8]
    let iterations: Int
    let blockSize: Int
    let parallelism: Int
    let keyLength: Int?

    init(derEncoded node: ASN1Node) throws {
        var fields: (salt: [UInt8], numbers: [Int], keyLength: Int?) = ([], [], nil)
        fields = try DER.sequence(node, identifier: .sequence) { nodes in
            let salt = try ASN1OctetString(derEncoded: &nodes)
            let numbers = try (0..<3).map { _ in try Int(derEncoded: &nodes) }
            return (Array(salt.bytes), numbers, try DER.optionalImplicitlyTagged(&nodes))
        }
        salt = fields.salt
        (iterations, blockSize, parallelism) = (
            fields.numbers[0], fields.numbers[1], fields.numbers[2]
        )
        keyLength = fields.keyLength
    }
}

private func broken(_ why: String) -> Failure {
    Failure(.malformed, "cannot decrypt the private key", because: why)
}

private func foreign(_ why: String) -> Failure {
    Failure(
        .unsupported, "cannot decrypt the private key", because: why,
        next: "encrypt it again: openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW")
}

private func tooMuch(_ found: String, _ limit: String) -> Failure {
    Failure(
        .overLimit, "cannot decrypt the private key",
        because: "its key derivation requires \(found), the limit is \(limit)",
        next: "encrypt it again: openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW")
}

private let cipherKeyBytes: [ASN1ObjectIdentifier: Int] = [
    [2, 16, 840, 1, 101, 3, 4, 1, 2]: 16, [2, 16, 840, 1, 101, 3, 4, 1, 22]: 24,
    [2, 16, 840, 1, 101, 3, 4, 1, 42]: 32,
]

private let hmacWithSHA1: ASN1ObjectIdentifier = [1, 2, 840, 113549, 2, 7]

private let pseudorandomFunctions: [ASN1ObjectIdentifier: KDF.Insecure.PBKDF2.HashFunction] = [
    hmacWithSHA1: .insecureSHA1, [1, 2, 840, 113549, 2, 9]: .sha256,
    [1, 2, 840, 113549, 2, 10]: .sha384, [1, 2, 840, 113549, 2, 11]: .sha512,
]
