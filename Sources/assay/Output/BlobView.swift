// SPDX-License-Identifier: Apache-2.0
// The answer of verify-blob and verify-blob-attestation, for people and for programs.

import Policy
import Primitives
import Signing
import Workflows

/// Renders what was found about one file and ends the command with its exit code.
struct BlobView {
    let file: BlobLocation
    let artifact: SignedArtifact
    let wanted: BlobQuestion.Wanted
    let signer: TrustedSigner
    /// Whom the verifier believes; nil where a key is enough.
    let trust: TrustedMaterial?
    /// Where the evidence is.
    let place: String
    /// One for each piece of evidence of the wanted kind.
    let findings: [ArtifactVerificationResult]

    func show(as form: OutputFormat) throws {
        switch form {
        case .json: StandardOutput.print(json)
        case .text:
            StandardOutput.print(headline)
            for (label, text) in details { StandardError.say("\(label): \(text)") }
        }
        try status.end()
    }

    private var proofs: [ArtifactVerificationResult] { findings.filter { $0.signer != nil } }

    /// The most telling first.
    private var problems: [VerificationError] {
        findings.compactMap(\.problem).sorted { $1 < $0 }
    }

    /// Nothing of the wanted kind is there.
    private var isBare: Bool { problems.allSatisfy { $0.code == .otherType } }

    private var status: ExitStatus {
        if !proofs.isEmpty { return .yes }
        return isBare ? .unsigned : .failed
    }

    private var subject: String { "\(plain(file.description)) (\(artifact.shown))" }

    private var headline: String {
        guard proofs.isEmpty else {
            let noun =
                switch (wanted, proofs.count) {
                case (_, 1): "1 \(wanted.noun)"
                case (.signature, let count): "\(count) signatures"
                case (.attestation(let type), let count): "\(count) attestations of type \(type)"
                }
            return "yes: \(subject) has \(noun) by \(signer.shown)"
        }
        guard let problem = problems.first, !isBare else {
            let adjective = wanted.type == nil ? "unsigned" : "not attested"
            return "no: \(subject) is \(adjective): its bundle has no \(wanted.noun)"
        }
        return "no: \(subject) \(refusal(problem))"
    }

    private func refusal(_ problem: VerificationError) -> String {
        let verb = wanted.type == nil ? "signed" : "attested"
        if problem.code.isAboutTrust {
            return "is \(verb), and nobody who vouches for that is believed here"
        }
        switch problem.code.reason {
        case .signerMismatch where problem.code == .signatureMismatch:
            return
                "has no \(wanted.noun) that verifies with \(signer.shown): it was changed, or another key made it"
        case .signerMismatch
        where problem.code == .otherSignerKind || problem.code == .otherAlgorithm:
            return "is \(verb) in another way: \(problem.why)"
        case .signerMismatch, .issuerMismatch:
            return "is \(verb) by somebody else: no \(wanted.noun) is by \(signer.shown)"
        case .subjectMismatch:
            return "comes with evidence that was made for another file"
        case .limitExceeded:
            return "comes with evidence over a limit of Assay: no \(wanted.noun) is proven"
        case .malformed:
            return "comes with evidence that cannot be read: no \(wanted.noun) is proven"
        case .notInLog:
            return "comes with a \(wanted.noun) that its transparency log does not prove"
        case .certificateExpired:
            return "comes with a \(wanted.noun) that was not made while its signer was valid"
        default: return "was changed, or its \(wanted.noun) is broken: it does not verify"
        }
    }

    private var details: [(String, String)] {
        var lines: [(String, String)] = []
        if !proofs.isEmpty {
            lines.append(("found", plain(place)))
            for found in proofs.compactMap(\.signer) where signer.isAmbiguous {
                lines.append(("   by", found.shown))
            }
        } else if let first = problems.first, !isBare {
            lines.append(("  why", "\(plain(place)): \(first.why)"))
            if let others = others(problems.count - 1) { lines.append(("  and", others)) }
        } else {
            lines.append(("  why", "\(plain(place)) holds nothing of that kind"))
        }
        if let trust { lines.append(("trust", trust.source)) }
        return lines
    }

    /// What failed less tellingly is counted; programs get it all.
    private func others(_ count: Int) -> String? {
        guard count > 0 else { return nil }
        return (count == 1 ? "1 other that does" : "\(count) others that do")
            + " not verify either; --output json tells about each"
    }

    private var reason: ReasonCode? {
        switch status {
        case .yes: nil
        case .unsigned: wanted.type == nil ? .unsigned : .attestationMissing
        default: problems.first?.code.reason ?? .signatureInvalid
        }
    }

    private var json: JSONValue {
        var object: JSONObject = [
            "file": .string(file.description), "digest": .string(artifact.shown),
            "bundle": .string(place), "result": reason == nil ? "pass" : "fail",
        ]
        if let reason { object["reason"] = .string(reason.rawValue) }
        object["expected"] = ["what": .string(wanted.noun), "signer": .string(signer.shown)]
        if let trust { object["trust"] = .string(trust.source) }
        if proofs.isEmpty {
            object["rejected"] = .array(findings.sorted(by: isMoreSpecific).map(rejection))
        } else {
            object["proofs"] = .array(proofs.map(proof))
        }
        return .object(object)
    }

    private func isMoreSpecific(
        _ left: ArtifactVerificationResult, _ right: ArtifactVerificationResult
    ) -> Bool {
        guard let first = left.problem, let second = right.problem else { return false }
        return second < first
    }

    private func proof(_ finding: ArtifactVerificationResult) -> JSONValue {
        var object: JSONObject = [:]
        if let signer = finding.signer { object["signer"] = signer.json }
        if let statement = finding.statement { object["predicate"] = statement.predicate }
        object["checks"] = .array(finding.checks.map(\.json))
        return .object(object)
    }

    private func rejection(_ finding: ArtifactVerificationResult) -> JSONValue {
        var object: JSONObject = [:]
        if let problem = finding.problem {
            object["reason"] = .string(problem.code.rawValue)
            object["why"] = .string(problem.why)
        }
        object["checks"] = .array(finding.checks.map(\.json))
        return .object(object)
    }
}
