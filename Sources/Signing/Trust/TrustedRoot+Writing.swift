// SPDX-License-Identifier: Apache-2.0
// Writes trusted roots.
// Spec: sigstore/protobuf-specs, protos/sigstore_trustroot.proto, TrustedRoot.

package import Keys
package import Primitives

extension TrustedRoot {
    /// The JSON document of this root.
    package var json: JSONValue {
        get throws(Failure) {
            var logDocuments: [JSONValue] = []
            for log in logs { logDocuments.append(try log.json) }
            var certificateLogDocuments: [JSONValue] = []
            for log in certificateTransparencyLogs { certificateLogDocuments.append(try log.json) }
            return [
                "mediaType": .string(TrustedRoot.mediaType),
                "tlogs": .array(logDocuments),
                "certificateAuthorities": .array(certificateAuthorities.map(\.json)),
                "ctlogs": .array(certificateLogDocuments),
                "timestampAuthorities": .array(timestampAuthorities.map(\.json)),
            ]
        }
    }
}

extension TransparencyLog {
    /// Creates a log from its URL and key, from which the log ID is computed.
    ///
    /// Spec: RFC 6962 §3.2 and Rekor v1: the SHA-256 of the key. Rekor v2 signs with Ed25519 and is
    /// named as in its checkpoints (C2SP signed-note, "Signature types").
    ///
    /// - Parameter origin: the name in its checkpoints; nil for the host, as in sigstore-go.
    package init(
        baseURL: String, publicKey: PublicKey, origin: String? = nil, validFor: ValidityPeriod,
        operatorName: String?
    ) {
        let ofKey = HashAlgorithm.sha256.hash(of: publicKey.derBytes)
        var log = TransparencyLog(
            baseURL: baseURL, publicKey: publicKey, keyID: ofKey, validFor: validFor,
            operatorName: operatorName)
        if origin != nil || publicKey.algorithm == .ed25519 {
            log.keyID = noteKeyID(name: origin ?? log.hostName, key: publicKey) ?? ofKey
        }
        self = log
    }

    fileprivate var json: JSONValue {
        get throws(Failure) {
            let scheme = publicKey.algorithm.standardScheme
            guard let details = KeyDetails(of: publicKey, scheme: scheme) else {
                throw Failure(
                    .unsupported, "cannot write the trusted root",
                    because: "there is no name for the \(publicKey.summary) key of \(baseURL)")
            }
            var object: JSONObject = [
                "baseUrl": .string(baseURL), "hashAlgorithm": "SHA2_256",
                "publicKey": [
                    "rawBytes": .string(base64Text(publicKey.derBytes)),
                    "keyDetails": .string(details.rawValue), "validFor": validFor.json,
                ],
                "logId": ["keyId": .string(base64Text(keyID))],
            ]
            if let checkpointKeyID {
                object["checkpointKeyId"] = ["keyId": .string(base64Text(checkpointKeyID))]
            }
            if let operatorName { object["operator"] = .string(operatorName) }
            return .object(object)
        }
    }
}

extension CertificateAuthority {
    fileprivate var json: JSONValue {
        var object: JSONObject = [:]
        if let uri { object["uri"] = .string(uri) }
        object["certChain"] = [
            "certificates": .array(
                chain.map { ["rawBytes": .string(base64Text($0.derBytes))] })
        ]
        object["validFor"] = validFor.json
        if let operatorName { object["operator"] = .string(operatorName) }
        return .object(object)
    }
}

extension ValidityPeriod {
    package var json: JSONValue {
        var object: JSONObject = ["start": .string(start.description)]
        if let end { object["end"] = .string(end.description) }
        return .object(object)
    }
}
