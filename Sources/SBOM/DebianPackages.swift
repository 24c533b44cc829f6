// SPDX-License-Identifier: Apache-2.0
// dpkg's database. Spec: deb-control(5), dpkg(1) "Package states", deb-src-control(5).

internal import Primitives

/// Reads `var/lib/dpkg/status`, or one file of a distroless image's `status.d`.
///
/// A package counts when its files are on the disk: states `installed`, `unpacked`,
/// `half-configured` and the two `triggers-` states. `config-files` (removed, "rc") and
/// `not-installed` do not count, although plain `dpkg-query -W` lists the former; what is wanted
/// (`install`, `hold`, `deinstall`) does not matter. A `half-installed` package is reported as
/// unknown: some of its files may be there.
///
/// - Parameter needsStatus: false for `status.d`, whose stanzas have no Status field.
func debianPackages(_ bytes: [UInt8], path: String, needsStatus: Bool) -> PackageDatabase {
    var database = PackageDatabase()
    for stanza in controlStanzas(bytes, wanted: wantedFields) {
        func unknown(_ reason: String) {
            let name = stanza["package"].map { " (\(plain($0, atMost: 80)))" } ?? ""
            database.unknowns.append(
                Inventory.Unknown(
                    path: path, reason: "the package at line \(stanza.line)\(name): \(reason)"))
        }
        if let problem = stanza.problem {
            unknown(problem)
            continue
        }
        let state = stanza["status"]?.utf8.split(separator: " ").last.map(String.init)
        switch state {
        case nil where needsStatus:
            unknown("it has no Status")
            continue
        case "half-installed"?:
            unknown("it is half-installed")
            continue
        case nil: break
        case let state? where statesWithFiles.contains(state): break
        case "not-installed"?, "config-files"?: continue
        case let state?:
            unknown("its state is \(quoted(state))")
            continue
        }
        guard let name = stanza["package"], let version = stanza["version"] else {
            unknown("it has no Package or no Version")
            continue
        }
        database.records.append(record(stanza, name: name, version: version, path: path))
    }
    return database
}

private func record(_ stanza: ControlStanza, name: String, version: String, path: String)
    -> PackageRecord
{
    var record = PackageRecord(
        kind: .debian, name: name, version: version, architecture: stanza["architecture"],
        path: path)
    let source = stanza["source"].map(sourcePackage)
    record.sourceName = source?.name ?? name
    record.sourceVersion = source?.version ?? version
    record.maintainer = stanza["maintainer"]
    for field in ["pre-depends", "depends"] {
        record.needs += needs(stanza[field] ?? "", ofArchitecture: stanza["architecture"])
    }
    record.provides = needs(stanza["provides"] ?? "", ofArchitecture: nil).map(\.name)
    return record
}

/// `name` or `name (version)`. Spec: deb-control(5), "Source".
private func sourcePackage(_ text: String) -> (name: String, version: String?) {
    let parts = text.utf8.split(separator: " ", maxSplits: 1)
    let version = parts.dropFirst().first.map {
        String(decoding: $0.utf8.filter { !"() ".utf8.contains($0) }, as: UTF8.self)
    }
    return (parts.first.map(String.init) ?? text, version.flatMap { $0.isEmpty ? nil : $0 })
}

/// Every alternative of every dependency; versions are left away, since dpkg has checked them.
///
/// Spec: deb-control(5), "Depends"; `:any` is satisfied by every architecture.
private func needs(_ text: String, ofArchitecture own: String?) -> [PackageRecord.Need] {
    text.utf8.split(whereSeparator: ",|".utf8.contains).compactMap { term in
        let word = term.drop { $0 == UInt8(ascii: " ") }.prefix(beforeAny: " (<[")
        let parts = word.utf8.split(separator: ":", maxSplits: 1)
        guard let name = parts.first else { return nil }
        let demanded = parts.dropFirst().first.map(String.init) ?? own
        return PackageRecord.Need(
            name: String(name),
            architecture: demanded == "any" || demanded == "all" ? nil : demanded)
    }
}

private let statesWithFiles: Set<String> = [
    "installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending",
]

private let wantedFields: Set<String> = [
    "package", "status", "version", "architecture", "source", "maintainer", "depends",
    "pre-depends", "provides",
]
