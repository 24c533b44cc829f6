// SPDX-License-Identifier: Apache-2.0
// A log as the trust root names it. Spec: sigstore_trustroot.proto, TransparencyLogInstance.

package import Keys
internal import Primitives

/// A log whose key we have from the trust root, never from the log itself.
///
/// The same shape serves Rekor logs and certificate transparency logs.
package struct TransparencyLog: Hashable, Sendable {
    /// As written: with a scheme.
    package let baseURL: String
    package let publicKey: PublicKey
    /// `logId.keyId`: 32 bytes that entries name the log by.
    package internal(set) var keyID: [UInt8]
    /// The key id in checkpoints where it differs from `keyID`; usually nil.
    package let checkpointKeyID: [UInt8]?
    /// When the key may be used, both ends inside.
    package let validFor: ValidityPeriod
    /// Who runs it; thresholds count operators, not keys. Nil when the root does not say.
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

    /// The address without its scheme and without slashes at its end; one of the names that the log
    /// may have in checkpoints.
    ///
    /// Spec: sigstore/rekor-tiles CLIENTS.md: "the origin should be the scheme-less log URL".
    package var origin: String { TransparencyLog.origin(of: baseURL) }

    package static func origin(of address: String) -> String {
        var rest = Substring(address)
        for scheme in ["https://", "http://"] { rest = rest.utf8.removingPrefix(scheme) ?? rest }
        while let shorter = rest.utf8.removingSuffix("/") { rest = shorter }
        return String(rest)
    }

    /// What two entries must differ in to be two witnesses: the operator where it is named, else
    /// the log.
    package var party: String { operatorName.map { "operator \($0)" } ?? "log \(hexText(keyID))" }
}
