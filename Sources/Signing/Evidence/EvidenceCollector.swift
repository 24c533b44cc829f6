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
    package func collect(
        _ wish: Wish, about subject: Digest, until satisfied: @Sendable (Evidence) -> Bool
    ) async throws -> Evidence {
        let answer = try await source.referrers(of: subject)
        let bundles = answer.descriptors.filter(mayHoldBundle)
        guard bundles.count <= Limits.candidatesPerDigest else {
            throw Failure(
                .overLimit, "cannot look at the evidence of \(subject)", at: .named(source.sourceName),
                because: "\(bundles.count) referrers may be evidence, the limit is "
                    + "\(Limits.candidatesPerDigest)")
        }
        var evidence = Evidence(subject: subject)
        evidence.searches = [
            EvidenceSearch(carrier: EvidenceCarrier(answer.door), found: bundles.count)
        ]
        let hinted = bundles.filter { hint($0, fits: wish) }
        let others = bundles.filter { !hint($0, fits: wish) }
        for stage in [hinted, others] {
            for referrer in stage {
                evidence.candidates += try await candidates(in: referrer, door: answer.door)
            }
            if satisfied(evidence) { return evidence }
        }
        for carrier in legacyCarriers(wish) {
            let found = try await legacy(carrier, about: subject)
            evidence.candidates += found
            evidence.searches.append(EvidenceSearch(carrier: carrier, found: found.count))
            if satisfied(evidence) { return evidence }
        }
        return evidence
    }

    private func candidates(
        in referrer: Descriptor, door: ReferrersAnswer.Door
    ) async throws -> [EvidenceCandidate] {
        let manifest = try await source.manifest(.digest(referrer.digest))
        guard case .image(let image) = manifest.kind else { return [] }
        var found: [EvidenceCandidate] = []
        for (position, layer) in image.layers.enumerated() where layer.mediaType.isSigstoreBundle {
            found.append(
                EvidenceCandidate(
                    carrier: EvidenceCarrier(door), manifest: manifest.digest, digest: layer.digest,
                    position: position,
                    form: try await form(of: layer) { (bytes) throws(Failure) in
                        .bundle(try SignatureBundle(parsing: bytes))
                    }))
        }
        return found
    }

    private func legacy(
        _ carrier: EvidenceCarrier, about subject: Digest
    ) async throws -> [EvidenceCandidate] {
        let suffix = carrier == .signatureTag ? ".sig" : ".att"
        guard let manifest = try await manifestIfThere(Tag(for: subject, suffix: suffix)),
            case .image(let image) = manifest.kind
        else { return [] }
        guard image.layers.count <= Limits.candidatesPerDigest else {
            throw Failure(
                .overLimit, "cannot look at the evidence of \(subject)", at: .named(source.sourceName),
                because: "the tag \(Tag(for: subject, suffix: suffix)) holds \(image.layers.count) "
                    + "items, the limit is \(Limits.candidatesPerDigest)")
        }
        var found: [EvidenceCandidate] = []
        for (position, layer) in image.layers.enumerated() {
            found.append(
                EvidenceCandidate(
                    carrier: carrier, manifest: manifest.digest, digest: layer.digest,
                    position: position, form: try await legacyForm(of: layer, in: carrier)))
        }
        return found
    }

    private func legacyForm(
        of layer: Descriptor, in carrier: EvidenceCarrier
    ) async throws -> EvidenceCandidate.Form {
        try await form(of: layer) { (bytes) throws(Failure) in
            guard carrier == .attestationTag else {
                return .simpleSigning(try SimpleSigning(payload: bytes, annotations: layer.annotations))
            }
            let json = try JSONReader(parsing: bytes, named: "the attestation")
            return .envelope(try Envelope(reading: json))
        }
    }

    /// Bytes that arrive and cannot be read are a finding; bytes that do not arrive are not.
    private func form(
        of layer: Descriptor,
        _ parse: @Sendable ([UInt8]) throws(Failure) -> EvidenceCandidate.Form
    ) async throws -> EvidenceCandidate.Form {
        let content: [UInt8]
        do {
            content = try await source.read(layer, atMost: Limits.evidenceBytes)
        } catch let failure as Failure where failure.kind == .rejected {
            return .unreadable(failure)
        }
        do {
            return try parse(content)
        } catch {
            return .unreadable(error)
        }
    }

    private func manifestIfThere(_ tag: Tag) async throws -> Manifest? {
        do {
            return try await source.manifest(.tag(tag))
        } catch let failure as Failure where failure.kind == .notFound {
            return nil
        }
    }
}

/// Spec: BUNDLE_SPEC.md: artifactType says it; descriptors of old fallback indexes have none, so
/// those are looked into.
private func mayHoldBundle(_ referrer: Descriptor) -> Bool {
    guard referrer.mediaType.isImageManifest else { return false }
    guard let type = referrer.artifactType, type != .ociEmpty else { return true }
    return type.isSigstoreBundle
}

private func hint(_ referrer: Descriptor, fits wish: EvidenceCollector.Wish) -> Bool {
    guard case .only(let type) = wish, let hint = referrer.annotations[predicateTypeAnnotation] else {
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
