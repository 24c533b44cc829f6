// SPDX-License-Identifier: Apache-2.0
// The variables of one evaluation: values, or unknown.

/// The variables of one evaluation, by name.
package struct CELBindings: Sendable {
    enum Slot: Sendable {
        case absent
        case value(CELValue)
        /// The whole value is unknown.
        case unknown
        /// Parts are unknown; an access to one of them reports it as unknown.
        case partial(CELValue, missing: [AttributePath])
        /// The computation of the value failed; each access fails with the same problem.
        case problem(RuntimeProblem)
    }

    private(set) var slots: [String: Slot] = [:]

    package init(_ values: [String: CELValue] = [:]) {
        for (name, value) in values { slots[name] = .value(value) }
    }

    /// Binds a variable to its value.
    package mutating func set(_ name: String, to value: CELValue) { slots[name] = .value(value) }

    /// Marks a variable as unknown.
    package mutating func setUnknown(_ name: String) { slots[name] = .unknown }

    /// Binds a variable to the known part of its value, and marks the other parts as unknown.
    package mutating func set(
        _ name: String, to value: CELValue, missing: [AttributePath]
    ) {
        slots[name] = .partial(value, missing: missing)
    }

    /// Binds a variable to the failure of its own expression.
    package mutating func set(_ name: String, failed problem: CELProblem) {
        slots[name] = .problem(
            RuntimeProblem(problem.kind, "\(name): \(problem.message)", at: nil))
    }
}
