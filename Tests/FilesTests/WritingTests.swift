// SPDX-License-Identifier: Apache-2.0
// Files that are there whole or not at all, folders above them, and locks.

import Files
import Primitives
import TestSupport
import Testing

@Suite("writing files")
struct WritingTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func names(in name: String = ".") throws -> [String] {
        try DirectoryHandle(at: directory.file(name)).names()
    }

    @Test(
        "the folder above a path and its last step",
        arguments: [
            ("a/b", "a", "b"), ("/b", "/", "b"), ("b", ".", "b"), ("/a/b/c", "/a/b", "c"),
            ("./b", ".", "b"), ("a//b", "a/", "b"),
        ])
    func paths(path: String, above: String, step: String) {
        #expect(parentDirectory(of: path) == above)
        #expect(lastStep(of: path) == step)
    }

    @Test("a file that is not finished is not there, nor under another name")
    func unfinished() throws {
        do {
            let part = try PartialFile(in: try DirectoryHandle(at: directory.path))
            try part.append([1, 2, 3])
            #expect(try names().count == 1)
        }
        #expect(try names() == [])
    }

    @Test("a finished file replaces another one, in its own folder or in another")
    func finished() throws {
        try directory.write("old", to: "place/file")
        let (here, there) = (
            try DirectoryHandle(at: directory.path),
            try DirectoryHandle(at: directory.file("place"))
        )
        let part = try PartialFile(in: here)
        try part.append(Array("new".utf8))
        try part.finish(as: "file", in: there)
        #expect(try directory.read("place/file") == Array("new".utf8))
        try here.write(Array("beside".utf8), as: "file")
        #expect(try directory.read("file") == Array("beside".utf8))
        #expect(try names() == ["file", "place"])
        #expect(try names(in: "place") == ["file"])
    }

    @Test("a file that cannot get its name leaves nothing")
    func refused() throws {
        try directory.write("x", to: "taken/file")
        let here = try DirectoryHandle(at: directory.path)
        #expect(throws: Failure.self) { try here.write([1], as: "taken") }
        #expect(try names() == ["taken"])
    }

    @Test("missing folders are made, and one that is there is left as it is")
    func directories() throws {
        for _ in 0..<2 { try makeDirectory(at: directory.file("a/b/c"), permissions: 0o700) }
        #expect(try FileStatus(at: directory.file("a/b/c"))?.permissions == 0o700)
        #expect(try FileStatus(at: directory.file("a"))?.permissions == 0o700)
        try directory.write("x", to: "file")
        let failure = try #require(throws: Failure.self) {
            try makeDirectory(at: directory.file("file/below"), named: "the trust folder")
        }
        #expect(failure.what == "cannot make the trust folder")
    }

    @Test("what is not there is no failure where it may be missing")
    func missing() throws {
        let nowhere = directory.file("nowhere")
        #expect(try FileStatus(at: nowhere) == nil)
        #expect(try OpenFile(existing: nowhere) == nil)
        #expect(try DirectoryHandle(existing: nowhere) == nil)
        #expect(try removeFile(at: nowhere) == false)
        #expect(throws: Failure.self) { try DirectoryHandle(at: nowhere) }
        try directory.link("link", to: "nowhere")
        #expect(throws: Failure.self) { try OpenFile(existing: directory.file("link")) }
        #expect(throws: Failure.self) { try OpenFile(writing: directory.file("link")) }
    }

    @Test("a file without a name is in no folder, and knows its size when it is measured")
    func withoutName() throws {
        let file = try OpenFile(withoutNameIn: directory.path)
        try file.write([1, 2, 3])
        try file.write([4], at: 3)
        #expect(file.size == 0)
        #expect(try file.measured().whole(atMost: 4, named: "it") == [1, 2, 3, 4])
        #expect(try names() == [])
    }

    @Test("a lock has one holder, of a file and of a folder")
    func locks() throws {
        let handle = try DirectoryHandle(at: directory.path)
        for make in [
            { try FileLock(file: directory.file("lock")) }, { try FileLock(directory: handle) },
        ] {
            let (first, second) = (try make(), try make())
            #expect(try first.takeIfFree())
            #expect(try !second.takeIfFree())
            first.release()
            #expect(try second.takeIfFree())
            #expect(try !first.takeIfFree())
        }
        // A lock that is released by going away.
        #expect(try FileLock(directory: handle).takeIfFree())
    }
}
