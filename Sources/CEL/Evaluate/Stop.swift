// SPDX-License-Identifier: Apache-2.0
// The two ways an evaluation ends without a value: a problem, or unknown facts.

/// The reason why an evaluation has no value. The evaluator and functions throw it; `evaluate`
/// turns it into an outcome or a `CELProblem`.
package enum Stop: Error, Sendable {
    case problem(RuntimeProblem)
    case needs(NeedSet)

    /// A problem that a function's body throws; the call adds the position.
    package static func failed(_ kind: CELProblem.Kind, _ message: String) -> Stop {
        .problem(RuntimeProblem(kind, message, at: nil))
    }

    /// The unknown result of a function: the evaluation ends in `needs`.
    package static func need(_ need: CELNeed) -> Stop { .needs(NeedSet([need])) }

    package static let noSuchOverload = Stop.failed(.noSuchOverload, "no such overload")

    static func noOperator(_ symbol: String, _ left: CELValue, _ right: CELValue) -> Stop {
        failed(.noSuchOverload, "no such overload: \(left.typeName) \(symbol) \(right.typeName)")
    }

    /// The problem of a condition that is not a bool.
    static func noCondition(_ value: CELValue) -> Stop {
        failed(
            .noSuchOverload, "no such overload: expected a bool, found \(value.typeName)")
    }

    /// Whether it ends the whole evaluation. A spent budget does, even in `true || …`.
    var isFinal: Bool {
        if case .problem(let problem) = self { problem.kind == .costLimit } else { false }
    }

    /// The same with a position, unless it has one already.
    func placed(_ place: Int) -> Stop {
        guard case .problem(let problem) = self, problem.place == nil else { return self }
        return .problem(RuntimeProblem(problem.kind, problem.message, at: place))
    }
}

/// A problem with a position in bytes. It is a class because it is passed on often and discarded
/// often.
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

/// Unknown facts in the order of their occurrence, each once.
package final class NeedSet: Sendable {
    let needs: [CELNeed]

    init(_ needs: [CELNeed]) { self.needs = needs }
}

/// Collects the interruptions of operands without a value. Unknowns take precedence over problems:
/// once the facts are known, the problem may not occur.
struct StopCollector {
    private var problem: RuntimeProblem?
    private var needs: [CELNeed] = []
    private var known: Set<CELNeed> = []

    /// Keeps an interruption for later; throws a final one at once. An interruption takes more time
    /// than one unit allows, so it is charged.
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

    /// Throws what was kept; returns if nothing was.
    func finish() throws(Stop) {
        if hasNeeds { throw .needs(NeedSet(needs)) }
        if let problem { throw .problem(problem) }
    }
}
