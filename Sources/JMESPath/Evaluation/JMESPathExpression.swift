// SPDX-License-Identifier: Apache-2.0
// A compiled JMESPath expression. Spec: jmespath.org/specification.html.
//
// 1. Functions and their numbers of arguments are checked when an expression is compiled.
// 2. Evaluation is pure: the caller supplies the time and random bytes.
// 3. Each evaluation has a budget of steps and of output bytes.

package import Primitives

/// A compiled expression. It is an immutable value, and threads can share it.
///
/// Compilation checks the names of functions and their numbers of arguments, also in parts that are
/// never evaluated.
package struct JMESPathExpression: Sendable, CustomStringConvertible {
    package let description: String
    package let dialect: JMESPathDialect
    private let root: SyntaxNode
    /// Whether it creates lists or objects; otherwise its value is a part of the input.
    private let makesContainers: Bool

    package init(_ text: String, dialect: JMESPathDialect) throws(JMESPathProblem) {
        description = text
        self.dialect = dialect
        do throws(EvaluationError) {
            let parsed = try ExpressionParser.parse(text, dialect)
            root = parsed.node
            makesContainers = parsed.nesting > 0
        } catch {
            throw JMESPathProblem(error, in: text)
        }
    }

    /// Compiles an expression of a policy. A problem is thrown as a `Failure` with the policy's
    /// position.
    package init(_ text: String, dialect: JMESPathDialect, at place: Place?) throws(Failure) {
        do throws(JMESPathProblem) {
            try self.init(text, dialect: dialect)
        } catch {
            throw error.failure(at: place)
        }
    }

    /// The value of the expression on `value`. Equal arguments give equal results.
    package func evaluate(on value: JSONValue, context: JMESPathContext = JMESPathContext())
        throws(JMESPathProblem) -> JSONValue
    {
        var budget = JMESPathBudget()
        return try evaluate(on: value, context: context, budget: &budget)
    }

    /// Evaluates the expression within a budget that several expressions can share.
    package func evaluate(
        on value: JSONValue, context: JMESPathContext, budget: inout JMESPathBudget
    ) throws(JMESPathProblem) -> JSONValue {
        var evaluator = Evaluator(rules: dialect.rules, context: context, budget: budget)
        defer { budget = evaluator.budget }
        do throws(EvaluationError) {
            let result = try evaluator.evaluate(root, on: value)
            if makesContainers { try checkSize(of: result) }
            return result
        } catch {
            throw JMESPathProblem(error, in: description)
        }
    }

    /// The tree for people: one node a line, children indented.
    package var outline: String { root.outline() }

    /// The paths and functions that the expression refers to.
    package var referencedPaths: ReferencedPaths { ReferencedPaths(of: root) }

    /// The tree for programs: nodes with their children.
    package var tree: JSONValue { root.json }
}

/// The rest of a budget for evaluations; it is negative when it is spent.
package struct JMESPathBudget: Sendable {
    /// Steps: evaluated nodes, examined items, and traversed text.
    package internal(set) var steps = Limits.jmespathSteps
    /// Bytes of created text and values.
    package internal(set) var bytes = Limits.jmespathOutputBytes

    package init() {}
}

/// The inputs of an evaluation beside its value. A function fails if its input is absent.
package struct JMESPathContext: Sendable {
    /// The current time, for `time_now` and similar functions.
    package var now: Timestamp?
    /// Creates the given number of random bytes, for `random`.
    package var randomBytes: (@Sendable (Int) -> [UInt8])?

    package init(now: Timestamp? = nil, randomBytes: (@Sendable (Int) -> [UInt8])? = nil) {
        self.now = now
        self.randomBytes = randomBytes
    }
}
