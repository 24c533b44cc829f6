// SPDX-License-Identifier: Apache-2.0
// The two ways an evaluation ends without a value: a problem, or unknown facts.

/// The reason why an evaluation has no value. The evaluator and functions throw it; `evaluate`
/// turns it into an outcome or a `CELProblem`.
package enum EvaluationInterruption: Error, Sendable {
    case problem(RuntimeProblem)
    case unknowns(UnknownSet)

    /// A problem that a function's body throws; the call adds the position.
    package static func failed(_ kind: CELProblem.Kind, _ message: String) -> EvaluationInterruption
    {
        .problem(RuntimeProblem(kind, message, at: nil))
    }

    /// The unknown result of a function: the evaluation ends in `needs`.
    package static func unknown(_ unknown: UnknownAttribute) -> EvaluationInterruption {
        .unknowns(UnknownSet([unknown]))
    }

    package static let noSuchOverload = EvaluationInterruption.failed(
        .noSuchOverload, "no such overload")

    static func noOperator(_ symbol: String, _ left: CELValue, _ right: CELValue)
        -> EvaluationInterruption
    {
        failed(.noSuchOverload, "no such overload: \(left.typeName) \(symbol) \(right.typeName)")
    }

    /// The problem of a condition that is not a bool.
    static func noCondition(_ value: CELValue) -> EvaluationInterruption {
        failed(
            .noSuchOverload, "no such overload: expected a bool, found \(value.typeName)")
    }

    /// Whether it ends the whole evaluation. A spent budget does, even in `true || …`.
    var isFinal: Bool {
        if case .problem(let problem) = self { problem.kind == .costLimit } else { false }
    }

    /// The same with a position, unless it has one already.
    func positioned(_ position: Int) -> EvaluationInterruption {
        guard case .problem(let problem) = self, problem.position == nil else { return self }
        return .problem(RuntimeProblem(problem.kind, problem.message, at: position))
    }
}

/// A problem with a position in bytes. It is a class because it is passed on often and discarded
/// often.
package final class RuntimeProblem: Sendable {
    let kind: CELProblem.Kind
    let message: String
    let position: Int?

    init(_ kind: CELProblem.Kind, _ message: String, at position: Int?) {
        self.kind = kind
        self.message = message
        self.position = position
    }
}

private let interruptionCost = 10

/// Unknown facts in the order of their occurrence, each once.
package final class UnknownSet: Sendable {
    let unknowns: [UnknownAttribute]

    init(_ unknowns: [UnknownAttribute]) { self.unknowns = unknowns }
}

/// Collects the interruptions of operands without a value. Unknowns take precedence over problems:
/// once the facts are known, the problem may not occur.
struct InterruptionCollector {
    private var problem: RuntimeProblem?
    private var unknowns: [UnknownAttribute] = []
    private var known: Set<UnknownAttribute> = []

    /// Keeps an interruption for later; throws a final one at once. An interruption takes more time
    /// than one unit allows, so it is charged.
    mutating func keep(_ interruption: EvaluationInterruption, _ meter: inout CostMeter)
        throws(EvaluationInterruption)
    {
        if interruption.isFinal { throw interruption }
        if case .problem(let problem) = interruption {
            try meter.charge(problem.message.utf8.count)
        }
        try meter.charge(interruptionCost)
        switch interruption {
        case .problem(let new): problem = problem ?? new
        case .unknowns(let new):
            for unknown in new.unknowns
            where unknowns.count < mostUnknowns && known.insert(unknown).inserted {
                unknowns.append(unknown)
            }
        }
    }

    var hasUnknowns: Bool { !unknowns.isEmpty }

    /// Throws what was kept; returns if nothing was.
    func finish() throws(EvaluationInterruption) {
        if hasUnknowns { throw .unknowns(UnknownSet(unknowns)) }
        if let problem { throw .problem(problem) }
    }
}
