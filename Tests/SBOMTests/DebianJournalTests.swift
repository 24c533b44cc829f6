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
        try folderInventory(files).packages.map {
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
    func oracle(_ place: Int) throws {
        var files: [String: [UInt8]] = [
            "db/arch": Array("amd64\ni386\n".utf8), "db/info/format": Array("1\n".utf8),
        ]
        var ours: [String: String] = [:]
        for (name, text) in samples[place] {
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

    @Test(
        "a journal that dpkg does not apply is a known unknown", arguments: ["00", "12345678901"])
    func oddNames(_ other: String) throws {
        let found = try folderInventory([
            "var/lib/dpkg/status": debianStanza("a"),
            "var/lib/dpkg/updates/0000": debianStanza("b"),
            "var/lib/dpkg/updates/\(other)": debianStanza("c"),
        ])
        #expect(found.packages.map(\.name) == ["a"])
        #expect(found.unknowns.contains { $0.path == "var/lib/dpkg/updates" })
    }

    @Test("a stanza of the journal that cannot be read is named with its file")
    func broken() throws {
        let found = try folderInventory([
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
