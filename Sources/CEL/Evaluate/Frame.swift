// SPDX-License-Identifier: Apache-2.0
// The state of one evaluation: variables, names of macros, and what is left of the budget.

/// One evaluation on its way.
struct Frame {
    /// A name of a macro. `cel.bind` may have failed without anybody asking for it.
    enum Local {
        case unset
        case value(CELValue)
        case stop(Stop)
    }

    /// Variables in the order the program numbers them.
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

/// A step of a program, ready to run.
typealias Run = @Sendable (inout Frame) throws(Stop) -> CELValue
