// SPDX-License-Identifier: Apache-2.0
// What the policy stories are made of: policies as text, resources, signed images in memory.

import Keys
import OCI
import Policy
import Primitives
import Signing
import TestSupport
import Testing

/// A policy with one rule and one entry of verifyImages, written as YAML.
struct PolicyText {
    var kind = "ClusterPolicy"
    var annotations: [String: String] = [:]
    var spec = ["validationFailureAction: Enforce"]
    var rule: [String] = []
    var match = ["any: [{resources: {kinds: [Pod]}}]"]
    var references = #"["registry.example.com/*"]"#
    var verification = ["mutateDigest: false", "verifyDigest: false"]
    var attestors: [String] = []

    var text: String {
        var lines = ["apiVersion: kyverno.io/v1", "kind: \(kind)", "metadata:", "  name: signed"]
        if !annotations.isEmpty {
            lines.append("  annotations:")
            lines += annotations.map { "    \($0.key): \(JSONValue.string($0.value).compactText)" }
        }
        lines += ["spec:"] + spec.map { "  \($0)" } + ["  rules:", "    - name: by-acme"]
        lines += rule.map { "      \($0)" } + ["      match:"] + match.map { "        \($0)" }
        lines += ["      verifyImages:", "        - imageReferences: \(references)"]
        lines += verification.map { "          \($0)" }
        if !attestors.isEmpty {
            lines += ["          attestors:"] + attestors.map { "            \($0)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The policy, compiled.
    func compiled() throws -> [CompiledPolicy] { try compiledPolicies([text]) }

    init() {}

    /// One entry for each key; all must sign.
    init(keys: [PublicKey], rekor: String = "rekor: {ignoreTlog: true}", count: Int? = nil) {
        let entries = keys.map { "- keys: {publicKeys: \(quotedPEM($0)), \(rekor)}" }
        attestors = [count.map { "- count: \($0)" } ?? "- count: \(keys.count)", "  entries:"]
        attestors += entries.map { "    \($0)" }
    }
}

func quotedPEM(_ key: PublicKey) -> String { JSONValue.string(key.pem).compactText }

func compiledPolicies(_ texts: [String]) throws -> [CompiledPolicy] {
    try policyBundle(texts).policies
}

func policyBundle(_ texts: [String]) throws -> PolicyBundle {
    try PolicyBundle(
        reading: texts.enumerated().map {
            PolicySource(name: "policy-\($0).yaml", content: Array($1.utf8))
        })
}

/// What reading these policies throws; nil when it does not.
func refusal(_ texts: String...) -> Failure? {
    do {
        _ = try compiledPolicies(texts)
        return nil
    } catch {
        return error as? Failure
    }
}

func resource(_ yaml: String) throws -> ResourceManifest {
    let file = try manifests(yaml, named: "pod.yaml")
    if let failure = file.failures.first { throw failure }
    return try #require(file.resources.first)
}

func manifests(_ yaml: String, named name: String = "all.yaml") throws -> ManifestFile {
    try ManifestFile(parsing: Array(yaml.utf8), named: name)
}

/// A pod in namespace shop with one container for each image.
func pod(_ images: String...) throws -> ResourceManifest {
    let containers = images.enumerated().map {
        "{name: c\($0), image: \(JSONValue.string($1).compactText)}"
    }
    return try resource(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: backend, namespace: shop, labels: {app: backend}}
        spec: {containers: [\(containers.joined(separator: ", "))]}
        """)
}

/// A repository with images that can be signed and attested.
struct PolicyTrial {
    let storage = MemoryRepository()
    let repository: Repository
    let key: PrivateKey
    let other: PrivateKey

    init() throws {
        repository = try Repository(parsing: "registry.example.com/shop/backend")
        key = try TestKeys.ecdsaP256()
        other = try TestKeys.ecdsaP256()
    }

    var written: String { "\(repository):1.0" }

    func image(_ text: String = "a") async throws -> Descriptor {
        try await smallImage(in: storage, says: text).descriptor
    }

    @discardableResult
    func sign(
        _ image: Descriptor, by key: PrivateKey? = nil, annotations: ByteStringMap<String> = [:],
        as format: EvidenceFormat = .bundle
    ) async throws -> Digest {
        try await write(
            .signature(on: image, in: repository, annotations: annotations), by: key, as: format)
    }

    @discardableResult
    func attest(
        _ predicate: JSONValue, of type: String = "https://slsa.dev/provenance/v1",
        on image: Descriptor, by key: PrivateKey? = nil
    ) async throws -> Digest {
        try await write(
            .attestation(predicate, of: try PredicateType(uri: type), on: image, in: repository),
            by: key, as: .bundle)
    }

    private func write(_ claim: UnsignedStatement, by key: PrivateKey?, as format: EvidenceFormat)
        async throws
        -> Digest
    {
        try await EvidenceAttacher(destination: storage, key: key ?? self.key, settle: {})
            .write(claim, as: format, created: Timestamp(seconds: 1_700_000_000)).digest
    }

    func facts(about image: Descriptor) async throws -> ImageFacts {
        ImageFacts(
            resolution: .resolved(image), evidence: .looked(try await evidence(about: image.digest))
        )
    }

    func evidence(about digest: Digest) async throws -> Evidence {
        try await EvidenceCollector(source: storage).everything(about: digest)
    }
}

/// The labels of a namespace; nil if they are not known.
func labelFinding(_ labels: ByteStringMap<String>?) -> NamespaceLabels.Finding {
    labels.map { .known($0) } ?? .unknown(why: "no Namespace has this name")
}

/// Everything decided about a resource when every image has the same facts.
func evaluation(
    of resource: ResourceManifest, by policies: [CompiledPolicy], _ facts: ImageFacts? = nil,
    operation: ResourceOperation = .create, namespaceLabels: ByteStringMap<String>? = nil,
    trust: TrustedRoot? = nil
) throws -> Evaluation {
    try evaluation(
        of: AdmissionRequest(
            object: resource, operation: operation, namespaceLabels: labelFinding(namespaceLabels)),
        by: policies, trust: trust
    ) { _ in facts }
}

/// The same with other facts for each image. Answers everything else that the evaluation asks.
func evaluation(
    of request: AdmissionRequest, by policies: [CompiledPolicy], trust: TrustedRoot? = nil,
    keys: KeyMaterial = KeyMaterial(), _ imageFacts: (ImageQuery) -> ImageFacts?
) throws -> Evaluation {
    var known = Facts()
    var asked = MissingFacts()
    while true {
        switch try evaluate(request, by: policies, facts: known, at: nil) {
        case .done(let evaluation): return evaluation
        case .needs(let missing):
            guard missing != asked else {
                throw Failure(.bug, "cannot evaluate", because: "it asks again")
            }
            asked = missing
            for image in missing.images { known.images[image] = imageFacts(image) }
            for key in missing.keys { known.keys[key] = try keys.keys(of: key) }
            for query in missing.signatures {
                let evidence = try #require(known.evidence(for: query))
                known.signatures[query] = query.signatures(in: evidence, trust: trust)
            }
            for query in missing.statements {
                let evidence = try #require(known.evidence(for: query))
                known.statements[query] = query.statements(in: evidence, trust: trust)
            }
        }
    }
}

/// The one decision about a pod with one image.
func decision(
    on image: String, by policies: [CompiledPolicy], _ facts: ImageFacts? = nil,
    trust: TrustedRoot? = nil
) throws -> Decision {
    let decisions = try evaluation(of: try pod(image), by: policies, facts, trust: trust).decisions
    try #require(decisions.count == 1)
    return decisions[0]
}
