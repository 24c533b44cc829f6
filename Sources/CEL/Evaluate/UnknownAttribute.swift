// SPDX-License-Identifier: Apache-2.0
// Facts that an evaluation reports as unknown.

/// One unknown fact.
package enum UnknownAttribute: Hashable, Sendable {
    /// An unknown variable, or an unknown part of one.
    case attribute(AttributePath)
    /// The unknown result of a function for these arguments.
    case answer(function: String, arguments: [CELValue])
}

/// The path of a value: `images.containers`, `object.spec.containers[0]`.
package struct AttributePath: Hashable, Sendable, CustomStringConvertible {
    package let variable: String
    package let steps: [CELKey]

    package init(_ variable: String, _ steps: [CELKey] = []) {
        self.variable = variable
        self.steps = steps
    }

    package var description: String {
        steps.reduce(into: variable) { text, step in
            switch step {
            case .string(let name): text += "." + name
            case .int(let value): text += "[\(value)]"
            case .uint(let value): text += "[\(value)u]"
            case .bool(let value): text += "[\(value)]"
            }
        }
    }

    /// Whether one path is a prefix of the other.
    func touches(_ other: AttributePath) -> Bool {
        variable == other.variable && zip(steps, other.steps).allSatisfy { $0 == $1 }
    }
}
