// SPDX-License-Identifier: Apache-2.0
// Reads the sources of the executable: it keeps arguments, wiring, rendering and exit codes, because a
// server must come to the same results without it.
//
// What is checked are calls and conformances that logic cannot do without. A command can still hold a
// rule in plain `if`s; that is for reviewers to see.

import Testing

/// How lines begin what belongs below the command line: to hash, to walk or copy a graph, to verify, to
/// update trusted material, to decide what runs at the same time.
let decidingCalls = [
    "ArtifactCopy(", "ArtifactGraph.discover(", "Digest(of:", "ContentHasher(", "Manifest(",
    "MetadataProblem", "SignatureVerifier(", "TrustUpdater(", "VerificationRequirements(",
    "VerificationWork(", "withTaskGroup(", "withThrowingTaskGroup(", "inParallel(",
]

/// Protocols that the command line implements, because only it knows which flags and variables name
/// the connections and credentials of a command.
let wiredProtocols: Set = ["RepositoryProvider", "CredentialSource"]

@Suite("the executable")
struct ExecutableTests {
    private func files() throws -> [SourceFile] {
        let files = try SourceTree.files(in: "Sources/assay")
        try #require(!files.isEmpty)
        return files
    }

    @Test("the executable makes nothing that decides: arguments, wiring, rendering, exit codes")
    func decidesNothing() throws {
        for file in try files() {
            for (number, line) in file.numberedLines {
                let code = withoutComment(line)
                for call in decidingCalls where code.containsWord(call) {
                    report(file, number, "assay says \(call); Workflows does, over its protocols")
                }
            }
        }
    }

    @Test("the executable implements no protocol of another module, except to wire")
    func implementsNothing() throws {
        let protocols = try sharedProtocols().subtracting(wiredProtocols)
        for file in try files() {
            for (number, line) in file.numberedLines {
                for name in conformances(in: line) where protocols.contains(name) {
                    report(file, number, "a type of assay is a \(name); that is Host's to be")
                }
            }
        }
    }
}

@Suite("protocols between modules")
struct ProtocolTests {
    @Test("a value is not asked for the type behind its protocol")
    func castsNothing() throws {
        let sources = try rooms.flatMap { try SourceTree.files(in: "Sources/\($0.name)") }
        let hidden = implementers(of: try sharedProtocols(), in: sources)
        try #require(hidden.isSuperset(of: ["RegistryRepository", "LayoutDirectory"]))
        for file in sources {
            for (number, line) in file.numberedLines {
                guard let name = castType(in: line), hidden.contains(name) else { continue }
                report(
                    file, number,
                    "as? \(name): what a caller must know is in the protocol or the return value")
            }
        }
    }

    /// The protocols themselves, and the types that say in their first line that they conform to one.
    private func implementers(of protocols: Set<String>, in sources: [SourceFile]) -> Set<String> {
        var found = protocols
        for file in sources {
            for line in file.lines where !protocols.isDisjoint(with: conformances(in: line)) {
                if let name = declaredTypeName(in: line) { found.insert(name) }
            }
        }
        return found
    }
}

/// The protocols that the modules below the executable declare for others.
private func sharedProtocols() throws -> Set<String> {
    let modules = rooms.map(\.name).filter { !$0.utf8.starts(with: "assay".utf8) }
    var protocols: Set<String> = []
    for file in try modules.flatMap({ try SourceTree.files(in: "Sources/\($0)") }) {
        protocols.formUnion(file.lines.compactMap(sharedProtocolName))
    }
    try #require(protocols.isSuperset(of: ["ArtifactSource", "TrustStorage"] + wiredProtocols))
    return protocols
}
