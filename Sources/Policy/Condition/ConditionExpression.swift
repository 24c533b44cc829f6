// SPDX-License-Identifier: Apache-2.0
// The expressions a condition's key may hold in this version: paths into the predicate.
// Spec: JMESPath, "Identifiers", "Sub-expressions", "Index Expressions", "Or-Expressions";
// reference kyverno.md §1.4.

import Primitives

/// `{{ path }}`, `{{ path || 'default' }}` or `{{ length(path) }}`, over the predicate's root.
///
/// Anything else of JMESPath is refused when the policy is loaded: an expression that is read in
/// half would decide in half.
struct ConditionExpression: Hashable, Sendable, CustomStringConvertible {
    enum Step: Hashable, Sendable {
        case member(String)
        /// Counted from 0; negative ones count from the end.
        case index(Int)
    }

    let description: String
    let path: [Step]
    let fallback: JSONValue?
    let isLength: Bool

    /// Reads the text between `{{` and `}}`.
    init(parsing text: String, at node: YAMLNode) throws(Failure) {
        var scanner = ExpressionScanner(text: text, node: node)
        (path, isLength) = try scanner.pathOrLength()
        fallback = try scanner.fallback()
        try scanner.end()
        description = text
        // Spec: §1.4: the predicate is merged into the root, beside Kyverno's own variables.
        if case .member(let root) = path[0], reservedRoots.contains(root) {
            throw scanner.unsupported(
                "\(quoted(root)) is Kyverno's own variable, not the predicate's")
        }
    }

    /// The value in a predicate; nil when the path leads nowhere or to null.
    func value(in predicate: JSONValue) -> JSONValue? {
        var value = predicate
        for step in path {
            guard let next = value.child(at: step), !next.isNull else { return fallback }
            value = next
        }
        return isLength ? value.length.map { .number(JSONNumber($0)) } ?? fallback : value
    }

    /// The path as an RFC 6901 pointer, for edits.
    var pointer: String {
        path.map { step in
            switch step {
            case .member(let name):
                "/"
                    + name.split(separator: "~", omittingEmptySubsequences: false)
                    .joined(separator: "~0").split(separator: "/", omittingEmptySubsequences: false)
                    .joined(separator: "~1")
            case .index(let place): "/\(place)"
            }
        }.joined()
    }
}

extension JSONValue {
    fileprivate func child(at step: ConditionExpression.Step) -> JSONValue? {
        switch step {
        case .member(let name): return self[name]
        case .index(let place):
            guard let items = array else { return nil }
            let position = place < 0 ? items.count + place : place
            return items.indices.contains(position) ? items[position] : nil
        }
    }

    /// Spec: JMESPath length(): characters, items or members; nothing else has one.
    fileprivate var length: Int? {
        switch self {
        case .string(let text): text.unicodeScalars.count
        case .array(let items): items.count
        case .object(let object): object.count
        default: nil
        }
    }
}

private struct ExpressionScanner {
    let node: YAMLNode
    let text: String
    private var rest: Substring

    init(text: String, node: YAMLNode) {
        self.node = node
        self.text = text
        rest = text[...]
    }

    mutating func pathOrLength() throws(Failure) -> ([ConditionExpression.Step], Bool) {
        skipSpaces()
        guard rest.hasPrefix("length(") else { return (try path(), false) }
        rest = rest.dropFirst("length(".count)
        let inner = try path()
        guard take(")") else { throw unsupported("length( is not closed after a path") }
        return (inner, true)
    }

    private mutating func path() throws(Failure) -> [ConditionExpression.Step] {
        skipSpaces()
        var steps: [ConditionExpression.Step] = [.member(try name())]
        while true {
            if rest.hasPrefix("[") {
                steps.append(.index(try index()))
            } else if rest.hasPrefix(".") {
                rest = rest.dropFirst()
                steps.append(.member(try name()))
            } else {
                skipSpaces()
                return steps
            }
        }
    }

    /// Spec: JMESPath: unquoted identifiers are letters, digits and _; others stand in quotes.
    private mutating func name() throws(Failure) -> String {
        guard !rest.hasPrefix("\"") else {
            let quotedName = rest.dropFirst().prefix { $0 != "\"" }
            guard rest.count >= quotedName.count + 2, !quotedName.contains("\\") else {
                throw unsupported("a quoted name must be closed and hold no backslash")
            }
            rest = rest.dropFirst(quotedName.count + 2)
            return String(quotedName)
        }
        let plainName = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        guard let first = plainName.first, !first.isNumber else {
            throw unsupported("a name is expected at \(quoted(rest))")
        }
        rest = rest.dropFirst(plainName.count)
        guard !rest.hasPrefix("(") else { throw unsupported("\(plainName)() is a function") }
        return String(plainName)
    }

    private mutating func index() throws(Failure) -> Int {
        let digits = rest.dropFirst().prefix { $0 != "]" }
        guard rest.count >= digits.count + 2, digits.utf8.allSatisfy(isDigitOrMinus),
            let index = Int(digits)
        else { throw unsupported("only a number can stand in [ ]") }
        rest = rest.dropFirst(digits.count + 2)
        return index
    }

    /// `|| 'raw text'` or || `JSON`.
    mutating func fallback() throws(Failure) -> JSONValue? {
        skipSpaces()
        guard rest.hasPrefix("||") else { return nil }
        rest = rest.dropFirst(2)
        skipSpaces()
        guard let mark = rest.first, mark == "'" || mark == "`" else {
            throw unsupported("only 'text' or `JSON` can stand after ||")
        }
        let literal = rest.dropFirst().prefix { $0 != mark }
        guard rest.count >= literal.count + 2, !literal.contains("\\") else {
            throw unsupported("a literal must be closed and hold no backslash")
        }
        rest = rest.dropFirst(literal.count + 2)
        if mark == "'" { return .string(String(literal)) }
        do {
            return try JSONValue(parsing: Array(literal.utf8), named: "the literal")
        } catch {
            throw node.broken("\(quoted(literal)) is not JSON: \(error.why)")
        }
    }

    mutating func end() throws(Failure) {
        skipSpaces()
        guard rest.isEmpty else { throw unsupported("\(quoted(rest)) is more than a path") }
    }

    func unsupported(_ why: String) -> Failure {
        Failure(
            .unsupported, "cannot use the expression \(quoted(text))", at: node.place, because: why,
            next: "write a path such as {{ builder.id }}, a path || 'default', or length(path)")
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.hasPrefix(text) else { return false }
        rest = rest.dropFirst(text.count)
        return true
    }

    private mutating func skipSpaces() {
        rest = rest.drop { $0 == " " || $0 == "\n" || $0 == "\t" }
    }
}

private func isDigitOrMinus(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

private let reservedRoots: Set<String> = [
    "request", "images", "image", "element", "elementIndex", "target", "serviceAccountName",
    "serviceAccountNamespace",
]
