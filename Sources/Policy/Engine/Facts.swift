// SPDX-License-Identifier: Apache-2.0
// What the edge found out about an image. The evaluator asks for it by name and fetches nothing.

package import OCI
package import Primitives
package import Signing

/// What the name means now. What could not be found out is never taken for "nothing there".
package enum ImageResolution: Sendable {
    case resolved(Descriptor)
    case unresolved(Failure)
}

/// What hangs beside the digest. Places that could not be read are part of what was `looked` at:
/// evidence found elsewhere still proves.
package enum EvidenceLookup: Sendable {
    case looked(Evidence)
    case couldNotLook(Failure)
}

/// Another digest that may explain a fail, with the evidence found beside it.
package struct KnownImage: Sendable {
    /// Where it is: the repository matters, and the digest must be there.
    package let repository: Repository
    package let digest: Digest
    package let evidence: Evidence

    package init(repository: Repository, digest: Digest, evidence: Evidence) {
        self.repository = repository
        self.digest = digest
        self.evidence = evidence
    }
}

/// Everything the edge found out about one image name, as it is written in the resource.
package struct ImageFacts: Sendable {
    package let resolution: ImageResolution
    package let evidence: EvidenceLookup
    /// What this tag meant when somebody last looked. It never makes an image pass; when it is
    /// properly signed and what the tag means now is not, the verdict says that the tag has moved.
    package var remembered: KnownImage?
    /// The same digest in the repository this one is a mirror of.
    package var origin: KnownImage?

    package init(
        resolution: ImageResolution, evidence: EvidenceLookup, remembered: KnownImage? = nil,
        origin: KnownImage? = nil
    ) {
        self.resolution = resolution
        self.evidence = evidence
        self.remembered = remembered
        self.origin = origin
    }
}

/// An image the evaluator must be told about.
package struct NeededImage: Hashable, Sendable {
    /// As it is written; the name under which its facts are given.
    package let written: String
    package let name: ImageName
    /// What will be looked for; empty when only the digest is needed.
    package let wishes: Set<EvidenceCollector.Wish>
}

/// Everything that goes into one evaluation.
package struct EvaluationInput: Sendable {
    package let resource: ResourceManifest
    package let operation: ResourceOperation
    /// `ephemeralcontainers`, or empty.
    package let subresource: String
    /// The labels of the resource's namespace.
    package let namespaceLabels: NamespaceLabels.Finding
    /// Logs and authorities for what policies demand and do not name; nil when there is none.
    package let trust: TrustedRoot?
    /// What conditions take for the time; nil when they have none.
    package let now: Timestamp?
    /// By name as written.
    package var facts: [String: ImageFacts]

    package init(
        resource: ResourceManifest, operation: ResourceOperation, subresource: String = "",
        namespaceLabels: NamespaceLabels.Finding, trust: TrustedRoot?, now: Timestamp? = nil,
        facts: [String: ImageFacts] = [:]
    ) {
        self.resource = resource
        self.operation = operation
        self.subresource = subresource
        self.namespaceLabels = namespaceLabels
        self.trust = trust
        self.now = now
        self.facts = facts
    }
}
