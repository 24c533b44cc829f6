// SPDX-License-Identifier: Apache-2.0
// The names that expressions of a policy may use.
// Spec: docs/kyverno.md, "Context roots", "Attestations".

import JMESPath
import Primitives

/// What an expression can see, known when the policy is loaded.
///
/// Whatever Kyverno's context has and this version does not is an error then: asked for later, it
/// would be a missing key, and `||` or `!` would make an answer of it.
///
/// Deviation: `random` and `is_external_url` are refused in policies; a verdict depends on its input
/// and the time, and can be told again.
struct ConditionScope: Sendable {
    /// Entries of the rule's `context` with a value, and whether it is the policy's own words.
    private var variables: [String: Bool] = [:]
    /// Entries that hold keys of attestors.
    private var keyHolders: Set<String> = []
    /// Whether a statement's fields stand beside Kyverno's own names.
    private var seesStatement = false

    /// The same names, and those of a statement.
    var forStatements: ConditionScope {
        var scope = self
        scope.seesStatement = true
        return scope
    }

    mutating func add(_ variable: ContextVariable) {
        variables[variable.name] = variable.isOwn
    }

    mutating func add(keyHolder name: String) { keyHolders.insert(name) }

    /// Whether Kyverno or the policy gives the name its meaning, whatever a statement says.
    func isTaken(_ name: String) -> Bool {
        isKyvernoRoot(name) || variables[name] != nil || keyHolders.contains(name)
    }

    /// Whether the values come from the policy alone, and so may be patterns.
    func isOwn(_ referencedPaths: ReferencedPaths) -> Bool {
        referencedPaths.paths.allSatisfy { path in
            guard case let name?? = path.first else { return false }
            return variables[name] == true
        }
    }

    /// - Throws: `unsupported` for what an expression cannot be given.
    func check(_ referencedPaths: ReferencedPaths, of text: String, at place: Place) throws(Failure)
    {
        func refuse(_ why: String) -> Failure {
            Failure(
                .unsupported, "cannot use the expression \(quoted(text))", at: place, because: why)
        }
        try checkFunctions(referencedPaths, of: text, at: place)
        for path in referencedPaths.paths.sorted(by: { shown($0) < shown($1) }) {
            if let obstacle = obstacle(to: path) { throw refuse(obstacle) }
        }
    }

    /// The same for the functions alone, where the names are those of some value.
    func checkFunctions(_ referencedPaths: ReferencedPaths, of text: String, at place: Place)
        throws(Failure)
    {
        for function in referencedPaths.functions.sorted() {
            guard let why = functionsWithoutAnswer[function] else { continue }
            throw Failure(
                .unsupported, "cannot use the expression \(quoted(text))", at: place,
                because: "\(function) \(why)")
        }
    }

    /// Why a path cannot be followed; nil when it can.
    private func obstacle(to path: ReferencedPaths.Path) -> String? {
        guard let first = path.first else {
            return "the whole document, with names this version does not have, is asked for; "
                + "name the field"
        }
        guard let name = first else { return "a variable cannot be the first name of a path" }
        if variables[name] != nil { return nil }
        if keyHolders.contains(name) {
            return
                "\(quoted(name)) is a ConfigMap of the context, and those are read for the keys of "
                + "attestors only"
        }
        switch name {
        case "images", "image": return nil
        case "request":
            let known = requestFields.sorted().joined(separator: ", ")
            guard path.count > 1, let field = path[1] else {
                return "request as a whole is not known here; ask for one of its fields \(known)"
            }
            return requestFields.contains(field)
                ? nil : "request.\(plain(field)) is not known here; request has \(known)"
        default: break
        }
        if isKyvernoRoot(name) {
            return "\(quoted(name)) is Kyverno's own variable, and it is not known here"
        }
        return seesStatement
            ? nil
            : "nothing here has the name \(quoted(name)); a context entry sees request, images, image "
                + "and the entries before it"
    }
}

private func shown(_ path: ReferencedPaths.Path) -> String {
    path.map { $0 ?? "" }.joined(separator: ".")
}

/// Names of Kyverno's context; no statement gives them a meaning.
private func isKyvernoRoot(_ name: String) -> Bool {
    guard !kyvernoRoots.contains(name) else { return true }
    // `element0`, `elementIndex1`: nested loops.
    let rest = name.utf8.removingPrefix("elementIndex") ?? name.utf8.removingPrefix("element")
    return rest?.utf8.allSatisfy(isDigitByte) ?? false
}

private let kyvernoRoots: Set<String> = [
    "request", "images", "image", "serviceAccountName", "serviceAccountNamespace", "target",
]

/// What `ConditionContext` puts under `request`.
private let requestFields: Set<String> = [
    "object", "namespace", "name", "operation", "kind", "subResource",
]

private let functionsWithoutAnswer = [
    "random": "would make the verdict a matter of luck",
    "is_external_url": "would ask DNS, and a verdict must not depend on it",
]
