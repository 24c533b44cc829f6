// SPDX-License-Identifier: Apache-2.0
// CEL's part of the line protocol.
//
// {"lang":"cel","expr":"x + 1","bindings":{"x":{"int":"1"}}} → {"value":{"int":"2"}}
// Beside those: "container"; "environment": conformance, kubernetes or kyverno (by default the
// specification's rules with the libraries of all three);
// "type_env": [{"name","ident": type}] or functions, as in the suite; "disable_check", "check_only";
// "unknown": [variable names]. Without "type_env" or "check" nothing is checked before it runs.

import CEL
import Foundation
import KyvernoFunctions
import Primitives

func answerCEL(_ request: JSONReader) throws -> JSONValue {
    let expression = try request.required("expr").string()
    var environment = try environment(named: try request.optional("environment")?.string())
    environment.container = try request.optional("container")?.string() ?? ""
    var bindings = CELBindings()
    let now = Int64(Date().timeIntervalSince1970)
    if let now = CELTimestamp(seconds: now) { bindings.set(CELBindings.now, to: .timestamp(now)) }
    var declared: Set<String> = []
    let declarations =
        try request.optional("type_env")?.items(atMost: Limits.expressionUnknowns) ?? []
    for entry in declarations {
        declared.insert(try declare(entry, in: &environment))
    }
    for member in try request.optional("bindings")?.object() ?? [:] {
        bindings.set(member.name, to: try CELValue(tagged: member.value))
        if declared.insert(member.name).inserted {
            environment.declare(VariableDeclaration(member.name, .dyn))
        }
    }
    for name in try request.optional("unknown")?.items(atMost: Limits.expressionUnknowns) ?? [] {
        let name = try name.string()
        bindings.setUnknown(name)
        if declared.insert(name).inserted { environment.declare(VariableDeclaration(name, .dyn)) }
    }
    let isUnchecked = try request.optional("disable_check")?.boolean() ?? declarations.isEmpty
    let isChecked = try request.optional("check")?.boolean() ?? !isUnchecked
    do {
        if try request.optional("check_only")?.boolean() == true {
            return ["type": .string(try environment.type(of: expression).description)]
        }
        let program =
            isChecked
            ? try environment.compile(expression) : try environment.compileUnchecked(expression)
        return try outcome(try program.evaluate(bindings))
    } catch let problem as CELProblem {
        return errorAnswer(
            kind: problem.kind.rawValue, message: problem.message, column: problem.column)
    }
}

private func outcome(_ outcome: CELOutcome) throws -> JSONValue {
    switch outcome {
    case .value(let value): return ["value": try value.tagged()]
    case .unknowns(let unknowns): return ["needs": .array(unknowns.map { .string(shown($0)) })]
    }
}

private func shown(_ unknown: UnknownAttribute) -> String {
    switch unknown {
    case .attribute(let path): path.description
    case .answer(let function, let arguments): "\(function)(\(arguments.count))"
    }
}

private func environment(named name: String?) throws(Failure) -> CELEnvironment {
    switch name {
    case nil: return everything
    case "conformance": return .conformance
    case "kubernetes": return .kubernetes
    case "kyverno": return .kyverno
    default:
        throw Failure(
            .malformed, "cannot evaluate the request",
            because: "the environment is conformance, kubernetes or kyverno")
    }
}

/// The specification's rules, with every library there is: who asks need not know where a function
/// comes from.
private let everything: CELEnvironment = {
    var environment = CELEnvironment.conformance
    let libraries: [CELLibrary] = [
        .kubernetesLists, .kubernetesRegex, .kubernetesURLs, .quantity, .semver, .format, .images,
        .documents, .hashes, .times, .transforms, .rounding,
    ]
    for library in libraries { environment.add(library) }
    return environment
}()

/// Declares one entry of `type_env`; functions get no body, for they are only checked.
private func declare(
    _ entry: JSONReader, in environment: inout CELEnvironment
) throws(Failure) -> String {
    let name = try entry.required("name").string()
    if let type = try entry.optional("ident") {
        environment.declare(VariableDeclaration(name, try CELType(parsing: try type.string())))
        return name
    }
    for overload in try entry.required("function").items(atMost: Limits.expressionUnknowns) {
        var parameters: [CELType] = []
        for parameter in try overload.required("params").items(atMost: Limits.expressionUnknowns) {
            parameters.append(try CELType(parsing: try parameter.string()))
        }
        environment.declare(
            Overload(
                name, isMethod: try overload.optional("receiver")?.boolean() ?? false, parameters,
                try CELType(parsing: try overload.required("result").string()),
                .many { _, _ throws(EvaluationInterruption) in .null }))
    }
    return name
}
