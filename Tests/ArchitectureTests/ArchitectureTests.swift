// SPDX-License-Identifier: Apache-2.0
// Reads the sources and holds the house to its plan: who may import whom, and what the rooms
// below the effects line never do. A new arrow is a decision, made in `rooms` below and told in
// ARCHITECTURE.md.

import Foundation
import Testing

/// One module of ours and what it may import, beside what everybody may.
struct Room: Sendable, CustomTestStringConvertible {
    let name: String
    /// Module names; a star at the end stands for any ending.
    let mayImport: [String]
    /// Below the line nothing opens a socket or a file, reads a clock, or rolls dice.
    let isPure: Bool

    static func pure(_ name: String, _ mayImport: String...) -> Room {
        Room(name: name, mayImport: mayImport, isPure: true)
    }

    static func effects(_ name: String, _ mayImport: [String]) -> Room {
        Room(name: name, mayImport: mayImport, isPure: false)
    }

    func permits(_ module: String) -> Bool {
        (mayImport + everybodyMayImport).contains { allowed in
            allowed.hasSuffix("*") ? module.hasPrefix(allowed.dropLast()) : module == allowed
        }
    }

    var testDescription: String { name }
}

let everybodyMayImport = ["FoundationEssentials", "Synchronization"]
let pureRooms = [
    "Primitives", "Keys", "OCI", "Registry", "Signing", "TUF", "CEL", "JMESPath",
    "KyvernoFunctions", "SBOM", "Policy", "Workflows",
]
let systemModules = ["Foundation", "Glibc", "Musl", "System", "SystemPackage", "Dispatch"]

/// The plan of the house. Order: from the ground up.
let rooms: [Room] = [
    .pure("Primitives", "CRE2", "Crypto", "Yams"),
    .pure("Keys", "Primitives", "CSodium", "Crypto", "CryptoExtras", "SwiftASN1"),
    .pure("OCI", "Primitives", "CZlib", "CZstd"),
    .pure("Registry", "OCI", "Primitives", "HTTPTypes"),
    .pure("Signing", "Keys", "OCI", "Primitives", "Crypto", "SwiftASN1", "X509"),
    .pure("TUF", "Keys", "Primitives"),
    .pure("CEL", "Primitives"),
    .pure("JMESPath", "Primitives"),
    .pure(
        "KyvernoFunctions", "CEL", "JMESPath", "OCI", "Primitives", "Crypto", "SwiftASN1", "X509"),
    .pure("SBOM", "OCI", "Primitives", "Crypto"),
    .pure("Policy", "JMESPath", "KyvernoFunctions", "Keys", "OCI", "Primitives", "Signing"),
    .pure(
        "Workflows", "Crypto", "HTTPTypes", "Keys", "OCI", "Policy", "Primitives", "Registry",
        "Signing", "TUF"),
    .effects("Files", ["Glibc", "OCI", "Primitives"]),
    .effects(
        "Host",
        pureRooms + systemModules + [
            "Files",
            "AsyncHTTPClient", "HTTPTypes", "NIO*", "Logging", "CLinux", "CPKCS11", "CZlib",
            "Crypto",
        ]),
    .effects(
        "RegistryServer",
        pureRooms + systemModules + [
            "Files",
            "Hummingbird*", "HTTPTypes", "NIO*", "Logging", "ServiceLifecycle", "UnixSignals",
            "Crypto",
        ]),
    .effects("assay", ["*"]),
    .effects("assay-expressions", pureRooms + systemModules),
    .effects("assay-conformance", pureRooms + systemModules + ["Files", "Host"]),
]

/// Folders of Sources that hold no Swift: maps of Debian's C libraries.
let libraryMaps: Set = ["CLinux", "CPKCS11", "CRE2", "CRE2Library", "CSodium", "CZlib", "CZstd"]

/// What a room below the line must not write, and what it takes instead.
let effects: [(text: String, instead: String)] = [
    ("Task {", "structured concurrency: the caller decides what runs beside what"),
    ("Task(", "structured concurrency: the caller decides what runs beside what"),
    ("Task.detached", "structured concurrency: the caller decides what runs beside what"),
    ("Task.sleep", "a wait that the caller hands in"),
    ("Date()", "a Timestamp that the caller hands in"),
    ("Date.now", "a Timestamp that the caller hands in"),
    ("ContinuousClock", "a clock that the caller hands in"),
    ("SuspendingClock", "a clock that the caller hands in"),
    ("FileManager", "a ContentSource that the caller hands in"),
    ("URLSession", "a Transport that the caller hands in"),
    ("SystemRandomNumberGenerator", "random bytes that the caller hands in"),
    (".random(", "random bytes that the caller hands in"),
    ("UUID()", "an identifier derived from content, or one that the caller hands in"),
]

@Suite("the house")
struct ArchitectureTests {
    @Test("a room imports only what the plan allows", arguments: rooms)
    func imports(room: Room) throws {
        let files = try SourceTree.files(in: "Sources/\(room.name)")
        try #require(!files.isEmpty, "Sources/\(room.name) holds no Swift file")
        for file in files {
            for (number, line) in file.numberedLines {
                guard let module = importedModule(in: line), !room.permits(module) else { continue }
                let allowed = (room.mayImport + everybodyMayImport).joined(separator: ", ")
                report(file, number, "\(room.name) imports \(module); it may import \(allowed)")
            }
        }
    }

    @Test("every folder of Sources is a room of the plan or a map of a C library")
    func planIsComplete() throws {
        let planned = Set(rooms.map(\.name)).union(libraryMaps)
        let found = Set(try SourceTree.directories(in: "Sources"))
        #expect(found.subtracting(planned).sorted() == [], "rooms without a line in the plan")
        #expect(planned.subtracting(found).sorted() == [], "planned rooms that are not there")
    }

    @Test("below the line nothing has effects", arguments: rooms.filter(\.isPure))
    func purity(room: Room) throws {
        for file in try SourceTree.files(in: "Sources/\(room.name)") {
            for (number, line) in file.numberedLines {
                let code = withoutComment(line)
                for effect in effects where code.containsWord(effect.text) {
                    report(
                        file, number,
                        "\(room.name) is pure and says \(effect.text); it takes "
                            + effect.instead)
                }
            }
        }
    }

    @Test("a public or package type has a name of its own in the whole repository")
    func namesAreUnique() throws {
        var places: [String: String] = [:]
        for file in try SourceTree.files(in: "Sources") {
            for (number, line) in file.numberedLines {
                guard let name = sharedTypeName(in: line) else { continue }
                if let other = places[name] {
                    report(file, number, "\(name) is declared at \(other) too")
                }
                places[name] = "\(file.path):\(number)"
            }
        }
        #expect(places["Digest"] != nil, "the reader of declarations no longer finds them")
    }

    @Test("a file is under 500 lines and starts with the licence", arguments: ["Sources", "Tests"])
    func filesAreSmall(directory: String) throws {
        for file in try SourceTree.files(in: directory) {
            if file.lines.count > 500 {
                report(file, 500, "the file has \(file.lines.count) lines; split it")
            }
            if file.lines.first != "// SPDX-License-Identifier: Apache-2.0" {
                report(file, 1, "the first line is not the SPDX licence line")
            }
        }
    }

    @Test("a name says what is inside", arguments: ["Sources", "Tests"])
    func namesSaySomething(directory: String) throws {
        let empty: Set = [
            "util", "utils", "utilities", "helper", "helpers", "common", "core", "misc",
            "extensions", "types", "constants", "manager",
        ]
        for file in try SourceTree.files(in: directory) {
            let words = file.path.dropLast(".swift".count).split { "/+".contains($0) }
            for word in words where empty.contains(word.lowercased()) {
                report(file, 1, "\(word) could hold anything; name it after what it holds")
            }
        }
    }

    @Test("every outside package is pinned to one version")
    func dependenciesArePinned() throws {
        let manifest = try SourceTree.file(at: "Package.swift")
        for (number, line) in manifest.numberedLines where line.contains(".package(url:") {
            if !line.contains("exact:") { report(manifest, number, "write exact: and a version") }
        }
    }
}

@Suite("the reader of the house")
struct ArchitectureReaderTests {
    @Test(
        "an import is found however it is written",
        arguments: [
            ("import OCI", "OCI"),
            ("package import Primitives", "Primitives"),
            ("    internal import Crypto  // for hashing", "Crypto"),
            ("@testable import Policy", "Policy"),
            ("@preconcurrency public import NIOCore", "NIOCore"),
            ("@_exported import Registry", "Registry"),
            ("import struct Foundation.Data", "Foundation"),
            ("import CZlib;", "CZlib"),
        ])
    func findsImports(line: String, module: String) {
        #expect(importedModule(in: line) == module)
    }

    @Test(
        "what only looks like an import is none",
        arguments: [
            "// import OCI", "let important = 1", "important()", "/// package import OCI", "",
        ])
    func leavesTheRest(line: String) {
        #expect(importedModule(in: line) == nil)
    }

    @Test(
        "a declaration that other modules see is found",
        arguments: [
            ("public struct Digest: Hashable {", "Digest"),
            ("package final class Session {", "Session"),
            ("public indirect enum JSONValue {", "JSONValue"),
            ("package protocol Transport<Body> {", "Transport"),
        ])
    func findsDeclarations(line: String, name: String) {
        #expect(sharedTypeName(in: line) == name)
    }

    @Test(
        "an inner, private or extending declaration is not a shared name",
        arguments: [
            "    package struct Inner {", "private struct Scanner {", "struct Local {",
            "extension Digest {", "package func read() {", "// public struct Digest",
        ])
    func leavesInnerDeclarations(line: String) {
        #expect(sharedTypeName(in: line) == nil)
    }

    @Test(
        "what a type conforms to is found",
        arguments: [
            ("struct Connections: RepositoryProvider {", ["RepositoryProvider"]),
            ("private final class A: B, Sendable {", ["B", "Sendable"]),
            ("extension Digest: P & Q where Element: R {", ["P", "Q", "Element:", "R"]),
            ("struct Plain {", []), ("func a(b: C) {", []), ("// struct A: B {", []),
            ("    let structure: [String: Int]", []),
        ])
    func findsConformances(line: String, names: [String]) {
        #expect(conformances(in: line) == names)
    }

    @Test(
        "a cast is found with the type that it asks for",
        arguments: [
            ("guard let vault = signer as? VaultKeySigner else {", "VaultKeySigner"),
            ("(source as? RegistryRepository)?.name", "RegistryRepository"),
            ("guard let local = source as? any LocalArtifacts else {", "LocalArtifacts"),
            ("let a = b as? [UInt8]", "UInt8"), ("// as? LayoutDirectory", nil),
            ("let basis = 1", nil),
        ])
    func findsCasts(line: String, type: String?) {
        #expect(castType(in: line) == type)
    }

    @Test("an effect is a word of its own and not the end of another")
    func effectsAreWords() {
        #expect("let now = Date()".containsWord("Date()"))
        #expect("Int.random(in: 0...1)".containsWord(".random("))
        #expect(!"let span = CertificateDate()".containsWord("Date()"))
        #expect(withoutComment("let url = 1  // Date()") == "let url = 1  ")
    }
}

// MARK: - Reading

/// A Swift file by its path from the repository's root.
struct SourceFile {
    let path: String
    let lines: [String]

    var numberedLines: [(number: Int, line: String)] {
        lines.enumerated().map { ($0.offset + 1, $0.element) }
    }
}

enum SourceTree {
    /// Links are followed, so that a folder that links to this one reads the same tree.
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func file(at path: String) throws -> SourceFile {
        let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        return SourceFile(path: path, lines: lines)
    }

    static func files(in directory: String) throws -> [SourceFile] {
        try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: directory).path())
            .filter { $0.hasSuffix(".swift") }
            .sorted()
            .map { try file(at: "\(directory)/\($0)") }
    }

    static func directories(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            at: root.appending(path: directory), includingPropertiesForKeys: [.isDirectoryKey],
            options: .skipsHiddenFiles
        )
        .filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
        .map(\.lastPathComponent)
    }
}

/// The module that a line imports, if it is an import.
func importedModule(in line: String) -> String? {
    var words = withoutComment(line).split { " \t;".contains($0) }
    let access: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
    while let word = words.first, word.hasPrefix("@") || access.contains(word) {
        words.removeFirst()
    }
    guard words.first == "import" else { return nil }
    let kinds: Set<Substring> = [
        "struct", "class", "enum", "protocol", "typealias", "func", "let", "var", "actor",
    ]
    let path = words.dropFirst().first { !kinds.contains($0) }
    return path?.split(separator: ".").first.map(String.init)
}

/// The name of a type that a line declares at the top of its file for other modules, if it does.
func sharedTypeName(in line: String) -> String? {
    guard line.hasPrefix("public ") || line.hasPrefix("package ") else { return nil }
    let kinds: Set<Substring> = ["struct", "enum", "class", "actor", "protocol", "typealias"]
    let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
    guard let kind = words.prefix(4).firstIndex(where: kinds.contains),
        !words[..<kind].contains("func"), kind + 1 < words.count
    else { return nil }
    return String(words[kind + 1])
}

/// The name of a protocol that a line declares at the top of its file for other modules.
func sharedProtocolName(in line: String) -> String? {
    guard line.hasPrefix("package protocol ") || line.hasPrefix("public protocol ") else {
        return nil
    }
    return sharedTypeName(in: line)
}

/// The name of a type that a line declares, whoever sees it.
func declaredTypeName(in line: String) -> String? {
    let words = withoutComment(line).split { !$0.isLetter && !$0.isNumber && $0 != "_" }
    let kinds: Set<Substring> = ["struct", "enum", "class", "actor"]
    guard let kind = words.firstIndex(where: kinds.contains), kind + 1 < words.count else {
        return nil
    }
    return String(words[kind + 1])
}

/// The type that a line asks a value for with `as?`.
func castType(in line: String) -> String? {
    let code = withoutComment(line)
    guard let cast = code.firstRange(of: " as? ") else { return nil }
    let words = code[cast.upperBound...].split { !$0.isLetter && !$0.isNumber && $0 != "_" }
    return words.first { $0 != "any" }.map(String.init)
}

/// What a type or extension that a line declares says that it conforms to. A list that goes on in the
/// next line is not seen.
func conformances(in line: String) -> [String] {
    let code = withoutComment(line)
    let words = code.split(separator: " ").prefix { !$0.hasSuffix(":") && $0 != "{" }
    let kinds: Set<Substring> = ["struct", "enum", "class", "actor", "extension"]
    guard words.contains(where: kinds.contains), let colon = code.range(of: ": ") else { return [] }
    let list = code[colon.upperBound...].prefix { $0 != "{" }
    return list.replacing(" where ", with: ",").split { ",& ".contains($0) }.map(String.init)
}

/// What stands before `//`. A `//` inside a string cuts too: it can hide an effect that shares a
/// line with an address, and never makes one up.
func withoutComment(_ line: String) -> String {
    line.range(of: "//").map { String(line[..<$0.lowerBound]) } ?? line
}

extension String {
    /// Whether `text` occurs where no longer name begins before it.
    func containsWord(_ text: String) -> Bool {
        ranges(of: text).contains { range in
            guard range.lowerBound > startIndex, let first = text.first, first != "." else {
                return true
            }
            let before = self[index(before: range.lowerBound)]
            return !(before.isLetter || before.isNumber || before == "_")
        }
    }
}

func report(_ file: SourceFile, _ line: Int, _ complaint: String) {
    Issue.record("\(file.path):\(line): \(complaint)")
}
