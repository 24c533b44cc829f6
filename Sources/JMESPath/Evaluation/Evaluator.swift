// SPDX-License-Identifier: Apache-2.0
// Evaluates a tree on a value. Spec: JMESPath; each node has a section.

package import Primitives

/// One evaluation, with its inputs and the rest of its budget.
///
/// With the rule `missingKeysFail`, `swallowed` marks the operands in which a missing key is null.
package struct Evaluator {
    private let rules: JMESPathDialect.Rules
    package let context: JMESPathContext
    private(set) var budget: JMESPathBudget

    init(rules: JMESPathDialect.Rules, context: JMESPathContext, budget: JMESPathBudget) {
        self.rules = rules
        self.context = context
        self.budget = budget
    }

    /// Dispatches only, without local variables: its frame is on the stack once for each level.
    mutating func evaluate(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        try spend(1)
        switch node {
        case .current: return value
        case .field: return try field(node, of: value)
        case .literal, .index, .slice, .reference: return try leaf(node, on: value)
        case .chain: return try chain(node, on: value)
        case .pipe: return try pipe(node, on: value)
        case .or: return try firstTruth(node, on: value)
        case .and: return try firstFalsehood(node, on: value)
        case .not: return try negation(node, on: value)
        case .comparison: return try comparison(node, on: value)
        case .listProjection: return try project(node, on: value)
        case .objectProjection: return try projectValues(node, on: value)
        case .filter: return try filter(node, on: value)
        case .flatten: return try flatten(node, on: value)
        case .multiSelectList: return try list(node, on: value)
        case .multiSelectHash: return try hash(node, on: value)
        case .call: return try call(node, on: value)
        }
    }

    /// Evaluates nodes that read the current value only.
    private mutating func leaf(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        switch node {
        case .literal(let literal): return literal
        case .index(let position): return item(position, of: value)
        case .slice(let bounds, let offset): return try slice(value, bounds, at: offset)
        default:
            throw EvaluationError(.invalidType, "an expression reference has no value of its own")
        }
    }

    /// Charges for work: evaluated nodes, examined items, and traversed text.
    package mutating func spend(_ steps: Int) throws(EvaluationError) {
        budget.steps -= steps
        if budget.steps < 0 { throw spentSteps() }
    }

    /// Charges for text that is traversed once.
    mutating func spendText(_ bytes: Int) throws(EvaluationError) {
        try spend(bytes / bytesPerStep)
    }

    /// Charges for output: text by its bytes, lists and objects by their entries.
    package mutating func produce(bytes: Int) throws(EvaluationError) {
        budget.bytes -= bytes
        if budget.bytes < 0 { throw spentBytes() }
    }

    /// Sets the budget so that the next charge fails too, and no subtraction overflows.
    private mutating func spentSteps() -> EvaluationError {
        budget.steps = -1
        return EvaluationError(.overLimit, "it takes more than \(Limits.jmespathSteps) steps")
    }

    private mutating func spentBytes() -> EvaluationError {
        budget.bytes = -1
        return EvaluationError(
            .overLimit, "it makes more than \(Limits.jmespathOutputBytes) bytes of values")
    }

    /// The value, or null for a missing key, which is an error in other positions.
    mutating func swallowed(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        guard rules.contains(.missingKeysFail) else { return try evaluate(node, on: value) }
        do throws(EvaluationError) {
            return try evaluate(node, on: value)
        } catch {
            guard error.kind == .unknownKey else { throw error }
            return .null
        }
    }

    /// The left side of `[]` or `[?…]`. In dialects where missing keys fail, any error of it is
    /// null, except a limit.
    private mutating func forgiven(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        guard rules.contains(.missingKeysFail) else { return try evaluate(node, on: value) }
        do throws(EvaluationError) {
            return try evaluate(node, on: value)
        } catch {
            guard error.kind != .overLimit, error.kind != .unavailable else { throw error }
            return .null
        }
    }
}

// MARK: Paths

extension Evaluator {
    private mutating func field(_ node: SyntaxNode, of value: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        guard case .field(let name, let offset) = node, case .object(let object) = value else {
            return .null
        }
        // Hashing a non-ASCII name takes 50 ns for each character.
        if name.utf8.count > longestFreeName { try spend(name.utf8.count / 2) }
        if let found = object[name] { return found }
        guard rules.contains(.missingKeysFail) else { return .null }
        throw EvaluationError(missingKey: name, at: offset)
    }

    private func item(_ position: Int, of value: JSONValue) -> JSONValue {
        guard case .array(let items) = value else { return .null }
        let index = position < 0 ? position &+ items.count : position
        return items.indices.contains(index) ? items[index] : .null
    }

    private mutating func chain(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        guard case .chain(let nodes) = node else { return .null }
        var value = value
        for node in nodes { value = try evaluate(node, on: value) }
        return value
    }

    private mutating func pipe(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        guard case .pipe(let nodes) = node else { return .null }
        var value = value
        for node in nodes { value = try swallowed(node, on: value) }
        return value
    }

    /// Spec: JMESPath, "Slices" (as in Python).
    private mutating func slice(_ value: JSONValue, _ bounds: SliceBounds, at offset: Int)
        throws(EvaluationError) -> JSONValue
    {
        let step = bounds.step ?? 1
        guard step != 0 else {
            throw EvaluationError(.invalidValue, "the step of a slice is not 0", at: offset)
        }
        guard case .array(let items) = value else { return .null }
        try spend(items.count)
        let count = items.count
        let (lowest, highest) = step > 0 ? (0, count) : (-1, count - 1)
        func bounded(_ position: Int?, else other: Int) -> Int {
            guard let position else { return other }
            return min(max(position < 0 ? position &+ count : position, lowest), highest)
        }
        var position = bounded(bounds.start, else: step > 0 ? 0 : count - 1)
        let stop = bounded(bounds.stop, else: step > 0 ? count : -1)
        var chosen: [JSONValue] = []
        while step > 0 ? position < stop : position > stop, items.indices.contains(position) {
            chosen.append(items[position])
            let (next, overflow) = position.addingReportingOverflow(step)
            if overflow { break }
            position = next
        }
        return .array(chosen)
    }
}

// MARK: Truth

extension Evaluator {
    private mutating func negation(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        guard case .not(let inner) = node else { return .null }
        return .bool(!isTrue(try swallowed(inner, on: value)))
    }

    private mutating func firstTruth(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        guard case .or(let nodes) = node else { return .null }
        var last = JSONValue.null
        for node in nodes {
            last = try swallowed(node, on: value)
            if isTrue(last) { break }
        }
        return last
    }

    private mutating func firstFalsehood(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        guard case .and(let nodes) = node else { return .null }
        for node in nodes.dropLast() {
            let result = try swallowed(node, on: value)
            if !isTrue(result) { return result }
        }
        guard let last = nodes.last else { return .null }
        return try evaluate(last, on: value)
    }

    private mutating func comparison(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        guard case .comparison(let sign, let left, let right) = node else { return .null }
        let first = try swallowed(left, on: value)
        return try compare(sign, first, try swallowed(right, on: value))
    }

    /// Spec: JMESPath, "Comparison operators": only numbers are ordered.
    private mutating func compare(_ sign: Comparator, _ left: JSONValue, _ right: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        switch sign {
        case .equal: return .bool(try areEqual(left, right))
        case .notEqual: return .bool(!(try areEqual(left, right)))
        default: break
        }
        guard case .number(let first) = left, case .number(let second) = right else {
            return .null
        }
        switch sign {
        case .less: return .bool(JMESPathNumber(first) < JMESPathNumber(second))
        case .lessOrEqual: return .bool(JMESPathNumber(first) <= JMESPathNumber(second))
        case .greater: return .bool(JMESPathNumber(second) < JMESPathNumber(first))
        default: return .bool(JMESPathNumber(second) <= JMESPathNumber(first))
        }
    }

    /// Whether a value is false. Spec: JMESPath, "Or Expressions": empty strings, lists and
    /// objects, false and null are.
    func isTrue(_ value: JSONValue) -> Bool {
        switch value {
        case .null: false
        case .bool(let value): value
        case .number: true
        case .string(let text): !text.isEmpty
        case .array(let items): !items.isEmpty
        case .object(let object): !object.isEmpty
        }
    }

    /// Deep equality: numbers by value, strings by code points.
    package mutating func areEqual(_ left: JSONValue, _ right: JSONValue)
        throws(EvaluationError) -> Bool
    {
        switch (left, right) {
        case (.array, .array): return try areEqualLists(left, right)
        case (.object, .object): return try areEqualObjects(left, right)
        default: return try areEqualScalars(left, right)
        }
    }

    private mutating func areEqualScalars(_ left: JSONValue, _ right: JSONValue)
        throws(EvaluationError) -> Bool
    {
        try spend(1)
        switch (left, right) {
        case (.null, .null): return true
        case (.bool(let first), .bool(let second)): return first == second
        case (.number(let first), .number(let second)):
            return first.description == second.description
                || JMESPathNumber(first) == JMESPathNumber(second)
        case (.string(let first), .string(let second)):
            guard first.utf8.count == second.utf8.count else { return false }
            try spendText(first.utf8.count)
            return first.utf8.elementsEqual(second.utf8)
        default: return false
        }
    }

    private mutating func areEqualLists(_ left: JSONValue, _ right: JSONValue)
        throws(EvaluationError) -> Bool
    {
        try spend(1)
        guard case .array(let first) = left, case .array(let second) = right,
            first.count == second.count
        else { return false }
        for position in first.indices where !(try areEqual(first[position], second[position])) {
            return false
        }
        return true
    }

    private mutating func areEqualObjects(_ left: JSONValue, _ right: JSONValue)
        throws(EvaluationError) -> Bool
    {
        try spend(1)
        guard case .object(let first) = left, case .object(let second) = right,
            first.count == second.count
        else { return false }
        for member in first {
            guard let other = second[member.name], try areEqual(member.value, other) else {
                return false
            }
        }
        return true
    }
}

// MARK: Projections

extension Evaluator {
    private mutating func project(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        guard case .listProjection(let left, let right) = node else { return .null }
        guard case .array(let items) = try swallowed(left, on: value) else { return .null }
        return try projected(items, right)
    }

    private mutating func projectValues(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        guard case .objectProjection(let left, let right) = node else { return .null }
        guard case .object(let object) = try swallowed(left, on: value) else { return .null }
        return try projected(object.members.map(\.value), right)
    }

    /// Each item's result; nulls are left out.
    private mutating func projected(_ items: [JSONValue], _ right: SyntaxNode)
        throws(EvaluationError) -> JSONValue
    {
        try produce(bytes: items.count * bytesPerEntry)
        var results: [JSONValue] = []
        results.reserveCapacity(items.count)
        for item in items {
            let result = try swallowed(right, on: item)
            if case .null = result { continue }
            results.append(result)
        }
        return .array(results)
    }

    private mutating func filter(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        guard case .filter(let left, let test, let right) = node else { return .null }
        guard case .array(let items) = try forgiven(left, on: value) else { return .null }
        var chosen: [JSONValue] = []
        for item in items where isTrue(try swallowed(test, on: item)) { chosen.append(item) }
        return try projected(chosen, right)
    }

    private mutating func flatten(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        guard case .flatten(let inner) = node else { return .null }
        guard case .array(let items) = try forgiven(inner, on: value) else { return .null }
        var flat: [JSONValue] = []
        for item in items {
            try spend(1)
            if case .array(let inner) = item {
                try produce(bytes: inner.count * bytesPerEntry)
                flat += inner
            } else {
                try produce(bytes: bytesPerEntry)
                flat.append(item)
            }
        }
        return .array(flat)
    }

    private mutating func list(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        guard case .multiSelectList(let nodes) = node else { return .null }
        if case .null = value { return .null }
        try produce(bytes: nodes.count * bytesPerEntry)
        var items: [JSONValue] = []
        items.reserveCapacity(nodes.count)
        for node in nodes { items.append(try swallowed(node, on: value)) }
        return .array(items)
    }

    private mutating func hash(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        guard case .multiSelectHash(let members) = node else { return .null }
        if case .null = value { return .null }
        try produce(bytes: members.count * bytesPerEntry)
        var object = JSONObject()
        for member in members { object[member.name] = try swallowed(member.value, on: value) }
        return .object(object)
    }
}

// MARK: Functions

extension Evaluator {
    private mutating func call(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationError) -> JSONValue
    {
        guard case .call(let function, let nodes, let offset) = node else { return .null }
        var arguments: [FunctionArgument] = []
        arguments.reserveCapacity(nodes.count)
        for node in nodes {
            if case .reference(let inner) = node {
                arguments.append(.reference(inner))
            } else {
                arguments.append(.value(try swallowed(node, on: value)))
            }
        }
        do throws(EvaluationError) {
            return try apply(function, arguments)
        } catch {
            throw error.located(at: offset)
        }
    }

    /// Charges for the arguments, because a function may read all of them.
    private mutating func apply(_ function: FunctionDefinition, _ arguments: [FunctionArgument])
        throws(EvaluationError) -> JSONValue
    {
        for argument in arguments { try spend(argument.items / itemsPerStep) }
        try spend(function.price.steps(arguments.reduce(0) { $0 + $1.bytes }))
        try function.checkKinds(arguments)
        let call = FunctionCall(name: function.name, arguments: arguments)
        return try function.body(call, &self)
    }
}

extension FunctionArgument {
    fileprivate var bytes: Int {
        if case .value(.string(let text)) = self { text.utf8.count } else { 0 }
    }

    fileprivate var items: Int {
        switch self {
        case .value(.array(let items)): items.count
        case .value(.object(let object)): object.count
        default: 0
        }
    }
}

/// The approximate memory of one entry of a new list or object, in bytes.
package let bytesPerEntry = 16

/// Bytes of text that cost one step. A step takes up to 200 ns.
private let bytesPerStep = 64
private let itemsPerStep = 16
private let longestFreeName = 32
