// SPDX-License-Identifier: Apache-2.0
// os-release, dpkg and apk, with dpkg-query as an oracle.

import Foundation
import OCI
import Primitives
import TestSupport
import Testing

@testable import SBOM

@Suite("operating systems")
struct OperatingSystemTests {
    @Test(
        "values are read as a shell reads them",
        arguments: [
            ("12", "12"), ("\"12\"", "12"), ("'12'", "12"), ("\"a \\\" b\"", "a \" b"),
            ("\"\\$x\\`\"", "$x`"), ("\"a\\b\"", "a\\b"), ("'a\\b'", "a\\b"), ("1\"2\"'3'", "123"),
            ("12 # no", "12"), ("12\r", "12"),
        ])
    func values(_ text: String, _ value: String) {
        let system = OperatingSystem(
            parsing: Array("# c\nID=x\nVERSION_ID=\(text)\nnonsense\n".utf8), path: "")
        #expect(system.version == value)
    }

    @Test("a value whose quote has no end is none", arguments: ["\"12", "'12", "12\\"])
    func unfinished(_ text: String) {
        let system = OperatingSystem(parsing: Array("VERSION_ID=\(text)".utf8), path: "")
        #expect(system.version == nil)
        #expect(system.identifier == "linux")
    }

    @Test("the distro qualifier falls back to the codename, then to the name")
    func distributions() {
        func distribution(_ text: String) -> String {
            OperatingSystem(parsing: Array(text.utf8), path: "").distribution
        }
        #expect(distribution("ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm") == "debian-12")
        #expect(distribution("ID=debian\nVERSION_CODENAME=trixie") == "debian-trixie")
        #expect(distribution("ID=arch") == "arch")
    }

    @Test("etc wins over usr/lib, and a link is followed to where it leads")
    func places() throws {
        let linked = try directorySBOM(
            ["usr/lib/os-release.d/os-release-x": "ID=x", "usr/lib/os-release": "ID=y"],
            links: ["etc/os-release": "../usr/lib/os-release.d/os-release-x"])
        #expect(linked.operatingSystem?.identifier == "x")
        #expect(linked.operatingSystem?.path == "usr/lib/os-release.d/os-release-x")
        let fallback = try directorySBOM(["usr/lib/os-release": "ID=y"])
        #expect(fallback.operatingSystem?.identifier == "y")
    }
}

@Suite("dpkg")
struct DebianPackagesTests {
    @Test(
        "a package counts when its files are there",
        arguments: [
            ("install ok installed", true), ("hold ok installed", true),
            ("deinstall ok installed", true), ("deinstall ok config-files", false),
            ("purge ok not-installed", false), ("install ok unpacked", true),
            ("install ok half-configured", true), ("install ok triggers-pending", true),
            ("install ok triggers-awaited", true), ("install ok half-installed", false),
            ("Install OK Installed", true), ("INSTALL OK CONFIG-FILES", false),
            ("installokinstalled", true), ("hold  reinstreq\tinstalled", true),
        ])
    func states(_ status: String, _ counts: Bool) throws {
        let found = try directorySBOM([
            "etc/os-release": debianRelease,
            "var/lib/dpkg/status": debianStanza("a", status: status) + debianStanza("b"),
        ])
        #expect(found.packages.map(\.name) == (counts ? ["a", "b"] : ["b"]))
        #expect(found.unknowns.isEmpty == !status.hasSuffix("half-installed"))
    }

    @Test("fields become what the inventory says")
    func fields() throws {
        let found = try directorySBOM([
            "etc/os-release": debianRelease,
            "var/lib/dpkg/status": debianStanza(
                "libc6", "2.36-9+deb12u1",
                more:
                    "Source: glibc (2.36-9)\nMaintainer: GNU Libc Maintainers <g@lists.debian.org>\n"
                    + "Depends: libgcc-s1,\n libcrypt1 (>= 1:4.4.10-10~)\nDescription: x\n y\n"),
        ])
        let package = try #require(found.packages.first)
        #expect(
            package.packageURL.description
                == "pkg:deb/debian/libc6@2.36-9%2Bdeb12u1?arch=amd64&distro=debian-12")
        #expect(package.sourceName == "glibc")
        #expect(package.sourceVersion == "2.36-9")
        #expect(package.maintainer == "GNU Libc Maintainers <g@lists.debian.org>")
        #expect(package.paths == ["var/lib/dpkg/status"])
        #expect(found.unknowns.isEmpty)
    }

    @Test(
        "dependencies lead to what is installed: alternatives, virtual packages, same architecture")
    func dependencies() throws {
        let stanzas = [
            debianStanza(
                "app", more: "Depends: lib (>= 1), mta | other, gone | any:any\nPre-Depends: app\n"),
            debianStanza("app", architecture: "i386", more: "Depends: lib\n"),
            debianStanza("lib"), debianStanza("lib", architecture: "i386"),
            debianStanza("postfix", architecture: "all", more: "Provides: mta, x (= 1)\n"),
            debianStanza("any", architecture: "i386"),
        ]
        let found = try directorySBOM([
            "etc/os-release": "ID=debian", "var/lib/dpkg/status": stanzas.joined(),
        ])
        let app = try #require(found.packages.first { $0.name == "app" })
        #expect(
            app.dependencies.map(\.description) == [
                "pkg:deb/debian/any@1.0?arch=i386&distro=debian",
                "pkg:deb/debian/lib@1.0?arch=amd64&distro=debian",
                "pkg:deb/debian/postfix@1.0?arch=all&distro=debian",
            ])
        let other = try #require(
            found.packages.first { $0.name == "app" && $0.architecture == "i386" })
        #expect(
            other.dependencies.map(\.description)
                == ["pkg:deb/debian/lib@1.0?arch=i386&distro=debian"])
    }

    @Test("distroless keeps one file a package, without a Status")
    func distroless() throws {
        let found = try directorySBOM([
            "usr/lib/os-release": debianRelease,
            "var/lib/dpkg/status.d/base": debianStanza("base-files", status: nil),
            "var/lib/dpkg/status.d/base.md5sums": "0123  usr/x\n",
            "var/lib/dpkg/status.d/tz": debianStanza("tzdata", status: nil),
        ])
        #expect(found.packages.map(\.name) == ["base-files", "tzdata"])
        #expect(found.unknowns.isEmpty)
    }

    @Test("the byte 0x1A ends a stanza, as in dpkg, and is no part of a name")
    func endOfFileByte() {
        let text =
            "Package: good\n\u{1A}Package: evil\nStatus: install ok installed\n\n\u{1A}\nPackage: c\n"
        let stanzas = controlStanzas(Array(text.utf8), wanted: ["package", "status"])
        #expect(stanzas.map { $0["package"] } == ["good", "evil", "c"])
        #expect(stanzas[1]["status"] == "install ok installed")
        let odd = controlStanzas(Array("Pack\u{1A}age: a\n".utf8), wanted: ["package"])
        #expect(odd.first?.problem != nil)
    }

    @Test(
        "what cannot be read is said, and the rest is listed",
        arguments: [
            "Package: x\nStatus: install ok installed\n\n", "Package: x\nVersion: 1\n\n",
            "Package: x\nPackage: y\nStatus: install ok installed\nVersion: 1\n\n",
            "nonsense\nPackage: x\nStatus: install ok installed\nVersion: 1\n\n",
            "Package: x\nStatus: install ok strange\nVersion: 1\n\n",
            "Package: x\nStatus: installed\nVersion: 1\n\n",
            "Package: x\nStatus: not-installed\nVersion: 1\n\n",
            "Package: x\nStatus: install ok installed now\nVersion: 1\n\n",
            "Package: x\nStatus: install not-installed\nVersion: 1\n\n",
        ])
    func unreadable(_ stanza: String) throws {
        let found = try directorySBOM([
            "etc/os-release": debianRelease,
            "var/lib/dpkg/status": stanza + debianStanza("b"),
        ])
        #expect(found.packages.map(\.name) == ["b"])
        #expect(found.unknowns.count == 1)
        #expect(found.unknowns.first?.path == "var/lib/dpkg/status")
    }

    @Test("a field that only looks like another is not it")
    func lookAlikes() throws {
        let found = try directorySBOM([
            "etc/os-release": debianRelease,
            "var/lib/dpkg/status": debianStanza("a", more: "Pac\u{212A}age: b\n"),
        ])
        #expect(found.packages.map(\.name) == ["a"])
        #expect(found.unknowns.isEmpty)
    }

    @Test("a package listed twice is one; with two descriptions that is said")
    func duplicates() throws {
        let twice = try directorySBOM([
            "etc/os-release": debianRelease,
            "var/lib/dpkg/status": debianStanza("a") + debianStanza("a"),
            "var/lib/dpkg/status.d/a": debianStanza("a", status: nil),
        ])
        #expect(twice.packages.count == 1)
        #expect(twice.packages.first?.paths == ["var/lib/dpkg/status", "var/lib/dpkg/status.d/a"])
        #expect(twice.unknowns.isEmpty)
        let differing = try directorySBOM([
            "etc/os-release": debianRelease,
            "var/lib/dpkg/status": debianStanza("a") + debianStanza("A", "2.0"),
        ])
        #expect(differing.packages.map(\.version) == ["2.0"])
        #expect(differing.unknowns.count == 1)
    }

    @Test(
        "the packages are those that dpkg-query says are installed",
        .enabled(if: hasTool("dpkg-query"), "no dpkg-query here"),
        .enabled(
            if: FileManager.default.fileExists(atPath: "/var/lib/dpkg/status"), "no dpkg here"))
    func oracle() throws {
        var status = try String(contentsOfFile: "/var/lib/dpkg/status", encoding: .utf8)
        // States that a machine in order does not have.
        status += "\n" + debianStanza("removed-package", status: "deinstall ok config-files")
        status += debianStanza("libc6", "0.1", architecture: "i386", more: "Multi-Arch: same\n")
        let format = "${binary:Package} ${Version} ${Architecture} ${db:Status-Status}\\n"
        let answer = try #require(
            try shellOutput(
                "dpkg-query --admindir=var/lib/dpkg -W -f '\(format)'",
                files: [
                    "var/lib/dpkg/status": Array(status.utf8),
                    "var/lib/dpkg/info/format": [49, 10],
                ]))
        let lines = String(decoding: answer, as: UTF8.self).split(separator: "\n")
        let expected = lines.filter { $0.hasSuffix(" installed") }.map { line in
            let words = line.split(separator: " ")
            return "\(words[0].prefix { $0 != ":" }) \(words[1]) \(words[2])"
        }
        #expect(lines.count > expected.count, "dpkg-query lists removed packages too")
        let found = try directorySBOM([
            "etc/os-release": debianRelease, "var/lib/dpkg/status": status,
        ])
        #expect(
            found.packages.map { "\($0.name) \($0.version) \($0.architecture ?? "")" }.sorted()
                == expected.sorted())
        #expect(found.unknowns.isEmpty)
        #expect(found.packages.contains { !$0.dependencies.isEmpty })
    }

    @Test("a database with flipped bytes gives an inventory, never a trap", arguments: 0..<20)
    func mutations(_ seed: UInt64) throws {
        let status = Array(
            (debianStanza("a", more: "Depends: b | c (>= 1), d\n") + debianStanza("b")).utf8)
        var random = SystemSeed(seed)
        for _ in 0..<30 {
            var bytes = status
            for _ in 0..<3 { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
            var count = StanzaCount()
            let database = try debianPackages(
                PackageDatabaseFiles.DatabaseFile(
                    kind: .debian, path: "x", bytes: bytes, isFragment: false),
                count: &count)
            #expect(database.records.count <= 2 + 3)
            _ = alpinePackages(bytes, path: "x")
            _ = OperatingSystem(parsing: bytes, path: "x")
        }
    }
}

@Suite("apk")
struct AlpinePackagesTests {
    private let installed = """
        C:Q1abcdefghijklmnopqrstuvwxyz0=
        P:musl
        V:1.2.5-r0
        A:x86_64
        L:MIT
        o:musl
        m:Timo Teräs <timo.teras@iki.fi>
        p:so:libc.musl-x86_64.so.1=1
        F:lib
        R:ld-musl-x86_64.so.1
        Z:Q1xyz=

        P:busybox
        V:1.36.1-r29
        A:x86_64
        L:GPL-2.0-only
        D:so:libc.musl-x86_64.so.1 musl>=1.2 !uclibc
        p:/bin/sh cmd:sh=1.36.1-r29

        P:scripts
        V:1-r0
        A:noarch
        D:/bin/sh missing

        """

    @Test("stanzas become packages, and needs lead to providers", arguments: ["lib", "usr/lib"])
    func packages(_ directory: String) throws {
        let found = try directorySBOM([
            "etc/os-release": "ID=alpine\nVERSION_ID=3.20.3",
            "\(directory)/apk/db/installed": installed,
        ])
        #expect(
            found.packages.map(\.packageURL.description) == [
                "pkg:apk/alpine/busybox@1.36.1-r29?arch=x86_64&distro=alpine-3.20.3",
                "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.3",
                "pkg:apk/alpine/scripts@1-r0?arch=noarch&distro=alpine-3.20.3",
            ])
        #expect(found.packages[0].dependencies == [found.packages[1].packageURL])
        #expect(found.packages[2].dependencies == [found.packages[0].packageURL])
        #expect(found.packages[1].license?.expression?.identifier == "MIT")
        #expect(found.packages[0].sourceName == "busybox")
        #expect(found.unknowns.isEmpty)
    }

    @Test("one database behind two paths is read once")
    func mergedUsr() throws {
        let found = try directorySBOM(
            ["etc/os-release": "ID=alpine", "usr/lib/apk/db/installed": installed],
            links: ["lib": "usr/lib"])
        #expect(found.packages.count == 3)
        #expect(found.packages[0].paths == ["usr/lib/apk/db/installed"])
    }

    @Test(
        "a line of one byte ends a package, as in apk-tools",
        arguments: ["x", "P", "V", ":", "\r", " "])
    func oneByte(_ line: String) throws {
        let found = try directorySBOM([
            "etc/os-release": "ID=alpine",
            "lib/apk/db/installed": "P:a\nV:1\nA:x\n\(line)\nP:b\nV:2\nA:y\nF:etc\n\(line)\n",
        ])
        #expect(found.packages.map { "\($0.name) \($0.version)" } == ["a 1", "b 2"])
        #expect(found.unknowns.isEmpty)
    }

    @Test("a line that ends a package before it has a name ends nothing, as in apk-tools")
    func earlyEnd() throws {
        for text in ["V:1\n\nP:a\n\n", "\nx\nV:1\nx\nP:a\n", "A:x\n\n\nV:1\nP:a"] {
            let found = try directorySBOM([
                "etc/os-release": "ID=alpine", "lib/apk/db/installed": text,
            ])
            #expect(found.packages.map { "\($0.name) \($0.version)" } == ["a 1"], "\(text)")
            #expect(found.unknowns.isEmpty)
        }
    }

    @Test("a line without a colon is said, whatever its letter", arguments: ["xy", "Px", "F etc"])
    func noField(_ line: String) throws {
        let found = try directorySBOM([
            "etc/os-release": "ID=alpine",
            "lib/apk/db/installed": "P:a\nV:1\n\(line)\n\nP:b\nV:2\n",
        ])
        #expect(found.packages.map(\.name) == ["a", "b"])
        #expect(found.unknowns.map(\.reason) == ["line 3 is not a field"])
    }

    @Test("a stanza without a name or version is said to be unreadable")
    func incomplete() throws {
        let found = try directorySBOM([
            "etc/os-release": "ID=alpine", "lib/apk/db/installed": "P:x\n\nV:1\n\nP:y\nV:2\n",
        ])
        #expect(found.packages.map(\.name) == ["y"])
        #expect(found.unknowns.count == 2)
    }
}

@Suite("inventories of folders")
struct DirectorySBOMTests {
    @Test("nothing found is said, and is empty")
    func empty() throws {
        let found = try directorySBOM(["src/main.c": "int main;"])
        #expect(found.isEmpty)
        #expect(found.unknowns.map(\.reason) == ["no operating system and no package was found"])
    }

    @Test("packages without an os-release say that the vendor is assumed")
    func assumedVendor() throws {
        let found = try directorySBOM(["var/lib/dpkg/status": debianStanza("a")])
        #expect(found.packages.first?.packageURL.description == "pkg:deb/debian/a@1.0?arch=amd64")
        #expect(found.unknowns.count == 1)
        #expect(!found.isEmpty)
    }

    @Test("databases that are not read yet, and evidence out of reach, are unknown")
    func unreadDatabases() throws {
        let found = try directorySBOM(
            [
                "etc/os-release": "ID=fedora", "usr/lib/sysimage/rpm/rpmdb.sqlite": "x",
            ],
            links: ["lib/apk/db/installed": "../../../elsewhere", "var/lib/dpkg/status": "status"])
        #expect(
            found.unknowns.map(\.path) == [
                "", "lib/apk/db/installed", "usr/lib/sysimage/rpm/rpmdb.sqlite",
                "var/lib/dpkg/status",
            ])
    }

    @Test("paths that could not be read are named when evidence may hide there, else counted")
    func unreadablePaths() throws {
        var builder = LayerContentsBuilder(matcher: .packageDatabases, named: "a folder")
        for path in ["var/lib/dpkg", "root/a", "root/b", "etc/os-release"] {
            builder.addUnreadable(
                try TreePath(cleaning: path.utf8, of: ""), because: "permission denied")
        }
        let found = try sbom(of: try FileTree(directory: builder.finish()), directory: "test")
        #expect(found.unknowns.map(\.path) == ["", "", "etc/os-release", "var/lib/dpkg"])
        #expect(found.unknowns.contains { $0.reason.hasPrefix("2 other paths could not be read") })
    }
}

/// Numbers that are the same in every run. Spec: the minimal standard generator.
struct SystemSeed {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed * 7919 + 1 }

    mutating func below(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % limit
    }
}
