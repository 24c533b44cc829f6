// SPDX-License-Identifier: Apache-2.0
// What a function is: a name, the kinds of its arguments, a body. Spec: JMESPath, "Functions
// Expressions".

import Primitives

/// Kinds of values that a parameter takes.
struct ValueKinds: OptionSet, Hashable, Sendable {
    let rawValue: Int

    static let number = ValueKinds(rawValue: 1)
    static let string = ValueKinds(rawValue: 2)
    static let boolean = ValueKinds(rawValue: 4)
    static let array = ValueKinds(rawValue: 8)
    static let object = ValueKinds(rawValue: 16)
    static let null = ValueKinds(rawValue: 32)
    static let reference = ValueKinds(rawValue: 64)
    static let numbers = ValueKinds(rawValue: 128)
    static let strings = ValueKinds(rawValue: 256)
    static let any: ValueKinds = [.number, .string, .boolean, .array, .object, .null]

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

typealias FunctionBody =
    @Sendable (FunctionCall, inout Evaluator) throws(EvaluationStop)
    -> JSONValue

/// A class: calls of the tree point at it.
final class FunctionDefinition: Sendable {
    let name: String
    let parameters: [ValueKinds]
    /// The last parameter may stand any number of times more.
    let isVariadic: Bool
    let result: String
    let summary: String
    let price: FunctionPrice
    let body: FunctionBody

    init(
        _ name: String, _ parameters: [ValueKinds], _ result: String, _ summary: String,
        isVariadic: Bool = false, _ body: @escaping FunctionBody
    ) {
        self.name = name
        self.parameters = parameters
        self.isVariadic = isVariadic
        self.result = result
        self.summary = summary
        price = functionPrices[name] ?? .plain
        self.body = body
    }

    /// Whether its value is never a list or an object.
    var givesScalar: Bool { scalarResults.contains(result) }

    func checkCount(_ count: Int, at offset: Int) throws(EvaluationStop) {
        guard count == parameters.count || isVariadic && count > parameters.count else {
            let wanted = (isVariadic ? "at least " : "") + "\(parameters.count)"
            throw EvaluationStop(
                .invalidArity, "\(name) takes \(wanted) arguments, here are \(count)", at: offset)
        }
    }

    func checkKinds(_ arguments: [FunctionArgument]) throws(EvaluationStop) {
        for (place, argument) in arguments.enumerated() {
            let kinds = parameters[min(place, parameters.count - 1)]
            guard kinds.holds(argument) else {
                throw EvaluationStop(
                    .invalidType,
                    "argument \(place + 1) of \(name) is \(argument.kindName); it takes \(kinds.text)"
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

/// The arguments of one call; their kinds were checked against the signature.
struct FunctionCall {
    let name: String
    let arguments: [FunctionArgument]

    var count: Int { arguments.count }

    func value(_ place: Int) throws(EvaluationStop) -> JSONValue {
        guard case .value(let value) = arguments[place] else { throw wrongKind(place) }
        return value
    }

    func string(_ place: Int) throws(EvaluationStop) -> String {
        guard case .value(.string(let text)) = arguments[place] else { throw wrongKind(place) }
        return text
    }

    func number(_ place: Int) throws(EvaluationStop) -> JMESPathNumber {
        guard case .value(.number(let number)) = arguments[place] else { throw wrongKind(place) }
        return JMESPathNumber(number)
    }

    func integer(_ place: Int) throws(EvaluationStop) -> Int {
        guard let value = try number(place).integer else {
            throw invalid("argument \(place + 1) is a whole number")
        }
        return value
    }

    func array(_ place: Int) throws(EvaluationStop) -> [JSONValue] {
        guard case .value(.array(let items)) = arguments[place] else { throw wrongKind(place) }
        return items
    }

    func object(_ place: Int) throws(EvaluationStop) -> JSONObject {
        guard case .value(.object(let object)) = arguments[place] else { throw wrongKind(place) }
        return object
    }

    func reference(_ place: Int) throws(EvaluationStop) -> SyntaxNode {
        guard case .reference(let node) = arguments[place] else { throw wrongKind(place) }
        return node
    }

    /// A stop whose message starts with the function's name.
    func invalid(_ message: String, _ kind: JMESPathProblem.Kind = .invalidValue)
        -> EvaluationStop
    {
        EvaluationStop(kind, "\(name): \(message)")
    }

    private func wrongKind(_ place: Int) -> EvaluationStop {
        invalid("argument \(place + 1) is \(arguments[place].kindName)", .invalidType)
    }
}

/// One function for people: `assay policy jp function`.
package struct JMESPathFunction: Hashable, Sendable {
    package let name: String
    /// `contains(array|string, any) -> boolean`.
    package let signature: String
    /// One line, in our words.
    package let summary: String

    /// All functions of a dialect, by name.
    package static func all(in dialect: JMESPathDialect) -> [JMESPathFunction] {
        FunctionTable.functions(of: dialect).values.sorted { $0.name < $1.name }.map {
            JMESPathFunction(name: $0.name, signature: $0.signature, summary: $0.summary)
        }
    }
}

enum FunctionTable {
    static func functions(of dialect: JMESPathDialect) -> [String: FunctionDefinition] {
        dialect == .kyverno ? kyvernoTable : standardTable
    }

    static func function(_ name: String, _ dialect: JMESPathDialect, at offset: Int)
        throws(EvaluationStop) -> FunctionDefinition
    {
        let table = functions(of: dialect)
        if let function = table[name] { return function }
        var message = "there is no function \(quoted(name))"
        if dialect == .standard, kyvernoTable[name] != nil {
            message += " in standard JMESPath; Kyverno's dialect has it"
        } else if let near = nearest(to: name, in: table.keys) {
            message += "; did you mean \(near)?"
        }
        throw EvaluationStop(.unknownFunction, message, at: offset)
    }

    private static let standardTable = table(standardFunctions)
    /// Kyverno's functions replace the built-in ones of the same name.
    private static let kyvernoTable = standardTable.merging(table(kyvernoFunctions)) { $1 }

    private static func table(_ functions: [FunctionDefinition]) -> [String: FunctionDefinition] {
        Dictionary(functions.map { ($0.name, $0) }) { $1 }
    }
}

private let kyvernoFunctions: [FunctionDefinition] = [
    kyvernoTextFunctions, kyvernoPatternFunctions, kyvernoObjectFunctions,
    kyvernoArithmeticFunctions, kyvernoEncodingFunctions, kyvernoTimeFunctions,
    kyvernoImageFunctions,
].flatMap { $0 }

/// The name one typing mistake away (or two, in a long one).
private func nearest(to name: String, in names: some Sequence<String>) -> String? {
    guard name.utf8.count <= 40 else { return nil }
    let most = name.utf8.count > 5 ? 2 : 1
    return names.map { ($0, distance(Array(name.utf8), Array($0.utf8))) }
        .filter { $0.1 <= most }.min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
}

/// Levenshtein's distance.
private func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for (place, byte) in left.enumerated() {
        var corner = row[0]
        row[0] = place + 1
        for (column, other) in right.enumerated() {
            let best = min(row[column] + 1, row[column + 1] + 1, corner + (byte == other ? 0 : 1))
            corner = row[column + 1]
            row[column + 1] = best
        }
    }
    return row[right.count]
}
