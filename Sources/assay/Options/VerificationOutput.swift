// SPDX-License-Identifier: Apache-2.0
// How verify and verify-attestation show an answer, and what cosign prints for it.
// Spec: cosign v3.1.2 cmd/cosign/cli/verify/common.go, PrintVerification.

import ArgumentParser
import Primitives
import Signing

enum VerificationOutput: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
    /// cosign's output: the payloads or envelopes of the evidence that verified; nothing if none
    /// did.
    case cosign

    /// The form in which a failure to look is printed.
    var form: OutputFormat { self == .json ? .json : .text }
}

struct VerificationOutputOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .long],
        help: "text for people, json for programs, cosign for programs that read cosign's output")
    var output: VerificationOutput = .text
}

extension VerifiedSignature {
    /// The payload as `cosign verify` prints it: the signed one, or for a bundle an equivalent one;
    /// with the certificate's identity in `optional`.
    func cosignPayload(of image: String, digest: Digest) -> JSONValue {
        let signed = payload.flatMap { try? JSONValue(parsing: $0, named: "the payload") }
        let critical =
            signed?["critical"]
            ?? [
                "identity": ["docker-reference": .string(image)],
                "image": ["docker-manifest-digest": .string(digest.description)],
                "type": .string(PredicateType.signature.description),
            ]
        var optional = annotations
        if case .certificate(let certificate) = signer {
            optional["Subject"] = .string(certificate.subject)
            optional["Issuer"] = .string(certificate.issuer)
            for claim in certificate.claims where claim.name.utf8.starts(with: "github".utf8) {
                optional[claim.name] = .string(claim.value)
            }
        }
        return [
            "critical": critical, "optional": optional.isEmpty ? .null : .object(optional),
        ]
    }
}
