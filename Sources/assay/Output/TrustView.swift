// SPDX-License-Identifier: Apache-2.0
// Trust material, for people and for programs.

import Keys
import Primitives
import Signing
import TUF
import Workflows

/// Everything that is believed, and why.
struct TrustView: Sendable {
    let material: TrustedMaterial

    var lines: [String] {
        var lines = ["source: \(material.source)"]
        if case .repository(_, let state, let expired, _) = material.origin {
            lines += state.roles.map(\.line)
            lines.append(
                expired.map { "expired: \(plain($0)); assay trust update fetches newer" }
                    ?? "fresh: until \(state.expires)")
        }
        for section in material.root.sections {
            lines.append(section.title + (section.entries.isEmpty ? ": none" : ":"))
            lines += section.entries.map { "  \($0.line)" }
        }
        return lines
    }

    var json: JSONValue {
        var object: JSONObject = ["source": source]
        for section in material.root.sections {
            object[section.name] = .array(section.entries.map(\.json))
        }
        object["signingConfiguration"] = .bool(material.signingConfiguration != nil)
        return .object(object)
    }

    private var source: JSONValue {
        switch material.origin {
        case .file(let path): return ["kind": "file", "path": .string(path)]
        case .shipped: return ["kind": "shipped", "taken": .string(PublicGoodInstance.taken)]
        case .imported(let from, let time, let home):
            return [
                "kind": "imported", "from": .string(from), "at": .string(time.description),
                "folder": .string(home),
            ]
        case .repository(let mirror, let state, let expired, let home):
            var object: JSONObject = [
                "kind": "repository", "mirror": .string(mirror), "folder": .string(home),
                "fresh": .bool(expired == nil), "expires": .string(state.expires.description),
            ]
            for role in state.roles { object[role.name] = role.json }
            return .object(object)
        }
    }
}

extension TrustUpdate {
    private var view: TrustView { TrustView(material: material) }

    func show(as form: OutputFormat) throws {
        StandardOutput.did("brought the trust material up to date: \(view.material.source)")
        switch form {
        case .text: StandardOutput.print(lines.joined(separator: "\n"))
        case .json: StandardOutput.print(json)
        }
    }

    private var lines: [String] {
        var lines = ["up to date: \(view.material.source)"]
        for role in state.roles {
            let old = before?.state.roles.first { $0.name == role.name }
            let was = old.map { $0.version == role.version ? "" : ", was \($0.version)" }
            lines.append(role.line + (was ?? ""))
        }
        let (added, removed) = changes
        if before?.root == nil {
            lines.append("new: \(added.count) logs and authorities; assay trust show lists them")
        } else if added.isEmpty, removed.isEmpty {
            lines.append("nobody was added or removed")
        } else {
            lines += added.map { "added: \($0)" } + removed.map { "removed: \($0)" }
        }
        return lines
    }

    private var json: JSONValue {
        let (added, removed) = changes
        var object: JSONObject = ["trust": view.json]
        if let before {
            var versions: JSONObject = [:]
            for role in before.state.roles { versions[role.name] = role.json }
            object["before"] = .object(versions)
        }
        object["added"] = .array(added.map { .string($0) })
        object["removed"] = .array(removed.map { .string($0) })
        return .object(object)
    }

    private var changes: (added: [String], removed: [String]) {
        let new = view.material.root.allLines
        let old = before?.root?.allLines ?? []
        return (new.filter { !old.contains($0) }, old.filter { !new.contains($0) })
    }
}

/// One of the four top-level roles of an update repository.
private struct RoleVersion {
    let name: String
    let version: Int
    let expires: Timestamp

    var line: String { "\(name): version \(version), until \(expires)" }

    var json: JSONValue {
        ["version": .number(JSONNumber(version)), "expires": .string(expires.description)]
    }
}

extension TrustState {
    fileprivate var roles: [RoleVersion] {
        [
            RoleVersion(
                name: "root", version: root.content.version, expires: root.content.expires),
            RoleVersion(
                name: "timestamp", version: timestamp.content.version,
                expires: timestamp.content.expires),
            RoleVersion(
                name: "snapshot", version: snapshot.content.version,
                expires: snapshot.content.expires),
            RoleVersion(
                name: "targets", version: targets.metadata.content.version,
                expires: targets.metadata.content.expires),
        ]
    }
}

/// A log or authority as it is shown.
private struct TrustedParty {
    let address: String
    let operatorName: String?
    /// The key's kind, or the anchor's name.
    let what: String
    let identifier: String
    let validFor: ValidityPeriod

    init(_ log: TransparencyLog) {
        address = log.baseURL
        operatorName = log.operatorName
        what = log.publicKey.summary
        identifier = hexText(log.keyID)
        validFor = log.validFor
    }

    init(_ authority: CertificateAuthority) {
        address = authority.uri ?? "no address"
        operatorName = authority.operatorName
        what = authority.anchor?.subjectText ?? "no anchor"
        identifier = authority.anchor?.fingerprint.hex ?? ""
        validFor = authority.validFor
    }

    var line: String {
        let by = operatorName.map { ", run by \(plain($0))" } ?? ""
        return "\(plain(address)) (\(plain(what)))\(by), \(identifier), valid \(validFor)"
    }

    var json: JSONValue {
        var object: JSONObject = ["url": .string(address)]
        if let operatorName { object["operator"] = .string(operatorName) }
        object["what"] = .string(what)
        object["id"] = .string(identifier)
        object["validFor"] = validFor.json
        return .object(object)
    }
}

extension TrustedRoot {
    fileprivate var sections: [(name: String, title: String, entries: [TrustedParty])] {
        [
            ("logs", "transparency logs", logs.map(TrustedParty.init)),
            (
                "certificateAuthorities", "certificate authorities",
                certificateAuthorities.map(TrustedParty.init)
            ),
            (
                "certificateTransparencyLogs", "certificate transparency logs",
                certificateTransparencyLogs.map(TrustedParty.init)
            ),
            (
                "timestampAuthorities", "timestamp authorities",
                timestampAuthorities.map(TrustedParty.init)
            ),
        ]
    }

    fileprivate var allLines: [String] {
        sections.flatMap { section in section.entries.map { "\(section.title): \($0.line)" } }
    }
}
