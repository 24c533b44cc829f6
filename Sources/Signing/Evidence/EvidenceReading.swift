// SPDX-License-Identifier: Apache-2.0
// Reads the evidence of one digest within limits, and records what could not be read.

internal import OCI
internal import Primitives

/// One search for the evidence of one digest, with the rest of its limits.
struct EvidenceReading {
    /// The format of a layer's content.
    private enum Shape {
        case bundle, simpleSigning, envelope
    }

    /// A layer to read, and its location.
    private struct Piece {
        let location: EvidenceLocation
        let manifest: Digest
        let layer: Descriptor
        let position: Int
        let shape: Shape
    }

    private(set) var evidence: Evidence
    private let source: any ArtifactSource
    private var bytesLeft = Limits.evidenceBytesPerDigest
    private var claimedTypeBytesLeft = Limits.claimedTypeBytes

    init(source: any ArtifactSource, subject: Digest) {
        self.source = source
        evidence = Evidence(subject: subject)
    }

    // MARK: Referrers

    /// The referrers that can be evidence by their listed type, and the others. The listed type is
    /// a hint and can be false.
    mutating func referrers() async throws -> (
        location: EvidenceLocation, evidence: [Descriptor], others: [Descriptor]
    ) {
        let answer: ReferrersResult
        do {
            answer = try await source.referrers(of: evidence.subject)
        } catch let failure as Failure {
            close(.referrersAPI, because: failure)
            return (.referrersAPI, [], [])
        }
        let location = EvidenceLocation(answer.discovery)
        var isClosed = false
        for unread in answer.failures {
            let place = EvidenceLocation(unread.discovery)
            if isFinding(unread.failure, of: .list, in: place) {
                addUnreadable(unread.failure, in: evidence.subject, found: place)
                evidence.unreadEntries.append(unread.failure)
            } else {
                close(place, because: unread.failure)
                isClosed = isClosed || unread.discovery == answer.discovery
            }
        }
        let referrers = answer.descriptors.filter(mayHoldEvidence)
        guard hasRoom(for: referrers.count, in: location) else { return (location, [], []) }
        if !isClosed {
            evidence.searches.append(EvidenceSearch(location: location, found: referrers.count))
        }
        return (location, referrers, answer.descriptors.filter { !mayHoldEvidence($0) })
    }

    /// Reads the evidence of these referrers. An unreadable referrer does not hide the others.
    ///
    /// - Parameter saysOtherwise: whether their listed type is not evidence. An unreadable one is
    ///   then not a finding.
    mutating func read(
        _ referrers: [Descriptor], found location: EvidenceLocation, saysOtherwise: Bool = false
    ) async throws {
        var rest = referrers[...]
        while !rest.isEmpty {
            let batch = rest.prefix(Limits.parallelEvidenceReads)
            rest = rest.dropFirst(batch.count)
            let manifests = try await source.manifests(batch.map(\.digest))
            var pieces: [Piece] = []
            for (referrer, manifest) in zip(batch, manifests) {
                if saysOtherwise, case .failure(let failure) = manifest,
                    isFinding(failure, in: location)
                {
                    continue
                }
                pieces += take(manifest, of: referrer.digest, found: location)
            }
            try await read(pieces)
        }
    }

    /// The layers of a referrer with evidence. A referrer that is listed and not found, or has no
    /// bundle although its type is a bundle, is a finding too, because the result is then not
    /// `UNSIGNED`.
    private mutating func take(
        _ manifest: Result<Manifest, Failure>, of referrer: Digest, found location: EvidenceLocation
    ) -> [Piece] {
        let read: Manifest
        switch manifest {
        case .success(let found): read = found
        case .failure(let failure):
            note(failure, in: referrer, found: location)
            return []
        }
        guard spend(read.bytes.count, found: location) else { return [] }
        var pieces: [Piece] = []
        if case .image(let image) = read.kind {
            for (position, layer) in image.layers.enumerated() {
                guard let shape = EvidenceReading.shape(of: layer) else { continue }
                pieces.append(
                    Piece(
                        location: location, manifest: referrer, layer: layer, position: position,
                        shape: shape))
            }
        }
        if pieces.isEmpty, read.artifactType?.isSigstoreBundle == true {
            let empty = Failure(
                .malformed, "cannot read \(referrer)", because: "no layer of it is a bundle")
            addUnreadable(empty, in: referrer, found: location)
        }
        return pieces
    }

    // MARK: Tags

    /// Reads the evidence under the `.sig` or `.att` tag of the subject.
    mutating func readTag(_ location: EvidenceLocation) async throws {
        let tag = Tag(
            for: evidence.subject, suffix: location == .signatureTag ? ".sig" : ".att")
        let manifest: Manifest
        do {
            manifest = try await source.manifest(.tag(tag))
        } catch let failure as Failure {
            if failure.kind == .notFound {
                evidence.searches.append(EvidenceSearch(location: location, found: 0))
            } else {
                // The digest of an unreadable document is unknown; the subject's digest is
                // recorded.
                note(failure, in: evidence.subject, found: location, item: nil)
            }
            return
        }
        guard spend(manifest.bytes.count, found: location) else { return }
        guard case .image(let image) = manifest.kind else {
            let index = Failure(
                .malformed, "cannot read the tag \(tag)",
                because: "it holds an index, not evidence")
            return addUnreadable(index, in: manifest.digest, found: location)
        }
        guard hasRoom(for: image.layers.count, in: location) else { return }
        evidence.searches.append(EvidenceSearch(location: location, found: image.layers.count))
        try await read(
            image.layers.enumerated().map { position, layer in
                Piece(
                    location: location, manifest: manifest.digest, layer: layer, position: position,
                    shape: location == .signatureTag ? .simpleSigning : .envelope)
            })
    }

    // MARK: Content

    private mutating func read(_ pieces: [Piece]) async throws {
        var waiting = pieces
        while !waiting.isEmpty {
            let (batch, rest) = nextBatch(of: waiting)
            guard !batch.isEmpty else {
                for piece in rest { reachByteLimit(piece.location) }
                return
            }
            waiting = rest
            let contents = try await source.contents(
                batch.map(\.layer), atMost: Limits.evidenceBytes)
            for (piece, content) in zip(batch, contents) {
                bytesLeft -= content.received
                add(content.result, of: piece)
            }
        }
    }

    /// The next pieces to read: at most the number of parallel reads, and at most the budget by
    /// their claimed sizes. The others wait, because only received bytes are charged.
    private mutating func nextBatch(of waiting: [Piece]) -> (batch: [Piece], rest: [Piece]) {
        var batch: [Piece] = []
        var rest: [Piece] = []
        var free = bytesLeft
        for piece in waiting {
            // A claimed size over the limit of one item is rejected without a request.
            let claim = piece.layer.size > Limits.evidenceBytes ? 0 : piece.layer.size
            if batch.count == Limits.parallelEvidenceReads || claim > free {
                rest.append(piece)
            } else if hasRoom(for: batch.count + 1, in: piece.location) {
                free -= claim
                batch.append(piece)
            }
        }
        return (batch, rest)
    }

    /// Adds the result of a read. Malformed content, and content that the source does not have, are
    /// findings. If the source does not respond, the search is closed.
    private mutating func add(_ content: Result<[UInt8], Failure>, of piece: Piece) {
        let form: SignedEntity.Form
        switch content {
        case .success(let bytes):
            form = EvidenceReading.parsed(bytes, of: piece.layer, as: piece.shape)
        case .failure(let failure) where isFinding(failure, in: piece.location):
            form = .unreadable(failure)
        case .failure(let failure):
            return close(piece.location, item: piece.manifest, because: failure)
        }
        evidence.candidates.append(
            SignedEntity(
                location: piece.location, manifest: piece.manifest, digest: piece.layer.digest,
                position: piece.position, form: form, spending: &claimedTypeBytesLeft))
    }

    private static func parsed(
        _ content: [UInt8], of layer: Descriptor, as shape: Shape
    ) -> SignedEntity.Form {
        do throws(Failure) {
            switch shape {
            case .bundle: return .bundle(try SignatureBundle(parsing: content))
            case .simpleSigning:
                return .simpleSigning(
                    try SimpleSigning(payload: content, annotations: layer.annotations))
            case .envelope:
                let json = try JSONReader(
                    parsing: content, named: "the attestation", values: Limits.evidenceValues)
                return .envelope(
                    try Envelope(reading: json),
                    try LegacyAnnotations(annotations: layer.annotations), storedAs: content)
            }
        } catch {
            return .unreadable(error)
        }
    }

    /// Spec: cosign specs/BUNDLE_SPEC.md; cosign's OCI 1.1 modes put the older shapes into
    /// referrers too.
    private static func shape(of layer: Descriptor) -> Shape? {
        switch layer.mediaType {
        case .simpleSigning: .simpleSigning
        case .dsseEnvelope: .envelope
        default: layer.mediaType.isSigstoreBundle ? .bundle : nil
        }
    }

    // MARK: What could not be read

    private mutating func note(
        _ failure: Failure, in referrer: Digest, found location: EvidenceLocation
    ) {
        note(failure, in: referrer, found: location, item: referrer)
    }

    private mutating func note(
        _ failure: Failure, in manifest: Digest, found location: EvidenceLocation, item: Digest?
    ) {
        if isFinding(failure, in: location) {
            addUnreadable(failure, in: manifest, found: location)
        } else {
            close(location, item: item, because: failure)
        }
    }

    /// What could not be read.
    private enum UnreadThing {
        /// A list of referrers.
        case list
        /// Something that is named by its digest.
        case item
    }

    /// Whether a client with push permission can cause the failure.
    ///
    /// - A list of a registry: such a client controls what it holds. The list of a layout is the
    ///   layout's own.
    /// - An item: registries verify digests of pushed content, so a digest mismatch is caused by the
    ///   registry itself or a proxy.
    private func isFinding(
        _ failure: Failure, of thing: UnreadThing = .item, in location: EvidenceLocation
    ) -> Bool {
        guard failure.isAboutContent else { return false }
        return switch thing {
        case .list: location != .layout
        case .item: location == .layout || failure.kind != .rejected
        }
    }

    private mutating func addUnreadable(
        _ failure: Failure, in manifest: Digest, found location: EvidenceLocation
    ) {
        evidence.candidates.append(
            SignedEntity(
                location: location, manifest: manifest, digest: manifest, position: 0,
                form: .unreadable(failure)))
    }

    private mutating func close(
        _ location: EvidenceLocation, item: Digest? = nil, because failure: Failure
    ) {
        evidence.searches.append(
            EvidenceSearch(location: location, item: item, closed: failure))
    }

    // MARK: Limits

    private mutating func hasRoom(for count: Int, in location: EvidenceLocation) -> Bool {
        guard count > Limits.candidatesPerDigest - evidence.candidates.count else { return true }
        reachLimit(
            location,
            "more than \(Limits.candidatesPerDigest) items may be evidence, which is the limit")
        return false
    }

    /// Subtracts `bytes` from the budget of one digest. An item over the budget is skipped and does
    /// not hide smaller ones.
    private mutating func spend(_ bytes: Int, found location: EvidenceLocation) -> Bool {
        guard bytes > bytesLeft else {
            bytesLeft -= bytes
            return true
        }
        reachByteLimit(location)
        return false
    }

    private mutating func reachByteLimit(_ location: EvidenceLocation) {
        reachLimit(
            location, "it has more than \(Limits.evidenceBytesPerDigest) bytes, which is the limit")
    }

    /// Records a reached limit, once for each location.
    private mutating func reachLimit(_ location: EvidenceLocation, _ why: String) {
        let failure = Failure(
            .overLimit, "cannot look at the evidence of \(evidence.subject)",
            at: .named(source.sourceName), because: why)
        let search = EvidenceSearch(location: location, closed: failure)
        if !evidence.searches.contains(search) { evidence.searches.append(search) }
    }
}

/// Whether a listed referrer can be evidence. Spec: cosign specs/BUNDLE_SPEC.md, artifactType.
/// Descriptors of old fallback indexes have none, so they are read. An unknown kind of manifest
/// counts if its type is evidence.
private func mayHoldEvidence(_ referrer: Descriptor) -> Bool {
    guard let type = referrer.artifactType, type != .ociEmpty else {
        return referrer.mediaType.isImageManifest || referrer.mediaType.isGeneric
    }
    return type.isSigstoreBundle || type == .cosignSignatureArtifact || type == .inToto
}
