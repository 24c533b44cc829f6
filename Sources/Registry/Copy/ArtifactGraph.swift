// SPDX-License-Identifier: Apache-2.0
// Everything that belongs to an image: what it is made of, and what is said about it.
// Spec: OCI image-spec 1.1 (index, subject); distribution-spec 1.1, "Listing Referrers";
// cosign SIGNATURE_SPEC, "Storage" (the tags .sig, .att, .sbom).

package import OCI
package import Primitives

/// How a manifest belongs to the image.
package enum GraphRole: Hashable, Sendable {
    /// What was asked for.
    case root
    /// Listed by an index.
    case child(of: Digest)
    /// Names the other as its `subject`.
    case referrer(of: Digest)
    /// Under a tag made from the other's digest, where older tools keep evidence.
    case legacy(Tag, of: Digest)

    /// Whether it is something said about an image instead of a part of one.
    package var isEvidence: Bool {
        switch self {
        case .root, .child: false
        case .referrer, .legacy: true
        }
    }

    /// What it is about; nil for the image's own parts.
    package var subject: Digest? {
        switch self {
        case .root, .child: nil
        case .referrer(let subject), .legacy(_, let subject): subject
        }
    }
}

/// The manifests that belong to one image, with their roles; found by looking, not by trusting
/// lists.
package struct ArtifactGraph: Sendable {
    package struct Node: Sendable {
        package let manifest: Manifest
        package let role: GraphRole
    }

    /// Something a list names and that could not be read.
    package struct MissingDescriptor: Hashable, Sendable {
        package let descriptor: Descriptor
        package let role: GraphRole
        /// Of kind `notFound` when the place does not have it.
        package let failure: Failure

        package var isGone: Bool { failure.kind == .notFound }
    }

    /// A list of referrers or an evidence tag that could not be read: what it names is not known.
    package struct UnreadPlace: Hashable, Sendable {
        package enum Kind: Hashable, Sendable {
            case referrers(ReferrersResult.Discovery)
            /// `suffix` is `.sig`, `.att` or `.sbom`.
            case tag(Tag, suffix: String)
        }

        package let kind: Kind
        package let subject: Digest
        package let failure: Failure
    }

    package let root: Manifest
    /// Parts before what lists them, and what is referred to before what refers to it. A manifest
    /// with two roles stands here twice.
    package let nodes: [Node]
    package let missingDescriptors: [MissingDescriptor]
    package let unread: [UnreadPlace]

    /// All blobs, each once.
    package var blobs: [Descriptor] {
        var seen: Set<Digest> = []
        return nodes.flatMap(\.manifest.blobs).filter { seen.insert($0.digest).inserted }
    }

    package var evidence: [Node] { nodes.filter(\.role.isEvidence) }

    /// Bytes of manifests and blobs, each counted once.
    package var size: Int {
        var seen: Set<Digest> = []
        let manifests = nodes.filter { seen.insert($0.manifest.digest).inserted }
        return manifests.reduce(0) { $0 + $1.manifest.bytes.count }
            + blobs.reduce(0) { $0 + $1.size }
    }

    /// Looks at a place until nothing new turns up.
    ///
    /// A referrer counts only when its manifest names the subject itself. What a list names and could
    /// not be read becomes a gap, a list or tag that could not be read is `unread`, and the search
    /// goes on. Only the manifest that was asked for is a failure.
    package static func discover(
        _ reference: ManifestReference, in source: any ArtifactSource, evidence: EvidenceChoice
    ) async throws -> ArtifactGraph {
        let root = try await source.manifest(reference)
        var search = GraphSearch(source: source, evidence: evidence)
        try await search.visit(root, as: .root, depth: 0)
        return ArtifactGraph(
            root: root, nodes: search.nodes, missingDescriptors: search.missingDescriptors,
            unread: search.unread)
    }
}

/// Whether what is said about an image comes along.
package enum EvidenceChoice: Hashable, Sendable {
    case include
    case leaveOut
}

private struct GraphSearch {
    let source: any ArtifactSource
    let evidence: EvidenceChoice
    var nodes: [ArtifactGraph.Node] = []
    var missingDescriptors: [ArtifactGraph.MissingDescriptor] = []
    var unread: [ArtifactGraph.UnreadPlace] = []
    private var seen: Set<Digest> = []
    private var roles: [Digest: Set<GraphRole>] = [:]
    private var bytes = 0

    init(source: any ArtifactSource, evidence: EvidenceChoice) {
        self.source = source
        self.evidence = evidence
    }

    mutating func visit(_ manifest: Manifest, as role: GraphRole, depth: Int) async throws {
        guard roles[manifest.digest, default: []].insert(role).inserted else { return }
        let isNew = seen.insert(manifest.digest).inserted
        try spend(manifest, isNew: isNew, depth: depth)
        if isNew {
            try await visit(
                manifest.children, as: .child(of: manifest.digest), depth: depth + 1)
        }
        nodes.append(ArtifactGraph.Node(manifest: manifest, role: role))
        if isNew, evidence == .include {
            try await visitEvidence(of: manifest.digest, depth: depth + 1)
        }
    }

    private mutating func visit(_ descriptors: [Descriptor], as role: GraphRole, depth: Int)
        async throws
    {
        var rest = descriptors[...]
        while !rest.isEmpty {
            // No more at a time than are kept in memory anyway.
            let batch = rest.prefix(Limits.parallelEvidenceReads)
            rest = rest.dropFirst(batch.count)
            let manifests = try await source.manifests(batch.map(\.digest))
            for (descriptor, manifest) in zip(batch, manifests) {
                switch manifest {
                case .failure(let failure):
                    missingDescriptors.append(
                        ArtifactGraph.MissingDescriptor(
                            descriptor: descriptor, role: role, failure: failure))
                case .success(let found):
                    if case .referrer(let subject) = role, found.subject?.digest != subject {
                        continue
                    }
                    try await visit(found, as: role, depth: depth)
                }
            }
        }
    }

    private mutating func visitEvidence(of subject: Digest, depth: Int) async throws {
        let source = source
        async let answer = listed(for: subject, in: source)
        async let signatures = legacy(".sig", of: subject, in: source)
        async let attestations = legacy(".att", of: subject, in: source)
        async let inventories = legacy(".sbom", of: subject, in: source)
        let found = try await (answer, [signatures, attestations, inventories])
        for list in found.0.failures {
            unread.append(
                ArtifactGraph.UnreadPlace(
                    kind: .referrers(list.discovery), subject: subject, failure: list.failure))
        }
        try await visit(found.0.descriptors, as: .referrer(of: subject), depth: depth)
        for (suffix, manifest) in zip([".sig", ".att", ".sbom"], found.1) {
            let tag = Tag(for: subject, suffix: suffix)
            switch manifest {
            case nil: continue
            case .success(let manifest)?:
                try await visit(manifest, as: .legacy(tag, of: subject), depth: depth)
            case .failure(let failure)?:
                unread.append(
                    ArtifactGraph.UnreadPlace(
                        kind: .tag(tag, suffix: suffix), subject: subject, failure: failure))
            }
        }
    }

    private func listed(
        for subject: Digest, in source: any ArtifactSource
    ) async throws -> ReferrersResult {
        do {
            return try await source.referrers(of: subject)
        } catch let failure as Failure {
            return ReferrersResult(
                descriptors: [], discovery: .referrersAPI,
                failures: [.init(discovery: .referrersAPI, failure: failure)])
        }
    }

    /// nil when there is no such tag.
    private func legacy(_ suffix: String, of subject: Digest, in source: any ArtifactSource)
        async throws -> Result<Manifest, Failure>?
    {
        let tag = Tag(for: subject, suffix: suffix)
        do {
            // An answer to HEAD has no body to say that the tag is not there, and some registries answer
            // 404 to every HEAD.
            return .success(try await source.manifest(.tag(tag)))
        } catch let failure as Failure {
            return failure.kind == .notFound ? nil : .failure(failure)
        }
    }

    private mutating func spend(_ manifest: Manifest, isNew: Bool, depth: Int) throws(Failure) {
        func over(_ why: String) -> Failure {
            Failure(
                .overLimit, "cannot find all that belongs to the image",
                at: .named("\(source.sourceName)@\(manifest.digest)"), because: why)
        }
        guard depth <= Limits.graphDepth else {
            throw over("indexes and referrers are nested deeper than \(Limits.graphDepth)")
        }
        guard nodes.count < Limits.graphNodes else {
            throw over("there are more than \(Limits.graphNodes) manifests")
        }
        if isNew { bytes += manifest.bytes.count }
        guard bytes <= Limits.graphBytes else {
            throw over("the manifests have more than \(Limits.graphBytes) bytes together")
        }
    }
}
