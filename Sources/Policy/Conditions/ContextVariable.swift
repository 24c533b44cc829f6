// SPDX-License-Identifier: Apache-2.0
// Entries of a rule's context. Spec: docs/kyverno.md, "Context entries".

import JMESPath
import Primitives

/// `variable: {value, jmesPath, default}`: a name for a value, evaluated once for each image.
///
/// Deviation: entries are evaluated in their order, before any statement is looked at, and see
/// `request`, `images`, `image` and the entries before them. Kyverno loads them when they are first
/// asked for, so that there an entry may see the statement that happens to be under way.
struct ContextVariable: Sendable {
    let name: String
    /// Whether nothing but the policy's own words makes its value.
    let isOwn: Bool
    /// The first names of everything it reads.
    let roots: Set<String>
    private let value: DocumentTemplate?
    private let expression: JMESPathExpression?
    private let fallback: DocumentTemplate?

    init(_ name: String, reading node: YAMLNode, in scope: ConditionScope) throws(Failure) {
        try node.refuseFields(otherThan: ["value", "jmesPath", "default"])
        let compiler = ConditionCompiler(scope: scope)
        self.name = name
        let value = try node.optional("value").map { (part) throws(Failure) in
            try compiler.document(part)
        }
        expression = try node.optional("jmesPath").map { (part) throws(Failure) in
            try compiler.expression(part, isOnNames: value == nil)
        }
        self.value = value
        fallback = try node.optional("default").map { (part) throws(Failure) in
            try compiler.document(part)
        }
        guard value != nil || expression != nil else {
            throw node.broken("it has neither a value nor a jmesPath")
        }
        var referencedPaths =
            value?.referencedPaths ?? expression?.referencedPaths ?? ReferencedPaths()
        if let fallback { referencedPaths.formUnion(fallback.referencedPaths) }
        isOwn = scope.isOwn(referencedPaths)
        roots = referencedPaths.roots
    }

    /// The value, or the default where there is none or it cannot be made.
    func evaluated(on names: JSONValue, _ context: JMESPathContext) throws(Failure) -> JSONValue {
        do throws(Failure) {
            let found = try evaluatedValue(on: names, context)
            guard found.isNull, let fallback else { return found }
            return try fallback.value(on: names, context: context)
        } catch {
            // A limit, or a fact that is not here, is no absence.
            guard let fallback, error.kind == .notFound || error.kind == .malformed else {
                throw error
            }
            return try fallback.value(on: names, context: context)
        }
    }

    private func evaluatedValue(on names: JSONValue, _ context: JMESPathContext) throws(Failure)
        -> JSONValue
    {
        let start = try value?.value(on: names, context: context) ?? names
        guard let expression else { return start }
        do throws(JMESPathProblem) {
            return try expression.evaluate(on: start, context: context)
        } catch {
            throw error.failure()
        }
    }
}

/// The `context` of a rule, read.
struct RuleContext: Sendable {
    /// ConfigMaps that attestors may take keys from, by the name the rule gives them.
    private(set) var keys: [String: StoredKeyName] = [:]
    private(set) var variables: [ContextVariable] = []
    private(set) var scope = ConditionScope()

    /// Reads entries of the kinds `variable` and `configMap`; ConfigMaps hold keys.
    ///
    /// Spec: docs/kyverno.md, "Context entries".
    init(reading node: YAMLNode?) throws(Failure) {
        let advice = "only variable entries, and configMap entries that hold keys, are read"
        for item in try node?.items() ?? [] {
            try item.refuseFields(
                otherThan: ["name", "configMap", "variable"],
                unsupported: [
                    "apiCall": advice, "imageRegistry": advice, "globalReference": advice,
                ])
            let nameNode = try item.required("name")
            let name = try nameNode.string()
            guard !scope.isTaken(name) else {
                throw nameNode.broken(
                    "\(quoted(name)) is the name of another context entry, or Kyverno's own")
            }
            switch (try item.optional("configMap"), try item.optional("variable")) {
            case (let part?, nil):
                keys[name] = try StoredKeyName(reading: part)
                scope.add(keyHolder: name)
            case (nil, let part?):
                let variable = try ContextVariable(name, reading: part, in: scope)
                variables.append(variable)
                scope.add(variable)
            default: throw item.broken("it has neither or both of configMap and variable")
            }
        }
    }
}
