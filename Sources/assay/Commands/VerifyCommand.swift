// SPDX-License-Identifier: Apache-2.0
// assay verify, assay verify-attestation.

import ArgumentParser
import OCI
import Primitives
import Signing

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Is this image signed by that key? Reads bundles and cosign's older signatures.",
        discussion: """
            An attestation never counts as a signature. An index is judged as it is named, not the \
            images it lists. Exit codes: 0 signed, 10 unsigned, 12 something is there and does not \
            verify, or has other annotations, 20 lost at this mirror (with --origin), 2 could not \
            look.
            """)

    @Argument(help: "The image, by digest or tag; a tag is resolved once and the digest is shown.")
    var image: ImageLocation

    @OptionGroup var key: VerificationKeyOptions

    @Option(
        name: [.customShort("a"), .customLong("annotations")],
        help: "KEY=VALUE the signer must have bound to the signature; may be repeated.")
    var annotations: [AnnotationArgument] = []

    @OptionGroup var origin: OriginOptions
    @OptionGroup var log: LogOptions
    @OptionGroup var access: RegistryAccessOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let signer = TrustedSigner.key(try key.publicKey())
        let wanted = annotations
        let question = EvidenceQuestion(
            type: .signature, signer: signer, image: image, origin: origin.origin
        ) { evidence in
            evidence.signatures(by: signer).keeping { proof in
                wanted.allSatisfy { proof.annotations[$0.name] == .string($0.value) }
            }
        }
        let finding = try await question.ask(access, output: output.output)
        let view = VerificationView(finding: finding) { proof in
            ProofLine(
                carrier: proof.carrier, evidence: proof.evidenceDigest,
                annotations: proof.annotations, predicate: nil)
        }
        try view.show(as: output.output)
    }
}

struct VerifyAttestationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-attestation",
        abstract: "Does this image have an attestation of that type by that key?",
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

    @OptionGroup var key: VerificationKeyOptions
    @OptionGroup var origin: OriginOptions
    @OptionGroup var log: LogOptions
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
        let signer = TrustedSigner.key(try key.publicKey())
        let question = EvidenceQuestion(
            type: type, signer: signer, image: image, origin: origin.origin
        ) { $0.attestations(of: type, by: signer) }
        let finding = try await question.ask(access, output: output.output)
        let view = VerificationView(finding: finding) { proof in
            ProofLine(
                carrier: proof.carrier, evidence: proof.evidenceDigest, annotations: [:],
                predicate: proof.predicate)
        }
        try view.show(as: output.output)
    }
}

/// `KEY=VALUE`.
struct AnnotationArgument: ExpressibleByArgument {
    let name: String
    let value: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else {
            return nil
        }
        name = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
    }
}

/// What cosign asks of a key without a log; here a key never needs one.
struct LogOptions: ParsableArguments {
    @Flag(help: "Taken for cosign's sake: a key is verified without a transparency log anyway.")
    var insecureIgnoreTlog = false
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
