// SPDX-License-Identifier: Apache-2.0
// The value of a condition as it is written, compiled.
// Spec: docs/kyverno.md, "Condition operators", "Variables".

import JMESPath
import Primitives

/// A value that may hold variables in its texts.
struct ConditionValue: Sendable {
    private indirect enum Form: Sendable {
        case constant(ExpectedValue)
        case text(VariableTemplate)
        case list([Form])
        case document(DocumentTemplate)

        /// Whether it is an amount, or a variable may make it one.
        func canBeOrdered(by comparison: ConditionOperator) -> Bool {
            switch self {
            case .constant(let value): comparison.canOrder(value.json)
            case .text: true
            case .list, .document: false
            }
        }
    }

    /// As it is written.
    let written: JSONValue
    /// What its variables ask for.
    let referencedPaths: ReferencedPaths
    private let form: Form
    private let comparison: ConditionOperator
    /// Whether its variables hold nothing but the policy's own words.
    private let isOwn: Bool

    init(reading node: YAMLNode, for comparison: ConditionOperator, in scope: ConditionScope)
        throws(Failure)
    {
        var referencedPaths = ReferencedPaths()
        let form = try ConditionValue.form(
            node, for: comparison, ConditionCompiler(scope: scope), &referencedPaths, isItem: false)
        if comparison.isOrdering, !form.canBeOrdered(by: comparison) {
            throw node.broken(
                comparison.isAboutDurations
                    ? "\(comparison.rawValue) needs a duration such as 168h, or a number of seconds"
                    : "\(comparison.rawValue) needs a number, an amount such as 168h or 1Gi, or a "
                        + "version such as 1.2.3")
        }
        written = node.json
        self.form = form
        self.referencedPaths = referencedPaths
        self.comparison = comparison
        isOwn = scope.isOwn(referencedPaths)
    }

    private static func form(
        _ node: YAMLNode, for comparison: ConditionOperator, _ compiler: ConditionCompiler,
        _ referencedPaths: inout ReferencedPaths, isItem: Bool
    ) throws(Failure) -> Form {
        switch node.content {
        case .scalar(.string(let text)):
            let template = try compiler.template(text, at: node.place)
            referencedPaths.formUnion(template.referencedPaths)
            guard let constant = template.constant else { return .text(template) }
            return .constant(
                try wanted(.string(constant), for: comparison, isItem: isItem, at: node.place))
        case .scalar(let value):
            return .constant(
                try wanted(value, for: comparison, isItem: isItem, at: node.place))
        case .sequence(let items) where !isItem:
            var forms: [Form] = []
            for item in items {
                forms.append(
                    try form(item, for: comparison, compiler, &referencedPaths, isItem: true))
            }
            return .list(forms)
        case .sequence, .mapping:
            let document = try compiler.document(node)
            referencedPaths.formUnion(document.referencedPaths)
            return .document(document)
        }
    }

    /// Only a value of its own is opened; an item of a list is what it is.
    private static func wanted(
        _ value: JSONValue, for comparison: ConditionOperator, isItem: Bool, at place: Place
    ) throws(Failure) -> ExpectedValue {
        try ExpectedValue(own: value, for: isItem ? .equals : comparison, at: place)
    }

    /// The value with its variables filled in.
    func resolved(on names: JSONValue, _ context: JMESPathContext) throws(ConditionError)
        -> ExpectedValue
    {
        try resolved(form, for: comparison, on: names, context)
    }

    private func resolved(
        _ form: Form, for comparison: ConditionOperator, on names: JSONValue,
        _ context: JMESPathContext
    ) throws(ConditionError) -> ExpectedValue {
        switch form {
        case .constant(let value): return value
        case .list(let forms):
            return ExpectedValue(
                list: try forms.map { (form) throws(ConditionError) in
                    try resolved(form, for: .equals, on: names, context)
                })
        case .document(let document):
            return try told { () throws(Failure) in
                try ExpectedValue(
                    data: try document.value(on: names, context: context), for: .equals)
            }
        case .text(let template):
            let parts = try template.parts(or: names, context)
            return try told { () throws(Failure) in
                switch parts {
                case .value(let value):
                    isOwn
                        ? try ExpectedValue(own: value, for: comparison)
                        : try ExpectedValue(data: value, for: comparison)
                case .parts(let parts):
                    isOwn
                        ? try ExpectedValue(
                            own: .string(parts.map(\.text).joined()), for: comparison)
                        : try ExpectedValue(parts: parts, for: comparison)
                }
            }
        }
    }
}

/// What a template gave: a value with its type, or a text in parts.
private enum TemplateResult {
    case value(JSONValue)
    case parts([VariableTemplate.Part])
}

extension VariableTemplate {
    fileprivate func parts(or names: JSONValue, _ context: JMESPathContext)
        throws(ConditionError) -> TemplateResult
    {
        do throws(JMESPathProblem) {
            guard expression == nil else {
                return .value(try value(on: names, context: context))
            }
            return .parts(try parts(on: names, context: context))
        } catch {
            throw ConditionError(error)
        }
    }
}

private func told<Value>(_ work: () throws(Failure) -> Value) throws(ConditionError) -> Value {
    do throws(Failure) {
        return try work()
    } catch {
        throw ConditionError(error)
    }
}

/// Why a condition has no answer.
struct ConditionError: Error, Hashable, Sendable {
    let outcome: CheckOutcome
    let reason: ReasonCode
    /// Whether a key was not there.
    let isAbsence: Bool
    let why: String

    init(_ problem: JMESPathProblem) {
        isAbsence = problem.kind == .unknownKey
        switch problem.kind {
        case .unavailable: (outcome, reason) = (.undetermined, .policyError)
        case .overLimit: (outcome, reason) = (.refused, .limitExceeded)
        default: (outcome, reason) = (.refused, .attestationPolicyFailed)
        }
        why = "\(problem.message), at column \(problem.column) of \(quoted(problem.expression))"
    }

    init(_ failure: Failure) {
        isAbsence = failure.kind == .notFound
        switch failure.kind {
        case .unsupported, .unavailable: (outcome, reason) = (.undetermined, .policyError)
        case .overLimit: (outcome, reason) = (.refused, .limitExceeded)
        default: (outcome, reason) = (.refused, .attestationPolicyFailed)
        }
        // The caret's lines are for the author of a policy, not for a verdict.
        let line = failure.why.utf8.prefix(before: "\n")
        why = "\(failure.what): \(line)"
    }

    /// A name that could not be given its value.
    init(name: String, because conditionError: ConditionError) {
        self.init(
            outcome: conditionError.outcome, reason: conditionError.reason,
            why: "\(quoted(name)) has no value: \(conditionError.why)")
    }

    init(outcome: CheckOutcome, reason: ReasonCode, why: String) {
        self.outcome = outcome
        self.reason = reason
        self.why = why
        isAbsence = false
    }
}
