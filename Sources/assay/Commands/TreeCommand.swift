// SPDX-License-Identifier: Apache-2.0
// assay tree: all evidence a digest has, where it was found, and whether it verifies.

import ArgumentParser
import OCI
import Primitives
import Registry
import Signing

struct TreeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tree",
        abstract: "Shows all evidence an image has, where it was found, and whether it verifies.",
        discussion: "Without --key nothing is verified, and the tree says so.")

    @Argument(help: "The image.")
    var image: ImageLocation

    @Option(help: "A public key to verify everything with: a file or env://NAME.")
    var key: KeyLocation?

    @OptionGroup var access: RegistryAccessOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let signer = try key.map { TrustedSigner.key(try PublicKey(pem: try $0.pem(for: "the public key"))) }
        let tree = try await Connections.using(access) { connections in
            try await EvidenceTree.found(for: image, in: try await connections.source(image), signer: signer)
        }
        switch output.output {
        case .text: Answer.print(tree.lines(image).joined(separator: "\n"))
        case .json: Answer.print(tree.json(image))
        }
    }
}

/// An image, its platform images, and what is said about each.
struct EvidenceTree: Sendable {
    struct Branch: Sendable {
        let subject: Descriptor
        let isRoot: Bool
        let items: [Item]
    }

    struct Item: Sendable {
        let carrier: String
        let what: String
        let digest: Digest
        /// nil when no key was given, or when there is nothing to verify in it.
        let verifies: Bool?
        let why: String?
    }

    let branches: [Branch]

    static func found(
        for image: ImageLocation, in source: any ArtifactSource, signer: TrustedSigner?
    ) async throws -> EvidenceTree {
        let graph = try await ArtifactGraph.discover(image.reference, in: source, evidence: .include)
        var branches: [Branch] = []
        var seen: Set<Digest> = []
        for node in graph.nodes.reversed() where !node.role.isEvidence {
            let subject = node.manifest.descriptor
            guard seen.insert(subject.digest).inserted else { continue }
            let evidence = try await EvidenceCollector(source: source).everything(about: subject.digest)
            var items = evidence.candidates.map { item($0, in: evidence, signer: signer) }
            let covered = Set(evidence.candidates.map(\.manifest))
            items += graph.evidence.filter { $0.role.subject == subject.digest && !covered.contains($0.manifest.digest) }
                .map(otherItem)
            branches.append(Branch(subject: subject, isRoot: subject.digest == graph.root.digest, items: items))
        }
        return EvidenceTree(branches: branches.sorted { $0.isRoot && !$1.isRoot })
    }

    private static func item(
        _ candidate: EvidenceCandidate, in evidence: Evidence, signer: TrustedSigner?
    ) -> Item {
        let what = candidate.claimedType.map { $0 == .signature ? "signature" : "attestation \($0)" }
        var verifies: Bool?
        var why: String?
        if let signer {
            let alone = Evidence(subject: evidence.subject, candidates: [candidate])
            let rejection: RejectedCandidate?
            if let type = candidate.claimedType, type != .signature {
                let report = alone.attestations(of: type, by: signer)
                (verifies, rejection) = (!report.proofs.isEmpty, report.rejections.first)
            } else {
                let report = alone.signatures(by: signer)
                (verifies, rejection) = (!report.proofs.isEmpty, report.rejections.first)
            }
            why = rejection?.why
        }
        return Item(
            carrier: candidate.carrier.rawValue, what: what ?? "unreadable", digest: candidate.digest,
            verifies: verifies, why: why)
    }

    private static func otherItem(_ node: ArtifactGraph.Node) -> Item {
        let type = node.manifest.artifactType.map { plain($0.description) } ?? "unknown type"
        let carrier: String
        if case .legacy(let tag, _) = node.role { carrier = "tag \(tag)" } else { carrier = "referrer" }
        return Item(carrier: carrier, what: type, digest: node.manifest.digest, verifies: nil, why: nil)
    }

    func lines(_ image: ImageLocation) -> [String] {
        var lines: [String] = []
        for branch in branches {
            let platform = branch.subject.platform.map { " (\($0))" } ?? ""
            lines.append(branch.isRoot ? image.pinned(to: branch.subject.digest) : "└─ \(branch.subject.digest)\(platform)")
            if branch.items.isEmpty { lines.append("   └─ no evidence") }
            for (place, item) in branch.items.enumerated() {
                let elbow = place == branch.items.count - 1 ? "└─" : "├─"
                lines.append("   \(elbow) \(item.what)  [\(item.carrier)]  \(item.digest)  \(mark(item))")
            }
        }
        return lines
    }

    private func mark(_ item: Item) -> String {
        switch item.verifies {
        case true: "verifies"
        case false: "does not verify: \(item.why ?? "")"
        case nil: "not checked"
        }
    }

    func json(_ image: ImageLocation) -> JSONValue {
        [
            "image": .string(image.description),
            "subjects": .array(
                branches.map { branch in
                    [
                        "digest": .string(branch.subject.digest.description),
                        "mediaType": .string(branch.subject.mediaType.description),
                        "evidence": .array(branch.items.map(json)),
                    ]
                }),
        ]
    }

    private func json(_ item: Item) -> JSONValue {
        var object: JSONObject = [
            "what": .string(item.what), "carrier": .string(item.carrier),
            "digest": .string(item.digest.description),
        ]
        if let verifies = item.verifies { object["verifies"] = .bool(verifies) }
        if let why = item.why, item.verifies == false { object["why"] = .string(why) }
        return .object(object)
    }
}
