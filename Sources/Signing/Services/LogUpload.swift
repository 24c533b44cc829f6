// SPDX-License-Identifier: Apache-2.0
// What a log is asked to write down. Spec: rekor openapi.yaml and its types hashedrekord 0.0.1 and
// dsse 0.0.1; sigstore/architecture-docs rekor-v2-spec.md §6.1.

internal import Keys
package import Primitives

/// The documents of an upload. What a log answers is an entry like any other: not yet believed.
package enum LogUpload {
    /// Where entries are posted, below a log's base address.
    package static func path(version: Int) -> String {
        version == 1 ? "/api/v1/log/entries" : "/api/v2/log/entries"
    }

    /// The request to a log that speaks `version`: 1 or 2.
    ///
    /// Version 1 checks ECDSA signatures of envelopes with SHA-256 only, and messages it knows by
    /// their hash, which Ed25519ph signs and pure Ed25519 does not; version 2 knows everything by
    /// its hash.
    ///
    /// - Throws: `unsupported` for keys whose signatures that log does not take.
    package static func request(
        for parts: SignedParts, version: Int
    ) throws(Failure) -> JSONValue {
        let isEnvelope = parts.isEnvelope
        let isTaken =
            switch parts.key.algorithm {
            case .ecdsaP256: true
            case .ecdsaP384, .ecdsaP521: version == 2 || !isEnvelope
            case .ed25519: isEnvelope ? version == 1 : parts.isPrehashed
            case .rsa: true
            }
        guard isTaken else {
            throw Failure(
                .unsupported, "cannot write the signature into a log",
                because: "logs of version \(version) do not take this kind of signature from an "
                    + "\(parts.key.algorithm.rawValue) key",
                next: "sign with an ECDSA P-256 key, or without a log")
        }
        return version == 1
            ? try parts.signedContent.version1Proposal(hash: parts.hash)
            : try parts.signedContent.version2Request()
    }

    /// The entry that a log answered with, not yet verified.
    package static func entry(
        inAnswer answer: [UInt8], version: Int
    ) throws(Failure) -> TransparencyLogEntry {
        let json = try JSONReader(parsing: answer, named: "the log's answer")
        return version == 1
            ? try TransparencyLogEntry(rekorVersion1Answer: json)
            : try TransparencyLogEntry(reading: json)
    }
}

extension SignedParts {
    /// Whether the message's SHA-512 was signed, by Ed25519ph.
    fileprivate var isPrehashed: Bool {
        guard case .messageSignature(let claimed?, let signature) = content,
            let digest = Digest(algorithm: claimed.algorithm, bytes: claimed.bytes)
        else { return false }
        return key.isValid(signature, forDigest: digest, scheme: .ed25519ph) == true
    }
}
