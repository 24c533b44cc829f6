// SPDX-License-Identifier: Apache-2.0
// A compiled text with {{ variables }}.
// Spec: docs/kyverno.md, "Variables".

package import Primitives

/// A compiled text. Its expressions are parsed, and their functions and arities are checked.
package struct VariableTemplate: Sendable, CustomStringConvertible {
    /// A part of the text after evaluation, and its origin.
    package struct Part: Hashable, Sendable {
        package let text: String
        /// Whether the part is text of the policy; otherwise it is the value of a variable.
        package let isWritten: Bool
    }

    /// The original text.
    package let description: String
    /// Whether a `{{` is not closed; Kyverno treats it as text.
    package let isUnclosed: Bool
    /// The paths and functions that its expressions refer to.
    package let referencedPaths: ReferencedPaths
    private let pieces: [CompiledPiece]

    /// - Parameter currentPath: the path that `@` at the start of an expression means; nil if `@`
    ///   is the document.
    package init(
        _ text: String, dialect: JMESPathDialect, currentPath: String? = nil
    ) throws(JMESPathProblem) {
        description = text
        let parts: VariableText
        do throws(EvaluationError) {
            parts = try VariableText(text)
        } catch {
            throw JMESPathProblem(error, in: text)
        }
        isUnclosed = parts.isUnclosed
        var referencedPaths = ReferencedPaths()
        pieces = try parts.pieces.map { (piece) throws(JMESPathProblem) in
            switch piece {
            case .text(let part): return .text(part)
            case .variable(let variable):
                let compiled = try CompiledVariable(variable, dialect, currentPath)
                referencedPaths.formUnion(compiled.referencedPaths)
                return .variable(compiled)
            }
        }
        self.referencedPaths = referencedPaths
    }

    /// The text without escapes, if it contains no variable.
    package var constant: String? {
        var text = ""
        for piece in pieces {
            guard case .text(let part) = piece else { return nil }
            text += part
        }
        return text
    }

    /// The expression, if the text is exactly one variable.
    package var expression: String? { whole.map { VariableMark.shown($0.text) } }

    /// The steps of the path, if the text is one variable with a path, `path || literal` or
    /// `length(path)`.
    package var plainPath: [PathStep]? {
        whole.flatMap { $0.holes.isEmpty ? $0.root.plainPath : nil }
    }

    /// The steps of the path, if the text is one variable with a path alone.
    package var exactPath: [PathStep]? { whole.flatMap { $0.holes.isEmpty ? $0.root.steps : nil } }

    /// The value of the text: that of a single variable with its type, otherwise a string. A value
    /// is never compiled.
    package func value(on variables: JSONValue, context: JMESPathContext = JMESPathContext())
        throws(JMESPathProblem) -> JSONValue
    {
        if let whole { return try whole.value(on: variables, context) }
        return .string(try parts(on: variables, context: context).map(\.text).joined())
    }

    /// The parts of the text; values that are not strings become JSON.
    package func parts(on variables: JSONValue, context: JMESPathContext = JMESPathContext())
        throws(JMESPathProblem) -> [Part]
    {
        var parts: [Part] = []
        var size = 0
        for piece in pieces {
            let part =
                switch piece {
                case .text(let text): Part(text: text, isWritten: true)
                case .variable(let variable):
                    Part(
                        text: try variable.value(on: variables, context).substitutedText,
                        isWritten: false)
                }
            size += part.text.utf8.count
            guard size <= Limits.jmespathOutputBytes else {
                throw JMESPathProblem(
                    EvaluationError(
                        .overLimit, "the text has more than \(Limits.jmespathOutputBytes) bytes"),
                    in: description)
            }
            parts.append(part)
        }
        return parts
    }

    /// Whether the option `evaluatesValues` applies to its value: not for `{{- … }}`.
    var isFinal: Bool { whole?.isShallow ?? (constant != nil) }

    private var whole: CompiledVariable? {
        guard pieces.count == 1, case .variable(let variable)? = pieces.first else { return nil }
        return variable
    }
}

private enum CompiledPiece: Sendable {
    case text(String)
    case variable(CompiledVariable)
}

/// One `{{ … }}`: its tree, and the variables inside it.
private struct CompiledVariable: Sendable {
    let text: String
    let root: SyntaxNode
    let holes: [CompiledVariable]
    let isShallow: Bool
    private let rules: JMESPathDialect.Rules
    /// Whether it creates lists or objects; otherwise its value is a part of the input.
    private let makesContainers: Bool

    init(
        _ variable: VariableText.Variable, _ dialect: JMESPathDialect, _ currentPath: String?
    ) throws(JMESPathProblem) {
        var holes: [CompiledVariable] = []
        for case .variable(let inner) in variable.inner.pieces {
            holes.append(try CompiledVariable(inner, dialect, currentPath))
        }
        self.holes = holes
        rules = dialect.rules
        isShallow = variable.isShallow
        var written = ""
        do throws(EvaluationError) {
            written = try variable.inner.marked()
            text = expanded(trimmedSpaces(written), currentPath)
            written = text
            let parsed = try ExpressionParser.parse(text, dialect)
            root = parsed.node
            makesContainers = parsed.nesting > 0 || !holes.isEmpty
        } catch {
            throw JMESPathProblem(error, in: written)
        }
    }

    var referencedPaths: ReferencedPaths {
        var referencedPaths = ReferencedPaths(of: root)
        for hole in holes { referencedPaths.formUnion(hole.referencedPaths) }
        return referencedPaths
    }

    func value(on variables: JSONValue, _ context: JMESPathContext) throws(JMESPathProblem)
        -> JSONValue
    {
        var values: [JSONValue] = []
        for hole in holes { values.append(try hole.value(on: variables, context)) }
        do throws(EvaluationError) {
            let tree = holes.isEmpty ? root : try root.filled(with: values)
            var evaluator = Evaluator(
                rules: rules, context: context, budget: JMESPathBudget())
            let result = try evaluator.evaluate(tree, on: variables)
            if makesContainers { try checkSize(of: result) }
            return result
        } catch {
            throw JMESPathProblem(error, in: text)
        }
    }
}

/// Replaces `@`, alone or at the start of a path, by the current path in the object.
private func expanded(_ text: String, _ currentPath: String?) -> String {
    guard let currentPath, let rest = text.utf8.removingPrefix("@"),
        rest.isEmpty || rest.utf8.hasPrefix(".") || rest.utf8.hasPrefix("[")
    else { return text }
    return currentPath + rest
}

private func trimmedSpaces(_ text: String) -> String {
    let bytes = Array(text.utf8)
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
    guard let first = bytes.firstIndex(where: { !isSpace($0) }),
        let last = bytes.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(decoding: bytes[first...last], as: UTF8.self)
}
