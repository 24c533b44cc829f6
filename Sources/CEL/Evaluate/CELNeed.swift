// SPDX-License-Identifier: Apache-2.0
// What an evaluation asks for when facts are missing.

/// One fact that an evaluation asks for.
package enum CELNeed: Hashable, Sendable {
    /// A variable, or a part of one.
    case attribute(AttributePath)
    /// The answer of a function for these arguments.
    case answer(function: String, arguments: [CELValue])
}

/// Where a value would be: `images.containers`, `object.spec.containers[0]`.
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

    /// Whether one path leads to or through the other.
    func touches(_ other: AttributePath) -> Bool {
        variable == other.variable && zip(steps, other.steps).allSatisfy { $0 == $1 }
    }
}
