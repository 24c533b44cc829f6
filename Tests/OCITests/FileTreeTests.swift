// SPDX-License-Identifier: Apache-2.0
// Layers over each other. Spec: OCI image-spec 1.1, layer.md.

import OCI
import Primitives
import TestSupport
import Testing

private func layer(_ write: (inout TarWriter) -> Void) throws(Failure) -> LayerContents {
    var tar = TarWriter()
    write(&tar)
    var reader = LayerReader(
        matcher: PathMatcher(files: ["keep"], directories: ["kept.d"], namePrefixes: ["os-"]),
        hashing: .sha256, named: "a layer")
    try reader.add(tar.finished())
    return try reader.finish().contents
}

private func tree(_ layers: [(inout TarWriter) -> Void]) throws(Failure) -> FileTree {
    var tree = FileTree()
    for write in layers { try tree.applyLayer(try layer(write)) }
    return tree
}

private func text(_ tree: FileTree, _ path: String) -> String? {
    guard case .file(let file) = tree.look(at: path), case .kept(let bytes) = file.content else {
        return nil
    }
    return String(decoding: bytes, as: UTF8.self)
}

@Suite("layers over each other")
struct FileTreeTests {
    @Test("a whiteout hides what is below and not what stands in its own layer")
    func whiteouts() throws {
        let below: (inout TarWriter) -> Void = {
            $0.file("d/keep", "1"); $0.file("d/other", "")
        }
        let hidden = try tree([below, { $0.file("d/.wh.keep", "") }])
        #expect(hidden.look(at: "d/keep") == .missing)
        #expect(hidden.look(at: "d/other") != .missing)
        let replaced = try tree([
            below,
            {
                $0.file("d/.wh.keep", ""); $0.file("d/keep", "2")
            },
        ])
        #expect(text(replaced, "d/keep") == "2")
        let wholeDirectory = try tree([below, { $0.file(".wh.d", "") }])
        #expect(wholeDirectory.names(in: "").isEmpty)
    }

    @Test("an opaque folder hides all that is below", arguments: [0, 1])
    func opaque(_ order: Int) throws {
        let merged = try tree([
            {
                $0.file("d/keep", "1"); $0.file("d/sub/keep", "1")
            },
            { tar in
                if order == 0 { tar.file("d/.wh..wh..opq", "") }
                tar.file("d/new", "")
                if order == 1 { tar.file("d/.wh..wh..opq", "") }
            },
        ])
        #expect(merged.names(in: "d") == ["new"])
        #expect(merged.look(at: "d/sub/keep") == .missing)
    }

    @Test("a file replaces a folder, a folder a file, and a folder keeps what is in it")
    func replacements() throws {
        let merged = try tree([
            {
                $0.file("a/keep", "1"); $0.file("b", "1"); $0.file("c/keep", "1")
            },
            {
                $0.file("a", "2"); $0.directory("b/"); $0.file("b/keep", "2"); $0.directory("c/")
            },
        ])
        #expect(merged.look(at: "a/keep") == .missing)
        #expect(text(merged, "b/keep") == "2")
        #expect(text(merged, "c/keep") == "1")
    }

    @Test("each kept file knows its layer")
    func layers() throws {
        let merged = try tree([
            { $0.file("one/keep", "1") }, { $0.file("two/keep", "2") },
            { $0.file("one/keep", "3") },
        ])
        guard case .file(let one) = merged.look(at: "one/keep"),
            case .file(let two) = merged.look(at: "two/keep")
        else {
            Issue.record("a file is missing")
            return
        }
        #expect((one.layer, two.layer) == (2, 1))
    }

    @Test("links are followed across layers and never out of the tree")
    func links() throws {
        let merged = try tree([
            {
                $0.symbolicLink("lib", to: "usr/lib")
                $0.symbolicLink("etc/keep", to: "../../../../usr/lib/keep")
                $0.symbolicLink("abs", to: "/lib/keep")
                $0.symbolicLink("loop", to: "loop")
                $0.symbolicLink("nowhere", to: "gone/keep")
                $0.symbolicLink("chain", to: "nowhere/more")
            },
            { $0.file("lib/keep", "text") },
        ])
        for path in ["usr/lib/keep", "lib/keep", "etc/keep", "abs"] {
            #expect(text(merged, path) == "text", "\(path)")
        }
        guard case .file(let file) = merged.look(at: "abs") else { return }
        #expect(file.path.description == "usr/lib/keep")
        #expect(merged.look(at: "loop") == .endlessLink)
        for path in ["nowhere", "nowhere/x", "chain"] {
            #expect(merged.look(at: path) == .danglingLink, "\(path)")
        }
        // What a link leads to is there, and what is named below it is not.
        for path in ["gone", "lib/x", "lib/x/y", "abs/../x"] {
            #expect(merged.look(at: path) == .missing, "\(path)")
        }
    }

    @Test("forty links are followed, one more is not", arguments: [(39, true), (40, false)])
    func longLinks(_ links: Int, _ isFound: Bool) throws {
        let merged = try tree([
            { tar in
                tar.file("keep", "text")
                tar.symbolicLink("0", to: "keep")
                for index in 1...links { tar.symbolicLink("\(index)", to: "\(index - 1)") }
            }
        ])
        #expect((text(merged, "\(links)") == "text") == isFound)
        #expect((merged.look(at: "\(links)") == .endlessLink) == !isFound)
    }

    @Test("a hard link is its target, from a lower layer too, and outlives it")
    func hardLinks() throws {
        let merged = try tree([
            { $0.file("keep", "text") },
            {
                $0.hardLink("second", to: "/keep"); $0.file(".wh.gone", "")
            },
            { $0.file(".wh.keep", "") },
        ])
        #expect(text(merged, "second") == "text")
        #expect(merged.look(at: "keep") == .missing)
    }

    @Test("what nobody wanted is there without its bytes")
    func passedOver() throws {
        let merged = try tree([
            {
                $0.file("big", "text"); $0.file("kept.d/any", "text"); $0.file("x/os-release", "t")
            }
        ])
        guard case .file(let file) = merged.look(at: "big") else {
            Issue.record("the file is missing")
            return
        }
        #expect(file.content == .passedOver)
        #expect(text(merged, "kept.d/any") == "text")
        #expect(text(merged, "x/os-release") == "t")
    }

    @Test("entries take effect in the order of the archive")
    func order() throws {
        let merged = try tree([
            { $0.file("real/keep", "1") },
            {
                $0.symbolicLink("d", to: "real"); $0.file("d/keep", "2"); $0.directory("d/")
                $0.file("d/keep", "3")
            },
        ])
        #expect(text(merged, "real/keep") == "2")
        #expect(text(merged, "d/keep") == "3")
    }

    @Test("a path through a lower layer's link shows otherwise on overlay, and the tree says so")
    func overlayLinks() throws {
        let layers = [
            try layer {
                $0.symbolicLink("x", to: "real"); $0.file("real/keep", "evil")
            }, try layer { $0.file("x/keep", "good") },
        ]
        var inPlace = FileTree()
        for layer in layers { try inPlace.applyLayer(layer) }
        let overlay = try FileTree.overlay(of: layers)
        #expect(text(inPlace, "real/keep") == "good")
        #expect(text(overlay, "real/keep") == "evil")
        #expect(inPlace.overlayDoubt?.description == "x/keep")
    }

    @Test(
        "a directory that is taken away and made again is merged on overlay, and the tree says so")
    func overlayDirectories() throws {
        for opaque in [false, true] {
            let layers = [
                try layer { $0.file("d/keep", "1") },
                try layer {
                    $0.file(".wh.d", ""); $0.directory("d/")
                    if opaque { $0.file("d/.wh..wh..opq", "") }
                },
            ]
            var inPlace = FileTree()
            for layer in layers { try inPlace.applyLayer(layer) }
            #expect(inPlace.look(at: "d/keep") == .missing)
            #expect(text(try FileTree.overlay(of: layers), "d/keep") == (opaque ? nil : "1"))
            #expect(inPlace.overlayDoubt != nil)
        }
    }

    @Test("a character device 0/0 is a whiteout on overlay, and the tree says so")
    func zeroDevice() throws {
        let layers = [
            try layer { $0.file("d/keep", "1") }, try layer { $0.header("d/keep", type: "3") },
        ]
        var inPlace = FileTree()
        for layer in layers { try inPlace.applyLayer(layer) }
        #expect(inPlace.look(at: "d/keep") == .other)
        #expect(try FileTree.overlay(of: layers).look(at: "d/keep") == .missing)
        #expect(inPlace.overlayDoubt != nil)
    }

    @Test("honest layers leave no doubt and look the same on overlay")
    func overlayAgrees() throws {
        let layers = [
            try layer {
                $0.directory("d/"); $0.file("d/keep", "1"); $0.file("e/keep", "1")
                $0.symbolicLink("l", to: "d")
            },
            try layer {
                $0.file("e/.wh.keep", ""); $0.directory("d/"); $0.file("d/keep", "2")
                $0.file("f", ""); $0.hardLink("g", to: "f")
            },
        ]
        var inPlace = FileTree()
        for layer in layers { try inPlace.applyLayer(layer) }
        let overlay = try FileTree.overlay(of: layers)
        #expect(inPlace.overlayDoubt == nil)
        for path in ["d/keep", "l/keep", "e/keep", "f", "g", "e"] {
            #expect(inPlace.look(at: path) == overlay.look(at: path), "\(path)")
        }
    }

    @Test("names that only look alike are different files")
    func lookAlikes() throws {
        let merged = try tree([
            {
                $0.file("K/keep", "ascii"); $0.file("\u{212A}/keep", "kelvin")
            },
            { $0.file(".wh.\u{212A}", "") },
        ])
        #expect(text(merged, "K/keep") == "ascii")
        #expect(merged.names(in: "") == ["K"])
    }

    static let refused: [(String, @Sendable (inout TarWriter) -> Void)] = [
        ("a path with ..", { $0.file("a/../../etc/passwd", "") }),
        ("a hard link with ..", { $0.hardLink("a", to: "../etc/passwd") }),
        ("a hard link to nothing", { $0.hardLink("a", to: "b") }),
        (
            "a hard link to a folder",
            {
                $0.directory("b/"); $0.hardLink("a", to: "b")
            }
        ),
        (
            "a file below a file",
            {
                $0.file("a", "1"); $0.file("a/b", "1")
            }
        ),
        (
            "a file below an endless link",
            {
                $0.symbolicLink("a", to: "a"); $0.file("a/b", "1")
            }
        ),
        ("a whiteout of the parent", { $0.file("a/.wh...", "") }),
        ("a whiteout of nothing", { $0.file("a/.wh.", "") }),
        ("a file without a name", { $0.file("./", "") }),
        ("a link without a target", { $0.symbolicLink("a", to: "") }),
        (
            "a name that is too long",
            {
                $0.pax([("path", String(repeating: "n", count: 256))]); $0.file("a", "")
            }
        ),
        (
            "an attribute of overlay",
            {
                $0.pax([("SCHILY.xattr.trusted.overlay.redirect", "/x")])
                $0.directory("a/")
            }
        ),
        ("a contiguous file", { $0.header("a", type: "7") }),
        ("a vendor's type", { $0.header("a", type: "V") }),
        (
            "a hard link to itself",
            {
                $0.file("a", "1"); $0.hardLink("a", to: "a")
            }
        ),
        (
            "a whiteout after what it names",
            {
                $0.file("d/keep", "1"); $0.file("d/.wh.keep", "")
            }
        ),
        (
            "a whiteout after what is below it",
            {
                $0.file("d/keep", "1"); $0.file(".wh.d", "")
            }
        ),
        (
            "an opaque marker after a directory without an entry",
            {
                $0.file("d/sub/keep", "1"); $0.file("d/.wh..wh..opq", "")
            }
        ),
        (
            "a global header with the name of a file",
            {
                $0.file("a", "1"); $0.pax([("path", "a")], type: "g")
            }
        ),
    ]

    @Test("refused", arguments: refused.indices)
    func refusals(_ index: Int) {
        let (what, write) = Self.refused[index]
        #expect("\(what)") { try tree([write]) } throws: { ($0 as? Failure)?.kind == .malformed }
    }

    @Test("layers with flipped bits give a failure or a tree, never a trap", arguments: 0..<10)
    func mutations(_ seed: UInt64) throws {
        var tar = TarWriter()
        tar.directory("usr/lib/")
        tar.symbolicLink("lib", to: "usr/lib")
        tar.file("lib/keep", "text")
        tar.hardLink("usr/hard", to: "lib/keep")
        tar.file("usr/.wh.gone", "")
        var random = ArchiveSeed(seed: seed)
        for _ in 0..<50 {
            var changed = TarWriter()
            changed.bytes = tar.bytes
            // Past the checksum: only the path, the type and the link of one header are changed.
            let header = Int.random(in: 0..<4, using: &random) * 512
            let place = [Int.random(in: 0..<12, using: &random), 156, 157].randomElement(
                using: &random)
            changed.bytes[header + (place ?? 0)] ^= UInt8.random(in: 1...127, using: &random)
            fixChecksum(&changed.bytes, header)
            do {
                _ = try tree([{ $0.bytes = changed.bytes }, { $0.bytes = tar.bytes }])
            } catch { #expect([.malformed, .overLimit].contains(error.kind)) }
        }
    }
}
