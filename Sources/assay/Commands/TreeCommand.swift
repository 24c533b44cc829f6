// SPDX-License-Identifier: Apache-2.0
// assay tree: all evidence a digest has, where it was found, and whether it verifies.

import ArgumentParser
import Keys
import OCI
import Primitives
import Registry
import Signing

struct TreeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tree",
        abstract: "Shows all evidence an image has, where it was found, and whether it verifies.",
        discussion: """
            Without --key or --certificate-identity nothing is verified, and the tree says so. The exit code is 0 whatever \
            the tree shows; `assay verify` judges.
            """)

    @Argument(help: "The image.")
    var image: ImageLocation

    @OptionGroup var signer: SignerOptions

    @OptionGroup var access: RegistryAccessOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let judge = signer.isEmpty ? nil : try await signer.judge()
        let verifier = judge?.verifier
        let tree = try await Connections.using(access, for: image) { connections in
            let source = try await connections.source(image)
            return try await EvidenceTree.found(
                for: try await image.reference(in: source), in: RememberingSource(source),
                verifier: verifier)
        }
        switch output.output {
        case .text: Answer.print(tree.lines(image).joined(separator: "\n"))
        case .json: Answer.print(tree.json(image))
        }
        if output.output == .text, let trust = judge?.trust { Talk.say("trust: \(trust.source)") }
    }
}

/// An image, its platform images, and what is said about each.
struct EvidenceTree: Sendable {
    struct Branch: Sendable {
        let subject: Descriptor
        /// What the index that lists it says it is for.
        let platform: Platform?
        let isRoot: Bool
        let items: [Item]
    }

    struct Item: Sendable {
        let carrier: String
        let what: String
        let digest: Digest
        /// nil when nobody was named, or when there is nothing to verify in it.
        let verifies: Bool?
        /// Who made it, as far as it verifies.
        let signer: VerifiedSigner?
        let why: String?
    }

    let branches: [Branch]
    /// What an index or a list of referrers names and the place does not have.
    let gaps: [ArtifactGraph.Gap]

    /// The graph and the collector ask overlapping questions; `source` answers each once.
    static func found(
        for reference: ManifestReference, in source: RememberingSource, verifier: SignatureVerifier?
    ) async throws -> EvidenceTree {
        let graph = try await ArtifactGraph.discover(
            reference, in: source, evidence: .include)
        var branches: [Branch] = []
        var seen: Set<Digest> = []
        for node in graph.nodes.reversed() where !node.role.isEvidence {
            let subject = node.manifest.descriptor
            guard seen.insert(subject.digest).inserted else { continue }
            let evidence = try await EvidenceCollector(source: source).everything(
                about: subject.digest)
            let covered = Set(evidence.candidates.map(\.manifest))
            let others = graph.evidence.filter {
                $0.role.subject == subject.digest && !covered.contains($0.manifest.digest)
            }
            branches.append(
                Branch(
                    subject: subject, platform: platform(of: subject.digest, in: graph),
                    isRoot: subject.digest == graph.root.digest,
                    items: evidence.candidates.map { item($0, about: subject.digest, verifier) }
                        + others.map(otherItem)))
        }
        return EvidenceTree(
            branches: branches.sorted { $0.isRoot && !$1.isRoot },
            gaps: graph.gaps.filter { !$0.role.isEvidence })
    }

    private static func platform(of image: Digest, in graph: ArtifactGraph) -> Platform? {
        for node in graph.nodes {
            for child in node.manifest.children where child.digest == image {
                if let platform = child.platform { return platform }
            }
        }
        return nil
    }

    private static func item(
        _ candidate: EvidenceCandidate, about subject: Digest, _ verifier: SignatureVerifier?
    ) -> Item {
        let found = verifier.map { finding(of: candidate, about: subject, by: $0) }
        var why = found?.rejected?.why
        if case .unreadable(let failure) = candidate.form {
            why = "\(failure.what): \(failure.why)"
        }
        return Item(
            carrier: candidate.carrier.rawValue, what: words(candidate), digest: candidate.digest,
            verifies: found.map { $0.signer != nil }, signer: found?.signer, why: why)
    }

    private static func finding(
        of candidate: EvidenceCandidate, about subject: Digest, by verifier: SignatureVerifier
    ) -> (signer: VerifiedSigner?, rejected: RejectedCandidate?) {
        let alone = Evidence(subject: subject, candidates: [candidate])
        guard let type = candidate.claimedType, type != .signature else {
            let report = alone.signatures(by: verifier)
            return (report.proofs.first?.signer, report.rejections.first)
        }
        let report = alone.attestations(of: type, by: verifier)
        return (report.proofs.first?.signer, report.rejections.first)
    }

    private static func words(_ candidate: EvidenceCandidate) -> String {
        if let type = candidate.claimedType {
            return type == .signature ? "signature" : "attestation \(type)"
        }
        if case .unreadable = candidate.form { return "unreadable" }
        return "signed bytes, no statement"
    }

    private static func otherItem(_ node: ArtifactGraph.Node) -> Item {
        let type = node.manifest.artifactType.map { plain($0.description) } ?? "unknown type"
        let carrier: String
        if case .legacy(let tag, _) = node.role {
            carrier = "tag \(tag)"
        } else {
            carrier = "referrer"
        }
        return Item(
            carrier: carrier, what: type, digest: node.manifest.digest, verifies: nil,
            signer: nil, why: nil)
    }
}

extension EvidenceTree {
    func lines(_ image: ImageLocation) -> [String] {
        var lines: [String] = []
        for branch in branches {
            let platform = branch.platform.map { " (\($0))" } ?? ""
            lines.append(
                branch.isRoot
                    ? image.pinned(to: branch.subject.digest)
                    : "└─ \(branch.subject.digest)\(platform)")
            if branch.items.isEmpty { lines.append("   └─ no evidence") }
            for (place, item) in branch.items.enumerated() {
                let elbow = place == branch.items.count - 1 ? "└─" : "├─"
                lines.append(
                    "   \(elbow) \(item.what)  [\(item.carrier)]  \(item.digest)  \(mark(item))")
            }
        }
        for gap in gaps { lines.append("└─ \(gap.descriptor.digest)  listed, and not there") }
        return lines
    }

    private func mark(_ item: Item) -> String {
        switch item.verifies {
        case true: item.signer?.label.map { "verifies, by \($0)" } ?? "verifies"
        case false: "does not verify: \(item.why ?? "")"
        case nil: item.why ?? "not checked"
        }
    }

    func json(_ image: ImageLocation) -> JSONValue {
        [
            "image": .string(image.description), "subjects": .array(branches.map(json)),
            "missing": .array(gaps.map { .string($0.descriptor.digest.description) }),
        ]
    }

    private func json(_ branch: Branch) -> JSONValue {
        var object: JSONObject = [
            "digest": .string(branch.subject.digest.description),
            "mediaType": .string(branch.subject.mediaType.description),
        ]
        if let platform = branch.platform { object["platform"] = .string(platform.description) }
        object["evidence"] = .array(branch.items.map(json))
        return .object(object)
    }

    private func json(_ item: Item) -> JSONValue {
        var object: JSONObject = [
            "what": .string(item.what), "carrier": .string(item.carrier),
            "digest": .string(item.digest.description),
        ]
        if let verifies = item.verifies { object["verifies"] = .bool(verifies) }
        if let signer = item.signer { object["signer"] = signer.json }
        if let why = item.why { object["why"] = .string(why) }
        return .object(object)
    }
}

extension VerifiedSigner {
    /// Who it is, where that says more than the key that was asked for.
    fileprivate var label: String? {
        switch self {
        case .key(let trusted): trusted.name == nil ? nil : shown
        case .certificate: shown
        }
    }
}
