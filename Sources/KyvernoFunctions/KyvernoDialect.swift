// SPDX-License-Identifier: Apache-2.0
// The functions that Kyverno adds to JMESPath and CEL.
//
// 1. No function reads a clock, the network or randomness; the caller supplies the inputs.
// 2. Each function charges its work to the budget of the evaluation before it does the work.
// 3. A comment beginning with "Deviation" names each difference from Kyverno, with its reason.
//
// Spec: kyverno.io, "JMESPath"; go-jmespath, Kyverno's fork.

package import JMESPath

extension JMESPathDialect {
    /// Kyverno's dialect: a missing key is an error. It has 51 functions, of which `sum` replaces
    /// the built-in one; `to_string` writes JSON as Go does.
    package static let kyverno = JMESPathDialect(
        "Kyverno's dialect", rules: [.missingKeysFail, .valueProjectionsTakeOneName],
        adding: [
            textFunctions, patternFunctions, objectFunctions, arithmeticFunctions,
            encodingFunctions, timeFunctions, imageFunctions,
        ].flatMap { $0 })

    /// The specification's dialect. The error for a function that only Kyverno has says so.
    package static let standardBesideKyverno = JMESPathDialect.standard.hinting(at: .kyverno)
}
