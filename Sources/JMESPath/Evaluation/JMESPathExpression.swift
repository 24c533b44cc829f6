// SPDX-License-Identifier: Apache-2.0
// An expression, compiled once and evaluated many times. Spec: jmespath.org/specification.html.

package import Primitives

/// A compiled expression. It is a value without locks; evaluating it changes nothing.
///
/// Names of functions and their numbers of arguments are checked here, at compile time, also where
/// the expression would never get to them.
package struct JMESPathExpression: Sendable, CustomStringConvertible {
    package let description: String
    package let dialect: JMESPathDialect
    private let root: SyntaxNode
    /// Whether it makes lists or objects of its own; otherwise the value is a part of what came in.
    private let makesContainers: Bool

    package init(_ text: String, dialect: JMESPathDialect) throws(JMESPathProblem) {
        description = text
        self.dialect = dialect
        do throws(EvaluationStop) {
            let parsed = try ExpressionParser.parse(text, dialect)
            root = parsed.node
            makesContainers = parsed.nesting > 0
        } catch {
            throw JMESPathProblem(error, in: text)
        }
    }

    /// As `init(_:dialect:)`, told as a failure at the policy's place.
    package init(_ text: String, dialect: JMESPathDialect, at place: Place?) throws(Failure) {
        do throws(JMESPathProblem) {
            try self.init(text, dialect: dialect)
        } catch {
            throw error.failure(at: place)
        }
    }

    /// The value of the expression on `value`; the same for the same arguments, always.
    package func evaluate(on value: JSONValue, context: JMESPathContext = JMESPathContext())
        throws(JMESPathProblem) -> JSONValue
    {
        var budget = JMESPathBudget()
        return try evaluate(on: value, context: context, budget: &budget)
    }

    /// As `evaluate(on:context:)`, from a budget that several expressions may share.
    package func evaluate(
        on value: JSONValue, context: JMESPathContext, budget: inout JMESPathBudget
    ) throws(JMESPathProblem) -> JSONValue {
        var evaluator = Evaluator(rules: dialect.rules, context: context, budget: budget)
        defer { budget = evaluator.budget }
        do throws(EvaluationStop) {
            let result = try evaluator.evaluate(root, on: value)
            if makesContainers { try checkSize(of: result) }
            return result
        } catch {
            throw JMESPathProblem(error, in: description)
        }
    }

    /// The tree as people read it, one node a line, children indented.
    package var outline: String { root.outline() }

    /// What the expression asks its document for.
    package var reach: ExpressionReach { ExpressionReach(of: root) }

    /// The tree as programs read it: nodes with their children.
    package var tree: JSONValue { root.json }
}

/// What evaluations may still spend; less than nothing when it is spent.
package struct JMESPathBudget: Sendable {
    /// Nodes on values, items looked at, text walked.
    package internal(set) var steps = Limits.jmespathSteps
    /// Bytes of text and values made.
    package internal(set) var bytes = Limits.jmespathOutputBytes

    package init() {}
}

/// What an evaluation may know beside its value. Whatever is absent makes the functions that need
/// it fail, and no others.
package struct JMESPathContext: Sendable {
    /// What `time_now` and its like say.
    package var now: Timestamp?
    /// So many random bytes, for `random`.
    package var randomBytes: (@Sendable (Int) -> [UInt8])?

    package init(now: Timestamp? = nil, randomBytes: (@Sendable (Int) -> [UInt8])? = nil) {
        self.now = now
        self.randomBytes = randomBytes
    }
}
