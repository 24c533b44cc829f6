// SPDX-License-Identifier: Apache-2.0
// Uploads to logs. Spec: rekor openapi.yaml and its types hashedrekord 0.0.1 and
// dsse 0.0.1; sigstore/architecture-docs rekor-v2-spec.md §6.1.

internal import Keys
package import Primitives

/// The documents of an upload. The entry in a log's response is unverified.
package enum LogUpload {
    /// The path for uploads below a log's base URL.
    package static func path(version: Int) -> String {
        version == 1 ? "/api/v1/log/entries" : "/api/v2/log/entries"
    }

    /// The request to a log with the API version 1 or 2.
    ///
    /// Version 1 verifies ECDSA signatures of envelopes with SHA-256 only, and receives messages as
    /// digests, which Ed25519ph signs and pure Ed25519 does not. Version 2 receives digests only.
    ///
    /// - Throws: `unsupported` for keys that the log does not accept.
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

    /// Parses the unverified entry of a log's response.
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
    /// Whether the signature is Ed25519ph, over the message's SHA-512.
    fileprivate var isPrehashed: Bool {
        guard case .messageSignature(let claimed?, let signature) = content,
            let digest = Digest(algorithm: claimed.algorithm, bytes: claimed.bytes)
        else { return false }
        return key.isValid(signature, forDigest: digest, scheme: .ed25519ph) == true
    }
}
