// SPDX-License-Identifier: Apache-2.0
// The language's own suite, in both dialects. Spec: jmespath/jmespath.test.

import Foundation
import JMESPath
import KyvernoFunctions
import Primitives
import TestSupport
import Testing

/// One case of the suite.
struct ComplianceCase: Sendable, CustomTestStringConvertible {
    let file: String
    let expression: String
    let given: JSONValue
    /// The value, or the kind of the problem; neither for a benchmark.
    let result: JSONValue?
    let problem: String?
    let isBenchmark: Bool

    var testDescription: String { "\(file): \(expression)" }

    static let all: [ComplianceCase] = {
        guard let directory = SharedSuites.jmespath else { return [] }
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return files.filter { $0.hasSuffix(".json") }.sorted().flatMap { file in
            (try? read(directory.appendingPathComponent(file))) ?? []
        }
    }()

    private static func read(_ file: URL) throws -> [ComplianceCase] {
        let suite = try JSONValue(
            parsing: Array(Data(contentsOf: file)), named: file.lastPathComponent)
        return (suite.array ?? []).flatMap { group in
            (group["cases"]?.array ?? []).map { entry in
                ComplianceCase(
                    file: file.lastPathComponent, expression: entry["expression"]?.string ?? "",
                    given: group["given"] ?? .null, result: entry["result"],
                    problem: entry["error"]?.string, isBenchmark: entry["bench"] != nil)
            }
        }
    }

    enum Outcome: Equatable {
        case value(JSONValue)
        case problem(String)
    }

    func run(_ dialect: JMESPathDialect) -> Outcome {
        do {
            return .value(
                try JMESPathExpression(expression, dialect: dialect).evaluate(on: given))
        } catch {
            return .problem(error.kind.rawValue)
        }
    }

    func isMet(by outcome: Outcome) -> Bool {
        switch outcome {
        case .value(let value): result.map { looksEqual($0, value) } ?? false
        case .problem(let kind): kind == problem
        }
    }
}

/// Equal as JSON documents: numbers by value, members in any order.
func looksEqual(_ left: JSONValue, _ right: JSONValue) -> Bool {
    switch (left, right) {
    case (.number(let first), .number(let second)):
        guard let first = first.double, let second = second.double else { return false }
        return abs(first - second) <= 1e-12 * max(1, abs(first))
    case (.array(let first), .array(let second)):
        return first.count == second.count && zip(first, second).allSatisfy(looksEqual)
    case (.object(let first), .object(let second)):
        return first.count == second.count
            && first.allSatisfy { member in
                second[member.name].map { looksEqual(member.value, $0) } ?? false
            }
    default: return left == right
    }
}

@Suite(
    "the JMESPath suite",
    .enabled(if: SharedSuites.jmespath != nil, "the shared suites are not beside the project"))
struct ComplianceTests {
    @Test("the suite is all here")
    func isComplete() {
        #expect(ComplianceCase.all.count == 908)
        #expect(ComplianceCase.all.filter(\.isBenchmark).count == 16)
    }

    @Test("the standard dialect answers every case as the suite says")
    func standard() {
        for entry in ComplianceCase.all where !entry.isBenchmark {
            let outcome = entry.run(.standard)
            let wanted = entry.result.map(\.compactText) ?? entry.problem ?? "?"
            #expect(
                entry.isMet(by: outcome),
                "\(entry.file): \(entry.expression) on \(entry.given.compactText): \(outcome), not \(wanted)"
            )
        }
    }

    @Test(
        "every benchmark is read in both dialects", arguments: [JMESPathDialect.standard, .kyverno])
    func benchmarks(dialect: JMESPathDialect) throws {
        for entry in ComplianceCase.all where entry.isBenchmark {
            #expect(throws: Never.self, "\(entry.expression)") {
                try JMESPathExpression(entry.expression, dialect: dialect)
            }
        }
    }

    @Test("Kyverno's dialect differs in the listed cases, and only there")
    func kyverno() {
        var differing: [String] = []
        for entry in ComplianceCase.all where !entry.isBenchmark {
            let outcome = entry.run(.kyverno)
            if entry.isMet(by: outcome) { continue }
            differing.append("\(entry.file): \(entry.expression)")
        }
        #expect(Set(differing) == Set(kyvernoDifferences.keys), "\(differing)")
    }
}
