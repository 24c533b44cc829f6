// SPDX-License-Identifier: Apache-2.0
// Package databases behind symbolic and hard links, in images and folders.

import OCI
import Primitives
import TestSupport
import Testing

@testable import SBOM

@Suite("databases behind links")
struct LinkedDatabaseTests {
    /// What stands at the database's path, and where the bytes are.
    enum Way: CaseIterable {
        case symbolic, absolute, beyondRoot, chain, hard, hardOfLowerLayer, symbolicThenHard
        case directory, targetInUpperLayer, throughLinkedDirectory
    }

    /// The places of evidence, with a text that shows that it was read.
    static let places = [
        ("var/lib/dpkg/status", debianStanza("linked")),
        ("var/lib/dpkg/status.d/linked", debianStanza("linked", status: nil)),
        ("var/lib/dpkg/updates/0000", debianStanza("linked")),
        ("lib/apk/db/installed", "P:linked\nV:1\nA:x\n\n"),
        ("usr/lib/apk/db/installed", "P:linked\nV:1\nA:x\n\n"),
    ]

    private func layers(_ way: Way, _ path: String, _ text: String) -> [[UInt8]] {
        let target = "opt/data/packages"
        let up = path.split(separator: "/").dropLast().map { _ in "../" }.joined()
        let release: (inout TarWriter) -> Void = { $0.file("etc/os-release", "ID=x") }
        switch way {
        case .symbolic:
            return [
                archive {
                    release(&$0); $0.file(target, text); $0.symbolicLink(path, to: up + target)
                }
            ]
        case .absolute:
            return [
                archive {
                    release(&$0); $0.file(target, text); $0.symbolicLink(path, to: "/" + target)
                }
            ]
        case .beyondRoot:
            return [
                archive {
                    release(&$0)
                    $0.file(target, text)
                    $0.symbolicLink(path, to: "../../../../../../../../" + target)
                }
            ]
        case .chain:
            return [
                archive {
                    release(&$0)
                    $0.file(target, text)
                    $0.symbolicLink("one", to: target)
                    $0.symbolicLink("opt/two", to: "../one")
                    $0.symbolicLink(path, to: "/opt/two")
                }
            ]
        case .hard:
            return [
                archive {
                    release(&$0); $0.file(target, text); $0.hardLink(path, to: target)
                }
            ]
        case .hardOfLowerLayer:
            return [
                archive {
                    release(&$0); $0.file(target, text)
                },
                archive { $0.hardLink(path, to: target) },
                archive { $0.file("opt/data/.wh.packages", "") },
            ]
        case .symbolicThenHard:
            return [
                archive {
                    release(&$0); $0.file(target, text)
                },
                archive { $0.hardLink("opt/other", to: target) },
                archive { $0.symbolicLink(path, to: "/opt/other") },
            ]
        case .directory:
            let parts = path.split(separator: "/")
            let directory = parts.dropLast().joined(separator: "/")
            return [
                archive {
                    release(&$0)
                    $0.file("opt/data/\(parts.last ?? "")", text)
                    $0.symbolicLink(directory, to: "/opt/data")
                }
            ]
        case .targetInUpperLayer:
            return [
                archive {
                    release(&$0); $0.symbolicLink(path, to: "/" + target)
                },
                archive { $0.file(target, text) },
            ]
        case .throughLinkedDirectory:
            return [
                archive {
                    release(&$0)
                    $0.directory("opt/data/")
                    $0.symbolicLink("way", to: "opt/data")
                    $0.file("way/packages", text)
                    $0.symbolicLink(path, to: "/" + target)
                }
            ]
        }
    }

    @Test(
        "the database is read wherever links lead inside the root file system",
        arguments: Way.allCases, 0..<5)
    func images(_ way: Way, _ index: Int) async throws {
        let (path, text) = Self.places[index]
        var images = MemoryImages()
        let manifest = try images.addImage(layers(way, path, text))
        let found = try await sbom(
            of: manifest, platform: nil, from: images, repository: nil, layersAtOnce: 2)
        #expect(found.packages.map(\.name) == ["linked"], "\(found.unknowns)")
        #expect(found.unknowns.isEmpty)
    }

    @Test("a link to the database of a lower layer keeps the layer of its packages")
    func attribution() async throws {
        var images = MemoryImages()
        let manifest = try images.addImage([
            archive {
                $0.file("etc/os-release", "ID=x")
                $0.file("var/lib/dpkg/status", debianStanza("a"))
                $0.file("opt/status", debianStanza("a") + debianStanza("b"))
            },
            archive { $0.symbolicLink("var/lib/dpkg/status", to: "/opt/status") },
            archive { $0.file("opt/status", debianStanza("b") + debianStanza("c")) },
        ])
        let found = try await sbom(
            of: manifest, platform: nil, from: images, repository: nil, layersAtOnce: 1)
        #expect(found.packages.map(\.name) == ["b", "c"])
        #expect(found.packages.map(\.layer) == [1, 2])
        #expect(found.packages.map(\.paths) == [["opt/status"], ["opt/status"]])
    }

    @Test("in a folder links are followed the same way")
    func directories() throws {
        for (path, text) in Self.places {
            let up = path.split(separator: "/").dropLast().map { _ in "../" }.joined()
            for target in [up + "opt/db", "/opt/db", "../../../../../../opt/db"] {
                let found = try directorySBOM(
                    ["etc/os-release": "ID=x", "opt/db": text], links: [path: target])
                #expect(found.packages.map(\.name) == ["linked"], "\(path) to \(target)")
                #expect(found.unknowns.isEmpty)
            }
        }
    }

    @Test(
        "what cannot be read is a known unknown that says why",
        arguments: [
            ("/gone", "a link on its path leads to something that is not there"),
            (
                "../../../../volume/status",
                "a link on its path leads to something that is not there"
            ),
            ("status", "its path has too many levels of symbolic links"),
            ("/opt", "it is a folder, not a file"),
        ])
    func unreadable(_ target: String, _ why: String) throws {
        for path in ["var/lib/dpkg/status", "lib/apk/db/installed"] {
            let own = target == "status" ? String(path.split(separator: "/").last ?? "") : target
            let found = try directorySBOM(
                ["etc/os-release": "ID=x", "opt/x": ""], links: [path: own])
            #expect(found.packages.isEmpty)
            #expect(found.unknowns.contains { $0.path == path && $0.reason == why })
        }
    }

    /// Links of a path of dpkg to apk's database, and the other way.
    static let linksBetweenKinds = [
        (
            ["lib/apk/db/installed": "P:own\nV:1\nA:x\n\n"],
            ["var/lib/dpkg/status": "/lib/apk/db/installed"]
        ),
        (
            ["lib/apk/db/installed": "P:own\nV:1\nA:x\n\n"],
            ["var/lib/dpkg/status.d": "/lib/apk/db"]
        ),
        (
            ["var/lib/dpkg/status": debianStanza("own")],
            ["lib/apk/db/installed": "/var/lib/dpkg/status"]
        ),
        (
            ["var/lib/dpkg/status.d/own": debianStanza("own", status: nil)],
            ["var/lib/dpkg/status": "status.d/own"]
        ),
    ]

    @Test(
        "a file that paths of two kinds lead to is read as both", arguments: linksBetweenKinds)
    func bothKinds(_ files: [String: String], _ links: [String: String]) async throws {
        let directory = try directorySBOM(
            files.merging(["etc/os-release": "ID=x"]) { own, _ in own }, links: links)
        #expect(directory.packages.map(\.name) == ["own"])
        #expect(!directory.unknowns.isEmpty)
        var images = MemoryImages()
        let manifest = try images.addImage([
            archive { tar in
                tar.file("etc/os-release", "ID=x")
                for (path, text) in files { tar.file(path, text) }
                for (path, target) in links { tar.symbolicLink(path, to: target) }
            }
        ])
        let image = try await sbom(
            of: manifest, platform: nil, from: images, repository: nil, layersAtOnce: 1)
        #expect(image.packages.map(\.name) == ["own"])
        #expect(image.unknowns == directory.unknowns)
    }

    @Test("a link behind which no database was ever expected is no unknown")
    func plainAbsence() throws {
        let found = try directorySBOM(
            ["etc/os-release": "ID=x", "usr/lib/x": "", "lib/apk/db/installed": "P:a\nV:1\n"],
            links: ["var/lib": "/usr/lib"])
        #expect(found.packages.map(\.name) == ["a"])
        #expect(found.unknowns.isEmpty)
    }
}
