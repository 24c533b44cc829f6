// SPDX-License-Identifier: Apache-2.0
// The walk through all evidence of an image: what there is, where it was found, whether it verifies.

package import OCI
package import Primitives
package import Registry
package import Signing

/// An image, its platform images, and what is said about each.
package struct EvidenceTree: Sendable {
    package struct Branch: Sendable {
        package let subject: Descriptor
        /// What the index that lists it says it is for.
        package let platform: Platform?
        package let isRoot: Bool
        package let items: [Item]
    }

    package struct Item: Sendable {
        package let location: String
        package let what: String
        package let digest: Digest
        /// nil when nobody was named, or when there is nothing to verify in it.
        package let verifies: Bool?
        /// Who made it, as far as it verifies.
        package let signer: VerifiedSigner?
        package let why: String?
    }

    package let branches: [Branch]
    /// Images that an index lists and that could not be read.
    package let missingDescriptors: [ArtifactGraph.MissingDescriptor]
    /// Places that could not be read and may hold evidence.
    package let unread: [UnreadEvidence]

    /// Whether every place answered, so that there is no more evidence than is shown.
    package var isComplete: Bool {
        unread.allSatisfy(\.failure.isAboutContent)
            && missingDescriptors.allSatisfy(\.failure.isAboutContent)
    }

    /// The graph and the collector ask overlapping questions; `source` answers each once.
    package static func found(
        for reference: ManifestReference, in source: CachingSource, verifier: SignatureVerifier?
    ) async throws -> EvidenceTree {
        let graph = try await ArtifactGraph.discover(
            reference, in: source, evidence: .include)
        var branches: [Branch] = []
        var work = VerificationWork()
        var unread: [UnreadEvidence] = []
        var seen: Set<Digest> = []
        for node in graph.nodes.reversed() where !node.role.isEvidence {
            let subject = node.manifest.descriptor
            guard seen.insert(subject.digest).inserted else { continue }
            let evidence = try await EvidenceCollector(source: source).everything(
                about: subject.digest)
            let covered = Set(evidence.candidates.map(\.manifest))
            let others = graph.evidence.filter {
                $0.role.subject == subject.digest && !covered.contains($0.manifest.digest)
            }
            unread += evidence.searches.compactMap {
                UnreadEvidence($0, about: subject.digest)
            }
            let known = covered.union(evidence.searches.compactMap(\.item))
            let unreadable = graph.missingDescriptors.filter {
                $0.role.subject == subject.digest && !known.contains($0.descriptor.digest)
            }
            unread += unreadable.filter { !$0.failure.isAboutContent }.map(UnreadEvidence.init)
            branches.append(
                Branch(
                    subject: subject, platform: platform(of: subject.digest, in: graph),
                    isRoot: subject.digest == graph.root.digest,
                    items: evidence.candidates.map {
                        item($0, about: subject.digest, verifier, &work)
                    }
                        + others.map(otherItem)
                        + unreadable.filter(\.failure.isAboutContent).map(unreadableItem)))
        }
        unread += graph.missingDescriptors.filter {
            $0.role.subject.map { !seen.contains($0) } ?? false
        }
        .map(UnreadEvidence.init)
        unread += graph.unread.compactMap { UnreadEvidence($0, shown: seen) }
        return EvidenceTree(
            branches: branches.sorted { $0.isRoot && !$1.isRoot },
            missingDescriptors: graph.missingDescriptors.filter { !$0.role.isEvidence },
            unread: unread)
    }

    private static func unreadableItem(_ missing: ArtifactGraph.MissingDescriptor) -> Item {
        let type = (missing.descriptor.artifactType ?? missing.descriptor.mediaType).description
        return Item(
            location: "referrer", what: plain(type), digest: missing.descriptor.digest,
            verifies: nil,
            signer: nil,
            why: missing.isGone ? "listed, and not there" : "cannot be read: \(missing.failure.why)"
        )
    }

    private static func platform(of image: Digest, in graph: ArtifactGraph) -> Platform? {
        for node in graph.nodes {
            for child in node.manifest.children where child.digest == image {
                if let platform = child.platform { return platform }
            }
        }
        return nil
    }

    private static func item(
        _ candidate: SignedEntity, about subject: Digest, _ verifier: SignatureVerifier?,
        _ work: inout VerificationWork
    ) -> Item {
        let found = verifier.map { finding(of: candidate, about: subject, by: $0, &work) }
        var why = found?.why
        if case .unreadable(let failure) = candidate.form {
            why = "\(failure.what): \(failure.why)"
        }
        return Item(
            location: candidate.location.rawValue, what: words(candidate), digest: candidate.digest,
            verifies: found?.verifies, signer: found?.signer, why: why)
    }

    /// `verifies` is nil where a limit kept it from being verified.
    private static func finding(
        of candidate: SignedEntity, about subject: Digest, by verifier: SignatureVerifier,
        _ work: inout VerificationWork
    ) -> (verifies: Bool?, signer: VerifiedSigner?, why: String?) {
        let alone = Evidence(subject: subject, candidates: [candidate])
        let signer: VerifiedSigner?
        let (rejected, limit): (RejectedCandidate?, Failure?)
        if let type = candidate.claimedType, type != .signature {
            let report = alone.attestations(of: type, by: verifier, spending: &work)
            (signer, rejected, limit) = (
                report.proofs.first?.signer, report.rejections.first, report.limit
            )
        } else {
            let report = alone.signatures(by: verifier, spending: &work)
            (signer, rejected, limit) = (
                report.proofs.first?.signer, report.rejections.first, report.limit
            )
        }
        if let limit { return (nil, nil, "not verified: \(limit.why)") }
        return (signer != nil, signer, rejected?.why)
    }

    private static func words(_ candidate: SignedEntity) -> String {
        if let type = candidate.claimedType {
            return type == .signature ? "signature" : "attestation \(type)"
        }
        if case .unreadable = candidate.form { return "unreadable" }
        return "signed bytes, no statement"
    }

    private static func otherItem(_ node: ArtifactGraph.Node) -> Item {
        let type = node.manifest.artifactType.map { plain($0.description) } ?? "unknown type"
        let location: String
        if case .legacy(let tag, _) = node.role {
            location = "tag \(tag)"
        } else {
            location = "referrer"
        }
        return Item(
            location: location, what: type, digest: node.manifest.digest, verifies: nil,
            signer: nil, why: nil)
    }
}
