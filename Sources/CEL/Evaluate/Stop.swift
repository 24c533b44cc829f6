// SPDX-License-Identifier: Apache-2.0
// The two ways an evaluation ends without a value: a problem, or facts that are not here yet.

/// Thrown inside the evaluator and by functions; who calls `evaluate` never sees it.
package enum Stop: Error, Sendable {
    case problem(RuntimeProblem)
    case needs(NeedSet)

    /// A problem for a function's body to throw; its place is filled in by the call.
    package static func failed(_ kind: CELProblem.Kind, _ message: String) -> Stop {
        .problem(RuntimeProblem(kind, message, at: nil))
    }

    /// A function's answer "I cannot know yet": the evaluation ends in `needs`.
    package static func need(_ need: CELNeed) -> Stop { .needs(NeedSet([need])) }

    package static let noSuchOverload = Stop.failed(.noSuchOverload, "no such overload")

    static func noOperator(_ symbol: String, _ left: CELValue, _ right: CELValue) -> Stop {
        failed(.noSuchOverload, "no such overload: \(left.typeName) \(symbol) \(right.typeName)")
    }

    /// For what should be true or false, and is neither.
    static func noCondition(_ value: CELValue) -> Stop {
        failed(
            .noSuchOverload, "no such overload: expected a bool, found \(value.typeName)")
    }

    /// A spent budget must end the whole evaluation; `true || …` does not bring it back.
    var isFinal: Bool {
        if case .problem(let problem) = self { problem.kind == .costLimit } else { false }
    }

    /// The same with a place, when it has none yet.
    func placed(_ place: Int) -> Stop {
        guard case .problem(let problem) = self, problem.place == nil else { return self }
        return .problem(RuntimeProblem(problem.kind, problem.message, at: place))
    }
}

/// A problem before it is told in lines and columns. A class: it is passed on, and often swallowed.
package final class RuntimeProblem: Sendable {
    let kind: CELProblem.Kind
    let message: String
    let place: Int?

    init(_ kind: CELProblem.Kind, _ message: String, at place: Int?) {
        self.kind = kind
        self.message = message
        self.place = place
    }
}

private let stopCost = 10

/// Needs in the order they were met; each once.
package final class NeedSet: Sendable {
    let needs: [CELNeed]

    init(_ needs: [CELNeed]) { self.needs = needs }
}

/// What operands left behind that did not come to a value. Needs win over problems: with the facts
/// the problem may be gone.
struct StopCollector {
    private var problem: RuntimeProblem?
    private var needs: [CELNeed] = []
    private var known: Set<CELNeed> = []

    /// Keeps a stop for later; a final one is thrown at once. Making and passing a stop takes longer
    /// than what else a unit stands for.
    mutating func keep(_ stop: Stop, _ meter: inout CostMeter) throws(Stop) {
        if stop.isFinal { throw stop }
        if case .problem(let problem) = stop {
            try meter.charge(problem.message.utf8.count)
        }
        try meter.charge(stopCost)
        switch stop {
        case .problem(let new): problem = problem ?? new
        case .needs(let new):
            for need in new.needs where needs.count < mostNeeds && known.insert(need).inserted {
                needs.append(need)
            }
        }
    }

    var hasNeeds: Bool { !needs.isEmpty }

    /// Throws what was kept, if anything was.
    func finish() throws(Stop) {
        if hasNeeds { throw .needs(NeedSet(needs)) }
        if let problem { throw .problem(problem) }
    }
}
