// SPDX-License-Identifier: Apache-2.0
// Archives of images that skopeo, which unpacks, and a reader of names would read differently.

import Files
import Primitives
import TestSupport
import Testing

@testable import Host

@Suite("archives of images and their readers")
struct ArchiveReadersTests {
    typealias Archive = TestSupport.TarWriter

    /// Archives in which a reader that unpacks and one that looks names up could find two files.
    static let twoReaders: [(String, @Sendable (inout Archive) -> Void, String)] = [
        (
            "a file, then a link",
            {
                $0.file("a", "1"); $0.symbolicLink("a", to: "b")
            }, "twice"
        ),
        (
            "a link, then a file",
            {
                $0.symbolicLink("a", to: "b"); $0.file("a", "1")
            }, "twice"
        ),
        (
            "two links",
            {
                $0.symbolicLink("a", to: "b"); $0.symbolicLink("./a", to: "c")
            }, "twice"
        ),
        (
            "a file, then a folder",
            {
                $0.file("a", "1"); $0.directory("a")
            }, "twice"
        ),
        (
            "a folder of a path, then a file",
            {
                $0.file("a/b", "1"); $0.file("a", "1")
            }, "twice"
        ),
        (
            "a hard link over a link",
            {
                $0.symbolicLink("a", to: "b"); $0.file("b", "1"); $0.hardLink("a", to: "b")
            }, "twice"
        ),
        (
            "a hard link to what follows",
            {
                $0.hardLink("a", to: "b"); $0.file("b", "1")
            }, "no earlier"
        ),
        (
            "a hard link to a link",
            {
                $0.file("c", "1"); $0.symbolicLink("b", to: "c"); $0.hardLink("a", to: "b")
            },
            "no earlier"
        ),
        (
            "a file below a link",
            {
                $0.file("a", "1"); $0.symbolicLink("x", to: "."); $0.file("x/a", "2")
            }, "is a link"
        ),
        (
            "a link over a folder",
            {
                $0.file("x/a", "1"); $0.symbolicLink("x", to: ".")
            }, "twice"
        ),
        (
            "a sparse file", { $0.sparse("a", size: 4, map: [(0, 1)], stored: "1") }, "sparse"
        ),
    ]

    @Test("an archive that two readers would read differently is refused", arguments: twoReaders)
    func archiveOfTwoReaders(
        name: String, write: @Sendable (inout Archive) -> Void, why: String
    ) throws {
        var writer = Archive()
        writer.file("oci-layout", #"{"imageLayoutVersion":"1.0.0"}"#)
        write(&writer)
        let directory = try TemporaryDirectory()
        let path = directory.file("two.tar")
        let end = [UInt8](repeating: 0, count: 1_024)
        try writeFile(writer.bytes + end, at: path, permissions: 0o600)
        let failure = #expect(throws: Failure.self) {
            try TarFileIndex(try OpenFile(at: path))
        }
        #expect(failure?.kind == .rejected && failure?.why.contains(why) == true, "\(name)")
    }
}
