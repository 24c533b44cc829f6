// SPDX-License-Identifier: Apache-2.0
// The answer of verify, for people and for programs.

import OCI
import Policy
import Primitives
import Signing

/// One proof as it is shown.
struct ProofLine {
    let carrier: EvidenceCarrier
    let evidence: Digest
    let annotations: JSONObject
    let predicate: JSONValue?

    var json: JSONValue {
        var object: JSONObject = [
            "carrier": .string(carrier.rawValue), "evidence": .string(evidence.description),
        ]
        if !annotations.isEmpty { object["annotations"] = .object(annotations) }
        if let predicate { object["predicate"] = predicate }
        return .object(object)
    }
}

/// Renders one finding and ends the command with its exit code.
struct VerificationView<Proof: Sendable> {
    let finding: EvidenceFinding<Proof>
    let noun: String
    /// The key as the user named it, for commands that can be run again.
    let key: String
    let line: (Proof) -> ProofLine

    func show(as form: OutputForm) throws {
        switch form {
        case .json: Answer.print(json)
        case .text:
            Answer.print(headline)
            for (label, text) in details { Talk.say("\(label): \(text)") }
        }
        try status.end()
    }

    private var image: String { finding.image.pinned(to: finding.digest) }
    private var fingerprint: String {
        switch finding.signer { case .key(let key): key.fingerprint.description }
    }

    private var status: ExitStatus {
        switch finding.answer {
        case .proven: .yes
        case .unsigned: .unsigned
        case .notProven: .notProven
        case .lostAtMirror: .lostAtMirror
        }
    }

    private var headline: String {
        switch finding.answer {
        case .proven(let proofs):
            "yes: \(image) has \(proofs.count) \(noun)\(proofs.count == 1 ? "" : "s") by the key \(fingerprint)"
        case .unsigned: "no: \(image) is unsigned: it has no \(noun)"
        case .notProven(let rejected):
            rejected.first?.reason == .signerMismatch
                ? "no: \(image) is signed by somebody else: no \(noun) is by the key \(fingerprint)"
                : "no: \(image) carries evidence that was tampered with or is broken: its \(noun) does not verify"
        case .lostAtMirror(let origin, _):
            "no: the \(noun) of \(image) is lost at this mirror: \(origin) has it"
        }
    }

    private var details: [(String, String)] {
        var lines: [(String, String)] = []
        switch finding.answer {
        case .proven(let proofs):
            for line in proofs.map(line) {
                lines.append(("found", "\(line.carrier.rawValue), \(line.evidence)"))
                if !line.annotations.isEmpty {
                    lines.append(("bound", plain(JSONValue.object(line.annotations).compactText)))
                }
            }
        case .notProven(let rejected):
            for item in rejected.prefix(5) {
                lines.append(("  why", "\(item.candidate.carrier.rawValue), \(item.candidate.digest): \(item.why)"))
            }
        case .unsigned: lines.append(("  why", "every place was asked and holds none"))
        case .lostAtMirror(_, let proofs): lines.append(("  why", "\(proofs.count) there, none here"))
        }
        let looked = finding.searches.map { "\($0.carrier.rawValue) (\($0.found))" }
        lines.append(("tried", looked.joined(separator: ", ")))
        if let next { lines.append((" next", next)) }
        return lines
    }

    private var next: String? {
        switch finding.answer {
        case .proven, .notProven: nil
        case .unsigned: "if it should be, sign it where it was built: assay sign --key cosign.key \(image)"
        case .lostAtMirror(let origin, _):
            "assay copy \(origin)@\(finding.digest) \(finding.image.repositoryText)"
        }
    }

    private var reason: ReasonCode? {
        switch finding.answer {
        case .proven: return nil
        case .unsigned: return noun == "signature" ? .unsigned : .attestationMissing
        case .lostAtMirror: return .evidenceLostAtMirror
        case .notProven(let rejected):
            switch rejected.first?.reason {
            case .signerMismatch, .certificateSigner: return .signerMismatch
            case .subjectMismatch: return .subjectMismatch
            case .malformed: return .malformed
            default: return .signatureInvalid
            }
        }
    }

    private var json: JSONValue {
        var object: JSONObject = [
            "image": .string(finding.image.description), "digest": .string(finding.digest.description),
            "result": reason == nil ? "pass" : "fail",
        ]
        if let reason { object["reason"] = .string(reason.rawValue) }
        object["expected"] = ["what": .string(noun), "key": .string(fingerprint)]
        switch finding.answer {
        case .proven(let proofs): object["proofs"] = .array(proofs.map { line($0).json })
        case .lostAtMirror(let origin, let proofs):
            object["origin"] = .string(origin)
            object["proofsAtOrigin"] = .array(proofs.map { line($0).json })
        case .notProven(let rejected):
            object["rejected"] = .array(rejected.map(rejection))
        case .unsigned: break
        }
        object["tried"] = .array(
            finding.searches.map {
                ["carrier": .string($0.carrier.rawValue), "found": .number(JSONNumber($0.found))]
            })
        if let next { object["next"] = .string(next) }
        return .object(object)
    }

    private func rejection(_ item: RejectedCandidate) -> JSONValue {
        [
            "carrier": .string(item.candidate.carrier.rawValue),
            "evidence": .string(item.candidate.digest.description),
            "reason": .string(item.reason.rawValue), "why": .string(item.why),
        ]
    }
}
