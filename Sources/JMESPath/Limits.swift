// SPDX-License-Identifier: Apache-2.0
// The limits of JMESPath and their sources.

package import Primitives

extension Limits {
    /// Bytes of one JMESPath expression. Real ones have under 1,000; the longest in the suite has
    /// 3,000.
    package static let jmespathBytes = 64 * 1024
    /// Nesting of one JMESPath expression, and of the lists and objects that it creates around its
    /// input. The deepest in the suite nests 104 projections; a debug build traverses this many
    /// levels on 512 KiB of stack.
    package static let jmespathDepth = 120
    /// Steps of one evaluation: evaluated nodes and examined items. Kyverno has no such limit.
    package static let jmespathSteps = 250_000
    /// Bytes of text and values that one evaluation creates.
    package static let jmespathOutputBytes = 8 * mebibyte
    /// Names of a referenced path that are known before evaluation.
    package static let referencedPathLength = 16
    /// Nesting of a value that an expression creates: that of a document, that of the expression,
    /// and some for variables inside variables.
    package static let jmespathResultDepth = 256
    /// Bytes of a value that an expression creates, as JSON.
    package static let jmespathResultBytes = 4 * mebibyte
    /// Variables in one string, and `$(…)` references in one document.
    package static let variablesPerText = 1_000
    /// Length of a chain of references.
    package static let referenceDepth = 16
    /// Rounds of the compatibility option that substitutes variables in values.
    package static let substitutionRounds = 8
}
