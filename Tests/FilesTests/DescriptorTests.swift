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
        let folder = try TemporaryFolder()
        try folder.write("x", to: "file")
        let handle = try FolderHandle(creating: folder.path)
        let below = try handle.folder("below", creating: true)
        let part = try PartialFile(in: handle)
        let file = try handle.file("file")
        let others = try [
            OpenFile(at: folder.file("file")), OpenFile(existing: folder.file("file")),
            OpenFile(writing: folder.file("file")), OpenFile(withoutNameIn: folder.path),
        ]
        let flags = try whileLocked(folder.file("locked")) {
            try handle.locked { () throws(Failure) in openFlags(below: folder.path) }
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
        let folder = try TemporaryFolder()
        var copies: [Int32] = []
        defer { for copy in copies { close(copy) } }
        let handle = try FolderHandle(at: folder.path)
        for _ in 0..<2 {
            try whileLocked(folder.file("f")) {
                copies += copiesOfDescriptors(to: folder.file("f.lock"))
            }
            try handle.locked { () throws(Failure) in
                copies += copiesOfDescriptors(to: folder.path)
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
