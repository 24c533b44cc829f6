// SPDX-License-Identifier: Apache-2.0
// Resources that were not evaluated, for people and for programs.

import Primitives

extension UnevaluatedResource {
    /// A line about the resource and one for each place in it.
    var summaryText: String {
        var lines = ["not evaluated: \(plain(resource.description)) (\(place)): \(plain(why))"]
        for finding in findings {
            let values = finding.values.map { plain($0) }.joined(separator: ", ")
            lines.append(
                "  \(finding.what.rawValue) at \(plain(finding.pointer))"
                    + (values.isEmpty ? "" : ": \(values)"))
        }
        if count > findings.count { lines.append("  and \(count - findings.count) more") }
        return lines.joined(separator: "\n")
    }

    var json: JSONValue {
        var object: JSONObject = [
            "resource": .string(resource.description), "apiVersion": .string(resource.apiVersion),
            "kind": .string(resource.kind), "namespace": .string(resource.namespace),
            "name": .string(resource.shownName), "why": .string(why),
        ]
        if case .file(let name, let line, _) = place {
            object["file"] = .string(name)
            object["line"] = .number(JSONNumber(line))
        }
        object["count"] = .number(JSONNumber(count))
        object["findings"] = .array(findings.map(\.json))
        return .object(object)
    }
}

extension UnevaluatedResource.Finding {
    fileprivate var json: JSONValue {
        [
            "type": .string(what.rawValue), "pointer": .string(pointer),
            "values": .array(values.map { .string($0) }),
        ]
    }
}
