// SPDX-License-Identifier: Apache-2.0
// The cost budget of an evaluation. Spec: Kubernetes, apiserver, pkg/apis/cel/config.go.

internal import Primitives

/// Subtracts costs from a budget. A unit is at most about 100 ns of work, or ten bytes of text.
package struct CostMeter: Sendable {
    package private(set) var remaining: Int

    package init(_ budget: Int) { remaining = budget }

    /// Charges `cost` units; throws if the budget is spent.
    @inline(__always)
    package mutating func charge(_ cost: Int) throws(EvaluationInterruption) {
        remaining -= cost
        if remaining < 0 { throw spent() }
    }

    /// Charges for reading `count` bytes.
    @inline(__always)
    package mutating func chargeText(_ bytes: Int) throws(EvaluationInterruption) {
        try charge(bytes / bytesPerUnit + 1)
    }

    /// Charges for creating `count` values; call it before they are created.
    package mutating func chargeItems(_ count: Int) throws(EvaluationInterruption) {
        try charge(max(0, count))
    }

    private mutating func spent() -> EvaluationInterruption {
        // The next charge must fail too, and a subtraction must not overflow.
        remaining = -1
        return .failed(.costLimit, "the evaluation costs more than its budget")
    }
}

private let bytesPerUnit = 10
let mostUnknowns = Limits.expressionUnknowns
