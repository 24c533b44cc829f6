// SPDX-License-Identifier: Apache-2.0
// How long expressions take to compile and to evaluate, and how often they ask for memory.

internal import AllocationCounter
internal import FoundationEssentials
internal import JMESPath
internal import KyvernoFunctions
internal import Primitives
internal import TestSupport

/// One expression, ready to be measured. Each piece of work fails when it does not come to a value.
struct ExpressionCase {
    let name: String
    let compile: () throws -> Void
    let evaluate: () throws -> Void
    /// Microseconds that the Go engine took, where it was measured.
    var peer: (compile: Double?, evaluate: Double?) = (nil, nil)
}

/// Every expression of the reference, in both languages.
struct ExpressionBenchmarks {
    let stopwatch: Stopwatch
    /// Allocations are counted over so many evaluations, as one may grow a cache for the next.
    private static let countedRuns = 100

    init(roundLength: Double) { stopwatch = Stopwatch(roundLength: roundLength) }

    func run() throws {
        try tell("CEL: policies", try celCases())
        try tell("JMESPath: expressions of policies", try jmespathCases())
        guard let directory = SharedSuites.jmespath else {
            print("\nJMESPath: the benchmarks of jmespath.test are not beside the project")
            return
        }
        try tell("JMESPath: benchmarks of jmespath.test", try suiteCases(directory))
    }

    private func tell(_ title: String, _ cases: [ExpressionCase]) throws {
        print("\n\(title): microseconds, the least of nine rounds; in brackets the Go engine's")
        for entry in cases {
            let compile = try stopwatch.measure(entry.compile)
            let evaluate = try stopwatch.measure(entry.evaluate)
            print(
                "  " + column(compile.least, entry.peer.compile)
                    + column(evaluate.least, entry.peer.evaluate)
                    + right(String(try allocations(of: entry.evaluate)), 5) + " allocations  "
                    + plain(entry.name, atMost: 110))
        }
    }

    private func allocations(of work: () throws -> Void) rethrows -> Int {
        try work()
        let before = allocation_count()
        for _ in 0..<ExpressionBenchmarks.countedRuns { try work() }
        return Int(allocation_count() - before) / ExpressionBenchmarks.countedRuns
    }

    private func column(_ value: Double, _ peer: Double?) -> String {
        right(hundredths(value), 8) + " " + right(peer.map { "[\(hundredths($0))]" } ?? "", 9)
    }

    private func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

/// A number with two digits after the point.
func hundredths(_ value: Double) -> String {
    let text = String(Int((value * 100).rounded()))
    let padded = String(repeating: "0", count: max(0, 3 - text.count)) + text
    return padded.dropLast(2) + "." + padded.suffix(2)
}

// MARK: JMESPath

private func jmespathCases() throws -> [ExpressionCase] {
    let document = try JSONValue(parsing: Array(reviewedObject.utf8), named: "the object")
    let cases: [(String, Double?)] = [
        ("a.b.c", 0.12), ("[a.b, x][].image", 0.65), ("x.*.image", 0.46),
        ("length(containers[?starts_with(image, 'ghcr.io/')])", 1.0),
        ("sort_by(containers, &name)[0].image", 2.6),
        ("request.object.metadata.labels.app || 'none'", nil),
        ("containers[].image | contains(@, 'ghcr.io/acme/api:1')", nil),
        ("max_by(containers, &length(image)).{name: name, image: image}", nil),
    ]
    return try cases.flatMap { text, peer in
        [
            try jmespathCase(text, .standard, on: document, (nil, peer)),
            try jmespathCase(text, .kyverno, on: document, (nil, nil), prefix: "kyverno: "),
        ]
    }
}

private func jmespathCase(
    _ text: String, _ dialect: JMESPathDialect, on document: JSONValue,
    _ peer: (compile: Double?, evaluate: Double?), prefix: String = ""
) throws -> ExpressionCase {
    let expression = try JMESPathExpression(text, dialect: dialect)
    return ExpressionCase(
        name: prefix + text,
        compile: { _ = try JMESPathExpression(text, dialect: dialect) },
        evaluate: { _ = try expression.evaluate(on: document) }, peer: peer)
}

/// `benchmarks.json`: groups of `given` and cases.
private func suiteCases(_ directory: URL) throws -> [ExpressionCase] {
    let bytes = [UInt8](try Data(contentsOf: directory.appending(path: "benchmarks.json")))
    let groups = try JSONValue(parsing: bytes, named: "benchmarks.json").array ?? []
    var cases: [ExpressionCase] = []
    for group in groups {
        for entry in group["cases"]?.array ?? [] {
            let text = entry["expression"]?.string ?? ""
            cases.append(
                try jmespathCase(
                    text, .standard, on: group["given"] ?? .null, (nil, suitePeers[text])))
        }
    }
    return cases
}

/// Microseconds of the Go engine for cases of the suite, by expression.
private let suitePeers: [String: Double] = [
    "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s": 0.40
]

private let reviewedObject = """
    {"a": {"b": {"c": 1}}, "x": {"p": {"image": "one"}, "q": {"image": "two"}},
     "containers": [{"name": "web", "image": "ghcr.io/acme/web:1"},
       {"name": "api", "image": "ghcr.io/acme/api:1"}, {"name": "job", "image": "docker.io/job:1"}],
     "request": {"object": {"metadata": {"name": "pod", "labels": {"team": "red"}}}}}
    """
