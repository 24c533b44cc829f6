// SPDX-License-Identifier: Apache-2.0
// What must be done before a requirement can be met, as data.
// Spec: docs/exit-codes-and-reasons.md, "Reason codes".

package import OCI
package import Primitives
package import Signing

/// Who has to do it.
package enum RemediationSigner: Hashable, Sendable {
    case key
    /// An identity nobody has a file of, as a person reads it.
    case identity(String)

    init(_ signer: TrustedSigner) {
        switch signer {
        case .keys: self = .key
        case .certificates: self = .identity(signer.shown)
        }
    }
}

/// Something that must be done before a demand can be met; `Remediation` puts it into commands.
package enum RemediationAction: Hashable, Sendable {
    case sign(by: RemediationSigner)
    case attest(PredicateType, by: RemediationSigner)
    /// The predicate holds the wrong thing at this pointer, or by this expression.
    case correct(PredicateType, place: String, observed: String?, expected: String)
    case writeDigest(Digest)
    case useDigest(Digest, in: Repository)
    case copyEvidence(from: Repository, Digest)
    case fixRegistry(Failure)
    /// The entry's place in the policy; nil where no edit of it would help.
    case nameTheTrust(pointer: String?, String)
    case giveKey(pointer: String, String)
    case nameSigners(pointer: String)
    case correctImageName
    /// The file of the nearest policy, and its entry of verifyImages; nil if no rule is near.
    case coverImage(policy: String?, pointer: String?)
    case fixPolicy(String)
}
