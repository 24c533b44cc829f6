// SPDX-License-Identifier: Apache-2.0
// Puts values for {{ variables }} and $(references) into a document. Spec: kyverno.io,
// "Variables"; reference §1.6.

package import Primitives

/// What a document's variables are answered from.
///
/// Deviation: Kyverno substitutes until nothing looks like a variable any more, so a value that
/// comes from the object under review and contains `{{ … }}` is evaluated as if the policy's author
/// had written it. Here a value is a value. `evaluatesValues` is the compatibility switch: at most
/// `Limits.substitutionRounds` rounds, and never into what `{{- … }}` gave.
package struct VariableSubstitution: Sendable {
    /// What expressions see: `request`, `images`, context entries.
    package let variables: JSONValue
    package let context: JMESPathContext
    /// The path that `@` stands for under `request.object`; nil where there is none.
    package let currentPath: String?
    package let evaluatesValues: Bool

    package init(
        variables: JSONValue, context: JMESPathContext = JMESPathContext(),
        currentPath: String? = nil, evaluatesValues: Bool = false
    ) {
        self.variables = variables
        self.context = context
        self.currentPath = currentPath
        self.evaluatesValues = evaluatesValues
    }

    /// The document with every variable's value in its place, in strings and in names.
    ///
    /// A string that is one variable takes the value with its type; elsewhere other values become
    /// JSON. The failure names the JSON pointer.
    package func substituted(_ document: JSONValue, named name: String)
        throws(Failure) -> JSONValue
    {
        let resolved = try ReferenceResolver(document: document, name: name).resolved()
        return try walked(resolved, at: Place.document(name, pointer: ""), pointer: "", name: name)
    }

    private func walked(_ value: JSONValue, at place: Place, pointer: String, name: String)
        throws(Failure) -> JSONValue
    {
        switch value {
        case .string(let text): return try substituted(text, at: place)
        case .array(let items):
            var results: [JSONValue] = []
            for (index, item) in items.enumerated() {
                let inner = "\(pointer)/\(index)"
                results.append(
                    try walked(
                        item, at: .document(name, pointer: inner), pointer: inner, name: name))
            }
            return .array(results)
        case .object(let object):
            var result = JSONObject()
            for member in object {
                let inner = pointer + "/" + escapedPointer(member.name)
                let place = Place.document(name, pointer: inner)
                let key = try keyText(member.name, at: place)
                guard result[key] == nil else {
                    throw Failure(
                        .malformed, "cannot substitute the variables in \(name)", at: place,
                        because: "two members have the name \(quoted(key)) now")
                }
                result[key] = try walked(member.value, at: place, pointer: inner, name: name)
            }
            return .object(result)
        case .null, .bool, .number: return value
        }
    }

    private func keyText(_ name: String, at place: Place) throws(Failure) -> String {
        guard name.utf8.contains(UInt8(ascii: "{")) else { return name }
        return goText(try substituted(name, at: place))
    }

    /// One string; its value when it is one variable.
    package func substituted(_ text: String, at place: Place? = nil) throws(Failure) -> JSONValue {
        guard text.utf8.contains(UInt8(ascii: "{")) else { return .string(text) }
        do throws(JMESPathProblem) {
            var value = try filled(text)
            guard evaluatesValues else { return value.value }
            var rounds = 1
            while !value.isFinal, case .string(let again) = value.value, mayHoldVariable(again) {
                rounds += 1
                guard rounds <= Limits.substitutionRounds else {
                    throw JMESPathProblem(
                        EvaluationStop(
                            .overLimit,
                            "values held variables for more than \(Limits.substitutionRounds) rounds"
                        ),
                        in: text)
                }
                value = try filled(again)
            }
            return value.value
        } catch {
            throw error.failure(at: place)
        }
    }

    private func filled(_ text: String) throws(JMESPathProblem)
        -> (value: JSONValue, isFinal: Bool)
    {
        let parts: VariableText
        do throws(EvaluationStop) {
            parts = try VariableText(text)
        } catch {
            throw JMESPathProblem(error, in: text)
        }
        if let whole = parts.whole { return (try value(of: whole), whole.isShallow) }
        return (.string(try joined(parts)), !parts.hasVariables)
    }

    private func joined(_ parts: VariableText) throws(JMESPathProblem) -> String {
        var text = ""
        for piece in parts.pieces {
            switch piece {
            case .text(let part): text += part
            case .variable(let variable): text += goText(try value(of: variable))
            }
            guard text.utf8.count <= Limits.jmespathOutputBytes else {
                throw JMESPathProblem(
                    EvaluationStop(
                        .overLimit,
                        "the text has more than \(Limits.jmespathOutputBytes) bytes"),
                    in: String(text.prefix(80)))
            }
        }
        return text
    }

    /// Nested variables first, as text of the expression: that is how policies build paths.
    private func value(of variable: VariableText.Variable) throws(JMESPathProblem) -> JSONValue {
        let written = try joined(variable.inner)
        let text = expanded(written.trimmed)
        return try JMESPathExpression(text, dialect: .kyverno)
            .evaluate(on: variables, context: context)
    }

    /// `@` alone or at the start of a path is where we are in the object.
    private func expanded(_ text: String) -> String {
        guard let currentPath, text == "@" || text.hasPrefix("@.") || text.hasPrefix("@[") else {
            return text
        }
        return currentPath + text.dropFirst()
    }

    private func mayHoldVariable(_ text: String) -> Bool {
        ((try? VariableText(text))?.hasVariables) ?? false
    }
}

extension String {
    fileprivate var trimmed: String {
        let bytes = Array(utf8)
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        guard let first = bytes.firstIndex(where: { !isSpace($0) }),
            let last = bytes.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }
}

/// A text as it is, other values as JSON.
private func goText(_ value: JSONValue) -> String {
    if case .string(let text) = value { text } else { goJSON(value) }
}

/// Spec: RFC 6901 §3.
private func escapedPointer(_ name: String) -> String {
    var text = ""
    for scalar in name.unicodeScalars {
        text += scalar == "~" ? "~0" : scalar == "/" ? "~1" : String(scalar)
    }
    return text
}
