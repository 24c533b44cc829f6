// SPDX-License-Identifier: Apache-2.0
// Finding evidence beside an image: referrers first, cosign's older tags after.
// Spec: cosign BUNDLE_SPEC.md and SIGNATURE_SPEC.md; distribution-spec 1.1, "Listing Referrers".

package import OCI
package import Primitives

/// Looks for evidence in one repository. "Nothing there" and "could not look" stay apart: the
/// first is an empty `Evidence`, the second throws.
package struct EvidenceCollector: Sendable {
    /// What is looked for; narrower wishes cost fewer requests.
    package enum Wish: Hashable, Sendable {
        case everything
        /// Signatures, or attestations of one type. Referrers whose annotation names another
        /// type are left for later: the annotation is a hint, so they are read when the wish is
        /// not met without them.
        case only(PredicateType)
    }

    private let source: any ArtifactSource

    package init(source: any ArtifactSource) { self.source = source }

    /// Reads everything every carrier holds.
    package func everything(about subject: Digest) async throws -> Evidence {
        try await collect(.everything, about: subject) { _ in false }
    }

    /// Reads stage by stage until `satisfied`: referrers that hint at the wish, the other
    /// referrers, then the `.sig` or `.att` tag.
    ///
    /// - Throws: `overLimit` past `Limits.candidatesPerDigest` or `Limits.evidenceBytesPerDigest`.
    package func collect(
        _ wish: Wish, about subject: Digest, until satisfied: @Sendable (Evidence) -> Bool
    ) async throws -> Evidence {
        var reading = EvidenceReading(source: source, subject: subject)
        let answer = try await source.referrers(of: subject)
        let referrers = answer.descriptors.filter(mayHoldEvidence)
        try reading.refuse(moreThan: referrers.count, in: "the list of referrers")
        let carrier = EvidenceCarrier(answer.door)
        var evidence = Evidence(subject: subject)
        evidence.searches = [EvidenceSearch(carrier: carrier, found: referrers.count)]
        let hinted = referrers.filter { hint($0, fits: wish) }
        let others = referrers.filter { !hint($0, fits: wish) }
        for stage in [hinted, others] {
            for referrer in stage {
                evidence.candidates += try await reading.candidates(in: referrer, found: carrier)
            }
            if satisfied(evidence) { return evidence }
        }
        for carrier in legacyCarriers(wish) {
            let found = try await reading.candidates(under: carrier)
            evidence.candidates += found
            evidence.searches.append(EvidenceSearch(carrier: carrier, found: found.count))
            if satisfied(evidence) { return evidence }
        }
        return evidence
    }
}

/// One search through the evidence of one digest, with what it may still spend.
private struct EvidenceReading {
    /// How the bytes of a layer are to be read.
    private enum Shape {
        case bundle, simpleSigning, envelope
    }

    let source: any ArtifactSource
    let subject: Digest
    private var bytesLeft = Limits.evidenceBytesPerDigest

    init(source: any ArtifactSource, subject: Digest) {
        self.source = source
        self.subject = subject
    }

    /// What a referrer holds. One that is listed and gone, or that says it is a bundle and is none,
    /// is a finding too: whoever is told "unsigned" must be able to trust that word.
    mutating func candidates(
        in referrer: Descriptor, found carrier: EvidenceCarrier
    ) async throws -> [EvidenceCandidate] {
        let manifest: Manifest
        do {
            manifest = try await source.manifest(.digest(referrer.digest))
        } catch let failure as Failure where failure.isFinding {
            return [unreadable(failure, in: referrer.digest, found: carrier)]
        }
        try spend(manifest.bytes.count)
        guard case .image(let image) = manifest.kind else { return [] }
        var found: [EvidenceCandidate] = []
        for (position, layer) in image.layers.enumerated() {
            guard let shape = EvidenceReading.shape(of: layer) else { continue }
            found.append(
                EvidenceCandidate(
                    carrier: carrier, manifest: manifest.digest, digest: layer.digest,
                    position: position, form: try await form(of: layer, as: shape)))
        }
        guard found.isEmpty, manifest.artifactType?.isSigstoreBundle == true else { return found }
        let empty = Failure(
            .malformed, "cannot read \(manifest.digest)", because: "no layer of it is a bundle")
        return [unreadable(empty, in: manifest.digest, found: carrier)]
    }

    /// What the `.sig` or `.att` tag of the subject holds.
    mutating func candidates(under carrier: EvidenceCarrier) async throws -> [EvidenceCandidate] {
        let shape: Shape = carrier == .signatureTag ? .simpleSigning : .envelope
        let tag = Tag(for: subject, suffix: carrier == .signatureTag ? ".sig" : ".att")
        guard let manifest = try await manifestIfThere(tag) else { return [] }
        try spend(manifest.bytes.count)
        guard case .image(let image) = manifest.kind else {
            let index = Failure(
                .malformed, "cannot read the tag \(tag)", because: "it holds an index, no evidence")
            return [unreadable(index, in: manifest.digest, found: carrier)]
        }
        try refuse(moreThan: image.layers.count, in: "the tag \(tag)")
        var found: [EvidenceCandidate] = []
        for (position, layer) in image.layers.enumerated() {
            found.append(
                EvidenceCandidate(
                    carrier: carrier, manifest: manifest.digest, digest: layer.digest,
                    position: position, form: try await form(of: layer, as: shape)))
        }
        return found
    }

    func refuse(moreThan count: Int, in place: String) throws(Failure) {
        guard count > Limits.candidatesPerDigest else { return }
        throw overLimit(
            "\(count) items in \(place) may be evidence, the limit is \(Limits.candidatesPerDigest)"
        )
    }

    /// Bytes that arrive and cannot be read are a finding, and so are bytes the place says it does
    /// not have; a place that does not answer is none.
    private mutating func form(
        of layer: Descriptor, as shape: Shape
    ) async throws -> EvidenceCandidate.Form {
        try spend(layer.size)
        do {
            let content = try await source.read(layer, atMost: Limits.evidenceBytes)
            return EvidenceReading.parsed(content, of: layer, as: shape)
        } catch let failure as Failure where failure.isFinding {
            return .unreadable(failure)
        }
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
                let json = try JSONReader(parsing: content, named: "the attestation")
                return .envelope(
                    try Envelope(reading: json),
                    try LegacyAttachments(annotations: layer.annotations), storedAs: content)
            }
        } catch {
            return .unreadable(error)
        }
    }

    /// Spec: BUNDLE_SPEC.md; cosign's OCI 1.1 modes put the older shapes into referrers too.
    private static func shape(of layer: Descriptor) -> Shape? {
        switch layer.mediaType {
        case .simpleSigning: .simpleSigning
        case .dsseEnvelope: .envelope
        default: layer.mediaType.isSigstoreBundle ? .bundle : nil
        }
    }

    private func unreadable(
        _ failure: Failure, in manifest: Digest, found carrier: EvidenceCarrier
    ) -> EvidenceCandidate {
        EvidenceCandidate(
            carrier: carrier, manifest: manifest, digest: manifest, position: 0,
            form: .unreadable(failure))
    }

    private func manifestIfThere(_ tag: Tag) async throws -> Manifest? {
        do {
            return try await source.manifest(.tag(tag))
        } catch let failure as Failure where failure.kind == .notFound {
            return nil
        }
    }

    private mutating func spend(_ bytes: Int) throws(Failure) {
        guard bytes <= bytesLeft else {
            throw overLimit(
                "it has more than \(Limits.evidenceBytesPerDigest) bytes, which is the limit")
        }
        bytesLeft -= bytes
    }

    private func overLimit(_ why: String) -> Failure {
        Failure(
            .overLimit, "cannot look at the evidence of \(subject)", at: .named(source.sourceName),
            because: why)
    }
}

extension Failure {
    /// Whether the place did answer, and its answer is what is wrong.
    fileprivate var isFinding: Bool {
        switch kind {
        case .malformed, .rejected, .notFound, .unsupported: true
        default: false
        }
    }
}

/// Spec: BUNDLE_SPEC.md: artifactType says it; descriptors of old fallback indexes have none, so
/// those are looked into.
private func mayHoldEvidence(_ referrer: Descriptor) -> Bool {
    guard referrer.mediaType.isImageManifest else { return false }
    guard let type = referrer.artifactType, type != .ociEmpty else { return true }
    return type.isSigstoreBundle || type == .cosignSignatureArtifact || type == .inToto
}

private func hint(_ referrer: Descriptor, fits wish: EvidenceCollector.Wish) -> Bool {
    guard case .only(let type) = wish, let hint = referrer.annotations[predicateTypeAnnotation]
    else {
        return true
    }
    return hint == type.description
}

private func legacyCarriers(_ wish: EvidenceCollector.Wish) -> [EvidenceCarrier] {
    switch wish {
    case .everything: [.signatureTag, .attestationTag]
    case .only(.signature): [.signatureTag]
    case .only: [.attestationTag]
    }
}

/// Spec: cosign BUNDLE_SPEC.md, annotations of a bundle's manifest.
let predicateTypeAnnotation = "dev.sigstore.bundle.predicateType"
