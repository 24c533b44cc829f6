// SPDX-License-Identifier: Apache-2.0
// assay verify, assay verify-attestation.

import ArgumentParser
import Host
import OCI
import Policy
import Primitives
import Signing
import Workflows

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
            --policy also 1: refused for another reason, or no rule matches the image. Of \
            several images the first that does not verify gives the exit code.
            """)

    @Argument(
        help: """
            The images, by digest or tag; a tag is resolved once and the digest is shown.
            """)
    var images: [ImageLocation]

    @OptionGroup(title: "Signer") var signer: SignerOptions

    @Option(
        name: [.customShort("a"), .customLong("annotations")],
        help: "KEY=VALUE the signer must have bound to the signature; may be repeated.")
    var annotations: [AnnotationArgument] = []

    @Option(help: "The required format: bundle or legacy. Default: both.")
    var format: EvidenceFormat?

    @Option(
        help: """
            A file or folder of Kyverno policies, and of the Secrets and ConfigMaps they take keys \
            from; the image must meet all they demand. May be repeated.
            """)
    var policy: [String] = []

    @OptionGroup var origin: OriginOptions
    @OptionGroup(title: "Registry") var access: RegistryAccessOptions
    @OptionGroup var output: VerificationOutputOptions

    func validate() throws {
        guard policy.isEmpty || images.count == 1 else {
            throw ValidationError("--policy judges one image at a time")
        }
        guard policy.isEmpty || output.output != .cosign else {
            throw ValidationError(
                "--output cosign prints the signatures that verified, and --policy judges by "
                    + "rules; use --output json")
        }
    }

    func run() async throws {
        try access.check(for: images)
        guard policy.isEmpty else { return try await judgeByPolicy(images[0]) }
        let (verifier, trust) = try await images[0].answeringUnknown(
            as: output.output.form, because: .trustMaterialMissing
        ) { try await signer.judge() }
        try await images.answerEach { try await answer(about: $0, verifier, trust) }
    }

    private func answer(
        about image: ImageLocation, _ verifier: SignatureVerifier, _ trust: TrustedMaterial?
    ) async throws {
        let requirements = EvidenceRequirements(annotations: annotations, format: format)
        let verification = ImageVerification(of: .signature) { evidence, work in
            evidence.signatures(by: verifier, spending: &work).keeping {
                requirements.isMet(byAnnotations: $0.annotations, inFormat: $0.format)
            }
        }
        let finding = VerificationSummary(
            image: image, type: .signature, signer: verifier.requirements.signer, trust: trust,
            result: try await verification.ask(
                about: image, origin: origin.origin, reaching: access, output: output.output.form))
        let view = VerificationView(finding: finding, requirements: requirements) { proof in
            ProofLine(
                location: proof.location, evidence: proof.evidenceDigest, signer: proof.signer,
                format: proof.format, annotations: proof.annotations, predicate: nil,
                checks: proof.checks,
                cosign: proof.cosignPayload(
                    of: image.description, digest: finding.subject.digest))
        }
        try view.show(as: output.output)
    }

    /// The image as a container of a Pod, judged by the evaluator of `policy apply`.
    private func judgeByPolicy(_ image: ImageLocation) async throws {
        func wrong(_ why: String) -> Failure {
            Failure(.usage, "cannot verify by policy", because: why)
        }
        guard signer.namesNobody, annotations.isEmpty, format == nil else {
            throw wrong(
                "the policy says who must have signed; --policy stands without --key, "
                    + "--certificate-…, --annotations and the demands that go with them")
        }
        guard case .registry(let repository) = image.place else {
            throw wrong("policies match image names, and an image on disk has none")
        }
        EvidenceRepository.warnIgnored(besideImages)
        let bundle = try PolicyFiles.bundle(policy)
        let trust = try await PolicyFiles.trust(signer.trust)
        let evaluation = try await Connections.using(
            access, for: image, limiting: .each
        ) { connections in
            let mirrors = origin.origin.map {
                [MirrorRule(mirror: repository.description, origin: $0.repository.description)]
            }
            let run = PolicyRun(
                policies: bundle.policies, trust: trust?.root,
                facts: FactLoader(
                    provider: connections, keys: bundle.keys, mirrors: mirrors ?? []),
                now: SystemClock().now())
            return try await run.result(forImage: image.description)
        }
        try PolicyVerificationView(
            image: image, policies: bundle.policies, decisions: evaluation.decisions, trust: trust
        ).show(as: output.output.form)
    }
}

struct VerifyAttestationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-attestation",
        abstract: "Does this image have an attestation of that type by that key or identity?",
        discussion: """
            With --output json the predicates of all that verified are printed. \
            Exit codes: 0 attested, 10 nothing of that type is there, 12 something is there and does \
            not verify, 20 lost at this mirror (with --origin), 2 could not look. Of several images \
            the first that does not verify gives the exit code.
            """)

    @Argument(help: "The images, by digest or tag.")
    var images: [ImageLocation]

    @Option(
        help: "The predicate type: a URI, or a short name such as slsaprovenance1 or cyclonedx.")
    var type: String = "custom"

    @Option(help: "The required format: bundle or legacy. Default: both.")
    var format: EvidenceFormat?

    @OptionGroup(title: "Signer") var signer: SignerOptions
    @OptionGroup var origin: OriginOptions
    @OptionGroup(title: "Registry") var access: RegistryAccessOptions
    @OptionGroup var output: VerificationOutputOptions

    func run() async throws {
        let type = try PredicateType(named: type)
        guard type != .signature else {
            throw Failure(
                .usage, "cannot look for attestations of type \(type)",
                because: "that type is a signature, and a signature is no attestation",
                next: "use assay verify")
        }
        try access.check(for: images)
        let (verifier, trust) = try await images[0].answeringUnknown(
            as: output.output.form, because: .trustMaterialMissing
        ) { try await signer.judge() }
        try await images.answerEach { try await answer(about: $0, type, verifier, trust) }
    }

    private func answer(
        about image: ImageLocation, _ type: PredicateType, _ verifier: SignatureVerifier,
        _ trust: TrustedMaterial?
    ) async throws {
        let requirements = EvidenceRequirements(annotations: [], format: format)
        let verification = ImageVerification(of: type) { evidence, work in
            evidence.attestations(of: type, by: verifier, spending: &work).keeping {
                requirements.isMet(byAnnotations: [:], inFormat: $0.format)
            }
        }
        let finding = VerificationSummary(
            image: image, type: type, signer: verifier.requirements.signer, trust: trust,
            result: try await verification.ask(
                about: image, origin: origin.origin, reaching: access, output: output.output.form))
        let view = VerificationView(finding: finding, requirements: requirements) { proof in
            ProofLine(
                location: proof.location, evidence: proof.evidenceDigest, signer: proof.signer,
                format: proof.format, annotations: [:], predicate: proof.predicate,
                checks: proof.checks, cosign: proof.envelope.json)
        }
        try view.show(as: output.output)
    }
}

extension [ImageLocation] {
    /// Answers for one image after the other. After the last, the command ends with the code of the
    /// first image that did not verify. A usage error ends it at once.
    func answerEach(_ answer: (ImageLocation) async throws -> Void) async throws {
        guard count > 1 else {
            for image in self { try await answer(image) }
            return
        }
        var end: ExitCode?
        for image in self {
            do {
                try await answer(image)
            } catch let code as ExitCode {
                end = end ?? code
            } catch let failure as Failure where ExitStatus(failure) == .unknown {
                StandardError.say(failure.description)
                end = end ?? ExitCode(ExitStatus.unknown.rawValue)
            }
        }
        if let end { throw end }
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
            StandardError.say(error.description)
            return nil
        }
    }
}
