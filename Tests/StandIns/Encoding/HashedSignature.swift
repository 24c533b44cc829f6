// SPDX-License-Identifier: Apache-2.0
// Checking a signature when only the hash of the message is known, as logs must.

internal import Crypto
internal import CryptoExtras
internal import FoundationEssentials
internal import Keys
internal import Primitives

/// Whether `signature` was made over a message with that hash. Pure Ed25519 cannot tell, it hashes
/// the message itself; Ed25519ph is asked instead.
func isValidSignature(_ signature: [UInt8], overHash hash: [UInt8], by publicKey: [UInt8]) -> Bool {
    if let key = try? PublicKey(derBytes: publicKey), key.algorithm == .ed25519 {
        return Primitives.Digest(algorithm: .sha512, bytes: hash).flatMap {
            key.isValid(signature, forDigest: $0, scheme: .ed25519ph)
        } ?? false
    }
    return switch hash.count {
    case 32: isValid(signature, KnownHash<Bytes32>(bytes: hash), publicKey)
    case 48: isValid(signature, KnownHash<Bytes48>(bytes: hash), publicKey)
    case 64: isValid(signature, KnownHash<Bytes64>(bytes: hash), publicKey)
    default: false
    }
}

private func isValid(_ signature: [UInt8], _ hash: some Crypto.Digest, _ publicKey: [UInt8]) -> Bool
{
    if let key = try? P256.Signing.PublicKey(derRepresentation: publicKey) {
        guard let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature) else {
            return false
        }
        return key.isValidSignature(signature, for: hash)
    }
    if let key = try? P384.Signing.PublicKey(derRepresentation: publicKey) {
        guard let signature = try? P384.Signing.ECDSASignature(derRepresentation: signature) else {
            return false
        }
        return key.isValidSignature(signature, for: hash)
    }
    if let key = try? P521.Signing.PublicKey(derRepresentation: publicKey) {
        guard let signature = try? P521.Signing.ECDSASignature(derRepresentation: signature) else {
            return false
        }
        return key.isValidSignature(signature, for: hash)
    }
    guard let key = try? _RSA.Signing.PublicKey(derRepresentation: publicKey) else { return false }
    return key.isValidSignature(
        _RSA.Signing.RSASignature(rawRepresentation: signature), for: hash,
        padding: .insecurePKCS1v1_5)
}

private protocol HashLength { static var count: Int { get } }
private enum Bytes32: HashLength { static let count = 32 }
private enum Bytes48: HashLength { static let count = 48 }
private enum Bytes64: HashLength { static let count = 64 }

/// A hash that somebody else computed, for a library that only takes those it computed itself.
private struct KnownHash<Length: HashLength>: Crypto.Digest {
    let bytes: [UInt8]

    static var byteCount: Int { Length.count }
    var description: String { hexText(bytes) }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
        -> Result
    {
        try unsafe bytes.withUnsafeBytes(body)
    }
}
