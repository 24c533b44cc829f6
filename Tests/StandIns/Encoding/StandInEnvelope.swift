// SPDX-License-Identifier: Apache-2.0
// DSSE envelopes as signers write them, wrong ones too. Spec: DSSE protocol.md and envelope.md 1.0.2.

package import Primitives

/// A payload, its type, and any number of signatures, none included.
package struct StandInEnvelope: Hashable, Sendable {
    package var payloadType: String
    package var payload: [UInt8]
    package var signatures: [[UInt8]]

    package init(payloadType: String, payload: [UInt8], signatures: [[UInt8]] = []) {
        self.payloadType = payloadType
        self.payload = payload
        self.signatures = signatures
    }

    /// What is signed. Spec: protocol.md, PAE.
    package var signedBytes: [UInt8] {
        Array("DSSEv1 \(payloadType.utf8.count) \(payloadType) \(payload.count) ".utf8) + payload
    }

    package var json: JSONValue {
        [
            "payload": .base64(payload), "payloadType": .string(payloadType),
            "signatures": .array(signatures.map { ["sig": .base64($0)] }),
        ]
    }
}
