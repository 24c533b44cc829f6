// SPDX-License-Identifier: Apache-2.0
// Declarations of functions: parameters, result, cost and body.

package import Primitives

/// One overload of a function.
package struct Overload: Sendable {
    /// The implementation of an overload; `one` and `two` need no list of arguments.
    package enum Body: Sendable {
        case one(@Sendable (CELValue, inout CostMeter) throws(EvaluationInterruption) -> CELValue)
        case two(
            @Sendable (CELValue, CELValue, inout CostMeter) throws(EvaluationInterruption) ->
                CELValue)
        case many(
            @Sendable ([CELValue], inout CostMeter) throws(EvaluationInterruption) -> CELValue)
        /// The value that the bindings hold under the function's name; an unknown attribute if they
        /// hold none. For a function without parameters, such as the time.
        case binding
    }

    package let name: String
    /// Whether the call has the form `target.name(…)`; the target is then the first parameter.
    package let isMethod: Bool
    package let parameters: [CELType]
    package let result: CELType
    package let body: Body
    /// Whether the last parameter is variadic.
    package let isVariadic: Bool
    let kinds: [ValueKinds]

    package init(
        _ name: String, isMethod: Bool = false, _ parameters: [CELType], _ result: CELType,
        isVariadic: Bool = false, _ body: Body
    ) {
        self.name = name
        self.isMethod = isMethod
        self.parameters = parameters
        self.result = result
        self.body = body
        self.isVariadic = isVariadic
        kinds = parameters.map(\.kinds)
    }

    /// Whether the overload accepts these kinds of arguments. The items of lists are not examined.
    @inline(__always)
    func takes(_ value: CELValue, at position: Int) -> Bool {
        guard kinds[position].contains(value.kind) else { return false }
        guard case .opaque(let object) = value, case .opaque(let name, _) = parameters[position]
        else {
            return true
        }
        return object.typeName == name
    }
}

extension Overload {
    package static func global(
        _ name: String, _ parameter: CELType, _ result: CELType,
        _ body:
            @escaping @Sendable (CELValue, inout CostMeter) throws(EvaluationInterruption) ->
            CELValue
    ) -> Overload { Overload(name, [parameter], result, .one(body)) }

    package static func global(
        _ name: String, _ first: CELType, _ second: CELType, _ result: CELType,
        _ body:
            @escaping @Sendable (CELValue, CELValue, inout CostMeter) throws(EvaluationInterruption)
            -> CELValue
    ) -> Overload { Overload(name, [first, second], result, .two(body)) }

    package static func method(
        _ name: String, on target: CELType, _ result: CELType,
        _ body:
            @escaping @Sendable (CELValue, inout CostMeter) throws(EvaluationInterruption) ->
            CELValue
    ) -> Overload { Overload(name, isMethod: true, [target], result, .one(body)) }

    package static func method(
        _ name: String, on target: CELType, _ argument: CELType, _ result: CELType,
        _ body:
            @escaping @Sendable (CELValue, CELValue, inout CostMeter) throws(EvaluationInterruption)
            -> CELValue
    ) -> Overload { Overload(name, isMethod: true, [target, argument], result, .two(body)) }

    package static func method(
        _ name: String, _ parameters: [CELType], _ result: CELType,
        _ body:
            @escaping @Sendable ([CELValue], inout CostMeter) throws(EvaluationInterruption) ->
            CELValue
    ) -> Overload { Overload(name, isMethod: true, parameters, result, .many(body)) }

    package static func global(
        _ name: String, _ parameters: [CELType], _ result: CELType,
        _ body:
            @escaping @Sendable ([CELValue], inout CostMeter) throws(EvaluationInterruption) ->
            CELValue
    ) -> Overload { Overload(name, parameters, result, .many(body)) }
}

/// A name that has a value: a variable that every evaluation binds, or a constant.
package struct VariableDeclaration: Sendable {
    package let name: String
    package let type: CELType

    package init(_ name: String, _ type: CELType) {
        self.name = name
        self.type = type
    }
}

/// Conversions of arguments for a body. The call has checked the kinds already; if a conversion
/// fails, the error is `no such overload`.
extension CELValue {
    package func string() throws(EvaluationInterruption) -> String {
        guard case .string(let text) = self else { throw EvaluationInterruption.noSuchOverload }
        return text
    }

    package func int() throws(EvaluationInterruption) -> Int64 {
        guard case .int(let value) = self else { throw EvaluationInterruption.noSuchOverload }
        return value
    }

    package func boolean() throws(EvaluationInterruption) -> Bool {
        guard case .bool(let value) = self else { throw EvaluationInterruption.noSuchOverload }
        return value
    }

    package func items() throws(EvaluationInterruption) -> [CELValue] {
        guard case .list(let items) = self else { throw EvaluationInterruption.noSuchOverload }
        return items
    }

    package func entries() throws(EvaluationInterruption) -> CELMap {
        guard case .map(let map) = self else { throw EvaluationInterruption.noSuchOverload }
        return map
    }

    package func octets() throws(EvaluationInterruption) -> [UInt8] {
        guard case .bytes(let bytes) = self else { throw EvaluationInterruption.noSuchOverload }
        return bytes
    }

    package func number() throws(EvaluationInterruption) -> Double {
        guard case .double(let value) = self else { throw EvaluationInterruption.noSuchOverload }
        return value
    }

    package func time() throws(EvaluationInterruption) -> CELTimestamp {
        guard case .timestamp(let value) = self else { throw EvaluationInterruption.noSuchOverload }
        return value
    }

    package func length() throws(EvaluationInterruption) -> GoDuration {
        guard case .duration(let value) = self else { throw EvaluationInterruption.noSuchOverload }
        return value
    }

    func content() throws(EvaluationInterruption) -> OpaqueValue.Content {
        guard case .opaque(let value) = self else { throw EvaluationInterruption.noSuchOverload }
        return value.content
    }
}
