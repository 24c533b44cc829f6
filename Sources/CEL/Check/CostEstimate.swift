// SPDX-License-Identifier: Apache-2.0
// The estimated cost of an expression. Spec: cel-go v0.26, checker/cost.go (its main cases).

/// Bounds of the cost of one evaluation. Values from outside are assumed to have `assumedSize`
/// parts.
package struct CostEstimate: Hashable, Sendable {
    /// The least cost for any input.
    package let least: Int
    /// The greatest cost for inputs whose lists and strings have at most `assumedSize` parts.
    package let most: Int

    /// The number of items, entries or characters assumed for a value of unknown size.
    package static let assumedSize = 1_000

    init(of expression: Expression) { self = CostEstimate.estimate(expression) }

    private init(_ least: Int, _ most: Int) {
        self.least = least
        self.most = most
    }

    private static func estimate(_ expression: Expression) -> CostEstimate {
        switch expression.kind {
        case .literal, .message: CostEstimate(0, 0)
        case .identifier: CostEstimate(1, 1)
        case .path(let base, let steps), .presence(let base, let steps):
            steps.reduce(estimate(base).adding(steps.count)) { sum, step in
                if case .index(let index) = step.target { sum + estimate(index) } else { sum }
            }
        case .call(_, let target, let arguments):
            sum(arguments + (target.map { [$0] } ?? []))
                + CostEstimate(1, 1 + assumedSize / 10 * (arguments.count + 1))
        case .chain(let first, let links):
            sum([first] + links.map(\.operand))
                + CostEstimate(links.count, saturated(links.count, times: assumedSize / 10))
        case .not(let operand), .negate(let operand): estimate(operand).adding(1)
        case .and(let operands), .or(let operands): logic(operands)
        case .conditional(let arms, let otherwise): conditional(arms, otherwise)
        case .list(let items): sum(items.map(\.value)).adding(listCost + items.count)
        case .map(let entries):
            sum(entries.map(\.key) + entries.map(\.value)).adding(mapCost + entries.count)
        case .comprehension(let comprehension): loop(comprehension)
        case .bind(let bindings, let body):
            (sum(bindings.map(\.value)) + estimate(body)).adding(bindings.count)
        }
    }

    /// Estimates each part once: two estimates at each level would take exponential time.
    private static func logic(_ operands: [Expression]) -> CostEstimate {
        let estimates = operands.map(estimate)
        return CostEstimate(estimates.first?.least ?? 0, total(estimates).most)
    }

    private static func conditional(
        _ arms: [ConditionalArm], _ otherwise: Expression
    ) -> CostEstimate {
        let values = (arms.map(\.value) + [otherwise]).map(estimate)
        let conditions = arms.map { estimate($0.condition) }
        let first = conditions.first?.least ?? 0
        return CostEstimate(
            first + (values.map(\.least).min() ?? 0),
            (total(conditions) + CostEstimate(0, values.map(\.most).max() ?? 0)).most)
    }

    private static func loop(_ comprehension: Comprehension) -> CostEstimate {
        let range = estimate(comprehension.range)
        let body = sum([comprehension.body] + (comprehension.condition.map { [$0] } ?? []))
        let rounds: Int
        if case .list(let items) = comprehension.range.kind {
            rounds = items.count
        } else {
            rounds = assumedSize
        }
        return CostEstimate(
            range.least, range.adding(saturated(body.adding(12).most, times: rounds)).most)
    }

    private static func sum(_ expressions: [Expression]) -> CostEstimate {
        total(expressions.map(estimate))
    }

    private static func total(_ estimates: [CostEstimate]) -> CostEstimate {
        estimates.reduce(CostEstimate(0, 0), +)
    }

    private func adding(_ cost: Int) -> CostEstimate { self + CostEstimate(cost, cost) }

    fileprivate static func + (left: CostEstimate, right: CostEstimate) -> CostEstimate {
        let (least, leastOver) = left.least.addingReportingOverflow(right.least)
        let (most, mostOver) = left.most.addingReportingOverflow(right.most)
        return CostEstimate(leastOver ? .max : least, mostOver ? .max : most)
    }

    private static func saturated(_ cost: Int, times count: Int) -> Int {
        let (product, over) = cost.multipliedReportingOverflow(by: count)
        return over ? .max : product
    }
}
