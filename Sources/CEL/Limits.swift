// SPDX-License-Identifier: Apache-2.0
// The limits of CEL, with where their numbers come from.

package import Primitives

extension Limits {
    /// Bytes of one CEL expression. cel-go reads 100,000 code points.
    package static let expressionBytes = 100_000
    /// Nodes of one CEL expression. The largest real ones have about 500.
    package static let expressionNodes = 10_000
    /// Nesting of one CEL expression. Spec: langdef.md asks for 32 at least; cel-go: 250.
    package static let expressionDepth = 100
    /// Calls on the stack while a CEL expression is read; parentheses take two each.
    package static let expressionRecursion = 220
    /// Cost of one evaluation. Kubernetes: 1,000,000 an expression, about 0.1 s.
    package static let expressionCost = 1_000_000
    /// Items of a value that an expression makes, nested ones and each 64 bytes of text counted,
    /// where it is written out.
    package static let expressionResultItems = 100_000
    /// Steps of all constant patterns of one expression, as RE2 makes them; up to 700 ns each.
    package static let expressionPatternEffort = 25_000
    /// Values, nested ones counted, that one question for a fact may be about.
    package static let expressionNeedParts = 1_000
    /// Facts one evaluation may ask for at once.
    package static let expressionNeeds = 1_000
}
