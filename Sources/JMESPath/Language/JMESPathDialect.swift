// SPDX-License-Identifier: Apache-2.0
// Dialects: rules and functions in addition to those of the specification.

import Primitives

/// The language of an expression: the specification's, or one with other rules and more functions.
package struct JMESPathDialect: Sendable, CustomStringConvertible {
    /// Rules that differ from the specification's.
    package struct Rules: OptionSet, Sendable {
        package let rawValue: Int

        package init(rawValue: Int) { self.rawValue = rawValue }

        /// A missing key is an error, not null. In comparisons, arguments, `||`, the left side of
        /// `&&`, `!`, filters, multi-selects, projections and pipes it is null; in the right side
        /// of `&&` and in `a.b` it is an error.
        package static let missingKeysFail = Rules(rawValue: 1)
        /// `a.*.b.c` is `(a.*.b).c`: a projection of an object's values applies to one name.
        package static let valueProjectionsTakeOneName = Rules(rawValue: 2)
    }

    /// The content is behind a reference: the parser, which holds a dialect, is on the stack at
    /// each level of nesting.
    private final class Content: Sendable {
        let name: String
        let rules: Rules
        let functions: [String: FunctionDefinition]
        /// Another dialect. The error for an unknown function names it if it has the function.
        let other: JMESPathDialect?

        init(
            name: String, rules: Rules, functions: [String: FunctionDefinition],
            other: JMESPathDialect? = nil
        ) {
            self.name = name
            self.rules = rules
            self.functions = functions
            self.other = other
        }
    }

    private let content: Content

    package var description: String { content.name }
    var rules: Rules { content.rules }
    fileprivate var functions: [String: FunctionDefinition] { content.functions }

    private init(_ content: Content) { self.content = content }

    /// The specification and its 26 functions.
    package static let standard = JMESPathDialect(
        Content(
            name: "standard JMESPath", rules: [],
            functions: Dictionary(uniqueKeysWithValues: standardFunctions.map { ($0.name, $0) })))

    /// The specification with other rules and more functions, which replace built-in functions of
    /// the same name.
    package init(_ name: String, rules: Rules, adding functions: [FunctionDefinition]) {
        let all = JMESPathDialect.standard.functions.merging(
            functions.map { ($0.name, $0) }
        ) { $1 }
        self.init(Content(name: name, rules: rules, functions: all))
    }

    /// The same dialect; the error for an unknown function names `other`, if that has the function.
    package func hinting(at other: JMESPathDialect) -> JMESPathDialect {
        JMESPathDialect(
            Content(name: description, rules: rules, functions: functions, other: other))
    }

    func function(named name: String, at offset: Int) throws(EvaluationError) -> FunctionDefinition
    {
        if let function = functions[name] { return function }
        var message = "there is no function \(quoted(name))"
        if let other = content.other, other.functions[name] != nil {
            message += " in \(description); \(other) has it"
        } else if let near = nearest(to: name, in: functions.keys) {
            message += "; did you mean \(near)?"
        }
        throw EvaluationError(.unknownFunction, message, at: offset)
    }
}

/// The description of one function, for `assay policy jp function`.
package struct JMESPathFunction: Hashable, Sendable {
    package let name: String
    /// `contains(array|string, any) -> boolean`.
    package let signature: String
    /// A description of one line.
    package let summary: String

    /// All functions of a dialect, by name.
    package static func all(in dialect: JMESPathDialect) -> [JMESPathFunction] {
        dialect.functions.values.sorted { $0.name < $1.name }.map {
            JMESPathFunction(name: $0.name, signature: $0.signature, summary: $0.summary)
        }
    }
}

/// The name at an edit distance of one, or two for a long name.
private func nearest(to name: String, in names: some Sequence<String>) -> String? {
    guard name.utf8.count <= 40 else { return nil }
    let most = name.utf8.count > 5 ? 2 : 1
    return names.map { ($0, distance(Array(name.utf8), Array($0.utf8))) }
        .filter { $0.1 <= most }.min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
}

/// Levenshtein's distance.
private func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for (position, byte) in left.enumerated() {
        var corner = row[0]
        row[0] = position + 1
        for (column, other) in right.enumerated() {
            let best = min(row[column] + 1, row[column + 1] + 1, corner + (byte == other ? 0 : 1))
            corner = row[column + 1]
            row[column + 1] = best
        }
    }
    return row[right.count]
}
