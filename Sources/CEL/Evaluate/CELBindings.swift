// SPDX-License-Identifier: Apache-2.0
// What the variables of one evaluation are: values, or not known yet.

/// The variables of one evaluation, by name.
package struct CELBindings: Sendable {
    enum Slot: Sendable {
        case absent
        case value(CELValue)
        /// Nothing of it is here.
        case unknown
        /// Parts are not here; reading anything that touches one of them asks for it.
        case partial(CELValue, missing: [AttributePath])
        /// Its own computation failed; whoever reads it fails the same way.
        case problem(RuntimeProblem)
    }

    private(set) var slots: [String: Slot] = [:]

    package init(_ values: [String: CELValue] = [:]) {
        for (name, value) in values { slots[name] = .value(value) }
    }

    /// Gives a variable its value.
    package mutating func set(_ name: String, to value: CELValue) { slots[name] = .value(value) }

    /// Declares that a variable is not here yet.
    package mutating func setUnknown(_ name: String) { slots[name] = .unknown }

    /// Gives a variable what is here of it, and says what is not.
    package mutating func set(
        _ name: String, to value: CELValue, missing: [AttributePath]
    ) {
        slots[name] = .partial(value, missing: missing)
    }

    /// Says that a variable's own expression failed.
    package mutating func set(_ name: String, failed problem: CELProblem) {
        slots[name] = .problem(
            RuntimeProblem(problem.kind, "\(name): \(problem.message)", at: nil))
    }
}
