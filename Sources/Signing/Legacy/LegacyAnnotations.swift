// SPDX-License-Identifier: Apache-2.0
// The layer annotations of cosign's legacy signatures.
// Spec: cosign specs/SIGNATURE_SPEC.md.

package import Keys
package import Primitives

/// The unverified certificate, chain, log entry and timestamp of a legacy signature.
package struct LegacyAnnotations: Hashable, Sendable {
    /// The PEM of the leaf certificate; nil if a key signed.
    package let certificate: String?
    /// The key in place of a certificate in legacy bundle files, an untrusted hint.
    package var publicKey: PublicKey? = nil
    /// The PEM of the rest of the chain, intermediates first.
    package let chain: String?
    /// The JSON of the Rekor entry with its signed entry timestamp (SET).
    package let logEntry: String?
    /// The RFC 3161 response in DER.
    package let timestamp: [UInt8]?

    package static let none = LegacyAnnotations(
        certificate: nil, chain: nil, logEntry: nil, timestamp: nil)

    package init(certificate: String?, chain: String?, logEntry: String?, timestamp: [UInt8]?) {
        self.certificate = certificate
        self.chain = chain
        self.logEntry = logEntry
        self.timestamp = timestamp
    }

    /// The same, with a public key in place of the certificate.
    package func naming(_ key: PublicKey?) -> LegacyAnnotations {
        var legacyAnnotations = self
        legacyAnnotations.publicKey = key
        return legacyAnnotations
    }

    /// Parses the annotations of a layer. An empty value counts as none, because cosign writes it
    /// so.
    package init(annotations: ByteStringMap<String>) throws(Failure) {
        func text(_ name: String) -> String? {
            annotations["dev.sigstore.cosign/\(name)"].flatMap { $0.isEmpty ? nil : $0 }
        }
        certificate = text("certificate")
        chain = text("chain")
        logEntry = text("bundle")
        timestamp = try text("rfc3161timestamp").map { (text) throws(Failure) in
            let json = try JSONReader(parsing: Array(text.utf8), named: "the timestamp annotation")
            try json.refuseFields(otherThan: ["SignedRFC3161Timestamp"])
            return try json.required("SignedRFC3161Timestamp").base64()
        }
    }

    package var isEmpty: Bool { self == .none }
}
