// SPDX-License-Identifier: Apache-2.0
// Definitions of functions: name, parameters and body. Spec: JMESPath, "Functions Expressions".

package import Primitives

/// The kinds of values that a parameter accepts.
package struct ValueKinds: OptionSet, Hashable, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let number = ValueKinds(rawValue: 1)
    package static let string = ValueKinds(rawValue: 2)
    package static let boolean = ValueKinds(rawValue: 4)
    package static let array = ValueKinds(rawValue: 8)
    package static let object = ValueKinds(rawValue: 16)
    package static let null = ValueKinds(rawValue: 32)
    package static let reference = ValueKinds(rawValue: 64)
    package static let numbers = ValueKinds(rawValue: 128)
    package static let strings = ValueKinds(rawValue: 256)
    package static let any: ValueKinds = [.number, .string, .boolean, .array, .object, .null]

    /// `array[number]|array[string]`, as the specification writes it.
    var text: String {
        if self == .any { return "any" }
        return kindNames.filter { contains($0.kind) }.map(\.name).joined(separator: "|")
    }

    func holds(_ argument: FunctionArgument) -> Bool {
        guard case .value(let value) = argument else { return contains(.reference) }
        switch value {
        case .null: return contains(.null)
        case .bool: return contains(.boolean)
        case .number: return contains(.number)
        case .string: return contains(.string)
        case .object: return contains(.object)
        case .array(let items):
            if contains(.array) { return true }
            if contains(.numbers),
                items.allSatisfy({ if case .number = $0 { true } else { false } })
            {
                return true
            }
            return contains(.strings)
                && items.allSatisfy { if case .string = $0 { true } else { false } }
        }
    }
}

private let kindNames: [(kind: ValueKinds, name: String)] = [
    (.number, "number"), (.string, "string"), (.boolean, "boolean"), (.array, "array"),
    (.object, "object"), (.null, "null"), (.reference, "expression"),
    (.numbers, "array[number]"), (.strings, "array[string]"),
]

enum FunctionArgument: Sendable {
    case value(JSONValue)
    case reference(SyntaxNode)

    var kindName: String {
        guard case .value(let value) = self else { return "an expression reference" }
        return value.kindName
    }
}

/// The body of a function. It charges the evaluator for its work.
package typealias FunctionBody =
    @Sendable (FunctionCall, inout Evaluator) throws(EvaluationError)
    -> JSONValue

/// A function of a dialect. It is a class, because call nodes of the tree refer to it.
package final class FunctionDefinition: Sendable {
    package let name: String
    let parameters: [ValueKinds]
    /// Whether the last parameter is variadic.
    let isVariadic: Bool
    let result: String
    let summary: String
    let price: FunctionPrice
    let body: FunctionBody

    package init(
        _ name: String, _ parameters: [ValueKinds], _ result: String, _ summary: String,
        isVariadic: Bool = false, price: FunctionPrice = .plain, _ body: @escaping FunctionBody
    ) {
        self.name = name
        self.parameters = parameters
        self.isVariadic = isVariadic
        self.result = result
        self.summary = summary
        self.price = price
        self.body = body
    }

    /// Whether its result is never a list or an object.
    var givesScalar: Bool { scalarResults.contains(result) }

    func checkCount(_ count: Int, at offset: Int) throws(EvaluationError) {
        guard count == parameters.count || isVariadic && count > parameters.count else {
            let wanted = (isVariadic ? "at least " : "") + "\(parameters.count)"
            throw EvaluationError(
                .invalidArity, "\(name) takes \(wanted) arguments, here are \(count)", at: offset)
        }
    }

    func checkKinds(_ arguments: [FunctionArgument]) throws(EvaluationError) {
        for (position, argument) in arguments.enumerated() {
            let kinds = parameters[min(position, parameters.count - 1)]
            guard kinds.holds(argument) else {
                throw EvaluationError(
                    .invalidType,
                    "argument \(position + 1) of \(name) is \(argument.kindName); it takes \(kinds.text)"
                )
            }
        }
    }

    /// `contains(array|string, any) -> boolean`.
    var signature: String {
        let list = parameters.map(\.text).joined(separator: ", ") + (isVariadic ? ", …" : "")
        return "\(name)(\(list)) -> \(result)"
    }
}

private let scalarResults: Set = ["number", "string", "boolean"]

/// The arguments of one call, whose kinds match the signature.
package struct FunctionCall {
    let name: String
    let arguments: [FunctionArgument]

    var count: Int { arguments.count }

    package func value(_ position: Int) throws(EvaluationError) -> JSONValue {
        guard case .value(let value) = arguments[position] else { throw wrongKind(position) }
        return value
    }

    package func string(_ position: Int) throws(EvaluationError) -> String {
        guard case .value(.string(let text)) = arguments[position] else {
            throw wrongKind(position)
        }
        return text
    }

    package func number(_ position: Int) throws(EvaluationError) -> JMESPathNumber {
        guard case .value(.number(let number)) = arguments[position] else {
            throw wrongKind(position)
        }
        return JMESPathNumber(number)
    }

    package func integer(_ position: Int) throws(EvaluationError) -> Int {
        guard let value = try number(position).integer else {
            throw invalid("argument \(position + 1) is a whole number")
        }
        return value
    }

    package func array(_ position: Int) throws(EvaluationError) -> [JSONValue] {
        guard case .value(.array(let items)) = arguments[position] else {
            throw wrongKind(position)
        }
        return items
    }

    package func object(_ position: Int) throws(EvaluationError) -> JSONObject {
        guard case .value(.object(let object)) = arguments[position] else {
            throw wrongKind(position)
        }
        return object
    }

    func reference(_ position: Int) throws(EvaluationError) -> SyntaxNode {
        guard case .reference(let node) = arguments[position] else { throw wrongKind(position) }
        return node
    }

    /// An error whose message starts with the function's name.
    package func invalid(_ message: String, _ kind: JMESPathProblem.Kind = .invalidValue)
        -> EvaluationError
    {
        EvaluationError(kind, "\(name): \(message)")
    }

    private func wrongKind(_ position: Int) -> EvaluationError {
        invalid("argument \(position + 1) is \(arguments[position].kindName)", .invalidType)
    }
}
