// SPDX-License-Identifier: Apache-2.0
// What is measured, and how it is told.

internal import FoundationEssentials
internal import Primitives
internal import Signing

/// The command line, read; every run of the program is one of its two ways.
struct BenchmarkOptions {
    private var suite: URL?
    private var written: URL?
    private var single: URL?
    private var seconds = 0.1

    init(_ arguments: [String]) throws(Failure) {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            guard let value = rest.popFirst() else { throw unusable("\(name) needs a value") }
            switch name {
            case "--suite": suite = URL(filePath: value)
            case "--write": written = URL(filePath: value)
            case "--once": single = URL(filePath: value)
            case "--seconds":
                guard let number = Double(value), number > 0, number <= 60 else {
                    throw unusable("\(quoted(value)) is no number of seconds from 0 to 60")
                }
                seconds = number
            default: throw unusable("\(name) is not one of --suite, --seconds, --write, --once")
            }
        }
    }

    func run() async throws {
        if let single { return try BenchmarkCase(written: single).verifyOnce() }
        let stopwatch = Stopwatch(roundLength: seconds * 1_000_000)
        let world = try BenchmarkWorld()
        let cases = try (suite.map(BenchmarkCase.suite) ?? []) + world.cases()
        if let written { return try compare(cases, stopwatch, in: written) }
        try tellWhole(cases, stopwatch)
        for example in cases where example.identity != nil { try tellSteps(example, stopwatch) }
        tell("the least there can be")
        for check in try signatureChecks() {
            tell(check.name, try stopwatch.measure(check.work))
        }
        try await tellTrust(stopwatch)
        try await tellBatches(world)
    }

    private func tellWhole(_ cases: [BenchmarkCase], _ stopwatch: Stopwatch) throws {
        tell("whole verifications: bundle and artifact in memory to verdict")
        for example in cases {
            let verifier = try example.verifier()
            tell(example.name, try stopwatch.measure { try example.verify(with: verifier) })
        }
    }

    private func tellSteps(_ example: BenchmarkCase, _ stopwatch: Stopwatch) throws {
        tell("steps of: \(example.name)")
        for step in try BundleSteps(example).all() {
            tell(step.name, try stopwatch.measure(step.work))
        }
    }

    private func tellTrust(_ stopwatch: Stopwatch) async throws {
        let root = Array(PublicGoodInstance.trustedRoot.utf8)
        tell("trust, without any network or disk")
        tell(
            "read the public trusted root",
            try stopwatch.measure {
                _ = try TrustedRoot(parsing: root)
            })
        for (name, cost) in try await measureTrustUpdates(stopwatch, target: root) {
            tell(name, cost)
        }
    }

    private func tellBatches(_ world: BenchmarkWorld) async throws {
        let count = 1_000
        tell("batches of \(count) different statements")
        let batches = [
            ("key alone", try world.keyStatements(count)),
            ("keyless, Rekor v1", try world.keylessStatements(count)),
        ]
        for (name, cases) in batches {
            for tasks in [1, 2] {
                let cost = try await measureBatch(cases, tasks: tasks)
                print(
                    padded("\(name), \(tasks) \(tasks == 1 ? "task" : "tasks")")
                        + column(cost.seconds * 1000, "ms")
                        + column(cost.processorSeconds * 1000, "ms CPU")
                        + column(Double(count) / cost.seconds, "/s")
                        + "   peak \(cost.memoryPeak / 1024) MiB, before \(cost.memoryBefore / 1024)"
                )
            }
        }
    }

    /// Writes each keyless case with a line `cost`, in microseconds.
    private func compare(
        _ cases: [BenchmarkCase], _ stopwatch: Stopwatch, in directory: URL
    ) throws {
        for (index, example) in cases.enumerated() where example.identity != nil {
            let verifier = try example.verifier()
            let cost = try stopwatch.measure { try example.verify(with: verifier) }
            try example.write(to: directory.appending(path: String(index)), cost: cost.median)
            tell(example.name, cost)
        }
    }
}

extension BenchmarkCase {
    /// One folder: what another program needs to verify the same.
    fileprivate func write(to directory: URL, cost: Double) throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let files: [(String, [UInt8])] = [
            ("name", Array(name.utf8)), ("bundle.json", bundle), ("artifact", artifact),
            ("trusted_root.json", root ?? []), ("subject", Array((identity?.subject ?? "").utf8)),
            ("issuer", Array((identity?.issuer ?? "").utf8)), ("cost", Array("\(cost)".utf8)),
        ]
        for (file, content) in files {
            try Data(content).write(to: directory.appending(path: file))
        }
    }

    fileprivate init(written directory: URL) throws {
        func bytes(_ file: String) throws -> [UInt8] {
            [UInt8](try Data(contentsOf: directory.appending(path: file)))
        }
        func text(_ file: String) throws -> String {
            String(decoding: try bytes(file), as: UTF8.self)
        }
        let (subject, issuer) = (try text("subject"), try text("issuer"))
        self.init(
            name: try text("name"), bundle: try bytes("bundle.json"),
            artifact: try bytes("artifact"), root: try bytes("trusted_root.json"),
            requirements: BenchmarkCase.keyless(subject: subject, issuer: issuer),
            identity: (subject, issuer))
    }

    fileprivate func verifyOnce() throws { try verify(with: try verifier()) }
}

// MARK: Telling

private func tell(_ heading: String) { print("\n\(heading)") }

private func tell(_ name: String, _ cost: Cost) {
    print(
        padded(name) + column(cost.median, "µs") + column(cost.least, "µs at least")
            + column(cost.perSecond, "/s"))
}

private func padded(_ name: String) -> String {
    "  " + name + String(repeating: " ", count: max(56 - name.count, 1))
}

/// A number with three or more digits that count, right-aligned, and its unit.
private func column(_ value: Double, _ unit: String) -> String {
    let digits = value < 100 ? (value * 10).rounded() / 10 : value.rounded()
    let text = value < 100 ? "\(digits)" : "\(Int(digits))"
    return String(repeating: " ", count: max(9 - text.count, 1)) + text + " " + unit
}

private func unusable(_ why: String) -> Failure {
    Failure(.usage, "cannot start", because: why, next: usage)
}
