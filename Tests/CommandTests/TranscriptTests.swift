// SPDX-License-Identifier: Apache-2.0
// Command-line behaviour as text files: command by command, stdout, stderr and exit code.

import Foundation
import Testing

/// One command of a transcript with what it must answer.
struct TranscriptStep {
    let line: Int
    let command: String
    var status: Int32 = 0
    var output: [String] = []
    var errors: [String] = []
}

@Suite("transcripts", .enabled(if: BuiltBinary.isHere, "the assay binary is not built"))
struct TranscriptTests {
    static let files =
        (try? FileManager.default.contentsOfDirectory(
            atPath: BuiltBinary.root.appendingPathComponent("Tests/Transcripts").path))?
        .filter { $0.hasSuffix(".txt") }.sorted() ?? []

    @Test("there are transcripts to run")
    func thereAreSome() {
        #expect(Self.files.count >= 5)
    }

    @Test("the binary answers as the transcript says", arguments: files)
    func answers(_ file: String) throws {
        let text = try String(
            contentsOf: BuiltBinary.root.appendingPathComponent("Tests/Transcripts/\(file)"),
            encoding: .utf8)
        let steps = try steps(of: text)
        #expect(!steps.isEmpty)
        try BuiltBinary.withTemporaryDirectory { directory in
            let registry =
                text.contains("$REGISTRY")
                ? try RunningRegistry(directory: directory.appendingPathComponent("registry")) : nil
            let work = directory.appendingPathComponent("work")
            try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
            let address = registry?.address ?? ""
            for step in steps {
                let outcome = try BuiltBinary.shell(
                    step.command, in: work, variables: ["REGISTRY": address])
                check(step, outcome, file: file, registry: address)
            }
        }
    }

    private func check(
        _ step: TranscriptStep, _ outcome: BuiltBinary.Outcome, file: String, registry: String
    ) {
        let place = "\(file):\(step.line): $ \(step.command)"
        #expect(
            outcome.status == step.status,
            "\(place)\nexit \(outcome.status), stdout: \(outcome.output)stderr: \(outcome.errors)")
        compare(step.output, outcome.output, "\(place) stdout", registry)
        compare(step.errors, outcome.errors, "\(place) stderr", registry)
    }

    /// A line of `…` stands for any lines; `‹digest›` for any sha256 digest; `‹any›` for any text.
    private func compare(_ expected: [String], _ found: String, _ place: String, _ registry: String)
    {
        let lines = found.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            .reversed().drop { $0.isEmpty }.reversed()
        guard matches(expected[...], Array(lines)[...], registry) else {
            Issue.record(
                "\(place)\nexpected:\n\(expected.joined(separator: "\n"))\nfound:\n\(lines.joined(separator: "\n"))"
            )
            return
        }
    }

    private func matches(
        _ expected: ArraySlice<String>, _ found: ArraySlice<String>, _ registry: String
    ) -> Bool {
        guard let first = expected.first else { return found.isEmpty }
        if first == "…" {
            return (found.startIndex...found.endIndex).contains {
                matches(expected.dropFirst(), found[$0...], registry)
            }
        }
        guard let line = found.first else { return false }
        return pattern(first, registry).matches(line)
            && matches(expected.dropFirst(), found.dropFirst(), registry)
    }

    private func pattern(_ text: String, _ registry: String) -> LinePattern {
        LinePattern(text.replacing("$REGISTRY", with: registry))
    }

    private func steps(of text: String) throws -> [TranscriptStep] {
        var steps: [TranscriptStep] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            if line.hasPrefix("$ ") {
                steps.append(TranscriptStep(line: index + 1, command: String(line.dropFirst(2))))
            } else if line.hasPrefix("exit "), let status = Int32(line.dropFirst(5)), !steps.isEmpty
            {
                steps[steps.count - 1].status = status
            } else if line.hasPrefix("stderr: "), !steps.isEmpty {
                steps[steps.count - 1].errors.append(String(line.dropFirst(8)))
            } else if line.hasPrefix("  "), !steps.isEmpty {
                steps[steps.count - 1].output.append(String(line.dropFirst(2)))
            } else {
                try #require(
                    line.isEmpty || line.hasPrefix("#"),
                    "line \(index + 1) is no transcript: \(line)")
            }
        }
        return steps
    }
}

/// One expected line with holes.
struct LinePattern {
    private let parts: [Substring]
    private let holes: [String]

    init(_ text: String) {
        var parts: [Substring] = []
        var holes: [String] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "‹"), let close = rest[open...].firstIndex(of: "›") {
            parts.append(rest[..<open])
            holes.append(String(rest[rest.index(after: open)..<close]))
            rest = rest[rest.index(after: close)...]
        }
        parts.append(rest)
        self.parts = parts
        self.holes = holes
    }

    func matches(_ line: String) -> Bool { matches(line[...], from: 0) }

    private func matches(_ line: Substring, from position: Int) -> Bool {
        guard line.hasPrefix(parts[position]) else { return false }
        let rest = line.dropFirst(parts[position].count)
        guard position < holes.count else { return rest.isEmpty }
        if holes[position] == "digest" {
            guard rest.hasPrefix("sha256:"), rest.dropFirst(7).prefix(64).count == 64,
                rest.dropFirst(7).prefix(64).allSatisfy(\.isHexDigit)
            else {
                return false
            }
            return matches(rest.dropFirst(71), from: position + 1)
        }
        var end = rest.startIndex
        while true {
            if matches(rest[end...], from: position + 1) { return true }
            guard end < rest.endIndex else { return false }
            end = rest.index(after: end)
        }
    }
}
