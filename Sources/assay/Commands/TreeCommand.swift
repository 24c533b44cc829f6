// SPDX-License-Identifier: Apache-2.0
// assay tree: all evidence a digest has, where it was found, and whether it verifies.

import ArgumentParser
import Keys
import OCI
import Primitives
import Registry
import Signing
import Workflows

struct TreeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tree",
        abstract: "Shows all evidence an image has, where it was found, and whether it verifies.",
        discussion: """
            Without --key or --certificate-identity nothing is verified, and the tree says so. The exit code is 0 whatever \
            the tree shows, and 2 when a place could not be read that may hold more; `assay verify` judges.
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
            let located = try await connections.source(image)
            return try await EvidenceTree.found(
                for: located.reference, in: CachingSource(located.place),
                verifier: verifier)
        }
        switch output.output {
        case .text: Answer.print(tree.lines(image).joined(separator: "\n"))
        case .json: Answer.print(tree.json(image))
        }
        if output.output == .text, let trust = judge?.trust { Talk.say("trust: \(trust.source)") }
        guard tree.isComplete else {
            Talk.say(
                "unknown: not all places could be read; there may be more evidence than is shown")
            return try ExitStatus.unknown.end()
        }
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
    /// Images that an index lists and that could not be read.
    let gaps: [ArtifactGraph.Gap]
    /// Places that could not be read and may hold evidence.
    let unread: [UnreadEvidence]

    /// Whether every place answered, so that there is no more evidence than is shown.
    var isComplete: Bool {
        unread.allSatisfy(\.failure.isAboutContent) && gaps.allSatisfy(\.failure.isAboutContent)
    }

    /// The graph and the collector ask overlapping questions; `source` answers each once.
    static func found(
        for reference: ManifestReference, in source: CachingSource, verifier: SignatureVerifier?
    ) async throws -> EvidenceTree {
        let graph = try await ArtifactGraph.discover(
            reference, in: source, evidence: .include)
        var branches: [Branch] = []
        var work = VerificationWork()
        var unread: [UnreadEvidence] = []
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
            unread += evidence.searches.compactMap {
                UnreadEvidence($0, about: subject.digest)
            }
            let known = covered.union(evidence.searches.compactMap(\.item))
            let unreadable = graph.gaps.filter {
                $0.role.subject == subject.digest && !known.contains($0.descriptor.digest)
            }
            unread += unreadable.filter { !$0.failure.isAboutContent }.map(UnreadEvidence.init)
            branches.append(
                Branch(
                    subject: subject, platform: platform(of: subject.digest, in: graph),
                    isRoot: subject.digest == graph.root.digest,
                    items: evidence.candidates.map {
                        item($0, about: subject.digest, verifier, &work)
                    }
                        + others.map(otherItem)
                        + unreadable.filter(\.failure.isAboutContent).map(unreadableItem)))
        }
        unread += graph.gaps.filter { $0.role.subject.map { !seen.contains($0) } ?? false }
            .map(UnreadEvidence.init)
        unread += graph.unread.compactMap { UnreadEvidence($0, shown: seen) }
        return EvidenceTree(
            branches: branches.sorted { $0.isRoot && !$1.isRoot },
            gaps: graph.gaps.filter { !$0.role.isEvidence }, unread: unread)
    }

    private static func unreadableItem(_ gap: ArtifactGraph.Gap) -> Item {
        let type = (gap.descriptor.artifactType ?? gap.descriptor.mediaType).description
        return Item(
            carrier: "referrer", what: plain(type), digest: gap.descriptor.digest, verifies: nil,
            signer: nil,
            why: gap.isGone ? "listed, and not there" : "cannot be read: \(gap.failure.why)")
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
        _ candidate: EvidenceCandidate, about subject: Digest, _ verifier: SignatureVerifier?,
        _ work: inout VerificationWork
    ) -> Item {
        let found = verifier.map { finding(of: candidate, about: subject, by: $0, &work) }
        var why = found?.why
        if case .unreadable(let failure) = candidate.form {
            why = "\(failure.what): \(failure.why)"
        }
        return Item(
            carrier: candidate.carrier.rawValue, what: words(candidate), digest: candidate.digest,
            verifies: found?.verifies, signer: found?.signer, why: why)
    }

    /// `verifies` is nil where a limit kept it from being verified.
    private static func finding(
        of candidate: EvidenceCandidate, about subject: Digest, by verifier: SignatureVerifier,
        _ work: inout VerificationWork
    ) -> (verifies: Bool?, signer: VerifiedSigner?, why: String?) {
        let alone = Evidence(subject: subject, candidates: [candidate])
        let signer: VerifiedSigner?
        let (rejected, limit): (RejectedCandidate?, Failure?)
        if let type = candidate.claimedType, type != .signature {
            let report = alone.attestations(of: type, by: verifier, spending: &work)
            (signer, rejected, limit) = (
                report.proofs.first?.signer, report.rejections.first, report.limit
            )
        } else {
            let report = alone.signatures(by: verifier, spending: &work)
            (signer, rejected, limit) = (
                report.proofs.first?.signer, report.rejections.first, report.limit
            )
        }
        if let limit { return (nil, nil, "not verified: \(limit.why)") }
        return (signer != nil, signer, rejected?.why)
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
            var leaves = branch.items.map {
                "\($0.what)  [\($0.carrier)]  \($0.digest)  \(mark($0))"
            }
            leaves += unread.filter { $0.subject == branch.subject.digest }.map(\.line)
            if leaves.isEmpty { leaves = ["no evidence"] }
            for (place, leaf) in leaves.enumerated() {
                lines.append("   \(place == leaves.count - 1 ? "└─" : "├─") \(leaf)")
            }
        }
        for gap in gaps {
            let why = gap.isGone ? "listed, and not there" : "cannot be read: \(gap.failure.why)"
            lines.append("└─ \(gap.descriptor.digest)  \(why)")
        }
        let shown = Set(branches.map(\.subject.digest))
        for item in unread where !shown.contains(item.subject) {
            lines.append("└─ \(item.line), about \(item.subject)")
        }
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
            "unread": .array(unread.map(\.json)),
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
