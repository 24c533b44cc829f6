// SPDX-License-Identifier: Apache-2.0
// What an evaluation may spend. Spec: Kubernetes, apiserver, pkg/apis/cel/config.go.

internal import Primitives

/// Counts down. A unit is about 100 ns of work at most, and ten bytes of text that are walked.
package struct CostMeter: Sendable {
    package private(set) var remaining: Int

    package init(_ budget: Int) { remaining = budget }

    /// Takes `cost` units; throws when they are not there.
    @inline(__always)
    package mutating func charge(_ cost: Int) throws(Stop) {
        remaining -= cost
        if remaining < 0 { throw spent() }
    }

    /// Takes what walking so many bytes costs.
    @inline(__always)
    package mutating func chargeText(_ bytes: Int) throws(Stop) {
        try charge(bytes / bytesPerUnit + 1)
    }

    /// Takes what making so many values costs; called before they are made.
    package mutating func chargeItems(_ count: Int) throws(Stop) { try charge(max(0, count)) }

    private mutating func spent() -> Stop {
        // Whatever is tried next must fail too, and subtraction must not reach the end of Int.
        remaining = -1
        return .failed(.costLimit, "the evaluation costs more than its budget")
    }
}

private let bytesPerUnit = 10
let mostNeeds = Limits.expressionNeeds
