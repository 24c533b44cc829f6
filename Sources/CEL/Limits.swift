// SPDX-License-Identifier: Apache-2.0
// The limits of CEL and their sources.

package import Primitives

extension Limits {
    /// Bytes of one CEL expression. cel-go accepts 100,000 code points.
    package static let expressionBytes = 100_000
    /// Nodes of one CEL expression. The largest real ones have about 500.
    package static let expressionNodes = 10_000
    /// Nesting of one CEL expression. Spec: langdef.md asks for 32 at least; cel-go: 250.
    package static let expressionDepth = 100
    /// Recursion depth of the parser; a pair of parentheses takes two levels.
    package static let expressionRecursion = 220
    /// Cost of one evaluation. Kubernetes: 1,000,000 an expression, about 0.1 s.
    package static let expressionCost = 1_000_000
    /// Items of a value that is written as a document. Nested items and each 64 bytes of text
    /// count.
    package static let expressionResultItems = 100_000
    /// RE2 instructions of all constant patterns of one expression; compiling one takes up to 700
    /// ns.
    package static let expressionPatternEffort = 25_000
    /// Values, nested ones included, in the arguments of one unknown function call.
    package static let expressionUnknownParts = 1_000
    /// Unknown facts that one evaluation reports.
    package static let expressionUnknowns = 1_000
}
