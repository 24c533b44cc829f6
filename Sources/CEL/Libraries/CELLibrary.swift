// SPDX-License-Identifier: Apache-2.0
// Groups of functions, types and macros that are switched on together.

/// A library of the language or of the caller. Environments are put together from them.
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
    /// The specification's language with every extension that cel-go's conformance runs have.
    package static let conformance = CELEnvironment(
        libraries: [
            .optionals, .bindings, .blocks, .twoVariables, .strings, .lists, .math, .sets,
            .encoders,
            .regex, .network,
        ], options: [.crossTypeComparisons])

    /// What Kubernetes 1.34 compiles new admission policies against, the authorizer left out.
    package static let kubernetes = CELEnvironment(
        libraries: [
            .optionals, .bindings, .twoVariables, .strings, .lists, .sets, .network,
            .kubernetesLists, .kubernetesRegex, .kubernetesURLs, .quantity, .semver, .format,
        ],
        options: [.homogeneousLiterals, .crossTypeComparisons, .validatedLiterals])
}
