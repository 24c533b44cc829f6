// SPDX-License-Identifier: Apache-2.0
// The answer of verify and verify-attestation, for people and for programs.

import Keys
import OCI
import Policy
import Primitives
import Signing
import Workflows

/// What was asked and what came of it.
struct VerificationSummary<Proof: Sendable>: Sendable {
    let image: ImageLocation
    let type: PredicateType
    let signer: TrustedSigner
    /// Whom the verifier believes; nil where keys are enough.
    let trust: TrustedMaterial?
    let result: ImageVerificationResult<Proof>

    var subject: Descriptor { result.subject }
    var searches: [EvidenceSearch] { result.searches }
    var answer: VerificationResult<Proof> { result.answer }
}

/// One proof as it is shown.
struct ProofLine {
    let location: EvidenceLocation
    let evidence: Digest
    let signer: VerifiedSigner
    let format: EvidenceFormat
    let annotations: JSONObject
    let predicate: JSONValue?
    let checks: [VerificationCheck]
    /// What cosign prints for it.
    let cosign: JSONValue

    var json: JSONValue {
        var object: JSONObject = [
            "carrier": .string(location.rawValue), "evidence": .string(evidence.description),
            "signer": signer.json,
        ]
        if !annotations.isEmpty { object["annotations"] = .object(annotations) }
        if let predicate { object["predicate"] = predicate }
        object["checks"] = .array(checks.map(\.json))
        return .object(object)
    }
}

/// Renders one finding and ends the command with its exit code.
struct VerificationView<Proof: Sendable> {
    let finding: VerificationSummary<Proof>
    /// Requirements on a proof beside its signer.
    let requirements: EvidenceRequirements
    let line: (Proof) -> ProofLine

    func show(as form: VerificationOutput) throws {
        switch form {
        case .json: StandardOutput.print(json)
        case .text:
            StandardOutput.print(headline)
            for (label, text) in details { StandardError.say("\(label): \(text)") }
        case .cosign:
            if case .verified(let proofs) = finding.answer { showAsCosign(proofs.map(line)) }
            StandardError.say(headline)
            for (label, text) in details { StandardError.say("\(label): \(text)") }
        }
        try status.end()
    }

    /// Signatures in one array; attestations one a line. What a terminal would obey is escaped, and
    /// the JSON still means the same.
    private func showAsCosign(_ lines: [ProofLine]) {
        guard isSignature else {
            for line in lines {
                StandardOutput.print(
                    raw: Array((line.cosign.shownText(indented: false) + "\n").utf8))
            }
            return
        }
        let array = JSONValue.array(lines.map(\.cosign))
        StandardOutput.print(raw: Array((array.shownText(indented: false) + "\n").utf8))
    }

    private var image: String { finding.image.pinned(to: finding.subject.digest) }
    private var signer: String { finding.signer.shown }
    private var isSignature: Bool { finding.type == .signature }
    private var noun: String { isSignature ? "signature" : "attestation of type \(finding.type)" }

    private var status: ExitStatus {
        switch finding.answer {
        case .verified: .yes
        case .unsigned: .unsigned
        case .failed, .requirementsNotMet: .failed
        case .missingAtMirror: .missingAtMirror
        }
    }

    private var headline: String {
        switch finding.answer {
        case .verified(let proofs):
            "yes: \(image) has \(counted(proofs.count)) by \(signer)"
        case .requirementsNotMet:
            "no: \(image) is \(isSignature ? "signed" : "attested") by \(signer), and "
                + requirements.unmet(noun)
        case .unsigned:
            "no: \(image) is \(isSignature ? "unsigned" : "not attested"): it has no \(noun)"
        case .failed(let rejected): "no: \(image) " + refusal(rejected)
        case .missingAtMirror(let origin, _):
            "no: the \(noun) of \(image) is lost at this mirror: \(origin) has it"
        }
    }

    private func counted(_ count: Int) -> String {
        if count == 1 { return "1 \(noun)" }
        return isSignature ? "\(count) signatures" : "\(count) attestations of type \(finding.type)"
    }

    private func refusal(_ rejected: [RejectedCandidate]) -> String {
        guard let problem = rejected.first?.problem else { return "has no \(noun) that verifies" }
        let verb = isSignature ? "signed" : "attested"
        if problem.code.isAboutTrust {
            return "is \(verb), and nobody who vouches for that is believed here"
        }
        switch problem.code.reason {
        case .signerMismatch where problem.code == .signatureMismatch:
            return
                "has no \(noun) that verifies with \(signer): it was changed, or another key made it"
        case .signerMismatch
        where problem.code == .otherSignerKind || problem.code == .otherAlgorithm:
            return "is \(verb) in another way: \(problem.why)"
        case .signerMismatch, .issuerMismatch:
            return "is \(verb) by somebody else: no \(noun) is by \(signer)"
        case .subjectMismatch:
            return "carries evidence that was made for another digest: no \(noun) is about this one"
        case .limitExceeded:
            return "carries evidence over a limit of Assay: no \(noun) is proven"
        case .malformed:
            return rejected.allSatisfy(\.isGone)
                ? "is listed with evidence that is not there any more: no \(noun) is proven"
                : "carries evidence that cannot be read: no \(noun) is proven"
        case .notInLog:
            return "carries a \(noun) that its transparency log does not prove"
        case .certificateExpired:
            return "carries a \(noun) that was not made while its signer was valid"
        default:
            return
                "carries evidence that was tampered with or is broken: its \(noun) does not verify"
        }
    }

    private var details: [(String, String)] {
        var lines: [(String, String)] = []
        if finding.subject.mediaType.isIndex {
            let index = "the index \(finding.subject.digest)"
            lines.append(("about", "\(index); the images it lists were not judged one by one"))
        }
        lines += answerLines
        lines.append(("tried", finding.searches.map(\.shown).joined(separator: ", ")))
        if let trust = finding.trust { lines.append(("trust", trust.source)) }
        if let next { lines.append((" next", next)) }
        return lines
    }

    private var answerLines: [(String, String)] {
        var lines: [(String, String)] = []
        switch finding.answer {
        case .verified(let proofs):
            for line in proofs.map(line) {
                lines.append(("found", "\(line.location.rawValue), \(line.evidence)"))
                if finding.signer.isAmbiguous { lines.append(("   by", line.signer.shown)) }
                if !line.annotations.isEmpty { lines.append(("bound", bound(line))) }
            }
        case .requirementsNotMet(let proofs):
            for line in proofs.prefix(shownReasons).map(line) {
                let why = self.why(line)
                lines.append(("  why", "\(line.location.rawValue), \(line.evidence): \(why)"))
            }
        case .failed(let rejected):
            if let first = rejected.first {
                let place = "\(first.candidate.location.rawValue), \(first.candidate.digest)"
                lines.append(("  why", "\(place): \(first.why)"))
            }
            if let others = others(rejected.count - 1) { lines.append(("  and", others)) }
        case .unsigned: lines.append(("  why", "every place was asked and holds none"))
        case .missingAtMirror(_, let proofs):
            lines.append(("  why", "\(proofs.count) there, none here"))
        }
        return lines
    }

    /// What failed less tellingly is counted; programs get it all.
    private func others(_ count: Int) -> String? {
        guard count > 0 else { return nil }
        return (count == 1 ? "1 other that does" : "\(count) others that do")
            + " not verify either; --output json tells about each"
    }

    /// Why a proof by the right signer does not meet the other requirements.
    private func why(_ line: ProofLine) -> String {
        if let format = requirements.format, line.format != format {
            return "it is in the \(line.format.rawValue) format"
        }
        return line.annotations.isEmpty ? "it has none" : "it has \(bound(line))"
    }

    private func bound(_ line: ProofLine) -> String {
        plain(JSONValue.object(line.annotations).compactText)
    }

    private var next: String? {
        switch finding.answer {
        case .failed(let rejected) where rejected.first?.problem.code.isAboutTrust == true:
            "if it is of another Sigstore instance, name that one's --trusted-root; if it may be "
                + "newer than what is believed, assay trust update"
        case .verified, .requirementsNotMet, .failed: nil
        case .unsigned where isSignature:
            "if it should be, sign it where it was built: assay sign --key cosign.key \(image)"
        case .unsigned:
            "if it should be, attest it where it was built: assay attest --key cosign.key "
                + "--type \(finding.type.shortName ?? finding.type.description) "
                + "--predicate FILE \(image)"
        case .missingAtMirror(let origin, _):
            "assay copy \(origin)@\(finding.subject.digest) \(finding.image.repositoryText)"
        }
    }

    private var reason: ReasonCode? {
        switch finding.answer {
        case .verified: return nil
        case .requirementsNotMet: return .signerMismatch
        case .unsigned: return isSignature ? .unsigned : .attestationMissing
        case .missingAtMirror: return .evidenceMissingAtMirror
        case .failed(let rejected):
            return rejected.first?.problem.code.reason ?? .signatureInvalid
        }
    }

    private var json: JSONValue {
        var object: JSONObject = [
            "image": .string(finding.image.description),
            "digest": .string(finding.subject.digest.description),
            "mediaType": .string(finding.subject.mediaType.description),
            "result": reason == nil ? "pass" : "fail",
        ]
        if let reason { object["reason"] = .string(reason.rawValue) }
        object["expected"] = ["what": .string(noun), "signer": .string(signer)]
        switch finding.answer {
        case .verified(let proofs): object["proofs"] = .array(proofs.map { line($0).json })
        case .requirementsNotMet(let proofs): object["unmet"] = .array(proofs.map { line($0).json })
        case .missingAtMirror(let origin, let proofs):
            object["origin"] = .string(origin)
            object["proofsAtOrigin"] = .array(proofs.map { line($0).json })
        case .failed(let rejected):
            object["rejected"] = .array(rejected.map(rejection))
        case .unsigned: break
        }
        object["tried"] = .array(finding.searches.map(\.json))
        if let trust = finding.trust { object["trust"] = .string(trust.source) }
        if let next { object["next"] = .string(next) }
        return .object(object)
    }

    private func rejection(_ item: RejectedCandidate) -> JSONValue {
        [
            "carrier": .string(item.candidate.location.rawValue),
            "evidence": .string(item.candidate.digest.description),
            "reason": .string(item.problem.code.rawValue), "why": .string(item.why),
            "checks": .array(item.checks.map(\.json)),
        ]
    }
}

extension EvidenceSearch {
    /// The place and its number of items, or why it could not be read.
    fileprivate var shown: String {
        "\(location.rawValue) (" + (failure.map { "not read: \($0.why)" } ?? "\(found)") + ")"
    }

    fileprivate var json: JSONValue {
        var object: JSONObject = [
            "carrier": .string(location.rawValue), "found": .number(JSONNumber(found)),
        ]
        if let item { object["item"] = .string(item.description) }
        if let failure { object["failure"] = failure.json }
        return .object(object)
    }
}

/// Lines of reasons for people; programs get them all.
private let shownReasons = 5

extension TrustedSigner {
    /// Whether a proof must tell who of several it was.
    var isAmbiguous: Bool {
        switch self {
        case .keys(let keys): keys.count > 1
        case .certificates: true
        }
    }
}

extension VerificationError.Code {
    /// Whether the evidence rests on a log or authority that the trust material does not know.
    var isAboutTrust: Bool {
        switch self {
        case .certificateUntrusted, .timestampUntrusted, .logUntrusted: true
        default: false
        }
    }
}
