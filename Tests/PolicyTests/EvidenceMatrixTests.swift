// SPDX-License-Identifier: Apache-2.0
// Every kind of rule reads every format of evidence by every way of discovery: bundles and older
// signatures, of keys and certificates, under tags and as referrers.
// Spec: docs/evidence-formats.md, "Read".

import Keys
import OCI
import Primitives
import Signing
import StandIns
import TestSupport
import Testing

@testable import Policy

@Suite("kinds of rules and families of evidence")
struct EvidenceMatrixTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let isAttestation: Bool
        let hasIdentity: Bool
        let isBundle: Bool
        let location: EvidenceLocation

        var testDescription: String {
            "\(isAttestation ? "attestation" : "signature") by \(hasIdentity ? "identity" : "key"), "
                + "\(isBundle ? "bundle" : "older layout") in \(location.rawValue)"
        }

        /// Bundles hang beside the image; older layouts also under a tag.
        static let all: [Case] = {
            var cases: [Case] = []
            for isAttestation in [false, true] {
                for hasIdentity in [false, true] {
                    func add(_ isBundle: Bool, _ locations: [EvidenceLocation]) {
                        cases += locations.map {
                            Case(
                                isAttestation: isAttestation, hasIdentity: hasIdentity,
                                isBundle: isBundle, location: $0)
                        }
                    }
                    let beside: [EvidenceLocation] = [.referrersAPI, .referrersTag, .layout]
                    add(true, beside)
                    add(false, beside + [isAttestation ? .attestationTag : .signatureTag])
                }
            }
            return cases
        }()

        var discovery: ReferrersResult.Discovery {
            switch location {
            case .referrersTag: .referrersTag
            case .layout: .layout
            default: .referrersAPI
            }
        }

        var suffix: String? {
            switch location {
            case .signatureTag: ".sig"
            case .attestationTag: ".att"
            default: nil
            }
        }
    }

    @Test("each is found and verified, with its log entry", arguments: Case.all)
    func matrix(_ story: Case) async throws {
        let keyless = try await KeylessTrial()
        let key = try StandInKey(.p256)
        var recipe =
            story.isAttestation
            ? try keyless.attestation()
            : story.isBundle ? keyless.signature() : StandInRecipe(.artifact(keyless.payload))
        if !story.hasIdentity { recipe.signer = .key(key) }
        if story.isBundle {
            try await keyless.hang(recipe)
        } else {
            try await keyless.hang([try keyless.sigstore.layer(recipe)], under: story.suffix)
        }
        let entry =
            story.hasIdentity
            ? keyless.entry()
            : "{keys: {publicKeys: \(quotedPEM(key)), rekor: {url: 'https://rekor.stand-in.example'}}}"
        let policy =
            story.isAttestation ? keyless.provenancePolicy(entry) : keyless.policy(entry)
        let other =
            story.isAttestation ? keyless.policy(entry) : keyless.provenancePolicy(entry)
        let source = DiscoveryRepository(inner: keyless.trial.storage, discovery: story.discovery)
        let facts = ImageFacts(
            resolution: .resolved(keyless.image),
            evidence: .looked(
                try await EvidenceCollector(source: source).everything(about: keyless.image.digest))
        )
        func judged(_ policy: PolicyText) throws -> Decision {
            try decision(
                on: keyless.trial.written, by: try policy.compiled(), facts, trust: keyless.root)
        }
        let found = try judged(policy)
        #expect(found.result == .pass, "\(found.found)")
        #expect(found.checks.first?.observed.contains(story.location.rawValue) == true)
        #expect(
            try judged(other).reason == (story.isAttestation ? .unsigned : .attestationMissing))
    }
}

/// A repository whose referrers are found another way.
private struct DiscoveryRepository: ArtifactSource {
    let inner: MemoryRepository
    let discovery: ReferrersResult.Discovery

    var sourceName: String { inner.sourceName }

    func manifest(_ reference: ManifestReference) async throws -> Manifest {
        try await inner.manifest(reference)
    }

    func referrers(of subject: Digest) async throws -> ReferrersResult {
        ReferrersResult(
            descriptors: try await inner.referrers(of: subject).descriptors, discovery: discovery)
    }

    func tags() async throws -> [OCI.Tag] { try await inner.tags() }

    func unverifiedStream(of descriptor: Descriptor) async throws -> ByteStream {
        try await inner.unverifiedStream(of: descriptor)
    }
}
