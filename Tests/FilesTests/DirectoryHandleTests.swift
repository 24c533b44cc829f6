// SPDX-License-Identifier: Apache-2.0
// What a name may be that is opened below a folder.

import Primitives
import TestSupport
import Testing

@testable import Files

@Suite("Names below a folder")
struct DirectoryHandleTests {
    @Test(
        "a slash or a zero byte is found beside any other code point",
        arguments: ["", ".", "..", "a/b", "a\u{600}/b", "a/\u{301}b", "a\0b", "a\u{D4E}/../b"])
    func refusedNames(name: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write("x", to: "b")
        let handle = try DirectoryHandle(at: directory.path)
        let failure = try #require(throws: Failure.self) { _ = try handle.file(name) }
        #expect(failure.kind == .rejected)
    }

    @Test("a plain name is opened, in whatever script it is written")
    func plainNames() throws {
        let directory = try TemporaryDirectory()
        try directory.write("x", to: "x\u{600}.yaml")
        _ = try DirectoryHandle(at: directory.path).file("x\u{600}.yaml")
    }
}
