// SPDX-License-Identifier: Apache-2.0
// Copying an image with everything that belongs to it, and proving that it arrived.

package import OCI
internal import Primitives

/// One copy: what, from where, to where, and how.
package struct ArtifactCopy: Sendable {
    /// What to do with the tag when something is missing at the end.
    package enum TagRule: Hashable, Sendable {
        /// The tag is moved only when everything is there.
        case whenComplete
        case always
    }

    package let source: any ArtifactSource
    package let destination: any ArtifactDestination
    package let evidence: EvidenceChoice
    package let tagRule: TagRule
    private let progress: @Sendable (CopyEvent) -> Void

    package init(
        from source: any ArtifactSource, to destination: any ArtifactDestination,
        evidence: EvidenceChoice, tagRule: TagRule = .whenComplete,
        progress: @escaping @Sendable (CopyEvent) -> Void = { _ in }
    ) {
        self.source = source
        self.destination = destination
        self.evidence = evidence
        self.tagRule = tagRule
        self.progress = progress
    }

    /// Copies blobs, then parts, then the root, then the evidence; asks the destination what it
    /// has; and writes the tag last, so that nobody who follows the tag meets an image without its
    /// evidence.
    ///
    /// A part whose manifest is at the destination already is taken as whole: registries and our
    /// layouts take a manifest only after its content.
    ///
    /// - Throws: when the image itself could not be read or copied. Evidence that could not is in the
    /// report.
    package func run(_ reference: ManifestReference, tag: Tag?) async throws -> CopyReport {
        let graph = try await ArtifactGraph.discover(reference, in: source, evidence: evidence)
        if let part = graph.missingDescriptors.first(where: { !$0.role.isEvidence && !$0.isGone }) {
            throw part.failure
        }
        var report = CopyReport(root: graph.root.descriptor)
        report.evidence = graph.evidence.compactMap { EvidenceItem($0) }
        let blobs = graph.blobs
        progress(
            .discovered(
                manifests: graph.nodes.count, blobs: blobs.count,
                bytes: blobs.reduce(0) { $0 + $1.size }))
        var refused: [Digest: String] = [:]
        try await copyParts(graph, &report)
        for node in graph.evidence {
            do {
                try await copyEvidence(node, &report)
            } catch let failure as Failure {
                refused[node.manifest.digest] = failure.why
            }
        }
        progress(.comparing)
        try await compare(graph, refused: refused, &report)
        if let tag, report.isComplete || tagRule == .always {
            try await destination.push(graph.root, tag: tag)
            report.tag = tag
        }
        if report.isComplete { try await destination.completeCopy(of: report.root.digest) }
        return report
    }

    private func copyParts(_ graph: ArtifactGraph, _ report: inout CopyReport) async throws {
        let parts = graph.nodes.filter { !$0.role.isEvidence }
        var needed: [ArtifactGraph.Node] = []
        for part in parts {
            if try await isThere(.digest(part.manifest.digest)) {
                skip(part.manifest, &report)
            } else {
                needed.append(part)
            }
        }
        try await copyBlobs(of: needed.map(\.manifest), &report)
        var pushed: Set<Digest> = []
        for part in needed where pushed.insert(part.manifest.digest).inserted {
            try await destination.push(part.manifest, tag: nil)
            done(part.manifest, &report)
        }
    }

    private func copyEvidence(_ node: ArtifactGraph.Node, _ report: inout CopyReport) async throws {
        let digest = node.manifest.digest
        switch node.role {
        case .root, .child: return
        case .referrer(let subject):
            let listed = try await destination.referrers(of: subject).descriptors
            if listed.contains(where: { $0.digest == digest }), try await isThere(.digest(digest)) {
                return skip(node.manifest, &report)
            }
            try await copyBlobs(of: [node.manifest], &report)
            try await destination.push(node.manifest, tag: nil)
        case .legacy(let tag, _):
            if let held = try await manifest(at: tag) {
                if held.digest == digest || held.holds(node.manifest) {
                    return skip(node.manifest, &report)
                }
                guard node.manifest.holds(held) else {
                    throw Failure(
                        .rejected, "cannot copy \(digest)", at: .named("\(tag)"),
                        because: "the destination holds other evidence under the tag \(tag), "
                            + "which is left as it is")
                }
            }
            try await copyBlobs(of: [node.manifest], &report)
            try await destination.push(node.manifest, tag: tag)
        }
        done(node.manifest, &report)
    }

    private func isThere(_ reference: ManifestReference) async throws -> Bool {
        // A wrong "yes" is harmless: the copy is read again at the end.
        try await destination.hasManifest(reference)
    }

    private func manifest(at tag: Tag) async throws -> Manifest? {
        do {
            return try await destination.manifest(.tag(tag))
        } catch let failure as Failure where failure.kind == .notFound {
            return nil
        }
    }

    private func skip(_ manifest: Manifest, _ report: inout CopyReport) {
        report.manifestsSkipped += 1
        progress(.manifestDone(manifest.digest, skipped: true))
    }

    private func done(_ manifest: Manifest, _ report: inout CopyReport) {
        report.manifestsCopied += 1
        report.bytes += manifest.bytes.count
        progress(.manifestDone(manifest.digest, skipped: false))
    }

    // MARK: Blobs

    private func copyBlobs(of manifests: [Manifest], _ report: inout CopyReport) async throws {
        var seen: Set<Digest> = []
        let blobs = manifests.flatMap(\.blobs).filter { seen.insert($0.digest).inserted }
        let outcomes = try await inParallel(blobs, atMost: Limits.parallelTransfers) {
            try await copy($0)
        }
        for (blob, outcome) in zip(blobs, outcomes) {
            switch outcome {
            case .copied:
                report.blobsCopied += 1
                report.bytes += blob.size
            case .mounted: report.blobsMounted += 1
            case .alreadyThere: report.blobsSkipped += 1
            }
        }
    }

    private func copy(_ blob: Descriptor) async throws -> BlobOutcome {
        progress(.blobStarted(blob))
        if try await destination.has(blob) { return finish(blob, .alreadyThere) }
        var attempt = 1
        while true {
            do {
                let moved = try await transfer(blob)
                return finish(blob, moved || blob.size == 0 ? .copied : .mounted)
            } catch let failure as Failure
                where failure.kind == .unavailable && attempt < Limits.requestAttempts
            {
                attempt += 1
            }
        }
    }

    private func finish(_ blob: Descriptor, _ outcome: BlobOutcome) -> BlobOutcome {
        progress(.blobDone(blob, outcome))
        return outcome
    }

    /// - Returns: whether the content went through us; a mounted blob's did not.
    private func transfer(_ blob: Descriptor) async throws -> Bool {
        let lazyBlob = LazyBlob(blob: blob, source: source, progress: progress)
        try await destination.push(
            blob, content: ByteStream { try await lazyBlob.next() }, mountSource: source.mountSource
        )
        return await lazyBlob.wasOpened
    }
}

/// One blob on its way through us; opened when the first byte is wanted, which a mount never does.
private actor LazyBlob {
    private let blob: Descriptor
    private let source: any ArtifactSource
    private let progress: @Sendable (CopyEvent) -> Void
    private var content: ByteStream?

    init(
        blob: Descriptor, source: any ArtifactSource,
        progress: @escaping @Sendable (CopyEvent) -> Void
    ) {
        self.blob = blob
        self.source = source
        self.progress = progress
    }

    var wasOpened: Bool { content != nil }

    func next() async throws -> [UInt8]? {
        let open: ByteStream
        if let content {
            open = content
        } else {
            open = try await source.stream(of: blob)
            content = open
        }
        var iterator = open.makeAsyncIterator()
        let chunk = try await iterator.next()
        if let chunk { progress(.moved(blob.digest, bytes: chunk.count)) }
        return chunk
    }
}

extension Manifest {
    /// Whether every layer of the other, annotations included, is one of this one's.
    func holds(_ other: Manifest) -> Bool {
        guard case .image(let mine) = kind, case .image(let theirs) = other.kind else {
            return false
        }
        return theirs.layers.allSatisfy(mine.layers.contains)
    }
}
