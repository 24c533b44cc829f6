// SPDX-License-Identifier: Apache-2.0
// Parses dpkg's database. Spec: deb-control(5), dpkg(1) "Package states", deb-src-control(5).

internal import Primitives

/// Parses `var/lib/dpkg/status` with its journal, or one file of a distroless image's `status.d`.
///
/// A package is listed if its files are present: in the states `installed`, `unpacked`,
/// `half-configured` and the two `triggers-` states. It is not listed in the states `config-files`
/// (removed, "rc"), which plain `dpkg-query -W` lists, and `not-installed`. The selection
/// (`install`, `hold`, `deinstall`) is ignored. A `half-installed` package is reported as unknown,
/// because some of its files may be present.
///
/// - Throws: `overLimit` if there are more stanzas than `count` allows.
func debianPackages(_ source: PackageDatabaseFiles.DatabaseFile, count: inout StanzaCount)
    throws(Failure)
    -> PackageDatabase
{
    let stanzas = controlStanzas(source.bytes, wanted: wantedFields)
    try count.add(stanzas.count)
    var journal = DebianJournal(stanzas, source.path, isDatabase: !source.isFragment)
    for file in source.journal {
        let changes = controlStanzas(file.bytes, wanted: wantedFields)
        try count.add(changes.count)
        journal.apply(changes, of: file.path)
    }
    var database = PackageDatabase()
    for (old, new) in journal.replaced where differ(old, new) {
        database.unknowns.append(
            BillOfMaterials.Unknown(
                path: source.path,
                reason: "the package at line \(old.line)\(named(old)) is listed again at line "
                    + "\(new.line), with another description; dpkg reads only the later one"))
    }
    for (stanza, path) in journal.current {
        switch reading(stanza, path: path, needsStatus: !source.isFragment) {
        case .success(let record): record.map { database.records.append($0) }
        case .failure(let problem):
            database.unknowns.append(
                BillOfMaterials.Unknown(
                    path: path,
                    reason: "the package at line \(stanza.line)\(named(stanza)): \(problem.reason)")
            )
        }
    }
    return database
}

private func named(_ stanza: ControlStanza) -> String {
    stanza["package"].map { " (\(plain($0, atMost: 80)))" } ?? ""
}

/// Whether two stanzas of one package describe different packages.
private func differ(_ one: ControlStanza, _ other: ControlStanza) -> Bool {
    guard case .success(let left) = reading(one, path: "", needsStatus: true),
        case .success(let right) = reading(other, path: "", needsStatus: true)
    else { return true }
    return left != right
}

/// Why a stanza is invalid.
private struct StanzaProblem: Error {
    let reason: String
}

/// The package of a stanza; nil if its files are not present.
private func reading(_ stanza: ControlStanza, path: String, needsStatus: Bool) -> Result<
    PackageRecord?, StanzaProblem
> {
    if let problem = stanza.problem { return .failure(StanzaProblem(reason: problem)) }
    switch (stanza["status"], stanza.state) {
    case (nil, _) where needsStatus: return .failure(StanzaProblem(reason: "it has no Status"))
    case (nil, _): break
    case (let text?, nil):
        return .failure(
            StanzaProblem(reason: "dpkg cannot read its Status \(quoted(text))"))
    case (_, .halfInstalled): return .failure(StanzaProblem(reason: "it is half-installed"))
    case (_, .notInstalled), (_, .configFiles): return .success(nil)
    case (_, .unpacked), (_, .halfConfigured), (_, .triggersAwaited), (_, .triggersPending),
        (_, .installed):
        break
    }
    guard let name = stanza.packageName, let version = stanza["version"] else {
        return .failure(StanzaProblem(reason: "it lacks a Package or a Version"))
    }
    return .success(record(stanza, name: name, version: version, path: path))
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

/// All alternatives of all dependencies, without versions, which dpkg has checked.
///
/// Spec: deb-control(5), "Depends"; any architecture satisfies `:any`.
private func needs(_ text: String, ofArchitecture own: String?) -> [PackageRecord.Dependency] {
    text.utf8.split(whereSeparator: ",|".utf8.contains).compactMap { term in
        let word = term.drop { $0 == UInt8(ascii: " ") }.prefix(beforeAny: " (<[")
        let parts = word.utf8.split(separator: ":", maxSplits: 1)
        guard let name = parts.first else { return nil }
        let demanded = parts.dropFirst().first.map(String.init) ?? own
        return PackageRecord.Dependency(
            name: name.utf8.lowercased(),
            architecture: demanded == "any" || demanded == "all" ? nil : demanded)
    }
}

private let wantedFields: Set<String> = [
    "package", "status", "version", "architecture", "source", "maintainer", "depends",
    "pre-depends", "provides", "multi-arch",
]
