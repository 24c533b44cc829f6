// SPDX-License-Identifier: Apache-2.0
// What is submitted to a log: one signature, what it is over, and who made it.

internal import Primitives

/// One signature that a log may be told about.
package struct LoggedSignature: Hashable, Sendable {
    package enum Signer: Hashable, Sendable {
        /// A leaf certificate in DER.
        case certificate([UInt8])
        /// SubjectPublicKeyInfo in DER.
        case publicKey([UInt8])
    }

    package enum Content: Hashable, Sendable {
        case artifact([UInt8])
        case envelope(StandInEnvelope)
    }

    package var signature: [UInt8]
    package var signer: Signer
    package var content: Content
    /// `keyDetails` and hash of the key, which Rekor v2 writes down.
    package var details: String
    package var hash: StandInHash

    package init(
        _ signature: [UInt8], by signer: Signer, over content: Content, details: String,
        hash: StandInHash
    ) {
        self.signature = signature
        self.signer = signer
        self.content = content
        self.details = details
        self.hash = hash
    }

    package init(_ signature: [UInt8], by signer: Signer, over content: Content, key: StandInKey) {
        self.signature = signature
        self.signer = signer
        self.content = content
        details = key.details
        hash = key.hash
    }

    /// What the key signed: the artifact, or the envelope's encoding before authentication.
    package var signedBytes: [UInt8] {
        switch content {
        case .artifact(let bytes): bytes
        case .envelope(let envelope): envelope.signedBytes
        }
    }

    var signerPEM: String {
        switch signer {
        case .certificate(let bytes): pemText("CERTIFICATE", bytes)
        case .publicKey(let bytes): pemText("PUBLIC KEY", bytes)
        }
    }
}

/// The kinds of entries that the stand-in logs write.
package enum LogEntryKind: String, Sendable, CaseIterable {
    case hashedrekord001 = "hashedrekord 0.0.1"
    case hashedrekord002 = "hashedrekord 0.0.2"
    case dsse001 = "dsse 0.0.1"
    case intoto002 = "intoto 0.0.2"

    package var kind: String { String(rawValue.prefix { $0 != " " }) }
    package var version: String { String(rawValue.drop { $0 != " " }.dropFirst()) }

    /// The canonical body of an entry of this kind; envelope kinds need an envelope, and an
    /// artifact becomes one without a payload type.
    package func body(_ logged: LoggedSignature) -> [UInt8] {
        let digest = logged.hash(logged.signedBytes)
        switch self {
        case .hashedrekord001:
            return LogEntryBody001.hashedRecord(
                digest, by: logged.hash, signature: logged.signature, signerPEM: logged.signerPEM)
        case .hashedrekord002:
            return LogEntryBody002.hashedRecord(digest, logged)
        case .dsse001:
            let envelope = envelope(logged)
            return LogEntryBody001.envelope(
                envelope, submittedAs: envelope.json.compactBytes, signerPEM: logged.signerPEM)
        case .intoto002:
            let envelope = envelope(logged)
            return LogEntryBody001.statement(
                envelope, submittedAs: envelope.json.compactBytes, signerPEM: logged.signerPEM)
        }
    }

    private func envelope(_ logged: LoggedSignature) -> StandInEnvelope {
        switch logged.content {
        case .envelope(var envelope):
            envelope.signatures = [logged.signature]
            return envelope
        case .artifact(let bytes):
            return StandInEnvelope(
                payloadType: "", payload: bytes, signatures: [logged.signature])
        }
    }
}

/// Canonical bodies of Rekor v1's entries.
enum LogEntryBody001 {
    /// Spec: rekor pkg/types/hashedrekord/v0.0.1.
    static func hashedRecord(
        _ digest: [UInt8], by hash: StandInHash, signature: [UInt8], signerPEM: String
    ) -> [UInt8] {
        canonicalJSON([
            "apiVersion": "0.0.1", "kind": "hashedrekord",
            "spec": [
                "data": [
                    "hash": [
                        "algorithm": .string(hash.rawValue), "value": .string(hexText(digest)),
                    ]
                ],
                "signature": [
                    "content": .base64(signature),
                    "publicKey": ["content": .base64(Array(signerPEM.utf8))],
                ],
            ],
        ])
    }

    /// Spec: rekor pkg/types/dsse/v0.0.1. The envelope's hash is over its JSON as submitted.
    static func envelope(
        _ envelope: StandInEnvelope, submittedAs text: [UInt8], signerPEM: String
    ) -> [UInt8] {
        canonicalJSON([
            "apiVersion": "0.0.1", "kind": "dsse",
            "spec": [
                "envelopeHash": hashed(text), "payloadHash": hashed(envelope.payload),
                "signatures": .array(
                    envelope.signatures.map {
                        [
                            "signature": .base64($0),
                            "verifier": .base64(Array(signerPEM.utf8)),
                        ]
                    }),
            ],
        ])
    }

    /// Spec: rekor pkg/types/intoto/v0.0.2. The signature's base64 is encoded once more.
    static func statement(
        _ envelope: StandInEnvelope, submittedAs text: [UInt8], signerPEM: String
    ) -> [UInt8] {
        canonicalJSON([
            "apiVersion": "0.0.2", "kind": "intoto",
            "spec": [
                "content": [
                    "envelope": [
                        "payloadType": .string(envelope.payloadType),
                        "signatures": .array(
                            envelope.signatures.map {
                                [
                                    "publicKey": .base64(Array(signerPEM.utf8)),
                                    "sig": .base64(Array(base64Text($0).utf8)),
                                ]
                            }),
                    ],
                    "hash": hashed(text), "payloadHash": hashed(envelope.payload),
                ]
            ],
        ])
    }

    private static func hashed(_ bytes: [UInt8]) -> JSONValue {
        ["algorithm": "sha256", "value": .string(hexText(sha256(bytes)))]
    }
}

/// Canonical bodies of Rekor v2's entries.
enum LogEntryBody002 {
    /// Spec: rekor-tiles, api/proto/rekor/v2/hashedrekord.proto.
    static func hashedRecord(_ digest: [UInt8], _ logged: LoggedSignature) -> [UInt8] {
        let (field, bytes) =
            switch logged.signer {
            case .certificate(let bytes): ("x509Certificate", bytes)
            case .publicKey(let bytes): ("publicKey", bytes)
            }
        return canonicalJSON([
            "apiVersion": "0.0.2", "kind": "hashedrekord",
            "spec": [
                "hashedRekordV002": [
                    "data": [
                        "algorithm": .string(logged.hash.name), "digest": .base64(digest),
                    ],
                    "signature": [
                        "content": .base64(logged.signature),
                        "verifier": [
                            "keyDetails": .string(logged.details),
                            field: ["rawBytes": .base64(bytes)],
                        ],
                    ],
                ]
            ],
        ])
    }
}
