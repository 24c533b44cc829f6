// SPDX-License-Identifier: Apache-2.0
// Logs of the trusted root. Spec: sigstore_trustroot.proto, TransparencyLogInstance.

package import Keys
internal import Primitives

/// A log whose key is in the trusted root: a Rekor log or a certificate transparency log.
package struct TransparencyLog: Hashable, Sendable {
    /// The URL, with its scheme.
    package let baseURL: String
    package let publicKey: PublicKey
    /// `logId.keyId`: the 32 bytes of the log ID in entries.
    package internal(set) var keyID: [UInt8]
    /// The key ID in checkpoints if it differs from `keyID`; usually nil.
    package let checkpointKeyID: [UInt8]?
    /// The validity period of the key.
    package let validFor: ValidityPeriod
    /// The operator, which thresholds count; nil if the root has none.
    package let operatorName: String?

    package init(
        baseURL: String, publicKey: PublicKey, keyID: [UInt8], checkpointKeyID: [UInt8]? = nil,
        validFor: ValidityPeriod, operatorName: String? = nil
    ) {
        self.baseURL = baseURL
        self.publicKey = publicKey
        self.keyID = keyID
        self.checkpointKeyID = checkpointKeyID
        self.validFor = validFor
        self.operatorName = operatorName
    }

    /// The URL without scheme and trailing slashes; one of the log's names in checkpoints.
    ///
    /// Spec: sigstore/rekor-tiles CLIENTS.md: "the origin should be the scheme-less log URL".
    package var origin: String { TransparencyLog.origin(of: baseURL) }

    package static func origin(of address: String) -> String {
        var rest = Substring(address)
        for scheme in ["https://", "http://"] { rest = rest.utf8.removingPrefix(scheme) ?? rest }
        while let shorter = rest.utf8.removingSuffix("/") { rest = shorter }
        return String(rest)
    }

    /// The identity for counting distinct parties: the operator if it is known, else the log.
    package var party: String { operatorName.map { "operator \($0)" } ?? "log \(hexText(keyID))" }
}
