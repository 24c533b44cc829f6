// SPDX-License-Identifier: Apache-2.0
// How verify and verify-attestation show an answer, and what cosign prints for it.
// Spec: cosign v3.1.2 cmd/cosign/cli/verify/common.go, PrintVerification.

import ArgumentParser
import Primitives
import Signing

enum VerificationOutput: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
    /// What cosign prints: the payloads or envelopes of what verified, and nothing otherwise.
    case cosign

    /// How a failure to look is shown.
    var form: OutputForm { self == .json ? .json : .text }
}

struct VerificationOutputOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .long],
        help: "text for people, json for programs, cosign for programs that read cosign's output")
    var output: VerificationOutput = .text
}

extension VerifiedSignature {
    /// The payload as `cosign verify` prints it: the one that was signed, or for a bundle the one
    /// that would say the same; with what the certificate names.
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
