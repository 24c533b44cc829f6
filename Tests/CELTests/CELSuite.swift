// SPDX-License-Identifier: Apache-2.0
// The conformance cases of cel-spec, read from beside the project.

import CEL
import Foundation
import Primitives
import TestSupport
import Testing

/// One case of the suite.
struct CELCase: Sendable, CustomTestStringConvertible {
    let name: String
    let expression: String
    let request: JSONReader
    let expected: JSONReader

    var testDescription: String { "\(name): \(expression.prefix(60))" }

    static let all: [CELCase] = {
        guard let directory = SharedSuites.cel else { return [] }
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return files.filter { $0.hasSuffix(".json") }.sorted().flatMap { file in
            (try? cases(in: directory.appendingPathComponent(file))) ?? []
        }
    }()

    private static func cases(in file: URL) throws -> [CELCase] {
        let document = try JSONReader(
            parsing: Array(Data(contentsOf: file)), named: file.lastPathComponent)
        let group = try document.required("name").string()
        var cases: [CELCase] = []
        for section in try document.required("sections").items(atMost: 1_000) {
            let prefix = "\(group)/\(try section.required("name").string())"
            for test in try section.required("tests").items(atMost: 10_000) {
                cases.append(
                    CELCase(
                        name: "\(prefix)/\(try test.required("name").string())",
                        expression: try test.required("expr").string(), request: test,
                        expected: try test.required("expect")))
            }
        }
        return cases
    }
}

/// Cases that are not run as they stand, each with its reason.
let skippedCases: [String: String] = [:]

@Suite(
    "the conformance suite",
    .enabled(if: SharedSuites.cel != nil, "suites are not beside the project"))
struct CELConformanceTests {
    @Test("the suite is here, and the list of what is left out is short and names real cases")
    func suiteIsWhole() {
        #expect(CELCase.all.count >= 877)
        #expect(skippedCases.count <= 11)
        let names = Set(CELCase.all.map(\.name))
        #expect(skippedCases.keys.filter { !names.contains($0) } == [])
    }

    @Test("a case comes to what it should", arguments: CELCase.all)
    func behaves(_ test: CELCase) throws {
        if let reason = skippedCases[test.name] {
            try Test.cancel("\(reason)")
        }
        let result = Result { try evaluated(test) }
        if let errors = try test.expected.optional("error") {
            try expectProblem(result, like: try errors.items(atMost: 10)[0].string(), test)
        } else if let type = try test.expected.optional("type") {
            let environment = try environment(of: test)
            #expect(try environment.type(of: test.expression).description == type.string())
        }
        if let value = try test.expected.optional("value") {
            let wanted = try CELValue(tagged: value.value)
            #expect(try result.get() == wanted, "\(test.expression)")
        }
    }

    private func evaluated(_ test: CELCase) throws -> CELValue {
        let environment = try environment(of: test)
        var bindings = CELBindings()
        for member in try test.request.optional("bindings")?.object() ?? [:] {
            bindings.set(member.name, to: try CELValue(tagged: member.value))
        }
        let isUnchecked = try test.request.optional("disable_check")?.boolean() ?? false
        let program =
            isUnchecked
            ? try environment.compileUnchecked(test.expression)
            : try environment.compile(test.expression)
        if try test.request.optional("check_only")?.boolean() == true { return .null }
        guard case .value(let value) = try program.evaluate(bindings) else {
            throw CancellationError()
        }
        return value
    }

    private func environment(of test: CELCase) throws -> CELEnvironment {
        var environment = CELEnvironment.conformance
        environment.container = try test.request.optional("container")?.string() ?? ""
        for entry in try test.request.optional("type_env")?.items(atMost: 100) ?? [] {
            let name = try entry.required("name").string()
            if let type = try entry.optional("ident") {
                environment.declare(
                    VariableDeclaration(name, try CELType(parsing: try type.string())))
            }
            for overload in try entry.optional("function")?.items(atMost: 100) ?? [] {
                var parameters: [CELType] = []
                for parameter in try overload.required("params").items(atMost: 100) {
                    parameters.append(try CELType(parsing: try parameter.string()))
                }
                environment.declare(
                    Overload(
                        name, parameters,
                        try CELType(parsing: try overload.required("result").string()),
                        .many { _, _ throws(EvaluationInterruption) in .null }))
            }
        }
        return environment
    }

    private func expectProblem(
        _ result: Result<CELValue, any Error>, like text: String, _ test: CELCase
    ) throws {
        switch result {
        case .success(let value): Issue.record("\(test.expression) is \(value), not an error")
        case .failure(let error):
            let problem = try #require(error as? CELProblem)
            let kinds = try #require(expectedKinds(text), "no kind is known for \(text)")
            #expect(kinds.contains(problem.kind), "\(test.expression): \(problem)")
        }
    }
}

/// The kinds that an error text of the suite stands for. It was written down by many hands: one
/// text can stand for several kinds.
private func expectedKinds(_ text: String) -> Set<CELProblem.Kind>? {
    let texts: [(String, Set<CELProblem.Kind>)] = [
        ("no such key", [.noSuchKey]), ("no such overload", [.noSuchOverload]),
        // Two cases divide by zero beside a `||`, and the text names the operator.
        ("no matching overload", [.noSuchOverload, .divisionByZero]), ("range", [.outOfRange]),
        ("return error for overflow", [.overflow]), ("overflow", [.overflow]),
        ("invalid_argument", [.invalidArgument]), ("divide by zero", [.divisionByZero]),
        ("division by zero", [.divisionByZero]), ("unsupported key type", [.unsupportedKey]),
        ("error during formatting", [.invalidArgument]),
        ("undeclared reference", [.undeclaredReference]),
        ("unbound function", [.undeclaredReference]), ("invalid UTF-8", [.conversion]),
        ("Type conversion error", [.conversion]), ("IP Address", [.conversion]),
        ("IPv4-mapped", [.conversion]), ("network address parse", [.conversion]),
        ("CIDR with zone", [.conversion]), ("index out of range", [.invalidArgument]),
        ("invalid substring range", [.invalidArgument]),
    ]
    return texts.first { text.hasPrefix($0.0) }?.1
}
