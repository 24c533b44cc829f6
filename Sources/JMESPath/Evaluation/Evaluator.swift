// SPDX-License-Identifier: Apache-2.0
// From a tree and a value to a value, within limits. Spec: JMESPath, each section by its node.

import Primitives

/// One evaluation: what it may know and what it may still spend.
///
/// Deviation (Kyverno): an object without the key is an error there, not null. Comparisons,
/// arguments, `||`, the left of `&&`, `!`, filters, multi-selects, projections and pipes take it
/// for null; the right of `&&` and `a.b` do not. `swallowed` marks those places.
struct Evaluator {
    let dialect: JMESPathDialect
    let context: JMESPathContext
    private var stepsLeft = Limits.jmespathSteps
    private var outputLeft = Limits.jmespathOutputBytes

    init(dialect: JMESPathDialect, context: JMESPathContext) {
        self.dialect = dialect
        self.context = context
    }

    /// Split by frame size: this one recurses, and the stack is the caller's.
    mutating func evaluate(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationStop) -> JSONValue
    {
        try spend(1)
        switch node {
        case .current: return value
        case .field(let name, let offset): return try field(name, of: value, at: offset)
        case .literal(let literal): return literal
        case .index(let place): return item(place, of: value)
        case .slice(let bounds, let offset): return try slice(value, bounds, at: offset)
        case .chain(let nodes): return try chain(nodes, on: value)
        case .pipe(let nodes): return try pipe(nodes, on: value)
        case .or(let nodes): return try firstTruth(nodes, on: value)
        case .and(let nodes): return try firstFalsehood(nodes, on: value)
        case .not(let inner): return .bool(!isTrue(try swallowed(inner, on: value)))
        case .comparison(let sign, let left, let right):
            return try compare(sign, left, right, on: value)
        case .listProjection(let left, let right): return try project(left, right, on: value)
        case .objectProjection(let left, let right):
            return try projectValues(left, right, on: value)
        case .filter(let left, let test, let right):
            return try filter(left, test, right, on: value)
        case .flatten(let inner): return try flatten(inner, on: value)
        case .multiSelectList(let nodes): return try list(nodes, on: value)
        case .multiSelectHash(let members): return try hash(members, on: value)
        case .reference:
            throw EvaluationStop(.invalidType, "an expression reference has no value of its own")
        case .call(let function, let arguments, let offset):
            return try call(function, arguments, on: value, at: offset)
        }
    }

    mutating func spend(_ steps: Int) throws(EvaluationStop) {
        stepsLeft -= steps
        guard stepsLeft >= 0 else {
            throw EvaluationStop(
                .overLimit, "it takes more than \(Limits.jmespathSteps) steps")
        }
    }

    /// Pays for what is made: text by its bytes, lists and objects by their entries.
    mutating func produce(bytes: Int) throws(EvaluationStop) {
        outputLeft -= bytes
        guard outputLeft >= 0 else {
            throw EvaluationStop(
                .overLimit, "it makes more than \(Limits.jmespathOutputBytes) bytes of values")
        }
    }

    /// The value, or null where Kyverno's dialect forgives a missing key.
    mutating func swallowed(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationStop) -> JSONValue
    {
        guard dialect == .kyverno else { return try evaluate(node, on: value) }
        do throws(EvaluationStop) {
            return try evaluate(node, on: value)
        } catch {
            guard error.kind == .unknownKey else { throw error }
            return .null
        }
    }

    /// Deviation (Kyverno): the left side of `[]` and of `[?…]` may fail in any way. We do not
    /// forgive limits: they are ours, and not part of the value.
    private mutating func forgiven(_ node: SyntaxNode, on value: JSONValue)
        throws(EvaluationStop) -> JSONValue
    {
        guard dialect == .kyverno else { return try evaluate(node, on: value) }
        do throws(EvaluationStop) {
            return try evaluate(node, on: value)
        } catch {
            guard error.kind != .overLimit, error.kind != .unavailable else { throw error }
            return .null
        }
    }
}

// MARK: Paths

extension Evaluator {
    private func field(_ name: String, of value: JSONValue, at offset: Int)
        throws(EvaluationStop) -> JSONValue
    {
        guard case .object(let object) = value else { return .null }
        if let found = object[name] { return found }
        guard dialect == .kyverno else { return .null }
        throw EvaluationStop(.unknownKey, "the object has no key \(quoted(name))", at: offset)
    }

    private func item(_ place: Int, of value: JSONValue) -> JSONValue {
        guard case .array(let items) = value else { return .null }
        let index = place < 0 ? place &+ items.count : place
        return items.indices.contains(index) ? items[index] : .null
    }

    private mutating func chain(_ nodes: [SyntaxNode], on value: JSONValue)
        throws(EvaluationStop) -> JSONValue
    {
        var value = value
        for node in nodes { value = try evaluate(node, on: value) }
        return value
    }

    private mutating func pipe(_ nodes: [SyntaxNode], on value: JSONValue)
        throws(EvaluationStop) -> JSONValue
    {
        var value = value
        for node in nodes { value = try swallowed(node, on: value) }
        return value
    }

    /// Spec: "Slices": Python's rules.
    private mutating func slice(_ value: JSONValue, _ bounds: SliceBounds, at offset: Int)
        throws(EvaluationStop) -> JSONValue
    {
        let step = bounds.step ?? 1
        guard step != 0 else {
            throw EvaluationStop(.invalidValue, "the step of a slice is not 0", at: offset)
        }
        guard case .array(let items) = value else { return .null }
        try spend(items.count)
        let count = items.count
        let (lowest, highest) = step > 0 ? (0, count) : (-1, count - 1)
        func bounded(_ place: Int?, else other: Int) -> Int {
            guard let place else { return other }
            return min(max(place < 0 ? place &+ count : place, lowest), highest)
        }
        var place = bounded(bounds.start, else: step > 0 ? 0 : count - 1)
        let stop = bounded(bounds.stop, else: step > 0 ? count : -1)
        var chosen: [JSONValue] = []
        while step > 0 ? place < stop : place > stop, items.indices.contains(place) {
            chosen.append(items[place])
            let (next, overflow) = place.addingReportingOverflow(step)
            if overflow { break }
            place = next
        }
        return .array(chosen)
    }
}

// MARK: Truth

extension Evaluator {
    private mutating func firstTruth(_ nodes: [SyntaxNode], on value: JSONValue)
        throws(EvaluationStop) -> JSONValue
    {
        var last = JSONValue.null
        for node in nodes {
            last = try swallowed(node, on: value)
            if isTrue(last) { break }
        }
        return last
    }

    private mutating func firstFalsehood(_ nodes: [SyntaxNode], on value: JSONValue)
        throws(EvaluationStop) -> JSONValue
    {
        for node in nodes.dropLast() {
            let result = try swallowed(node, on: value)
            if !isTrue(result) { return result }
        }
        guard let last = nodes.last else { return .null }
        return try evaluate(last, on: value)
    }

    /// Spec: "Comparison operators": order is for numbers only.
    private mutating func compare(
        _ sign: Comparator, _ left: SyntaxNode, _ right: SyntaxNode, on value: JSONValue
    ) throws(EvaluationStop) -> JSONValue {
        let left = try swallowed(left, on: value)
        let right = try swallowed(right, on: value)
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

    /// Spec: "Or Expressions": empty text, lists and objects, false and null.
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

    /// Deep equality: numbers by value, text by its code points.
    mutating func areEqual(_ left: JSONValue, _ right: JSONValue)
        throws(EvaluationStop) -> Bool
    {
        try spend(1)
        switch (left, right) {
        case (.null, .null): return true
        case (.bool(let first), .bool(let second)): return first == second
        case (.number(let first), .number(let second)):
            return first.description == second.description
                || JMESPathNumber(first) == JMESPathNumber(second)
        case (.string(let first), .string(let second)):
            return first.utf8.elementsEqual(second.utf8)
        case (.array(let first), .array(let second)):
            guard first.count == second.count else { return false }
            for (one, other) in zip(first, second) where !(try areEqual(one, other)) {
                return false
            }
            return true
        case (.object(let first), .object(let second)):
            guard first.count == second.count else { return false }
            for member in first {
                guard let other = second[member.name], try areEqual(member.value, other) else {
                    return false
                }
            }
            return true
        default: return false
        }
    }
}

// MARK: Projections

extension Evaluator {
    private mutating func project(
        _ left: SyntaxNode, _ right: SyntaxNode, on value: JSONValue
    ) throws(EvaluationStop) -> JSONValue {
        guard case .array(let items) = try swallowed(left, on: value) else { return .null }
        return try projected(items, right)
    }

    private mutating func projectValues(
        _ left: SyntaxNode, _ right: SyntaxNode, on value: JSONValue
    ) throws(EvaluationStop) -> JSONValue {
        guard case .object(let object) = try swallowed(left, on: value) else { return .null }
        return try projected(object.members.map(\.value), right)
    }

    /// Each item's result; nulls are left out.
    private mutating func projected(_ items: [JSONValue], _ right: SyntaxNode)
        throws(EvaluationStop) -> JSONValue
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

    private mutating func filter(
        _ left: SyntaxNode, _ test: SyntaxNode, _ right: SyntaxNode, on value: JSONValue
    ) throws(EvaluationStop) -> JSONValue {
        guard case .array(let items) = try forgiven(left, on: value) else { return .null }
        var chosen: [JSONValue] = []
        for item in items where isTrue(try swallowed(test, on: item)) { chosen.append(item) }
        return try projected(chosen, right)
    }

    private mutating func flatten(_ inner: SyntaxNode, on value: JSONValue)
        throws(EvaluationStop) -> JSONValue
    {
        guard case .array(let items) = try forgiven(inner, on: value) else { return .null }
        var flat: [JSONValue] = []
        for item in items {
            if case .array(let inner) = item { flat += inner } else { flat.append(item) }
            try spend(1)
        }
        try produce(bytes: flat.count * bytesPerEntry)
        return .array(flat)
    }

    private mutating func list(_ nodes: [SyntaxNode], on value: JSONValue)
        throws(EvaluationStop) -> JSONValue
    {
        if case .null = value { return .null }
        try produce(bytes: nodes.count * bytesPerEntry)
        var items: [JSONValue] = []
        for node in nodes { items.append(try swallowed(node, on: value)) }
        return .array(items)
    }

    private mutating func hash(_ members: [HashMember], on value: JSONValue)
        throws(EvaluationStop) -> JSONValue
    {
        if case .null = value { return .null }
        try produce(bytes: members.count * bytesPerEntry)
        var object = JSONObject()
        for member in members { object[member.name] = try swallowed(member.value, on: value) }
        return .object(object)
    }
}

// MARK: Functions

extension Evaluator {
    private mutating func call(
        _ function: FunctionDefinition, _ nodes: [SyntaxNode], on value: JSONValue, at offset: Int
    ) throws(EvaluationStop) -> JSONValue {
        var arguments: [FunctionArgument] = []
        for node in nodes {
            if case .reference(let inner) = node {
                arguments.append(.reference(inner))
            } else {
                arguments.append(.value(try swallowed(node, on: value)))
            }
        }
        do throws(EvaluationStop) {
            try function.checkKinds(arguments)
            let call = FunctionCall(name: function.name, arguments: arguments)
            return try function.body(call, &self)
        } catch {
            throw error.located(at: offset)
        }
    }
}

/// What one entry of a new list or object costs in memory, about.
let bytesPerEntry = 16
