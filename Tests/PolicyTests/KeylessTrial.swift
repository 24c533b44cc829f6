// SPDX-License-Identifier: Apache-2.0
// Images signed by identities: what keyless policies are tried on.

import Keys
import OCI
import Policy
import Primitives
import Signing
import StandIns
import TestSupport

/// One instance for all tests: keys are slow, and nothing changes it.
enum Instance {
    static let time = Timestamp(seconds: 1_764_000_000)
    static let ours = Result { try StandInSigstore(at: time) }
    /// Another one, which nobody here trusts.
    static let foreign = Result { try StandInSigstore(at: time) }
}

/// An image, the evidence beside it, and the instance whose people sign it.
struct KeylessTrial {
    let trial: PolicyTrial
    let image: Descriptor
    let sigstore: StandInSigstore
    let root: TrustedRoot

    init() async throws {
        trial = try PolicyTrial()
        image = try await trial.image("keyless")
        sigstore = try Instance.ours.get()
        root = try TrustedRoot(parsing: sigstore.trustedRoot().compactBytes)
    }

    // MARK: Evidence

    func statement(
        _ type: PredicateType = .signature, _ predicate: JSONValue = [:],
        about digest: Digest? = nil
    ) -> [UInt8] {
        Statement.document(
            about: digest ?? image.digest, name: nil, predicateType: type, predicate: predicate
        ).compactBytes
    }

    func signature(
        _ change: (inout StandInRecipe) -> Void = { _ in }
    ) -> StandInRecipe {
        StandInRecipe(.statement(statement())).with(change)
    }

    func attestation(
        _ predicate: JSONValue = ["builder": ["id": "ci"]],
        of type: String = "https://slsa.dev/provenance/v1",
        _ change: (inout StandInRecipe) -> Void = { _ in }
    ) throws -> StandInRecipe {
        StandInRecipe(.statement(statement(try PredicateType(uri: type), predicate)))
            .with(change)
    }

    /// Makes a bundle and hangs it beside the image.
    func hang(_ recipe: StandInRecipe, by instance: StandInSigstore? = nil) async throws {
        let content = try (instance ?? sigstore).bundle(recipe)
        let layer = Descriptor(of: content, as: .sigstoreBundle)
        try await hang([(layer, content)], as: .sigstoreBundle)
    }

    /// Hangs layers of cosign's older layouts under a tag, or beside the image when there is none.
    func hang(_ layers: [StandInLayer], under suffix: String?) async throws {
        let described = layers.map { layer in
            var descriptor = Descriptor(
                of: layer.content, as: layer.isEnvelope ? .dsseEnvelope : .simpleSigning)
            descriptor.annotations = layer.annotations
            return (descriptor, layer.content)
        }
        let isEnvelope = layers.first?.isEnvelope == true
        try await hang(
            described, as: isEnvelope ? .inToto : .cosignSignatureArtifact, under: suffix)
    }

    private func hang(
        _ layers: [(Descriptor, [UInt8])], as type: MediaType, under suffix: String? = nil
    ) async throws {
        for (layer, content) in layers {
            try await trial.storage.push(
                layer, content: ByteStream(content), mountSource: nil)
        }
        let subject = Descriptor(
            mediaType: image.mediaType, digest: image.digest, size: image.size)
        let manifest = try ImageManifest(
            config: Descriptor(of: Array("{}".utf8), as: .ociEmpty), layers: layers.map(\.0),
            artifactType: suffix == nil ? type : nil, subject: suffix == nil ? subject : nil
        ).manifest()
        try await trial.storage.push(
            manifest, tag: suffix.map { OCI.Tag(for: image.digest, suffix: $0) })
    }

    /// A payload of a `.sig` layer about the image.
    var payload: [UInt8] {
        SimpleSigning.payload(for: image.digest, in: trial.repository, annotations: [:])
    }

    // MARK: Policies

    /// An entry for `StandInIdentity.person`; fields given take the place of these.
    func entry(
        _ fields: [String: String] = [:], rekor: String = "{url: 'https://rekor.stand-in.example'}"
    ) -> String {
        let standard = [
            "issuer": "'https://accounts.example.org'", "subject": "mira@example.org",
            "rekor": rekor,
        ]
        return KeylessTrial.entry(standard.merging(fields) { $1 })
    }

    /// An entry with exactly these fields; an empty one is left out.
    static func entry(_ fields: [String: String]) -> String {
        let lines = fields.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
            .map { "\($0.key): \($0.value)" }
        return "{keyless: {\(lines.joined(separator: ", "))}}"
    }

    func keyEntry(_ key: PrivateKey? = nil, rekor: String = "{ignoreTlog: true}") -> String {
        "{keys: {publicKeys: \(quotedPEM((key ?? trial.key).publicKey)), rekor: \(rekor)}}"
    }

    func policy(_ entries: String..., count: Int? = nil) -> PolicyText {
        var policy = PolicyText()
        let number = count.map { "count: \($0), " } ?? ""
        policy.attestors = ["- {\(number)entries: [\(entries.joined(separator: ", "))]}"]
        return policy
    }

    /// A policy that asks for a provenance by that entry.
    func provenancePolicy(
        _ entry: String,
        conditions: String = "[{all: [{key: '{{ builder.id }}', operator: Equals, value: ci}]}]"
    ) -> PolicyText {
        var policy = PolicyText()
        policy.verification.append(
            "attestations: [{type: 'https://slsa.dev/provenance/v1', attestors: [{entries: "
                + "[\(entry)]}], conditions: \(conditions)}]")
        return policy
    }

    // MARK: Verdicts

    func judged(_ policy: PolicyText) async throws -> Decision {
        try await judged(policy, trusting: root)
    }

    func judged(_ policy: PolicyText, trusting root: TrustedRoot?) async throws -> Decision {
        try decision(
            on: trial.written, by: try policy.compiled(), try await trial.facts(about: image),
            trust: root)
    }

    func judged(_ entry: String) async throws -> Decision { try await judged(policy(entry)) }
}

/// Certificates as YAML takes them.
func quotedPEM(_ chain: [[UInt8]]) -> String {
    JSONValue.string(chain.map { pemText("CERTIFICATE", $0) }.joined()).compactText
}

func quotedPEM(_ key: StandInKey) -> String { JSONValue.string(key.publicPEM).compactText }
