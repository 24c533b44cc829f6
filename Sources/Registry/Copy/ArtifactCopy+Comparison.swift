// SPDX-License-Identifier: Apache-2.0
// The check after a copy: the destination is read again, and everything that is missing is listed.

internal import OCI
internal import Primitives

extension ArtifactCopy {
    /// Reads the destination again. Lists what the source has and the destination lacks, and what
    /// could not be read at either.
    func compare(
        _ graph: ArtifactGraph, refused: [Digest: String], _ report: inout CopyReport
    ) async throws {
        let there = try await ArtifactGraph.discover(
            .digest(graph.root.digest), in: destination, evidence: evidence)
        for missing in graph.missingDescriptors { note(missing, &report) }
        for place in graph.unread { note(place, &report) }
        let closed = there.closed
        for node in graph.nodes where !there.nodes.contains(where: { $0.fulfils(node) }) {
            let what = words(node.role, type: node.manifest.artifactType)
            if refused[node.manifest.digest] == nil, node.role.isEvidence, let closed {
                report.unread.append(
                    UnreadItem(
                        what: "\(what) at the destination", digest: node.manifest.digest,
                        belongsTo: node.role.owner, failure: closed))
                continue
            }
            report.missing.append(
                MissingItem(
                    what: what, digest: node.manifest.digest, belongsTo: node.role.owner,
                    why: refused[node.manifest.digest]
                        ?? "the destination does not list it after the copy"))
        }
    }

    private func note(_ missing: ArtifactGraph.MissingDescriptor, _ report: inout CopyReport) {
        let what = words(missing.role, type: missing.descriptor.artifactType)
        guard missing.failure.isAboutContent else {
            report.unread.append(
                UnreadItem(
                    what: what, digest: missing.descriptor.digest, belongsTo: missing.role.owner,
                    failure: missing.failure))
            return
        }
        report.missing.append(
            MissingItem(
                what: what, digest: missing.descriptor.digest, belongsTo: missing.role.owner,
                why: missing.isGone
                    ? "the source lists it and does not have it"
                    : "it cannot be read, so it was not copied: \(missing.failure.why)"))
    }

    private func note(_ place: ArtifactGraph.UnreadPlace, _ report: inout CopyReport) {
        let what =
            switch place.kind {
            case .referrers(let discovery): discovery.shown
            case .tag(let tag, _): EvidenceItem.Kind(tag).description
            }
        report.unread.append(
            UnreadItem(
                what: what, digest: nil, belongsTo: place.subject, failure: place.failure))
    }

    private func words(_ role: GraphRole, type: MediaType?) -> String {
        switch role {
        case .root: "image"
        case .child: "image of the index"
        case .referrer, .legacy:
            EvidenceItem(role, Digest(of: [], by: .sha256), type: type)?.kind.description
                ?? "evidence"
        }
    }
}

extension ArtifactGraph {
    /// Why evidence may be there unseen; nil when all places answered.
    fileprivate var closed: Failure? {
        unread.first?.failure ?? missingDescriptors.map(\.failure).first { !$0.isAboutContent }
    }
}

extension GraphRole {
    /// What it belongs to; nil for the root.
    fileprivate var owner: Digest? {
        switch self {
        case .root: nil
        case .child(let owner), .referrer(let owner), .legacy(_, let owner): owner
        }
    }
}

extension ArtifactGraph.Node {
    /// Whether having this one means having the other: the same manifest in the same role, or,
    /// under an evidence tag, a manifest with all of the other's layers.
    fileprivate func fulfils(_ other: ArtifactGraph.Node) -> Bool {
        guard role == other.role else { return false }
        if manifest.digest == other.manifest.digest { return true }
        if case .legacy = role { return manifest.holds(other.manifest) }
        return false
    }
}
