// SPDX-License-Identifier: Apache-2.0
// The state of one evaluation: variables, local variables of macros, and the rest of the budget.

/// The state of one evaluation.
struct Activation {
    /// A local variable of a macro. A failure of `cel.bind` is thrown when the variable is read.
    enum Local {
        case unset
        case value(CELValue)
        case interruption(EvaluationInterruption)
    }

    /// Variables in the order of the program's numbers.
    let variables: [CELBindings.Slot]
    var locals: [Local]
    var meter: CostMeter

    @inline(__always)
    func local(_ number: Int) throws(EvaluationInterruption) -> CELValue {
        switch locals[number] {
        case .value(let value): return value
        case .interruption(let interruption): throw interruption
        case .unset: throw .failed(.bug, "a name is read before it has a value")
        }
    }
}

/// A planned step of a program.
typealias EvalFunction = @Sendable (inout Activation) throws(EvaluationInterruption) -> CELValue
