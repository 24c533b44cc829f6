// SPDX-License-Identifier: Apache-2.0
// The state of one evaluation: variables, local variables of macros, and the rest of the budget.

/// The state of one evaluation.
struct Frame {
    /// A local variable of a macro. A failure of `cel.bind` is thrown when the variable is read.
    enum Local {
        case unset
        case value(CELValue)
        case stop(Stop)
    }

    /// Variables in the order of the program's numbers.
    let variables: [CELBindings.Slot]
    var locals: [Local]
    var meter: CostMeter

    @inline(__always)
    func local(_ number: Int) throws(Stop) -> CELValue {
        switch locals[number] {
        case .value(let value): return value
        case .stop(let stop): throw stop
        case .unset: throw .failed(.bug, "a name is read before it has a value")
        }
    }
}

/// A planned step of a program.
typealias Run = @Sendable (inout Frame) throws(Stop) -> CELValue
