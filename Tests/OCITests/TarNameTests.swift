// SPDX-License-Identifier: Apache-2.0
// What an entry is called and how long it is, when several places say so.
// Spec: upstream archive/tar (Go 1.24), reader.go, "next"; POSIX.1-2017 pax.

import OCI
import Primitives
import TestSupport
import Testing

@Suite("names and sizes of tar entries")
struct TarNameTests {
    private func paths(_ write: (inout TarWriter) -> Void) throws -> [String] {
        var tar = TarWriter()
        write(&tar)
        return try readArchive(tar.finished(), chunk: 700).map(\.path)
    }

    @Test("an empty value deletes the record before it")
    func deletedPath() throws {
        let found = try paths {
            $0.pax([("path", "fake"), ("path", "")])
            $0.file("real", "1")
            $0.pax([("linkpath", "fake"), ("linkpath", ""), ("size", "9"), ("size", "")])
            $0.file("second", "12")
        }
        #expect(found == ["real", "second"])
    }

    @Test("a second extended header replaces the first")
    func secondHeader() throws {
        let found = try paths {
            $0.pax([("path", "fake")])
            $0.pax([("comment", "c")])
            $0.file("real", "1")
        }
        #expect(found == ["real"])
    }

    @Test("a sparse file's name counts only with a known format")
    func sparseNames() throws {
        let found = try paths {
            $0.pax([("GNU.sparse.name", "fake")])
            $0.file("real", "1")
            $0.pax([("GNU.sparse.name", "fake"), ("GNU.sparse.realsize", "7")])
            $0.file("second", "1")
            $0.pax([("GNU.sparse.name", "fake"), ("GNU.sparse.major", "2")])
            $0.file("third", "1")
            $0.sparse("fourth", size: 3, map: [(1, 1)], stored: "x", name: "named")
        }
        #expect(found == ["real", "second", "third", "named"])
    }

    @Test(
        "the long name of GNU wins over the record, in either order; an empty one counts for nothing"
    )
    func longNames() throws {
        let found = try paths {
            $0.gnuLong("long", type: "L")
            $0.pax([("path", "record")])
            $0.file("block", "1")
            $0.pax([("path", "record")])
            $0.gnuLong("long", type: "L")
            $0.file("block", "1")
            $0.pax([("path", "record")])
            $0.gnuLong("", type: "L")
            $0.file("block", "1")
            $0.gnuLong("long\u{0}more", type: "L")
            $0.file("block", "1")
        }
        #expect(found == ["long", "long", "record", "long"])
    }

    @Test("a prefix counts in ustar and STAR, and in GNU's format where it cannot be a time")
    func prefixes() throws {
        func prefix(_ text: String) -> (inout [UInt8]) -> Void {
            { $0.replaceSubrange(345..<(345 + text.utf8.count), with: text.utf8) }
        }
        let found = try paths {
            $0.header("ustar", type: "0", changing: prefix("dir"))
            $0.header("gnu", type: "0", magic: "ustar  \u{0}", changing: prefix("dir"))
            $0.header("time", type: "0", magic: "ustar  \u{0}", changing: prefix("17"))
            $0.header("odd", type: "0", magic: "ustar  \u{0}", changing: prefix("dié"))
            $0.header("v7", type: "0", magic: "ustar 00", changing: prefix("dir"))
            $0.header("star", type: "0") { block in
                prefix("dir")(&block)
                block.replaceSubrange(508..<512, with: "tar\u{0}".utf8)
            }
        }
        #expect(found == ["dir/ustar", "dir/gnu", "time", "odd", "v7", "dir/star"])
    }

    @Test("a slash at the end makes a directory in the oldest type only")
    func trailingSlash() throws {
        var tar = TarWriter()
        tar.header("old/", type: "\u{0}", magic: "")
        tar.header("new/", type: "0")
        #expect(try readArchive(tar.finished()).map(\.entry.kind) == [.directory, .file])
    }

    @Test("the holes of a sparse file are zeros, in all formats of the extended header")
    func sparseContent() throws {
        var tar = TarWriter()
        for format in ["0.0", "0.1", "1.0"] {
            tar.sparse(
                "a", size: 700, map: [(1, 2), (600, 1)], stored: "xyz", format: format)
        }
        tar.file("after", "1")
        var expected = [UInt8](repeating: 0, count: 700)
        (expected[1], expected[2], expected[600]) = (120, 121, 122)
        for chunk in [1, 512, 1 << 20] {
            let entries = try readArchive(tar.finished(), chunk: chunk)
            #expect(entries.map(\.content) == [expected, expected, expected, [49]])
        }
    }
}
