// SPDX-License-Identifier: Apache-2.0
// Parses apk's database. Spec: Alpine wiki, "Apk spec", "Installed Database V2"; apk-package(5);
// apk-tools 2.14 and 3.0, src/database.c, `apk_db_index_read` and `apk_db_fdb_read`.

internal import Primitives

/// Parses `lib/apk/db/installed`: stanzas of one-letter fields, with files and their checksums.
///
/// As in apk-tools, a line of fewer than two bytes ends a package, unless the package has no name
/// yet. A longer line without a colon as its second byte is an error in apk-tools, which then lists
/// no package; Assay reports it as unknown and parses the rest.
func alpinePackages(_ bytes: [UInt8], path: String) -> PackageDatabase {
    var reader = AlpineReader(path: path)
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
        reader.add(line)
    }
    return reader.finish()
}

private struct AlpineReader {
    let path: String
    private var database = PackageDatabase()
    private var fields: [UInt8: String] = [:]
    /// The line on which the package starts, and the current line, both from 1.
    private var (start, number) = (1, 0)

    init(path: String) { self.path = path }

    mutating func add(_ line: ArraySlice<UInt8>) {
        number += 1
        guard let letter = line.first, line.count > 1 else {
            guard fields[UInt8(ascii: "P")] != nil else { return }
            endPackage()
            start = number + 1
            return
        }
        guard line[line.startIndex + 1] == UInt8(ascii: ":") else {
            return note("line \(number) is not a field")
        }
        // Most lines are files, so this check is first.
        guard wantedLetters.contains(letter) else { return }
        let value = String(decoding: line.dropFirst(2), as: UTF8.self)
        guard longestMarkRun(in: value) <= Limits.combiningMarks else {
            return note(
                "line \(number) has more than \(Limits.combiningMarks) combining marks in a row")
        }
        if fields[letter] != nil { note("line \(number) names a field of its package again") }
        fields[letter] = value
    }

    mutating func finish() -> PackageDatabase {
        endPackage()
        return database
    }

    private mutating func endPackage() {
        defer { fields = [:] }
        guard !fields.isEmpty else { return }
        guard let name = fields[UInt8(ascii: "P")], let version = fields[UInt8(ascii: "V")],
            !name.isEmpty, !version.isEmpty
        else { return note("the package at line \(start): it lacks a name or a version") }
        database.records.append(record(fields, name: name, version: version, path: path))
    }

    private mutating func note(_ reason: String) {
        guard database.unknowns.count < Limits.packagesPerSBOM else { return }
        database.unknowns.append(BillOfMaterials.Unknown(path: path, reason: reason))
    }
}

private func record(_ fields: [UInt8: String], name: String, version: String, path: String)
    -> PackageRecord
{
    func field(_ letter: Unicode.Scalar) -> String? {
        fields[UInt8(ascii: letter)].flatMap { $0.isEmpty ? nil : $0 }
    }
    var record = PackageRecord(
        kind: .alpine, name: name, version: version, architecture: field("A"), path: path)
    record.sourceName = field("o") ?? name
    record.sourceVersion = version
    record.maintainer = field("m")
    record.declaredLicense = field("L")
    record.needs = words(field("D")).filter { !$0.utf8.hasPrefix("!") }
        .map { PackageRecord.Dependency(name: $0, architecture: nil) }
    record.provides = words(field("p"))
    return record
}

/// The names without versions: `so:libc.musl-x86_64.so.1=1` provides `so:libc.musl-x86_64.so.1`.
private func words(_ text: String?) -> [String] {
    (text ?? "").utf8.split(separator: " ").map { String($0.utf8.prefix(beforeAny: "<>=~")) }
        .map { $0.utf8.hasPrefix("!") ? $0 : String($0.utf8.prefix(before: "@")) }
        .filter { !$0.isEmpty }
}

private let wantedLetters: Set<UInt8> = Set("PVALomDp".utf8)
