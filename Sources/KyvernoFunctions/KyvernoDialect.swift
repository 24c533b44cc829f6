// SPDX-License-Identifier: Apache-2.0
// What Kyverno adds to JMESPath and CEL, through the extension points of both languages.
//
// 1. No function reads a clock, the network or randomness; what it needs is handed in.
// 2. Every function pays for its work from the evaluation's budget, before it does it.
// 3. Where Kyverno is not followed, the function's comment says so and why.
//
// Spec: kyverno.io, "JMESPath"; go-jmespath, Kyverno's fork.

package import JMESPath

extension JMESPathDialect {
    /// Kyverno's: a missing key is an error. Of its 51 functions 50 are new; `sum` replaces the
    /// built-in one, and `to_string` writes JSON as Go does.
    package static let kyverno = JMESPathDialect(
        "Kyverno's dialect", rules: [.missingKeysFail, .valueProjectionsTakeOneName],
        adding: [
            textFunctions, patternFunctions, objectFunctions, arithmeticFunctions,
            encodingFunctions, timeFunctions, imageFunctions,
        ].flatMap { $0 })

    /// The specification's. The problem about a function that only Kyverno has says so.
    package static let standardBesideKyverno = JMESPathDialect.standard.hinting(at: .kyverno)
}
