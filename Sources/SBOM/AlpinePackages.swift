// SPDX-License-Identifier: Apache-2.0
// apk's database. Spec: Alpine wiki, "Apk spec", "Installed Database V2"; apk-package(5).

internal import Primitives

/// Reads `lib/apk/db/installed`: stanzas of one-letter fields, files and their sums among them.
func alpinePackages(_ bytes: [UInt8], path: String) -> PackageDatabase {
    var database = PackageDatabase()
    var fields: [UInt8: String] = [:]
    var start = 1
    var number = 0
    func finish() {
        defer { fields = [:] }
        guard !fields.isEmpty else { return }
        guard let name = fields[UInt8(ascii: "P")], let version = fields[UInt8(ascii: "V")],
            !name.isEmpty, !version.isEmpty
        else {
            database.unknowns.append(
                Inventory.Unknown(
                    path: path, reason: "the package at line \(start): it has no name or no version"
                ))
            return
        }
        database.records.append(record(fields, name: name, version: version, path: path))
    }
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
        number += 1
        guard let letter = line.first else {
            finish()
            start = number + 1
            continue
        }
        // Most lines are files; they must cost nothing.
        guard wantedLetters.contains(letter) else { continue }
        guard line.dropFirst().first == UInt8(ascii: ":") else {
            database.unknowns.append(
                Inventory.Unknown(path: path, reason: "line \(number) is no field"))
            continue
        }
        let value = String(decoding: line.dropFirst(2), as: UTF8.self)
        guard longestMarkRun(in: value) <= Limits.combiningMarks else {
            database.unknowns.append(
                Inventory.Unknown(
                    path: path,
                    reason: "line \(number) has more than \(Limits.combiningMarks) combining marks "
                        + "in a row"))
            continue
        }
        if fields[letter] != nil {
            database.unknowns.append(
                Inventory.Unknown(
                    path: path, reason: "line \(number) names a field of its package again"))
        }
        fields[letter] = value
    }
    finish()
    return database
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
        .map { PackageRecord.Need(name: $0, architecture: nil) }
    record.provides = words(field("p"))
    return record
}

/// Names without their versions: `so:libc.musl-x86_64.so.1=1` provides `so:libc.musl-x86_64.so.1`.
private func words(_ text: String?) -> [String] {
    (text ?? "").utf8.split(separator: " ").map { String($0.utf8.prefix(beforeAny: "<>=~")) }
        .map { $0.utf8.hasPrefix("!") ? $0 : String($0.utf8.prefix(before: "@")) }
        .filter { !$0.isEmpty }
}

private let wantedLetters: Set<UInt8> = Set("PVALomDp".utf8)
