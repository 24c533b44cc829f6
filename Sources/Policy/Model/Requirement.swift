// SPDX-License-Identifier: Apache-2.0
// What the evidence of an image must show. One recursive value, judged by one recursive function
// (`RequirementEvaluator`).
// Spec: docs/kyverno.md, "Attestors", "Attestations".

package import Keys
import Primitives
import Signing

/// A requirement on the evidence of an image.
indirect enum Requirement: Sendable {
    /// Each of them must be met.
    case all([Requirement])
    case attestors(AttestorSet)
    case attestor(Attestor)
}

/// How many of which attestors must have signed.
///
/// Without a count every attestor must be met: one key may meet several that require different
/// things. With a count, that many must be met by as many different signers
/// (`RequirementResult.atLeast(_:bySignersOf:id:remedy:)`).
struct AttestorSet: Sendable {
    /// `verifyImages[0].attestors[0]`, as Kyverno writes it in messages.
    let id: String
    /// nil if the policy writes no count: then all of them are required.
    let count: Int?
    let subject: EvidenceSubject
    /// Nested sets, and attestors.
    let members: [Requirement]
}

/// One signer, and where the policy requires its evidence.
struct Attestor: Sendable {
    /// Whose evidence it must be.
    enum Source: Hashable, Sendable {
        case signer(SignerQuery)
        /// The public keys in a Secret or ConfigMap; each of them is an attestor of its own.
        case stored(StoredKey, hash: HashAlgorithm?, TrustDeclaration)
    }

    let source: Source
    let subject: EvidenceSubject
    /// `verifyImages[0]`: the part of the policy that holds the attestor.
    let root: String
    /// `attestors[0].entries[1].keys`, as Kyverno writes it in messages.
    let path: String
    /// The attestor's place in the policy's file, for edits (RFC 6901).
    let pointer: String
    /// Pairs that the signed payload must hold.
    let annotations: ByteStringMap<String>

    /// The attestor for one key of several, or for the only one.
    func with(_ signer: SignerQuery, index: Int?) -> Attestor {
        Attestor(
            source: .signer(signer), subject: subject, root: root,
            path: path + (index.map { "[\($0)]" } ?? ""), pointer: pointer,
            annotations: annotations)
    }
}

/// What an attestor must have signed.
enum EvidenceSubject: Sendable {
    case signature
    case statement(RequiredStatement)

    var type: PredicateType {
        switch self {
        case .signature: .signature
        case .statement(let statement): statement.type
        }
    }
}

/// A statement that must exist, and the conditions on its predicate.
struct RequiredStatement: Sendable {
    let type: PredicateType
    let conditions: [ConditionGroup]
}

/// A signer, with the logs and authorities that the policy names for it. It is the part of a
/// question that stays the same for every image, so its hash is made once.
package struct SignerQuery: Hashable, Sendable {
    let signer: TrustedSigner
    let trust: TrustDeclaration
    private let hash: Int

    init(_ signer: TrustedSigner, _ trust: TrustDeclaration) {
        self.signer = signer
        self.trust = trust
        var hasher = Hasher()
        hasher.combine(signer)
        hasher.combine(trust)
        hash = hasher.finalize()
    }

    package static func == (left: SignerQuery, right: SignerQuery) -> Bool {
        left.hash == right.hash && left.signer == right.signer && left.trust == right.trust
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// An entry of a Secret or ConfigMap that holds public keys.
package struct StoredKey: Hashable, Sendable, CustomStringConvertible {
    enum Kind: Hashable, Sendable {
        /// `secret` and `k8s://`: a Secret, or a ConfigMap if there is no Secret of that name.
        case secretOrConfigMap
        /// `context` entries: a ConfigMap.
        case configMap
    }

    let kind: Kind
    let object: StoredKeyName
    let entry: String

    package var description: String { "the entry \(quoted(entry)) of \(object)" }

    package static func == (left: StoredKey, right: StoredKey) -> Bool {
        left.kind == right.kind && left.object == right.object && isSame(left.entry, right.entry)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        hasher.combine(object)
        hasher.combine(ByteString(entry))
    }
}

/// Keys, or why there are none.
package enum KeyLookup: Sendable {
    case found([PublicKey])
    case missing(String)
}

/// Everything that one attestor requires, wherever the policy writes it. Attestors of a set that require
/// the same are one; the same key with other annotations or another log is another attestor.
struct AttestorRequirement: Hashable, Sendable {
    let source: Attestor.Source
    let annotations: ByteStringMap<String>
}
