// SPDX-License-Identifier: Apache-2.0
// Substitutes the {{ variables }} and $(references) of a document.
// Spec: docs/kyverno.md, "Variables".

package import Primitives

/// The values of a document's variables.
///
/// Deviation: Kyverno substitutes until no variable is left, so a value from the object under
/// review that contains `{{ … }}` is evaluated as if the policy's author had written it. Assay does
/// not evaluate values. The compatibility option `evaluatesValues` does, in at most
/// `Limits.substitutionRounds` rounds, and never for the value of `{{- … }}`.
package struct VariableSubstitution: Sendable {
    /// The document of expressions: `request`, `images`, context entries.
    package let variables: JSONValue
    package let dialect: JMESPathDialect
    package let context: JMESPathContext
    /// The path under `request.object` that `@` means; nil if `@` is the document.
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

    /// The document with all variables replaced by their values, in strings and in names.
    ///
    /// A string that is one variable becomes the value with its type; in other strings, a value
    /// that is not a string becomes JSON. A failure names the JSON pointer.
    package func substituted(_ document: JSONValue, named name: String)
        throws(Failure) -> JSONValue
    {
        let template = try DocumentTemplate(
            document, named: name, dialect: dialect, currentPath: currentPath)
        return try template.value { (text, place) throws(Failure) in
            try value(of: text, at: place)
        }
    }

    /// Substitutes the variables of one string; a string that is one variable becomes its value.
    package func substituted(_ text: String, at place: Place? = nil) throws(Failure) -> JSONValue {
        try value(
            of: try VariableTemplate(text, dialect: dialect, currentPath: currentPath, at: place),
            at: place)
    }

    /// The value of a compiled text.
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

    /// Substitutes variables in values, for the option `evaluatesValues`.
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
            EvaluationError(
                .overLimit,
                "values held variables for more than \(Limits.substitutionRounds) rounds"),
            in: first.description)
    }
}

extension VariableTemplate {
    /// Compiles a text of a policy. A problem is thrown as a `Failure` with the policy's position.
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
