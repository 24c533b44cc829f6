// SPDX-License-Identifier: Apache-2.0
// The answer of verify --policy, for people and for programs.

import OCI
import Policy
import Primitives
import Workflows

/// What the policies say about one image; ends the command with its exit code.
struct PolicyVerificationView {
    let image: ImageLocation
    let policies: [CompiledPolicy]
    let decisions: [Decision]
    let trust: TrustedMaterial?

    func show(as form: OutputFormat) throws {
        switch form {
        case .json: StandardOutput.print(json)
        case .text:
            StandardOutput.print(headline)
            for (label, text) in details { StandardError.say("\(label): \(text)") }
        }
        try status.end()
    }

    /// The decision that settles it: a fail, then what nobody could find out, then what no rule
    /// spoke about.
    private var leading: Decision? {
        let refused = decisions.filter { $0.result == .fail }
        let telling = refused.max { rank($0) < rank($1) }
        return telling ?? decisions.first { $0.result == .unknown }
            ?? decisions.first { $0.result == .unmatched }
    }

    private func rank(_ decision: Decision) -> Int {
        switch status(of: decision) {
        case .failed: 3
        case .missingAtMirror: 2
        case .unsigned: 1
        default: 0
        }
    }

    private var status: ExitStatus { leading.map(status) ?? .yes }

    private func status(of decision: Decision) -> ExitStatus {
        switch decision.result {
        case .pass, .excepted: return .yes
        case .unknown: return .unknown
        case .unmatched: return .no
        case .fail: break
        }
        switch decision.reason {
        case .unsigned, .attestationMissing: return .unsigned
        case .evidenceMissingAtMirror: return .missingAtMirror
        case .signerMismatch, .issuerMismatch, .signatureInvalid, .notInLog, .certificateExpired,
            .attestationPolicyFailed, .attestationStale, .subjectMismatch, .malformed:
            return .failed
        default: return .no
        }
    }

    private var digest: Digest? { decisions.lazy.compactMap(\.image.digest).first }
    private var name: String { digest.map(image.pinned) ?? image.description }

    private var headline: String {
        guard let leading else { return "yes: \(name) meets \(shownRules(decisions))" }
        let reason = leading.reason.map { " (\($0.rawValue))" } ?? ""
        switch leading.result {
        case .unmatched:
            let known = policies.map { plain($0.name) }.joined(separator: ", ")
            return "unmatched: no rule of \(known) matches \(name)"
        case .unknown:
            return "unknown: whether \(name) meets \(shownRules([leading])) could not be found out"
                + reason
        default: return "no: \(name) does not meet \(shownRules([leading]))\(reason)"
        }
    }

    private func shownRules(_ decisions: [Decision]) -> String {
        var rules: [String] = []
        for rule in decisions.compactMap(\.rule) {
            let name = plain("\(rule.policy)/\(rule.name)")
            if !rules.contains(name) { rules.append(name) }
        }
        return rules.isEmpty ? "the policies" : rules.joined(separator: ", ")
    }

    private var details: [(String, String)] {
        var lines: [(String, String)] = []
        for decision in leading.map({ [$0] }) ?? decisions {
            lines.append(("found", plain(decision.found)))
            lines.append((" want", plain(decision.expected)))
        }
        if let leading {
            let others = decisions.count { $0.result == leading.result } - 1
            if others > 0 {
                lines.append(
                    (
                        "  and",
                        (others == 1 ? "1 other rule says" : "\(others) other rules say")
                            + " so too; --output json tells about each"
                    ))
            }
            if let remediation = leading.remediation {
                lines.append((" next", plain(remediation.summary)))
                lines += remediation.steps.map { ("     ", $0.description) }
            }
        }
        if let trust { lines.append(("trust", trust.source)) }
        return lines
    }

    private var json: JSONValue {
        var object: JSONObject = ["image": .string(image.description)]
        if let digest { object["digest"] = .string(digest.description) }
        object["result"] = .string((leading?.result ?? .pass).rawValue)
        if let reason = leading?.reason { object["reason"] = .string(reason.rawValue) }
        object["decisions"] = .array(decisions.map(\.json))
        if let trust { object["trust"] = .string(trust.source) }
        return .object(object)
    }
}
