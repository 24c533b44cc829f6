// SPDX-License-Identifier: Apache-2.0
// Expressions and documents of `policy jp`: where they come from, how mistakes in them are told.

import ArgumentParser
import Files
import Host
import JMESPath
import KyvernoFunctions
import Primitives

/// The language as a person names it.
enum DialectName: String, ExpressibleByArgument, CaseIterable {
    case kyverno
    case jmespath
}

struct DialectOptions: ParsableArguments {
    @Option(
        name: .customLong("dialect"),
        help: "kyverno as in policies, jmespath as the specification has it")
    var name: DialectName = .kyverno

    var dialect: JMESPathDialect { name == .kyverno ? .kyverno : .standardBesideKyverno }
}

/// An expression and the file it was read from, when it was.
struct ExpressionText {
    let text: String
    let file: String?

    /// Those of the command line, then those of the files: Kyverno's order.
    static func all(_ written: [String], files: [String]) throws -> [ExpressionText] {
        let read = try files.map { file in
            try ExpressionText(
                bytes: try readFile(
                    at: file, atMost: Limits.jmespathBytes, named: "the expression"), file: file)
        }
        return written.map { ExpressionText(text: $0, file: nil) } + read
    }

    static func fromStandardInput() throws -> ExpressionText {
        if StandardError.canAsk { StandardError.say("write an expression, and end it with Ctrl+D") }
        let bytes = try readStandardInput(atMost: Limits.jmespathBytes, named: "the expression")
        return try ExpressionText(bytes: bytes, file: "stdin")
    }

    private init(text: String, file: String?) {
        self.text = text
        self.file = file
    }

    private init(bytes: [UInt8], file: String) throws(Failure) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(
                .malformed, "cannot read the expression", at: .named(file),
                because: "it is not valid UTF-8")
        }
        // So that what is missing at the end is told where the text ends, not on a line of its own.
        let end = text.unicodeScalars.lastIndex { !$0.properties.isWhitespace }
        self.init(text: end.map { String(text[...$0]) } ?? "", file: file)
    }

    func compiled(_ dialect: JMESPathDialect) throws(Failure) -> JMESPathExpression {
        do throws(JMESPathProblem) {
            return try JMESPathExpression(text, dialect: dialect)
        } catch {
            var failure = error.failure(at: place(of: error))
            failure.what = "cannot read the expression \(quoted(text))"
            throw failure
        }
    }

    func value(
        of expression: JMESPathExpression, on document: JSONValue, _ context: JMESPathContext
    ) throws(Failure) -> JSONValue {
        do throws(JMESPathProblem) {
            return try expression.evaluate(on: document, context: context)
        } catch {
            throw error.failure(at: place(of: error))
        }
    }

    /// The line and column in the file; an expression may have many lines.
    private func place(of problem: JMESPathProblem) -> Place? {
        guard let file else { return nil }
        let before = text.unicodeScalars.prefix(problem.column - 1)
        let newline: Unicode.Scalar = "\n"
        let line = before.reversed().prefix { $0 != newline }
        return .file(file, line: before.count { $0 == newline } + 1, column: line.count + 1)
    }
}

/// An expression with its value.
struct ExpressionResult {
    let expression: String
    let value: JSONValue

    func text(compact: Bool, unquoted: Bool) -> String {
        if unquoted, let text = value.string { return text }
        return value.shownText(indented: !compact)
    }

    var json: JSONValue { ["expression": .string(expression), "value": value] }
}

/// `# expression`, each of its lines: a reader can leave them out.
func heading(_ expression: String) -> String {
    expression.utf8.split(separator: "\n", omittingEmptySubsequences: false)
        .map { "# " + plain($0, atMost: Limits.jmespathBytes) }.joined(separator: "\n")
}

/// The document that expressions are evaluated on.
enum ExpressionInput {
    /// Reads a JSON or YAML file, or stdin without a name. One that is empty is null.
    static func document(_ file: String?) throws -> JSONValue {
        if file == nil, StandardError.canAsk {
            StandardError.say("write the document, and end it with Ctrl+D")
        }
        let bytes =
            if let file {
                try readFile(at: file, atMost: Limits.yamlBytes, named: "the input")
            } else {
                try readStandardInput(atMost: Limits.yamlBytes, named: "the input")
            }
        return try document(parsing: bytes, named: file ?? "stdin")
    }

    /// JSON as JSON, so that its numbers keep their spelling; anything else as YAML.
    private static func document(parsing bytes: [UInt8], named name: String) throws(Failure)
        -> JSONValue
    {
        do {
            return try JSONValue(parsing: bytes, named: name)
        } catch  where name.utf8.hasSuffix(".json") {
            throw error
        } catch {
            // Nearly all JSON is YAML, and a YAML error has a line.
        }
        let documents = try YAMLNode.documents(parsing: bytes, named: name)
        guard documents.count <= 1 else {
            throw Failure(
                .malformed, "cannot query \(name)", at: documents[1].place,
                because:
                    "it holds \(documents.count) documents, and an expression is evaluated on one"
            )
        }
        return documents.first?.json ?? .null
    }
}
