// SPDX-License-Identifier: Apache-2.0
// Requests to logs, and the entries that the logs create from them.
// Spec: Rekor's openapi and pkg/types schemas; sigstore/architecture-docs
// rekor-v2-spec.md §6; sigstore/rekor-tiles CLIENTS.md.

package import Keys
package import Primitives
internal import SwiftASN1

extension SignedContent {
    /// The proposed entry for Rekor v1: hashedrekord 0.0.1 for a message, dsse 0.0.1 for an
    /// envelope.
    ///
    /// - Parameter hash: the hash of the signature scheme.
    package func version1Proposal(hash: HashAlgorithm) throws(Failure) -> JSONValue {
        let verifier = JSONValue.string(base64Text(pem.utf8))
        switch form {
        case .message(let digests):
            guard let digest = digests[hash] else { throw noHash(hash.rawValue) }
            return [
                "apiVersion": "0.0.1", "kind": "hashedrekord",
                "spec": [
                    "data": [
                        "hash": [
                            "algorithm": .string(hash.rawValue), "value": .string(hexText(digest)),
                        ]
                    ],
                    "signature": [
                        "content": .string(base64Text(signature)),
                        "publicKey": ["content": verifier],
                    ],
                ],
            ]
        case .envelope(let envelope, _):
            return [
                "apiVersion": "0.0.1", "kind": "dsse",
                "spec": [
                    "proposedContent": [
                        "envelope": .string(envelope.json.compactText), "verifiers": [verifier],
                    ]
                ],
            ]
        }
    }

    /// The request for Rekor v2.
    ///
    /// - Parameter details: the key details; nil for the first ones of the key's kind.
    package func version2Request(details: KeyDetails? = nil) throws(Failure) -> JSONValue {
        let details = try chosen(details)
        guard let digest = signedDigest(by: details.loggedHash) else {
            throw noHash(details.loggedHash.rawValue)
        }
        return [
            "hashedRekordRequestV002": [
                "digest": .string(base64Text(digest)), "signature": version2Signature(details),
            ]
        ]
    }

    /// The leaf that Rekor v2 creates, as canonical JSON.
    ///
    /// Spec: sigstore/architecture-docs rekor-v2-spec.md §6.1.4.
    package func version2Body(details: KeyDetails? = nil) throws(Failure) -> [UInt8] {
        let details = try chosen(details)
        guard let digest = signedDigest(by: details.loggedHash) else {
            throw noHash(details.loggedHash.rawValue)
        }
        let body: JSONValue = [
            "apiVersion": "0.0.2", "kind": "hashedrekord",
            "spec": [
                "hashedRekordV002": [
                    "data": [
                        "algorithm": .string(details.loggedHash.protobufName),
                        "digest": .string(base64Text(digest)),
                    ],
                    "signature": version2Signature(details),
                ]
            ],
        ]
        return try body.canonicalBytes
    }

    private func version2Signature(_ details: KeyDetails) -> JSONValue {
        let raw: (name: String, bytes: [UInt8]) =
            switch verifier {
            case .certificate(let derBytes, _): ("x509Certificate", derBytes)
            case .key(let key): ("publicKey", key.derBytes)
            }
        var verifier: JSONObject = [:]
        verifier[raw.name] = ["rawBytes": .string(base64Text(raw.bytes))]
        verifier["keyDetails"] = .string(details.rawValue)
        return ["content": .string(base64Text(signature)), "verifier": .object(verifier)]
    }

    private func chosen(_ details: KeyDetails?) throws(Failure) -> KeyDetails {
        if let details { return details }
        guard let first = KeyDetails.logged(for: verifier.key).first else {
            throw Failure(
                .unsupported, "cannot write an entry for the log",
                because:
                    "no log has a name for \(verifier.key.algorithm.rawValue) keys of this size")
        }
        return first
    }

    private var pem: String {
        switch verifier {
        case .certificate(let derBytes, _):
            PEMDocument(type: "CERTIFICATE", derBytes: derBytes).pemString + "\n"
        case .key(let key): key.pem
        }
    }
}

private func noHash(_ name: String) -> Failure {
    Failure(
        .bug, "cannot write an entry for the log",
        because: "the \(name) of what was signed is not known")
}
