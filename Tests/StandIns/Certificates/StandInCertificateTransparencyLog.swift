// SPDX-License-Identifier: Apache-2.0
// A certificate transparency log that promises. Spec: RFC 6962 §3.2 and §3.3.

package import Primitives

/// A log of certificates: its key, and the promises it signs.
package struct StandInCertificateTransparencyLog: Sendable {
    package let key: StandInKey
    package let baseURL: String

    package init(key: StandInKey, baseURL: String) {
        self.key = key
        self.baseURL = baseURL
    }

    /// SHA-256 of the public key. Spec: RFC 6962 §3.2, LogID.
    package var identifier: [UInt8] { key.identifier }

    /// A promise for a precertificate: the TBSCertificate without the list of promises, and the
    /// key of its issuer. `milliseconds` since 1970.
    package func promise(
        forPrecertificate tbs: [UInt8], issuerKey: [UInt8], at milliseconds: UInt64,
        extensions: [UInt8] = []
    ) throws(Failure) -> [UInt8] {
        let entry = sha256(issuerKey) + bigEndian(UInt64(tbs.count), bytes: 3) + tbs
        return try promise(kind: 1, entry, at: milliseconds, extensions: extensions)
    }

    /// A promise for a finished certificate, which travels beside it.
    package func promise(
        forCertificate certificate: [UInt8], at milliseconds: UInt64, extensions: [UInt8] = []
    ) throws(Failure) -> [UInt8] {
        let entry = bigEndian(UInt64(certificate.count), bytes: 3) + certificate
        return try promise(kind: 0, entry, at: milliseconds, extensions: extensions)
    }

    private func promise(
        kind: UInt64, _ entry: [UInt8], at milliseconds: UInt64, extensions: [UInt8]
    ) throws(Failure) -> [UInt8] {
        let time = bigEndian(milliseconds, bytes: 8)
        let extensions = bigEndian(UInt64(extensions.count), bytes: 2) + extensions
        // Spec: RFC 6962 §3.2: v1 (0), certificate_timestamp (0), timestamp, entry type, entry,
        // extensions.
        let signed = [0, 0] + time + bigEndian(kind, bytes: 2) + entry + extensions
        let signature = try key.sign(signed)
        // Spec: RFC 5246 §7.4.1.4.1: sha256 is 4; rsa 1, ecdsa 3.
        let algorithm: [UInt8] = [4, key.kind == .rsa2048 ? 1 : 3]
        return [0] + identifier + time + extensions + algorithm
            + bigEndian(UInt64(signature.count), bytes: 2) + signature
    }

    /// SignedCertificateTimestampList in the OCTET STRING that the extension's value is.
    ///
    /// Spec: RFC 6962 §3.3.
    package static func list(_ promises: [[UInt8]]) -> ExtensionDraft {
        let items = promises.flatMap { bigEndian(UInt64($0.count), bytes: 2) + $0 }
        return ExtensionDraft(
            ExtensionDraft.timestampListIdentifier,
            DEREncoding.octets(bigEndian(UInt64(items.count), bytes: 2) + items))
    }
}
