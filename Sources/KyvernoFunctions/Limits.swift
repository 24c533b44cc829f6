// SPDX-License-Identifier: Apache-2.0
// The limits of KyvernoFunctions and their sources.

package import Primitives

extension Limits {
    /// Exponent of an amount such as `1e3`: billionths of 1e27 fit in 128 bits.
    package static let amountExponent = 27
    /// Nodes of YAML that an expression parses, after aliases are expanded.
    package static let expressionYAMLNodes = 10_000
    /// Maximum repetitions of `*` and `+` in generated text.
    package static let generatedRepeats = 16
    /// Bytes of generated text.
    package static let generatedBytes = 4_096
}
