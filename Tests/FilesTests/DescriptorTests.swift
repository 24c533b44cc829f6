// SPDX-License-Identifier: Apache-2.0
// What becomes of open files and locks when another program is started.

import Files
import Foundation
import Glibc
import Primitives
import TestSupport
import Testing

@Suite("descriptors and other programs")
struct DescriptorTests {
    @Test("every file that is opened is closed in a program that is started")
    func closeOnExec() throws {
        let directory = try TemporaryDirectory()
        try directory.write("x", to: "file")
        let handle = try DirectoryHandle(creating: directory.path)
        let below = try handle.directory("below", creating: true)
        let part = try PartialFile(in: handle)
        let file = try handle.file("file")
        let others = try [
            OpenFile(at: directory.file("file")), OpenFile(existing: directory.file("file")),
            OpenFile(writing: directory.file("file")), OpenFile(withoutNameIn: directory.path),
        ]
        let flags = try whileLocked(directory.file("locked")) {
            try handle.locked { () throws(Failure) in openFlags(below: directory.path) }
        }
        #expect(flags.count >= 10)
        #expect(flags.allSatisfy { $0 & O_CLOEXEC != 0 })
        withExtendedLifetime((below, part, file, others)) {}
    }

    /// The flags of every open file at or below a path.
    private func openFlags(below path: String) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return names.compactMap { name in
            let target = try? FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/self/fd/\(name)")
            guard target?.hasPrefix(path) == true,
                let info = try? String(
                    contentsOfFile: "/proc/self/fdinfo/\(name)", encoding: .utf8),
                let line = info.split(separator: "\n").first(where: { $0.hasPrefix("flags:") })
            else { return nil }
            return line.split(separator: "\t").last.flatMap { Int32($0, radix: 8) }
        }
    }

    @Test(
        "a lock ends with its holder, also while a program that is being started has a copy of it")
    func inheritedLock() throws {
        let directory = try TemporaryDirectory()
        var copies: [Int32] = []
        defer { for copy in copies { close(copy) } }
        let handle = try DirectoryHandle(at: directory.path)
        for _ in 0..<2 {
            try whileLocked(directory.file("f")) {
                copies += copiesOfDescriptors(to: directory.file("f.lock"))
            }
            try handle.locked { () throws(Failure) in
                copies += copiesOfDescriptors(to: directory.path)
            }
        }
        #expect(copies.count >= 4)
    }

    /// What a child has between its start and its `exec`.
    private func copiesOfDescriptors(to path: String) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return names.filter {
            let target = try? FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/self/fd/\($0)")
            return target == path
        }.compactMap { Int32($0).map { fcntl($0, F_DUPFD_CLOEXEC, 3) } }
    }
}
