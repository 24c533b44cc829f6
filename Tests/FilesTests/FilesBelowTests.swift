// SPDX-License-Identifier: Apache-2.0
// The files of a folder tree, and pipes that are named as files.

import Foundation
import Primitives
import TestSupport
import Testing

@testable import Files

@Suite("files below a folder")
struct FilesBelowTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func names(_ found: FilesBelow) -> [String] {
        found.paths.map { String($0.dropFirst(directory.path.count + 1)) }
    }

    @Test("files are listed in kubectl's order, by their suffix or their name")
    func order() throws {
        for name in [
            "b.yaml", "a.yaml", "a/x.yaml", "a/Kustomization", "a-b/x.json", "a.yaml.txt", "yaml",
            ".hidden.yaml", "a/b/c/d.yml", "A.yaml", "a/.yaml", "Kustomization/x.yaml", "z.YAML",
        ] { try directory.write("x", to: name) }
        let found = try FilesBelow(
            directory.path, endingWith: [".json", ".yaml", ".yml"], named: ["Kustomization"])
        // `a` comes before `a-b` and `a.yaml`, although "/" comes after "-" and ".".
        #expect(
            names(found) == [
                ".hidden.yaml", "A.yaml", "Kustomization/x.yaml", "a/.yaml", "a/Kustomization",
                "a/b/c/d.yml", "a/x.yaml", "a-b/x.json", "a.yaml", "b.yaml",
            ])
        #expect(found.failures.isEmpty)
    }

    @Test("links to files are listed, links to folders are not followed, and links to nothing stay")
    func links() throws {
        try directory.write("x", to: "in/a.yaml")
        try directory.write("x", to: "elsewhere/b.yaml")
        try directory.link("in/link.yaml", to: "../elsewhere/b.yaml")
        try directory.link("in/folder", to: "../elsewhere")
        try directory.link("in/gone.yaml", to: "nothing")
        let found = try FilesBelow(directory.file("in"), endingWith: [".yaml"])
        #expect(names(found) == ["in/a.yaml", "in/gone.yaml", "in/link.yaml"])
        #expect(found.failures.isEmpty)
    }

    @Test("pipes, devices and names that are not UTF-8 are failures, and the rest is listed")
    func special() throws {
        try directory.write("x", to: "a.yaml")
        #expect(try run("mkfifo", directory.file("pipe.yaml"), directory.file("pipe.txt")) == 0)
        try directory.link("device.yaml", to: "/dev/null")
        #expect(
            try run("bash", "-c", "touch \"$0\"/$'bad\\xff.txt'", directory.path) == 0)
        let found = try FilesBelow(directory.path, endingWith: [".yaml"])
        #expect(names(found) == ["a.yaml"])
        #expect(found.failures.count == 3)
        let texts = found.failures.map(\.why)
        #expect(texts.contains("it is a named pipe, not a file"))
        #expect(texts.contains("it is a device, not a file"))
        #expect(texts.contains { $0.contains("is not UTF-8") })
        #expect(throws: Failure.self) { try filesBelow(directory.path, endingWith: [".yaml"]) }
    }

    @Test("a folder that is not there is a failure")
    func missing() {
        #expect(throws: Failure.self) {
            try FilesBelow(directory.file("nothing"), endingWith: [".yaml"])
        }
    }

    @Test("a pipe is read to its end, also if its writer comes late; a silent one ends")
    func pipes() throws {
        let pipe = directory.file("pipe")
        #expect(try run("mkfifo", pipe) == 0)
        do {
            _ = try readFile(at: pipe, atMost: 100, named: "the manifest", pipeSeconds: 1)
            Issue.record("a pipe without a writer was read")
        } catch {
            #expect(error.kind == .unavailable && error.why.contains("for 1 seconds"))
        }
        do {
            _ = try MessageFile(at: pipe, keepingAtMost: 0, pipeSeconds: 1)
            Issue.record("a pipe without a writer was hashed")
        } catch { #expect(error.kind == .unavailable) }
        let writer = Process()
        writer.executableURL = URL(fileURLWithPath: "/bin/bash")
        writer.arguments = [
            "-c", "sleep 0.3; { printf one; sleep 0.3; printf two; } > \"$0\"", pipe,
        ]
        try writer.run()
        let content = try readFile(at: pipe, atMost: 100, named: "the manifest", pipeSeconds: 20)
        writer.waitUntilExit()
        #expect(String(decoding: content, as: UTF8.self) == "onetwo")
        #expect(try readFile(at: "/dev/null", atMost: 100, named: "the manifest").isEmpty)
        #expect(throws: Failure.self) {
            try readFile(at: "/dev/zero", atMost: 100, named: "the manifest")
        }
    }
}
