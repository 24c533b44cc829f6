// SPDX-License-Identifier: Apache-2.0
// Conditions on what a verified statement says.
// Spec: docs/kyverno.md, "Attestations", "Condition operators".

import JMESPath
import Primitives

/// One comparison, compiled when the policy is loaded.
struct AttestationCondition: Sendable {
    enum Key: Sendable {
        case literal(JSONValue)
        case text(VariableTemplate)
        case document(DocumentTemplate)

        fileprivate var roots: Set<String> {
            switch self {
            case .literal: []
            case .text(let template): template.referencedPaths.roots
            case .document(let document): document.referencedPaths.roots
            }
        }
    }

    let key: Key
    let comparison: ConditionOperator
    let value: ConditionValue
    private let writtenKey: JSONValue
    /// The first names of everything the key reads, and the value.
    private let keyRoots: Set<String>
    private let valueRoots: Set<String>
    private let message: VariableTemplate?

    init(reading node: YAMLNode, in scope: ConditionScope = ConditionScope()) throws(Failure) {
        try node.refuseFields(otherThan: ["key", "operator", "value", "message"])
        let scope = scope.forStatements
        let compiler = ConditionCompiler(scope: scope)
        let keyNode = try node.required("key")
        writtenKey = keyNode.json
        key = try conditionKey(keyNode, compiler)
        keyRoots = key.roots
        comparison = try ConditionOperator(reading: try node.required("operator"))
        value = try ConditionValue(
            reading: try node.required("value"), for: comparison, in: scope)
        valueRoots = value.referencedPaths.roots
        message = try node.optional("message").map { (part) throws(Failure) in
            try compiler.template(try part.string(), at: part.place)
        }
    }

    /// What came of it for one statement.
    ///
    /// A key without a value meets no condition, not even NotEquals: absence is no proof. Nor does
    /// one that cannot be evaluated; that is refused, and told. Only what could not be found out
    /// leaves it open.
    func judged(in statement: StatementContext) -> ConditionResult {
        let wanted: ExpectedValue
        do throws(ConditionError) {
            try statement.require(valueRoots)
            wanted = try value.resolved(on: statement.names, statement.context)
        } catch {
            return withoutAnswer(
                error, told(error, of: "the policy's value, "), wantedText(value.written))
        }
        let text = wantedText(wanted.json)
        let observed: JSONValue
        do throws(ConditionError) {
            try statement.require(keyRoots)
            observed = try observedValue(in: statement)
        } catch {
            return withoutAnswer(
                error, error.isAbsence && isPlainKey ? "absent" : told(error), text)
        }
        return compared(observed, wanted, text)
    }

    private func compared(_ observed: JSONValue, _ wanted: ExpectedValue, _ text: String)
        -> ConditionResult
    {
        guard !observed.isNull else {
            return ConditionResult(
                outcome: .refused, reason: .attestationPolicyFailed, value: nil, observed: "absent",
                wanted: text)
        }
        let shown = plain(observed.compactText)
        do throws(Failure) {
            let holds = try comparison.holds(observed, against: wanted)
            let why = comparison.incomparable(observed, with: wanted)
            return ConditionResult(
                outcome: holds ? .met : .refused, reason: holds ? nil : .attestationPolicyFailed,
                value: shown, observed: shown + (why.map { " (\($0))" } ?? ""), wanted: text)
        } catch {
            let conditionError = ConditionError(error)
            return ConditionResult(
                outcome: conditionError.outcome, reason: conditionError.reason, value: shown,
                observed: "\(shown) (\(plain(conditionError.why)))", wanted: text)
        }
    }

    private func withoutAnswer(
        _ conditionError: ConditionError, _ observed: String, _ wanted: String
    ) -> ConditionResult {
        ConditionResult(
            outcome: conditionError.outcome, reason: conditionError.reason, value: nil,
            observed: observed,
            wanted: wanted)
    }

    /// The author's words for a refusal, with their variables; nil when there are none, or when
    /// their variables have no value.
    func message(in statement: StatementContext) -> String? {
        guard let message, (try? statement.require(message.roots)) != nil,
            let text = try? message.value(on: statement.names, context: statement.context)
        else { return nil }
        return text.substitutedText
    }

    private func observedValue(in statement: StatementContext) throws(ConditionError)
        -> JSONValue
    {
        switch key {
        case .literal(let value): return value
        case .text(let template):
            do throws(JMESPathProblem) {
                return try template.value(on: statement.names, context: statement.context)
            } catch {
                throw ConditionError(error)
            }
        case .document(let document):
            do throws(Failure) {
                return try document.value(on: statement.names, context: statement.context)
            } catch {
                throw ConditionError(error)
            }
        }
    }

    private func told(_ conditionError: ConditionError, of part: String = "") -> String {
        (conditionError.isAbsence ? "absent: " : "cannot be evaluated: ") + part
            + plain(conditionError.why)
    }

    private func wantedText(_ value: JSONValue) -> String {
        "\(comparison.rawValue) \(plain(value.compactText))"
    }

    // MARK: The key

    /// The key as a person wrote it.
    var keyText: String {
        if case .text(let template) = key { return template.shown }
        return writtenKey.string ?? writtenKey.compactText
    }

    /// Where the key leads in the statement, as an RFC 6901 pointer, or its expression; nil when it
    /// reads nothing there.
    func keyPlace(besides scope: ConditionScope) -> String? {
        guard keyRoots.contains(where: { !scope.isTaken($0) }) else { return nil }
        guard case .text(let template) = key, let pointer = template.pointer else {
            return "{{ \(plain(keyText)) }}"
        }
        return pointer
    }

    /// The first names of everything it reads.
    var roots: Set<String> { keyRoots.union(valueRoots) }

    private var isPlainKey: Bool {
        if case .text(let template) = key { template.exactPath != nil } else { false }
    }
}

/// What one condition said of one statement.
struct ConditionResult: Sendable {
    let outcome: CheckOutcome
    let reason: ReasonCode?
    /// What stands at the key; nil when nothing does.
    let value: String?
    /// The same with what must be told beside it.
    let observed: String
    let wanted: String
}

/// One item of `conditions`: all of `all`, and one of `any` when `any` is there.
struct ConditionGroup: Sendable {
    let all: [AttestationCondition]
    let any: [AttestationCondition]

    init(reading node: YAMLNode, in scope: ConditionScope = ConditionScope()) throws(Failure) {
        try node.refuseFields(otherThan: ["all", "any"])
        all = try conditions(node, "all", scope)
        any = try conditions(node, "any", scope)
        guard !all.isEmpty || !any.isEmpty else {
            throw node.broken("it holds no condition; write any or all with at least one")
        }
    }
}

private func conditions(
    _ node: YAMLNode, _ name: String, _ scope: ConditionScope
) throws(Failure) -> [AttestationCondition] {
    var found: [AttestationCondition] = []
    for item in try node.optional(name)?.items() ?? [] {
        found.append(try AttestationCondition(reading: item, in: scope))
    }
    return found
}

private func conditionKey(_ node: YAMLNode, _ compiler: ConditionCompiler) throws(Failure)
    -> AttestationCondition.Key
{
    switch node.content {
    case .scalar(.string(let text)):
        let template = try compiler.template(text, at: node.place)
        return template.constant.map { .literal(.string($0)) } ?? .text(template)
    case .scalar(let value): return .literal(value)
    case .sequence, .mapping: return .document(try compiler.document(node))
    }
}
