// SPDX-License-Identifier: Apache-2.0
// One search through the evidence of one digest: what is read within the limits, and what could not
// be read.

internal import OCI
internal import Primitives

/// One search through the evidence of one digest, with the rest of its limits.
struct EvidenceReading {
    /// How the bytes of a layer are to be read.
    private enum Shape {
        case bundle, simpleSigning, envelope
    }

    /// A layer that is to be read, and where it was found.
    private struct Piece {
        let carrier: EvidenceCarrier
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

    /// The referrers that may hold evidence by their type in the list, and the others. The type in
    /// a list is a hint, and may be false.
    mutating func referrers() async throws -> (
        carrier: EvidenceCarrier, evidence: [Descriptor], others: [Descriptor]
    ) {
        let answer: ReferrersAnswer
        do {
            answer = try await source.referrers(of: evidence.subject)
        } catch let failure as Failure {
            close(.referrersAPI, because: failure)
            return (.referrersAPI, [], [])
        }
        let carrier = EvidenceCarrier(answer.door)
        var isClosed = false
        for unread in answer.failures {
            let place = EvidenceCarrier(unread.door)
            if isFinding(unread.failure, of: .list, in: place) {
                addUnreadable(unread.failure, in: evidence.subject, found: place)
            } else {
                close(place, because: unread.failure)
                isClosed = isClosed || unread.door == answer.door
            }
        }
        let referrers = answer.descriptors.filter(mayHoldEvidence)
        guard hasRoom(for: referrers.count, in: carrier) else { return (carrier, [], []) }
        if !isClosed {
            evidence.searches.append(EvidenceSearch(carrier: carrier, found: referrers.count))
        }
        return (carrier, referrers, answer.descriptors.filter { !mayHoldEvidence($0) })
    }

    /// Reads the evidence in these referrers; one that cannot be read does not hide the others.
    ///
    /// - Parameter saysOtherwise: the list calls them something else than evidence. One that cannot
    ///   be read is then not a finding.
    mutating func read(
        _ referrers: [Descriptor], found carrier: EvidenceCarrier, saysOtherwise: Bool = false
    ) async throws {
        var rest = referrers[...]
        while !rest.isEmpty {
            let batch = rest.prefix(Limits.parallelEvidenceReads)
            rest = rest.dropFirst(batch.count)
            let manifests = try await source.manifests(batch.map(\.digest))
            var pieces: [Piece] = []
            for (referrer, manifest) in zip(batch, manifests) {
                if saysOtherwise, case .failure(let failure) = manifest,
                    isFinding(failure, in: carrier)
                {
                    continue
                }
                pieces += take(manifest, of: referrer.digest, found: carrier)
            }
            try await read(pieces)
        }
    }

    /// The layers of a referrer that hold evidence. A referrer that is listed and gone, or has no
    /// bundle although its type says so, is a finding too: "unsigned" would be false.
    private mutating func take(
        _ manifest: Result<Manifest, Failure>, of referrer: Digest, found carrier: EvidenceCarrier
    ) -> [Piece] {
        let read: Manifest
        switch manifest {
        case .success(let found): read = found
        case .failure(let failure):
            note(failure, in: referrer, found: carrier)
            return []
        }
        guard spend(read.bytes.count, found: carrier) else { return [] }
        var pieces: [Piece] = []
        if case .image(let image) = read.kind {
            for (position, layer) in image.layers.enumerated() {
                guard let shape = EvidenceReading.shape(of: layer) else { continue }
                pieces.append(
                    Piece(
                        carrier: carrier, manifest: referrer, layer: layer, position: position,
                        shape: shape))
            }
        }
        if pieces.isEmpty, read.artifactType?.isSigstoreBundle == true {
            let empty = Failure(
                .malformed, "cannot read \(referrer)", because: "no layer of it is a bundle")
            addUnreadable(empty, in: referrer, found: carrier)
        }
        return pieces
    }

    // MARK: Tags

    /// Reads what the `.sig` or `.att` tag of the subject holds.
    mutating func readTag(_ carrier: EvidenceCarrier) async throws {
        let tag = Tag(
            for: evidence.subject, suffix: carrier == .signatureTag ? ".sig" : ".att")
        let manifest: Manifest
        do {
            manifest = try await source.manifest(.tag(tag))
        } catch let failure as Failure {
            if failure.kind == .notFound {
                evidence.searches.append(EvidenceSearch(carrier: carrier, found: 0))
            } else {
                // The digest of an unreadable document is not known; the subject's is recorded in
                // its place.
                note(failure, in: evidence.subject, found: carrier, item: nil)
            }
            return
        }
        guard spend(manifest.bytes.count, found: carrier) else { return }
        guard case .image(let image) = manifest.kind else {
            let index = Failure(
                .malformed, "cannot read the tag \(tag)",
                because: "it holds an index, not evidence")
            return addUnreadable(index, in: manifest.digest, found: carrier)
        }
        guard hasRoom(for: image.layers.count, in: carrier) else { return }
        evidence.searches.append(EvidenceSearch(carrier: carrier, found: image.layers.count))
        try await read(
            image.layers.enumerated().map { position, layer in
                Piece(
                    carrier: carrier, manifest: manifest.digest, layer: layer, position: position,
                    shape: carrier == .signatureTag ? .simpleSigning : .envelope)
            })
    }

    // MARK: Content

    private mutating func read(_ pieces: [Piece]) async throws {
        var waiting = pieces
        while !waiting.isEmpty {
            let (batch, rest) = nextBatch(of: waiting)
            guard !batch.isEmpty else {
                for piece in rest { reachByteLimit(piece.carrier) }
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

    /// The pieces to read next: as many as are read at a time, and as fit the budget by their
    /// claimed sizes. The others wait, because only bytes that arrive are counted.
    private mutating func nextBatch(of waiting: [Piece]) -> (batch: [Piece], rest: [Piece]) {
        var batch: [Piece] = []
        var rest: [Piece] = []
        var free = bytesLeft
        for piece in waiting {
            // A claim beyond what one item may have is refused without a request.
            let claim = piece.layer.size > Limits.evidenceBytes ? 0 : piece.layer.size
            if batch.count == Limits.parallelEvidenceReads || claim > free {
                rest.append(piece)
            } else if hasRoom(for: batch.count + 1, in: piece.carrier) {
                free -= claim
                batch.append(piece)
            }
        }
        return (batch, rest)
    }

    /// Malformed bytes are a finding, and so are bytes that the place says it does not have. A
    /// place that does not answer is a closed search.
    private mutating func add(_ content: Result<[UInt8], Failure>, of piece: Piece) {
        let form: EvidenceCandidate.Form
        switch content {
        case .success(let bytes):
            form = EvidenceReading.parsed(bytes, of: piece.layer, as: piece.shape)
        case .failure(let failure) where isFinding(failure, in: piece.carrier):
            form = .unreadable(failure)
        case .failure(let failure):
            return close(piece.carrier, item: piece.manifest, because: failure)
        }
        evidence.candidates.append(
            EvidenceCandidate(
                carrier: piece.carrier, manifest: piece.manifest, digest: piece.layer.digest,
                position: piece.position, form: form, spending: &claimedTypeBytesLeft))
    }

    private static func parsed(
        _ content: [UInt8], of layer: Descriptor, as shape: Shape
    ) -> EvidenceCandidate.Form {
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
                    try LegacyAttachments(annotations: layer.annotations), storedAs: content)
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
        _ failure: Failure, in referrer: Digest, found carrier: EvidenceCarrier
    ) {
        note(failure, in: referrer, found: carrier, item: referrer)
    }

    private mutating func note(
        _ failure: Failure, in manifest: Digest, found carrier: EvidenceCarrier, item: Digest?
    ) {
        if isFinding(failure, in: carrier) {
            addUnreadable(failure, in: manifest, found: carrier)
        } else {
            close(carrier, item: item, because: failure)
        }
    }

    /// What could not be read.
    private enum UnreadThing {
        /// A list of referrers.
        case list
        /// Something that is named by its digest.
        case item
    }

    /// Whether somebody who may push can have caused the failure.
    ///
    /// - A list of a registry: whoever may push decides what it holds. The list of a layout is the
    ///   layout's own.
    /// - An item: registries check digests when they take content in, so bytes that are not what was
    ///   asked for come from the registry itself or from what stands before it.
    private func isFinding(
        _ failure: Failure, of thing: UnreadThing = .item, in carrier: EvidenceCarrier
    ) -> Bool {
        guard failure.isAboutContent else { return false }
        return switch thing {
        case .list: carrier != .layout
        case .item: carrier == .layout || failure.kind != .rejected
        }
    }

    private mutating func addUnreadable(
        _ failure: Failure, in manifest: Digest, found carrier: EvidenceCarrier
    ) {
        evidence.candidates.append(
            EvidenceCandidate(
                carrier: carrier, manifest: manifest, digest: manifest, position: 0,
                form: .unreadable(failure)))
    }

    private mutating func close(
        _ carrier: EvidenceCarrier, item: Digest? = nil, because failure: Failure
    ) {
        evidence.searches.append(
            EvidenceSearch(carrier: carrier, item: item, closed: failure))
    }

    // MARK: Limits

    private mutating func hasRoom(for count: Int, in carrier: EvidenceCarrier) -> Bool {
        guard count > Limits.candidatesPerDigest - evidence.candidates.count else { return true }
        reachLimit(
            carrier,
            "more than \(Limits.candidatesPerDigest) items may be evidence, which is the limit")
        return false
    }

    /// Takes `bytes` from the budget of one digest. An item over the budget is left out and does
    /// not hide smaller ones.
    private mutating func spend(_ bytes: Int, found carrier: EvidenceCarrier) -> Bool {
        guard bytes > bytesLeft else {
            bytesLeft -= bytes
            return true
        }
        reachByteLimit(carrier)
        return false
    }

    private mutating func reachByteLimit(_ carrier: EvidenceCarrier) {
        reachLimit(
            carrier, "it has more than \(Limits.evidenceBytesPerDigest) bytes, which is the limit")
    }

    /// Records a limit, once for each place.
    private mutating func reachLimit(_ carrier: EvidenceCarrier, _ why: String) {
        let failure = Failure(
            .overLimit, "cannot look at the evidence of \(evidence.subject)",
            at: .named(source.sourceName), because: why)
        let search = EvidenceSearch(carrier: carrier, closed: failure)
        if !evidence.searches.contains(search) { evidence.searches.append(search) }
    }
}

/// Spec: cosign specs/BUNDLE_SPEC.md: artifactType says it; descriptors of old fallback indexes
/// have none, so those are looked into. A kind of manifest that Assay does not know counts where it
/// says that it holds evidence.
private func mayHoldEvidence(_ referrer: Descriptor) -> Bool {
    guard let type = referrer.artifactType, type != .ociEmpty else {
        return referrer.mediaType.isImageManifest || referrer.mediaType.isGeneric
    }
    return type.isSigstoreBundle || type == .cosignSignatureArtifact || type == .inToto
}
