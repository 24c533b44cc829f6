// SPDX-License-Identifier: Apache-2.0
// Tar archives, honest and hostile. Spec: POSIX.1-2017 pax; GNU tar manual.

import OCI
import Primitives
import TestSupport
import Testing

/// One entry and its whole content, as the reader hands them over.
struct ReadEntry: Equatable {
    let entry: TarEntry
    let content: [UInt8]?

    var path: String { String(decoding: entry.path, as: UTF8.self) }
    var target: String { String(decoding: entry.linkTarget, as: UTF8.self) }
}

func readArchive(_ bytes: [UInt8], chunk: Int = 1 << 20) throws(Failure) -> [ReadEntry] {
    var reader = TarReader(named: "the archive")
    var entries: [ReadEntry] = []
    var current: (TarEntry, [UInt8]?)?
    func drain() throws(Failure) {
        while let event = try reader.next() {
            switch event {
            case .entry(let entry):
                if let (last, content) = current {
                    entries.append(ReadEntry(entry: last, content: content))
                }
                current = (entry, entry.kind == .file ? [] : nil)
                if entry.kind == .file { reader.requestContent() }
            case .content(let part): current?.1? += part
            case .endOfContent: break
            }
        }
    }
    var rest = bytes[...]
    while !rest.isEmpty {
        reader.add(Array(rest.prefix(chunk)))
        rest = rest.dropFirst(chunk)
        try drain()
    }
    reader.end()
    try drain()
    if let (last, content) = current { entries.append(ReadEntry(entry: last, content: content)) }
    return entries
}

@Suite("tar archives")
struct TarReaderTests {
    private var sample: [UInt8] {
        var tar = TarWriter()
        tar.directory("./etc/")
        tar.file("./etc/hello", "hello")
        tar.file("etc/empty", "")
        tar.file("etc/block", String(repeating: "x", count: 512))
        tar.symbolicLink("etc/link", to: "hello")
        tar.hardLink("etc/hard", to: "etc/hello")
        tar.gnuLong("etc/" + String(repeating: "n", count: 300), type: "L")
        tar.file("short", "long name")
        tar.pax([("path", "etc/päx"), ("mtime", "12.5"), ("size", "3")])
        tar.header("short", type: "0", size: 99)
        tar.block(Array("abc".utf8))
        return tar.finished()
    }

    @Test(
        "every chunk size gives the same entries", arguments: [1, 7, 511, 512, 513, 4096, 1 << 20])
    func chunks(_ size: Int) throws {
        let entries = try readArchive(sample, chunk: size)
        #expect(
            entries.map(\.path) == [
                "./etc/", "./etc/hello", "etc/empty", "etc/block", "etc/link", "etc/hard",
                "etc/" + String(repeating: "n", count: 300), "etc/päx",
            ])
        #expect(entries.map(\.entry.kind).suffix(4) == [.symbolicLink, .hardLink, .file, .file])
        #expect(entries[1].content == Array("hello".utf8))
        #expect(entries[2].content == [])
        #expect(entries[3].content?.count == 512)
        #expect(entries[4].target == "hello")
        #expect(entries[7].content == Array("abc".utf8))
        #expect(entries[7].entry.modified == 12)
        #expect(entries[7].entry.size == 3)
    }

    @Test("a global header changes no other entry, as in Go")
    func globalHeader() throws {
        var tar = TarWriter()
        tar.pax([("path", "other"), ("size", "7")], type: "g")
        tar.file("own", "1")
        let entries = try readArchive(tar.finished(), chunk: 100)
        #expect(entries.map(\.path) == ["other", "own"])
        #expect(entries.map(\.entry.kind) == [.globalHeader, .file])
        #expect(entries.last?.content == Array("1".utf8))
    }

    @Test("an archive may end without zero blocks, and what follows them is not read")
    func endings() throws {
        var tar = TarWriter()
        tar.file("a", "1")
        #expect(try readArchive(tar.bytes).count == 1)
        #expect(try readArchive(tar.finished() + sample).count == 1)
        #expect(try readArchive([]).isEmpty)
    }

    @Test("links and directories have no content whatever size they claim")
    func claimedSizes() throws {
        var tar = TarWriter()
        tar.header("link", type: "2", size: 4096, link: "x")
        tar.header("dir", type: "5", size: 4096)
        tar.file("after", "1")
        #expect(try readArchive(tar.finished()).map(\.path) == ["link", "dir", "after"])
    }

    @Test("a size written in base 256 is read")
    func binarySize() throws {
        var tar = TarWriter()
        tar.header("a", type: "0", sizeField: [0x80] + [UInt8](repeating: 0, count: 10) + [3])
        tar.block([1, 2, 3])
        #expect(try readArchive(tar.finished()).first?.content == [1, 2, 3])
    }

    static let broken: [(String, Failure.Kind, @Sendable (inout TarWriter) -> Void)] = [
        (
            "a wrong checksum", .malformed,
            {
                $0.file("a", "1"); $0.bytes[0] ^= 1
            }
        ),
        ("content cut off", .malformed, { $0.header("a", type: "0", size: 5000) }),
        (
            "a header cut off", .malformed,
            {
                $0.file("a", "1"); $0.bytes.removeLast(100)
            }
        ),
        (
            "a size near the largest number", .malformed,
            {
                $0.header(
                    "a", type: "0",
                    sizeField: [0x80, 0, 0, 0, 0x7F] + [UInt8](repeating: 0xFF, count: 7))
            }
        ),
        (
            "a size past the largest number", .malformed,
            { $0.header("a", type: "0", sizeField: [0x81] + [UInt8](repeating: 0, count: 11)) }
        ),
        (
            "a negative size", .malformed,
            { $0.header("a", type: "0", sizeField: [UInt8](repeating: 0xFF, count: 12)) }
        ),
        (
            "a size that is no number", .malformed,
            { $0.header("a", type: "0", sizeField: Array("9".utf8)) }
        ),
        (
            "one zero block between entries", .malformed,
            {
                $0.bytes += [UInt8](repeating: 0, count: 512); $0.file("a", "1")
            }
        ),
        ("a record with a wrong length", .malformed, { $0.paxBytes(Array("99 path=a\n".utf8)) }),
        ("a record without a length", .malformed, { $0.paxBytes(Array("path=a\n".utf8)) }),
        ("a record without a key", .malformed, { $0.paxBytes(Array("5 =a\n".utf8)) }),
        ("a record without an end", .malformed, { $0.paxBytes(Array("9 path=ab".utf8)) }),
        ("a path with a zero byte", .malformed, { $0.pax([("path", "a\u{0}b")]) }),
        ("a negative pax size", .malformed, { $0.pax([("size", "-1")]) }),
        ("a pax size past 64 bits", .malformed, { $0.pax([("size", "99999999999999999999")]) }),
        ("a pax header without an entry", .malformed, { $0.pax([("path", "a")]) }),
        (
            "a pax header before the end", .malformed,
            {
                $0.pax([("path", "a")]); $0.bytes = $0.finished()
            }
        ),
        (
            "a pax header before a global one", .malformed,
            {
                $0.pax([("path", "a")]); $0.pax([("comment", "c")], type: "g"); $0.file("b", "")
            }
        ),
        ("a key with a zero byte", .malformed, { $0.pax([("a\u{0}b", "c")]) }),
        ("an owner's name with a zero byte", .malformed, { $0.pax([("uname", "a\u{0}b")]) }),
        (
            "a time that is no number", .malformed,
            {
                $0.pax([("mtime", "1.x")]); $0.file("a", "")
            }
        ),
        (
            "an owner that is no number", .malformed,
            {
                $0.pax([("uid", "root")]); $0.file("a", "")
            }
        ),
        (
            "digits after a space", .malformed,
            { $0.header("a", type: "0", sizeField: Array("1 \u{0}7".utf8)) }
        ),
        (
            "a device number that is no number", .malformed,
            { $0.header("a", type: "0") { $0[329] = UInt8(ascii: "x") } }
        ),
        (
            "a checksum in base 256", .malformed,
            {
                $0.header("a", type: "0")
                $0.bytes.replaceSubrange(148..<156, with: [0x80, 0, 0, 0, 0, 0, 0, 0])
                let sum = $0.bytes.prefix(512).reduce(0) { $0 + Int($1) } - 128 + 256
                $0.bytes[154] = UInt8(sum >> 8)
                $0.bytes[155] = UInt8(sum & 255)
            }
        ),
        ("a sparse file of another format", .malformed, { $0.header("a", type: "S") }),
        (
            "a sparse file whose map is too short", .malformed,
            { $0.sparse("a", size: 9, map: [(0, 1)], stored: "abc") }
        ),
        (
            "a sparse file whose map goes past its size", .malformed,
            { $0.sparse("a", size: 2, map: [(0, 3)], stored: "abc") }
        ),
        (
            "a sparse file whose parts overlap", .malformed,
            { $0.sparse("a", size: 9, map: [(0, 2), (1, 1)], stored: "abc") }
        ),
        (
            "a sparse link", .malformed,
            {
                $0.pax([("GNU.sparse.map", "0,1"), ("GNU.sparse.numblocks", "1")])
                $0.symbolicLink("a", to: "b")
            }
        ),
        ("a huge pax header", .overLimit, { $0.header("x", type: "x", size: 2 << 20) }),
        ("a huge long name", .overLimit, { $0.header("x", type: "L", size: 1 << 40) }),
        (
            "a path that is too long", .overLimit,
            {
                $0.gnuLong(String(repeating: "a", count: 5000), type: "L"); $0.file("a", "1")
            }
        ),
    ]

    @Test("refused", arguments: broken.indices)
    func refusals(_ index: Int) {
        let (what, kind, damage) = Self.broken[index]
        var tar = TarWriter()
        damage(&tar)
        #expect("\(what)") { try readArchive(tar.bytes) } throws: { ($0 as? Failure)?.kind == kind }
    }

    @Test("an archive cut anywhere gives a failure or fewer entries, never other ones")
    func cuts() throws {
        let whole = try readArchive(sample)
        for length in stride(from: 0, to: sample.count, by: 37) {
            guard let part = try? readArchive(Array(sample.prefix(length)), chunk: 1000) else {
                continue
            }
            #expect(Array(whole.prefix(part.count)) == part)
        }
    }

    @Test("flipped bits give a failure or entries, never a trap", arguments: 0..<20)
    func mutations(_ seed: UInt64) {
        var random = ArchiveSeed(seed: seed)
        var failures = 0
        for _ in 0..<50 {
            var bytes = sample
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] ^=
                    1 << UInt8.random(in: 0..<8, using: &random)
            }
            do { _ = try readArchive(bytes, chunk: 700) } catch {
                #expect(error.kind == .malformed || error.kind == .overLimit)
                failures += 1
            }
        }
        #expect(failures > 0)
    }

    @Test(
        "what GNU tar writes is read as GNU tar lists it",
        .enabled(if: hasTool("tar"), "no tar here"),
        arguments: ["v7", "ustar", "pax", "gnu", "oldgnu"])
    func gnuTar(_ format: String) throws {
        let make =
            "mkdir -p d/sub; echo one > d/one; ln d/one d/two; ln -s one d/three; "
            + "truncate -s 100000 d/sub/zeros; truncate -s 3000000 d/sparse; printf x >> d/sparse; "
            + (format == "v7"
                ? ""
                : "mkdir -p d/$(printf 'p%.0s' $(seq 90)); echo y > d/$(printf 'p%.0s' $(seq 90))/$(printf 'q%.0s' $(seq 90)); ")
            + (["pax", "gnu"].contains(format)
                ? "echo z > d/$(printf 'r%.0s' $(seq 200)); ln -s $(printf 's%.0s' $(seq 200)) d/far; "
                : "")
        let sparse = ["pax", "gnu", "oldgnu"].contains(format) ? "--sparse" : ""
        let archive = try #require(
            try shellOutput(make + "tar --format=\(format) --sort=name \(sparse) -cf - d"))
        let listing = try #require(
            try shellOutput("tar -tf a.tar", files: ["a.tar": archive]))
        let entries = try readArchive(archive, chunk: 10_007)
        #expect(
            entries.map(\.path)
                == String(decoding: listing, as: UTF8.self).split(separator: "\n").map(String.init))
        let one = try #require(entries.first { $0.path == "d/one" })
        #expect(one.content == Array("one\n".utf8))
        #expect(entries.first { $0.path == "d/two" }?.target == "d/one")
        let holes = try #require(entries.first { $0.path == "d/sparse" })
        #expect(holes.entry.size == 3_000_001)
        #expect(holes.entry.isSparse == !sparse.isEmpty)
        #expect(
            holes.content
                == [UInt8](repeating: 0, count: 3_000_000) + [UInt8(ascii: "x")])
        if format == "pax" || format == "gnu" {
            #expect(entries.contains { $0.target == String(repeating: "s", count: 200) })
        }
    }
}

/// A small generator whose numbers are the same in every run. Spec: SplitMix64.
struct ArchiveSeed: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
