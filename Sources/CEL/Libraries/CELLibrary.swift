// SPDX-License-Identifier: Apache-2.0
// Groups of functions, types and macros.

/// A library of CEL or of the caller, which an environment adds as a whole.
package struct CELLibrary: Sendable {
    struct Content: Sendable {
        var overloads: [Overload] = []
        var types: [String] = []
        var macros: MacroSet = []
    }

    let content: Content

    init(_ content: Content) { self.content = content }

    /// A library of the caller's own functions and opaque types.
    package init(overloads: [Overload], types: [String] = []) {
        content = Content(overloads: overloads, types: types)
    }
}

extension CELEnvironment {
    /// The specification's language with all extensions of cel-go's conformance tests.
    package static let conformance = CELEnvironment(
        libraries: [
            .optionals, .bindings, .blocks, .twoVariables, .strings, .lists, .math, .sets,
            .encoders,
            .regex, .network,
        ], options: [.crossTypeComparisons])

    /// The environment of admission policies in Kubernetes 1.34, without the authorizer.
    package static let kubernetes = CELEnvironment(
        libraries: [
            .optionals, .bindings, .twoVariables, .strings, .lists, .sets, .network,
            .kubernetesLists, .kubernetesRegex, .kubernetesURLs, .quantity, .semver, .format,
        ],
        options: [.homogeneousLiterals, .crossTypeComparisons, .validatedLiterals])
}
