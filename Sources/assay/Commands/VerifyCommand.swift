// SPDX-License-Identifier: Apache-2.0
// assay verify, assay verify-attestation.

import ArgumentParser
import OCI
import Policy
import Primitives
import Signing

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract:
            "Is this image signed by that key or identity? Reads bundles and older signatures.",
        discussion: """
            An attestation never counts as a signature. An index is judged as it is named, not the \
            images it lists. With --policy the policies say who must have signed and attested what. \
            Exit codes: 0 signed, 10 unsigned, 12 something is there and does not verify, or has \
            other annotations, 20 lost at this mirror (with --origin), 2 could not look; with \
            --policy also 1: refused for another reason, or no rule speaks about the image.
            """)

    @Argument(help: "The image, by digest or tag; a tag is resolved once and the digest is shown.")
    var image: ImageLocation

    @OptionGroup var signer: SignerOptions

    @Option(
        name: [.customShort("a"), .customLong("annotations")],
        help: "KEY=VALUE the signer must have bound to the signature; may be repeated.")
    var annotations: [AnnotationArgument] = []

    @Option(
        help: """
            A file or folder of Kyverno policies, and of the Secrets and ConfigMaps they take keys \
            from; the image must meet all they demand. May be repeated.
            """)
    var policy: [String] = []

    @OptionGroup var origin: OriginOptions
    @OptionGroup var access: RegistryAccessOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        guard policy.isEmpty else { return try await judgeByPolicy() }
        let (verifier, trust) = try await image.answeringUnknown(
            as: output.output, because: .trustMaterialMissing
        ) { try await signer.judge() }
        let wanted = annotations
        let question = EvidenceQuestion(
            type: .signature, verifier: verifier, trust: trust, image: image, origin: origin.origin
        ) { evidence in
            evidence.signatures(by: verifier).keeping { proof in
                wanted.allSatisfy { proof.annotations[$0.name] == .string($0.value) }
            }
        }
        let finding = try await question.ask(access, output: output.output)
        let view = VerificationView(finding: finding) { proof in
            ProofLine(
                carrier: proof.carrier, evidence: proof.evidenceDigest, signer: proof.signer,
                annotations: proof.annotations, predicate: nil, checks: proof.checks)
        }
        try view.show(as: output.output)
    }

    /// The image as a container of a Pod, judged by the evaluator of `policy apply`.
    private func judgeByPolicy() async throws {
        func wrong(_ why: String) -> Failure {
            Failure(.usage, "cannot verify by policy", because: why)
        }
        guard signer.namesNobody, annotations.isEmpty else {
            throw wrong(
                "the policy says who must have signed; --policy stands without --key, "
                    + "--certificate-…, --annotations and the demands that go with them")
        }
        guard case .registry(let repository) = image.place else {
            throw wrong("policies speak about image names, and a layout has none")
        }
        let bundle = try PolicyJudge.bundle(policy)
        let trust = try await PolicyJudge.trust(signer.trust)
        let evaluation = try await Connections.using(
            access, for: image, limiting: .each
        ) { connections in
            let mirrors = origin.origin.map {
                [MirrorArgument(mirror: repository, origin: $0.repository)]
            }
            let judge = PolicyJudge(
                bundle: bundle, trust: trust?.root,
                finder: ImageFactFinder(
                    connections: connections, memory: nil, mirrors: mirrors ?? []))
            return try await judge.judge(image: image.description)
        }
        try PolicyVerificationView(
            image: image, policies: bundle.policies, decisions: evaluation.decisions, trust: trust
        ).show(as: output.output)
    }
}

struct VerifyAttestationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-attestation",
        abstract: "Does this image have an attestation of that type by that key or identity?",
        discussion: """
            With --output json the predicates of all that verified are printed. \
            Exit codes: 0 attested, 10 nothing of that type is there, 12 something is there and does \
            not verify, 20 lost at this mirror (with --origin), 2 could not look.
            """)

    @Argument(help: "The image, by digest or tag.")
    var image: ImageLocation

    @Option(
        help: "The predicate type: a URI, or a short name such as slsaprovenance1 or cyclonedx.")
    var type: String = "custom"

    @OptionGroup var signer: SignerOptions
    @OptionGroup var origin: OriginOptions
    @OptionGroup var access: RegistryAccessOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let type = try PredicateType(named: type)
        guard type != .signature else {
            throw Failure(
                .usage, "cannot look for attestations of type \(type)",
                because: "that type is a signature, and a signature is no attestation",
                next: "use assay verify")
        }
        let (verifier, trust) = try await image.answeringUnknown(
            as: output.output, because: .trustMaterialMissing
        ) { try await signer.judge() }
        let question = EvidenceQuestion(
            type: type, verifier: verifier, trust: trust, image: image, origin: origin.origin
        ) { $0.attestations(of: type, by: verifier) }
        let finding = try await question.ask(access, output: output.output)
        let view = VerificationView(finding: finding) { proof in
            ProofLine(
                carrier: proof.carrier, evidence: proof.evidenceDigest, signer: proof.signer,
                annotations: [:], predicate: proof.predicate, checks: proof.checks)
        }
        try view.show(as: output.output)
    }
}

/// `KEY=VALUE`.
struct AnnotationArgument: ExpressibleByArgument {
    let name: String
    let value: String

    init?(argument: String) {
        guard let sides = argument.utf8.split(atFirst: "="), !sides.before.isEmpty else {
            return nil
        }
        (name, value) = (String(sides.before), String(sides.after))
    }
}

struct OriginOptions: ParsableArguments {
    @Option(
        help: """
            The repository this image was copied from; tells evidence that was lost on the way \
            from evidence that never was.
            """)
    var origin: RepositoryArgument?
}

struct RepositoryArgument: ExpressibleByArgument {
    let repository: Repository

    init?(argument: String) {
        do {
            repository = try Repository(parsing: argument)
        } catch {
            Talk.say(error.description)
            return nil
        }
    }
}
