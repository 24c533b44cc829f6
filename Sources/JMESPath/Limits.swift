// SPDX-License-Identifier: Apache-2.0
// The limits of JMESPath, with where their numbers come from.

package import Primitives

extension Limits {
    /// Bytes of one JMESPath expression. Real ones have under 1,000; the suite's longest 3,000.
    package static let jmespathBytes = 64 * 1024
    /// Nesting of one JMESPath expression, and of the lists and objects it makes around what came in.
    /// The suite's deepest has 104 projections in each other; a debug build walks this many levels
    /// on 512 KiB of stack.
    package static let jmespathDepth = 120
    /// Steps of one evaluation: a node on a value, an item looked at. Kyverno has no such limit.
    package static let jmespathSteps = 250_000
    /// Bytes of text and values that one evaluation makes.
    package static let jmespathOutputBytes = 8 * mebibyte
    /// Names of a path that are told before an expression is evaluated.
    package static let expressionReach = 16
    /// Nesting of a value that an expression puts together: a document's, the expression's own, and
    /// some for variables inside variables.
    package static let jmespathResultDepth = 256
    /// Bytes of a value that an expression puts together, written out.
    package static let jmespathResultBytes = 4 * mebibyte
    /// Variables in one string, and `$(…)` references in one document.
    package static let variablesPerText = 1_000
    /// References that lead from one to the next.
    package static let referenceDepth = 16
    /// Rounds of the compatibility switch that substitutes variables in values again.
    package static let substitutionRounds = 8
}
