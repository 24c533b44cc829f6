// SPDX-License-Identifier: Apache-2.0
// Texts of a policy with {{ variables }}, compiled when it is loaded.
// Spec: docs/kyverno.md, "Variables".

import JMESPath
import KyvernoFunctions
import Primitives

/// Compiles the texts of one place of a policy.
struct ConditionCompiler: Sendable {
    let scope: ConditionScope

    /// A text; what cannot be read or given is refused at its line.
    func template(_ text: String, at place: Place) throws(Failure) -> VariableTemplate {
        try refuseReferences(text, at: place)
        let template: VariableTemplate
        do throws(JMESPathProblem) {
            template = try VariableTemplate(text, dialect: .kyverno)
        } catch {
            var failure = error.failure(at: place)
            failure.what = "cannot use the expression \(quoted(error.expression))"
            throw failure
        }
        try refuseUnclosed(template.isUnclosed, at: place)
        try scope.check(
            template.referencedPaths, of: template.expression ?? template.description, at: place)
        return template
    }

    /// A value of any shape, with variables in its texts and names.
    func document(_ node: YAMLNode) throws(Failure) -> DocumentTemplate {
        try refuseReferences(in: node)
        do throws(Failure) {
            let template = try DocumentTemplate(
                node.json, named: "the value", dialect: .kyverno)
            try refuseUnclosed(template.isUnclosed, at: node.place)
            try scope.check(template.referencedPaths, of: node.json.compactText, at: node.place)
            return template
        } catch {
            // The policy's line says more than a pointer into the value.
            var failure = error
            failure.place = node.place
            throw failure
        }
    }

    /// An expression without braces: `jmesPath`, on the names or on a value beside it.
    func expression(_ node: YAMLNode, isOnNames: Bool) throws(Failure) -> JMESPathExpression {
        let text = try node.string()
        guard !text.utf8.contains("{{") else {
            throw Failure(
                .unsupported, "cannot use the expression \(quoted(text))", at: node.place,
                because: "variables in jmesPath are not read",
                next: "write the path itself, or put the variable into value")
        }
        let expression: JMESPathExpression
        do throws(JMESPathProblem) {
            expression = try JMESPathExpression(text, dialect: .kyverno)
        } catch {
            var failure = error.failure(at: node.place)
            failure.what = "cannot use the expression \(quoted(text))"
            throw failure
        }
        if isOnNames {
            try scope.check(expression.referencedPaths, of: text, at: node.place)
        } else {
            try scope.checkFunctions(expression.referencedPaths, of: text, at: node.place)
        }
        return expression
    }

    /// `$(path)` points into the policy; Kyverno follows it before anything else.
    private func refuseReferences(_ text: String, at place: Place) throws(Failure) {
        guard text.utf8.contains("$(") else { return }
        throw Failure(
            .unsupported, "cannot use the text \(quoted(text))", at: place,
            because: "references $(…) to other fields of the policy are not read",
            next: "write the value itself")
    }

    private func refuseReferences(in node: YAMLNode) throws(Failure) {
        switch node.content {
        case .scalar(let value): try refuseReferences(value.string ?? "", at: node.place)
        case .sequence(let items): for item in items { try refuseReferences(in: item) }
        case .mapping(let members):
            for member in members {
                try refuseReferences(member.name, at: member.place)
                try refuseReferences(in: member.value)
            }
        }
    }

    /// Deviation: Kyverno takes an opening without an end for text, and compares with that.
    private func refuseUnclosed(_ isUnclosed: Bool, at place: Place) throws(Failure) {
        guard isUnclosed else { return }
        throw Failure(
            .malformed, "cannot use the policy", at: place,
            because: "a {{ has no }}, or a quote inside it is not closed",
            next: "close it, or write \\{{ if it is text")
    }
}

extension VariableTemplate {
    /// The text as a check names it: the expression when there is nothing else.
    var shown: String { expression ?? description }

    /// The path as an RFC 6901 pointer into the statement, for edits; nil when it is no path.
    var pointer: String? {
        plainPath.map { steps in
            steps.map { step in
                switch step {
                case .member(let name): "/" + name.asPointerToken
                case .index(let place): "/\(place)"
                }
            }.joined()
        }
    }

    /// Where the fields it reads begin.
    var roots: Set<String> { referencedPaths.roots }
}

extension ReferencedPaths {
    /// The first names of its paths.
    var roots: Set<String> { Set(paths.compactMap { $0.first ?? nil }) }
}

extension String {
    /// Spec: RFC 6901 §3.
    fileprivate var asPointerToken: String {
        self.utf8.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
            .utf8.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
    }
}
