// SPDX-License-Identifier: Apache-2.0
// dpkg's journal and the other places of its database, with dpkg-query as an oracle.

import OCI
import Primitives
import TestSupport
import Testing

@testable import SBOM

@Suite("dpkg's journal")
struct DebianJournalTests {
    private func names(_ files: [String: String]) throws -> [String] {
        try directorySBOM(files).packages.map {
            "\($0.name) \($0.version) \($0.architecture ?? "")"
        }
    }

    private let same = "Multi-Arch: same\n"

    /// Databases with their journal.
    private var samples: [[String: String]] {
        [
            [
                "status": debianStanza("a") + debianStanza("b"),
                "updates/0000": debianStanza("a", "2.0"), "updates/0001": debianStanza("c"),
                "updates/0002": debianStanza("b", status: "purge ok not-installed"),
            ],
            [
                "status": debianStanza("a"), "updates/0001": debianStanza("a", "3.0"),
                "updates/0000": debianStanza("a", "2.0"), "updates/tmp.i": debianStanza("d"),
            ],
            [
                "status": debianStanza("m", more: same),
                "updates/0000": debianStanza("m", "2.0", architecture: "i386", more: same),
            ],
            [
                "status": debianStanza("m", more: same)
                    + debianStanza("m", architecture: "i386", more: same),
                "updates/0000": debianStanza("m", "2.0", architecture: "i386", more: same),
            ],
            [
                "status": debianStanza("x"),
                "updates/0000": debianStanza("x", "2.0", architecture: "i386"),
            ],
            ["status": "", "updates/00": debianStanza("only")],
        ]
    }

    @Test(
        "packages are those that dpkg-query lists, journal applied",
        .enabled(if: hasTool("dpkg-query"), "dpkg-query is not here"), arguments: 0..<6)
    func oracle(_ index: Int) throws {
        var files: [String: [UInt8]] = [
            "db/arch": Array("amd64\ni386\n".utf8), "db/info/format": Array("1\n".utf8),
        ]
        var ours: [String: String] = [:]
        for (name, text) in samples[index] {
            // dpkg asks for fields that our stanzas leave out.
            let more = "Maintainer: A <a@example.org>\nDescription: x\n"
            let whole = text.split(separator: "\n\n").map { $0 + "\n" + more }
                .joined(separator: "\n")
            files["db/\(name)"] = Array(whole.utf8)
            ours["var/lib/dpkg/\(name)"] = whole
        }
        let format = "${db:Status-Status} ${Package} ${Version} ${Architecture}\\n"
        let output = try #require(
            try shellOutput(
                "dpkg-query --admindir=db -W -f '\(format)' | sed -n 's/^installed //p' | sort",
                files: files))
        #expect(
            try names(ours).sorted()
                == String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init))
    }

    private let states = [
        "install ok installed", "deinstall ok config-files", "purge ok not-installed",
    ]

    /// One stanza of the package m, in every state, architecture and kind.
    private var stanzas: [String] {
        states.flatMap { state in
            ["amd64", "i386"].flatMap { architecture in
                ["", "Multi-Arch: Same\n", "Multi-Arch: foreign\n"].map {
                    debianStanza("m", architecture: architecture, status: state, more: $0)
                }
            }
        }
    }

    @Test(
        "every change of every package is what dpkg makes of it, or a known unknown",
        .enabled(if: hasTool("dpkg-query"), "dpkg-query is not here"))
    func everyChange() throws {
        let databases = [
            debianStanza("m", more: same),
            debianStanza("m", architecture: "i386"),
            debianStanza("m", status: states[1])
                + debianStanza("m", architecture: "i386", status: states[2]),
            debianStanza("m", more: same) + debianStanza("m", architecture: "i386", more: same),
            debianStanza("m", status: states[2]) + debianStanza("m", architecture: "i386"),
        ]
        let more = "Maintainer: A <a@example.org>\nDescription: x\n"
        func whole(_ text: String) -> String {
            text.split(separator: "\n\n").map { $0 + "\n" + more }.joined(separator: "\n")
        }
        var files: [String: [UInt8]] = [:]
        var ours: [[String: String]] = []
        for database in databases {
            for change in stanzas {
                let name = "db\(ours.count)"
                let texts = ["status": whole(database), "updates/0000": whole(change)]
                for (path, text) in texts { files["\(name)/\(path)"] = Array(text.utf8) }
                files["\(name)/arch"] = Array("amd64\ni386\n".utf8)
                files["\(name)/info/format"] = Array("1\n".utf8)
                ours.append(
                    Dictionary(
                        uniqueKeysWithValues: texts.map { ("var/lib/dpkg/\($0.key)", $0.value) }))
            }
        }
        let format = "${db:Status-Status} ${Package} ${Version} ${Architecture},"
        let output = try #require(
            try shellOutput(
                "for i in $(seq 0 \(ours.count - 1)); do dpkg-query --admindir=db$i -W -f '\(format)' "
                    + "2>error || { grep -q 'no packages' error || printf refused; }; echo; done",
                files: files))
        let lines = String(decoding: output, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        var refused = 0
        for (number, line) in lines.prefix(ours.count).enumerated() {
            let found = try directorySBOM(ours[number])
            if line.contains("refused") {
                refused += 1
                #expect(found.unknowns.contains { !$0.path.isEmpty }, "\(ours[number])")
                continue
            }
            let expected = line.split(separator: ",").filter { $0.hasPrefix("installed ") }
                .map { String($0.dropFirst("installed ".count)) }
            let names = found.packages.map { "\($0.name) \($0.version) \($0.architecture ?? "")" }
            #expect(names.sorted() == expected.sorted(), "\(ours[number])")
        }
        #expect(lines.count > ours.count && refused > 0 && refused < ours.count / 2)
    }

    /// Databases in unusual forms.
    static let unusualForms: [String] = {
        let rest = "Status: install ok installed\nVersion: 1\nArchitecture: amd64\n"
        let other = "Package: b\n" + rest
        return [
            "Package : a\nStatus\t: install ok installed\nVersion \u{B}: 1\nArchitecture:amd64\n",
            "Package: a\nStatus: install ok installed\n \nVersion: 1\nArchitecture: amd64\n",
            "Package: a\nStatus:\n install ok\n\tinstalled\nVersion:\n 1\n \t\nArchitecture: amd64\n",
            "Package: a\n" + rest + " \n" + other, "Package: a\n" + rest + "\n" + other,
            "\n\nPackage: a\n" + rest + "\n\n\n" + other, " \nPackage: a\n" + rest,
            " Package: a\n" + rest, "Foo bar: x\nPackage: a\n" + rest, "Foo\nPackage: a\n" + rest,
            "Package: a\u{1A}" + rest.replacing("\n", with: "\u{1A}"),
            "Package: a\n" + rest + "Section: x\u{1A}Priority: y\n",
            "Package: a\n" + rest + "\u{1A}" + other,
            "Package: a\n" + rest + "\u{1A}\u{1A}" + other,
            "package: A\n" + rest.uppercased().replacing("AMD64", with: "amd64"),
            ("Package: a\n" + rest).replacing("\n", with: "\r\n"),
            ("Package: a\n" + rest + "\n" + other).replacing("\n", with: "\r\n"),
            "Package: a\n" + rest + "Conffiles:\n /etc/x 0123456789abcdef0123456789abcdef\n",
            "Package: a\nPackage : b\n" + rest, "Package: a\n" + rest + "\u{B}\n" + other,
        ]
    }()

    @Test(
        "a database in an unusual form is what dpkg reads, or a known unknown",
        .enabled(if: hasTool("dpkg-query"), "dpkg-query is not here"), arguments: unusualForms)
    func forms(_ text: String) throws {
        let format = "${db:Status-Status} ${Package} ${Version} ${Architecture}\\n"
        let output = try #require(
            try shellOutput(
                "dpkg-query --admindir=db -W -f '\(format)' 2>error || cat error; true",
                files: [
                    "db/status": Array(text.utf8), "db/arch": Array("amd64\ni386\n".utf8),
                    "db/info/format": Array("1\n".utf8),
                ]))
        let lines = String(decoding: output, as: UTF8.self)
        let found = try directorySBOM(["var/lib/dpkg/status": text])
        guard !lines.contains("error") else {
            #expect(found.unknowns.contains { !$0.path.isEmpty }, "\(lines)")
            return
        }
        let expected = lines.split(separator: "\n").filter { $0.hasPrefix("installed ") }
            .map { String($0.dropFirst("installed ".count)) }
        #expect(
            found.packages.map { "\($0.name) \($0.version) \($0.architecture ?? "")" }.sorted()
                == expected.sorted(), "\(lines)")
        #expect(!expected.isEmpty)
    }

    @Test(
        "a value of very many lines is read in time that grows with them", .timeLimit(.minutes(1)))
    func longValue() throws {
        let lines = String(repeating: " somebody else\n", count: 300_000)
        #expect(
            try names([
                "var/lib/dpkg/status": debianStanza("a", more: "Maintainer: b\n" + lines)
            ]) == ["a 1.0 amd64"])
    }

    @Test(
        "very many stanzas of one name are read in time that grows with them",
        .timeLimit(.minutes(1)), arguments: ["install ok installed", "purge ok not-installed"])
    func manyOfOneName(_ status: String) throws {
        let count = 20_000
        func stanza(_ number: Int, _ version: String) -> ControlStanza {
            var fields = [
                "package": "m", "architecture": "a\(number)", "version": version,
                "multi-arch": "same",
            ]
            fields["status"] = status
            return ControlStanza(line: number, fields: fields)
        }
        let numbers = Array(0..<count)
        var journal = DebianJournal(
            numbers.map { stanza($0, "1") } + [stanza(7, "2")], "status", isDatabase: true)
        #expect(journal.current.count == count && journal.replaced.count == 1)
        #expect(journal.current[7].stanza["version"] == "2")
        let changed = numbers.suffix(2_000)
        journal.apply(changed.map { stanza($0, "3") }, of: "updates/0000")
        #expect(journal.current.map(\.stanza.line) == numbers)
        #expect(journal.current.suffix(2_000).allSatisfy { $0.stanza["version"] == "3" })
    }

    @Test("stanzas of all databases and of the journal count against one limit")
    func stanzaLimit() throws {
        let bytes = Array((debianStanza("a") + debianStanza("b")).utf8)
        let database = PackageDatabaseFiles.DatabaseFile(
            kind: .debian, path: "status", bytes: bytes, isFragment: false,
            journal: [PackageDatabaseFiles.JournalFile(path: "updates/0000", bytes: bytes)])
        var count = StanzaCount(limit: 8)
        #expect(try debianPackages(database, count: &count).records.count == 2)
        #expect(try debianPackages(database, count: &count).records.count == 2)
        #expect(throws: Failure.self) { try debianPackages(database, count: &count) }
        var less = StanzaCount(limit: 3)
        #expect(throws: Failure.self) { try debianPackages(database, count: &less) }
    }

    @Test("names and the words of a Status are compared in any case, as in dpkg")
    func anyCase() throws {
        #expect(
            try names([
                "var/lib/dpkg/status": debianStanza("Abc") + debianStanza("d"),
                "var/lib/dpkg/updates/0000": debianStanza(
                    "aBC", "2.0", status: "Install OK Installed"),
                "var/lib/dpkg/updates/0001": debianStanza("D", status: "Purge Ok Not-Installed"),
            ]) == ["abc 2.0 amd64"])
    }

    @Test("a removal on one architecture leaves the package of the other")
    func otherArchitecture() throws {
        let both =
            debianStanza("m", more: same) + debianStanza("m", architecture: "i386", more: same)
        #expect(
            try names([
                "var/lib/dpkg/status": both,
                "var/lib/dpkg/updates/0000": debianStanza(
                    "m", status: "purge ok not-installed", more: "Multi-Arch: SAME\n"),
            ]) == ["m 1.0 i386"])
        let unclear = try directorySBOM([
            "var/lib/dpkg/status": both,
            "var/lib/dpkg/updates/0000": debianStanza("m", status: "purge ok not-installed"),
        ])
        #expect(unclear.packages.count == 2)
        #expect(unclear.unknowns.contains { $0.path == "var/lib/dpkg/updates/0000" })
    }

    @Test(
        "a journal that dpkg does not apply is a known unknown", arguments: ["00", "12345678901"])
    func oddNames(_ other: String) throws {
        let found = try directorySBOM([
            "var/lib/dpkg/status": debianStanza("a"),
            "var/lib/dpkg/updates/0000": debianStanza("b"),
            "var/lib/dpkg/updates/\(other)": debianStanza("c"),
        ])
        #expect(found.packages.map(\.name) == ["a"])
        #expect(found.unknowns.contains { $0.path == "var/lib/dpkg/updates" })
    }

    @Test("a stanza of the journal that cannot be read is named with its file")
    func broken() throws {
        let found = try directorySBOM([
            "var/lib/dpkg/status": debianStanza("a"),
            "var/lib/dpkg/updates/0000": "Package: b\nVersion: 1\n",
        ])
        #expect(found.packages.map(\.name) == ["a"])
        #expect(found.unknowns.map(\.path).contains("var/lib/dpkg/updates/0000"))
    }

    @Test("the saved older database is no source")
    func savedDatabase() throws {
        #expect(
            try names([
                "var/lib/dpkg/status": debianStanza("a"),
                "var/lib/dpkg/status-old": debianStanza("b"),
                "var/lib/dpkg/available": debianStanza("c", status: nil),
            ]) == ["a 1.0 amd64"])
    }

    @Test("a package does not hide behind the name of a list of sums")
    func sums() throws {
        #expect(
            try names([
                "var/lib/dpkg/status.d/a": debianStanza("a", status: nil),
                "var/lib/dpkg/status.d/a.md5sums": "d41d8cd98f00b204e9800998ecf8427e  etc/x\n",
                "var/lib/dpkg/status.d/b.md5sums": debianStanza("b", status: nil),
            ]) == ["a 1.0 amd64", "b 1.0 amd64"])
    }
}
