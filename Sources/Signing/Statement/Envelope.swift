// SPDX-License-Identifier: Apache-2.0
// DSSE envelopes. Spec: secure-systems-lab/dsse protocol.md and envelope.md 1.0.2.

package import Keys
package import Primitives

/// An unverified DSSE envelope: a payload and its type, with signatures over both.
package struct Envelope: Hashable, Sendable {
    package struct Signature: Hashable, Sendable {
        package let keyID: String?
        package let bytes: [UInt8]
    }

    package let payloadType: String
    package let payload: [UInt8]
    package let signatures: [Signature]

    package init(payloadType: String, payload: [UInt8], signatures: [Signature]) {
        self.payloadType = payloadType
        self.payload = payload
        self.signatures = signatures
    }

    /// The handling of unknown members.
    package enum UnknownFields: Sendable {
        /// Spec: DSSE envelope.md 1.0.2: "Consumers MUST ignore unrecognized fields."
        case ignored
        /// Spec: protobuf JSON mapping: parsers reject them; an envelope inside a bundle is
        /// protobuf.
        case refused
    }

    /// Spec: envelope.md: "payload", "payloadType" and "signatures" are required.
    package init(
        reading json: JSONReader, unknownFields: UnknownFields = .ignored
    ) throws(Failure) {
        if unknownFields == .refused {
            try json.refuseFields(otherThan: ["payload", "payloadType", "signatures"])
        }
        payload = try json.required("payload").anyBase64()
        payloadType = try json.required("payloadType").string()
        var signatures: [Signature] = []
        for item in try json.required("signatures").items(
            atMost: Limits.signaturesPerEnvelope)
        {
            if unknownFields == .refused { try item.refuseFields(otherThan: ["sig", "keyid"]) }
            let bytes = try item.required("sig").anyBase64()
            signatures.append(Signature(keyID: try item.optional("keyid")?.string(), bytes: bytes))
        }
        guard !signatures.isEmpty else { throw json.broken("it has no signature") }
        self.signatures = signatures
    }

    /// Signs a payload with one key.
    package init(
        signing payload: [UInt8], as payloadType: String, with key: PrivateKey
    ) throws(Failure) {
        let message = preAuthenticationEncoding(payloadType: payloadType, payload: payload)
        self.init(
            payloadType: payloadType, payload: payload,
            signatures: [Signature(keyID: nil, bytes: try key.sign(message))])
    }

    /// Signs a payload with any signer.
    package static func signed(
        _ payload: [UInt8], as payloadType: String, by signer: any Signer
    ) async throws -> Envelope {
        let message = preAuthenticationEncoding(payloadType: payloadType, payload: payload)
        return Envelope(
            payloadType: payloadType, payload: payload,
            signatures: [Signature(keyID: nil, bytes: try await signer.sign(message))])
    }

    /// The signed bytes, the pre-authentication encoding (PAE).
    package var signedBytes: [UInt8] {
        preAuthenticationEncoding(payloadType: payloadType, payload: payload)
    }

    package var json: JSONValue {
        [
            "payload": .string(base64Text(payload)), "payloadType": .string(payloadType),
            "signatures": .array(
                signatures.map { signature in
                    var object: JSONObject = ["sig": .string(base64Text(signature.bytes))]
                    if let keyID = signature.keyID { object["keyid"] = .string(keyID) }
                    return .object(object)
                }),
        ]
    }
}

/// Spec: protocol.md: PAE(type, body) = "DSSEv1" + SP + LEN(type) + SP + type + SP + LEN(body) + SP
/// + body, lengths in ASCII decimal.
package func preAuthenticationEncoding(payloadType: String, payload: [UInt8]) -> [UInt8] {
    Array("DSSEv1 \(payloadType.utf8.count) \(payloadType) \(payload.count) ".utf8) + payload
}

/// The payload type of in-toto statements.
package let inTotoPayloadType = "application/vnd.in-toto+json"
