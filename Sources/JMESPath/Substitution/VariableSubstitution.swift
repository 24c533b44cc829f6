// SPDX-License-Identifier: Apache-2.0
// Puts values for {{ variables }} and $(references) into a document.
// Spec: docs/kyverno.md, "Variables".

package import Primitives

/// What a document's variables are answered from.
///
/// Deviation: Kyverno substitutes until nothing looks like a variable any more, so a value that
/// comes from the object under review and contains `{{ … }}` is evaluated as if the policy's author
/// had written it. Here a value is a value. `evaluatesValues` is the compatibility switch: at most
/// `Limits.substitutionRounds` rounds, and never into what `{{- … }}` gave.
package struct VariableSubstitution: Sendable {
    /// What expressions see: `request`, `images`, context entries.
    package let variables: JSONValue
    package let dialect: JMESPathDialect
    package let context: JMESPathContext
    /// The path that `@` stands for under `request.object`; nil where there is none.
    package let currentPath: String?
    package let evaluatesValues: Bool

    package init(
        variables: JSONValue, dialect: JMESPathDialect,
        context: JMESPathContext = JMESPathContext(), currentPath: String? = nil,
        evaluatesValues: Bool = false
    ) {
        self.variables = variables
        self.dialect = dialect
        self.context = context
        self.currentPath = currentPath
        self.evaluatesValues = evaluatesValues
    }

    /// The document with every variable's value in its place, in strings and in names.
    ///
    /// A string that is one variable takes the value with its type; elsewhere other values become
    /// JSON. The failure names the JSON pointer.
    package func substituted(_ document: JSONValue, named name: String)
        throws(Failure) -> JSONValue
    {
        let template = try DocumentTemplate(
            document, named: name, dialect: dialect, currentPath: currentPath)
        return try template.value { (text, place) throws(Failure) in
            try value(of: text, at: place)
        }
    }

    /// One string; its value when it is one variable.
    package func substituted(_ text: String, at place: Place? = nil) throws(Failure) -> JSONValue {
        try value(
            of: try VariableTemplate(text, dialect: dialect, currentPath: currentPath, at: place),
            at: place)
    }

    /// The value of a text that was compiled before.
    package func value(of template: VariableTemplate, at place: Place? = nil)
        throws(Failure) -> JSONValue
    {
        do throws(JMESPathProblem) {
            let value = try template.value(on: variables, context: context)
            return evaluatesValues && !template.isFinal ? try again(value, template) : value
        } catch {
            throw error.failure(at: place)
        }
    }

    /// Rounds of those who want values substituted too.
    private func again(_ value: JSONValue, _ first: VariableTemplate) throws(JMESPathProblem)
        -> JSONValue
    {
        var value = value
        for _ in 1..<Limits.substitutionRounds {
            guard case .string(let text) = value,
                let template = try? VariableTemplate(
                    text, dialect: dialect, currentPath: currentPath),
                template.constant == nil
            else { return value }
            value = try template.value(on: variables, context: context)
            if template.isFinal { return value }
        }
        guard case .string(let text) = value,
            (try? VariableTemplate(text, dialect: dialect, currentPath: currentPath))?.constant
                == nil
        else { return value }
        throw JMESPathProblem(
            EvaluationStop(
                .overLimit,
                "values held variables for more than \(Limits.substitutionRounds) rounds"),
            in: first.description)
    }
}

extension VariableTemplate {
    /// As `init(_:dialect:currentPath:)`, told as a failure at the policy's place.
    package init(
        _ text: String, dialect: JMESPathDialect, currentPath: String? = nil, at place: Place?
    ) throws(Failure) {
        do throws(JMESPathProblem) {
            try self.init(text, dialect: dialect, currentPath: currentPath)
        } catch {
            throw error.failure(at: place)
        }
    }
}
