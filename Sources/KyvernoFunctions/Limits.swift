// SPDX-License-Identifier: Apache-2.0
// The limits of KyvernoFunctions, with where their numbers come from.

package import Primitives

extension Limits {
    /// Exponent of an amount such as `1e3`: billionths of 1e27 still fit into 128 bits.
    package static let amountExponent = 27
    /// Nodes of a YAML text that an expression reads, after aliases are expanded.
    package static let expressionYAMLNodes = 10_000
    /// Repeats that `*` and `+` stand for at most when text is made to fit an expression.
    package static let generatedRepeats = 16
    /// Bytes of text made to fit an expression.
    package static let generatedBytes = 4_096
}
