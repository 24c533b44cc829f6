// SPDX-License-Identifier: Apache-2.0
// Decisions as people read them. Text from outside is made safe to show.

import Primitives

extension Decision {
    /// The verdict in a few lines: what, why, found against expected, and how to mend it.
    package var summaryText: String {
        var lines = ["\(plain(image.use.written)) (\(place))"]
        lines.append(row("result", result.rawValue + (reason.map { " \($0.rawValue)" } ?? "")))
        if let rule {
            lines.append(
                row("rule", "\(plain(rule.policy))/\(plain(rule.name)) (\(rule.action.rawValue))"))
        }
        if let digest = image.digest { lines.append(row("digest", digest.description)) }
        lines.append(row("found", plain(found)))
        lines.append(row("expected", plain(expected)))
        if let patch { lines.append(row("pinned", plain(patch.value))) }
        if let remediation { lines += remediationLines(remediation) }
        return lines.joined(separator: "\n")
    }

    /// Why, from what, and how to mend it: everything the decision holds.
    package var explanation: String {
        var lines = [summaryText, row("message", plain(message))]
        if let rule { lines.append(row("policy", "\(plain(rule.source)) \(rule.digest)")) }
        lines.append(
            row(
                "request",
                "\(request.operation.rawValue) \(plain(request.resource.description)) "
                    + "\(request.digest)"
            ))
        lines.append("  checks:")
        for check in checks {
            let reason = check.reason.map { " \($0.rawValue)" } ?? ""
            lines.append(
                "    \(check.outcome.rawValue)\(reason)  \(plain(check.id)): \(plain(check.what))")
            lines.append("      expected: \(plain(check.expected))")
            lines.append("      observed: \(plain(check.observed))")
            for digest in check.evidence { lines.append("      evidence: \(digest)") }
        }
        return lines.joined(separator: "\n")
    }

    private var place: String {
        let owner = image.use.owner.isEmpty ? image.use.pointer : image.use.owner
        let role =
            switch image.use.role {
            case .initContainer: "init container"
            case .container: "container"
            case .ephemeralContainer: "ephemeral container"
            case .volume: "volume"
            }
        return "\(plain(request.resource.description)), \(role) \(plain(owner))"
    }

    private func remediationLines(_ remediation: Remediation) -> [String] {
        [row("to mend", plain(remediation.summary))]
            + remediation.steps.map { "    \($0.description)" }
    }
}

private func row(_ name: String, _ value: String) -> String {
    "  \(name):" + String(repeating: " ", count: max(1, 10 - name.count)) + value
}
