// SPDX-License-Identifier: Apache-2.0
// What a policy wants a transparency log to have seen. Spec: reference kyverno.md §1.2.

import Primitives

/// Whether a signature must stand in a log to count.
///
/// Spec: §1.2: "static keys still require a tlog entry unless ignoreTlog", in the public Rekor when
/// no other is named. That is kept: a policy that says nothing about the log demands it, and Assay
/// never accepts less than a policy demands. Until log proofs are checked, such a signature is
/// `unknown`, and the remediation names the field.
enum TransparencyDemand: Hashable, Sendable {
    /// `rekor.ignoreTlog: true`.
    case none
    /// A log at this address, or the public one.
    case log(String)

    static let publicLog = "https://rekor.sigstore.dev"

    /// Reads the `rekor` block of an attestor; `node` is nil when there is none.
    init(reading node: YAMLNode?) throws(Failure) {
        guard let node else {
            self = .log(TransparencyDemand.publicLog)
            return
        }
        try node.refuseFields(otherThan: ["url", "pubkey", "ignoreTlog"])
        let address = try node.optional("url")?.string()
        _ = try node.optional("pubkey")?.string()
        self =
            try node.flag("ignoreTlog", default: false)
            ? .none : .log(address ?? TransparencyDemand.publicLog)
    }
}

/// Reads a `ctlog` block. It is about certificates; a bare key has none, so nothing is kept.
func checkCertificateLog(_ node: YAMLNode?) throws(Failure) {
    guard let node else { return }
    try node.refuseFields(
        otherThan: ["ignoreSCT", "pubkey"],
        unsupported: ["tsaCertChain": "leave it out; timestamps are not checked yet"])
    _ = try node.optional("ignoreSCT")?.boolean()
    _ = try node.optional("pubkey")?.string()
}
