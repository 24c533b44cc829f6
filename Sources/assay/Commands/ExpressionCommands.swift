// SPDX-License-Identifier: Apache-2.0
// assay policy jp: JMESPath expressions, tried without a policy.
// Spec: docs/kyverno.md, "Expressions on the command line".

import ArgumentParser
import Host
import JMESPath
import Primitives

struct ExpressionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jp", abstract: "JMESPath expressions, as policies write them.",
        subcommands: [
            ExpressionQueryCommand.self, ExpressionParseCommand.self,
            ExpressionFunctionCommand.self,
        ])
}

struct ExpressionQueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Evaluates expressions on a JSON or YAML document.",
        discussion: """
            Like kyverno jp query: every expression is evaluated on the document, those of the command \
            line first, and a line with # and the expression stands before each value. With --pipe \
            each one is evaluated on the value of the one before. Without --input the document is read \
            from stdin; with --input and no expression, the expression is. Exit code 2 when an \
            expression has no value.
            """)

    @Argument(help: "Expressions.")
    var expressions: [String] = []

    @Option(name: [.short, .long], help: "The document, instead of stdin.")
    var input: String?

    @Option(name: [.short, .long], help: "A file with an expression; may be repeated.")
    var query: [String] = []

    @Flag(name: [.short, .long], help: "Values on one line.")
    var compact = false

    @Flag(name: [.short, .long], help: "A value that is text without its quotes.")
    var unquoted = false

    @Flag(help: "Evaluate each expression on the value of the one before, and show the last.")
    var pipe = false

    @OptionGroup var dialect: DialectOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var texts = try ExpressionText.all(expressions, files: query)
        let named = input == "-" ? nil : input
        guard !texts.isEmpty || named != nil else {
            throw Failure(
                .usage, "cannot query", because: "there is neither an expression nor an input")
        }
        if texts.isEmpty { texts = [try .fromStandardInput()] }
        // All are compiled first: a mistake in the last one is told before the first is answered.
        let queries = try texts.map { ($0, try $0.compiled(dialect.dialect)) }
        let document = try ExpressionInput.document(named)
        let context = JMESPathContext(
            now: SystemClock().now(), randomBytes: KeyGenerator.randomBytes)
        var value = document
        var results: [ExpressionResult] = []
        for (text, expression) in queries {
            value = try text.value(of: expression, on: pipe ? value : document, context)
            results.append(ExpressionResult(expression: text.text, value: value))
        }
        show(pipe ? Array(results.suffix(1)) : results)
    }

    private func show(_ results: [ExpressionResult]) {
        switch output.output {
        case .json: StandardOutput.print(.array(results.map(\.json)))
        case .text:
            for result in results {
                // Spec: kyverno jp query: "# query", on stdout. The end of a pipe has no one query.
                if !pipe { StandardOutput.print(heading(result.expression)) }
                StandardOutput.print(
                    raw: Array((result.text(compact: compact, unquoted: unquoted) + "\n").utf8))
            }
        }
    }
}

struct ExpressionParseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parse",
        abstract: "Shows how expressions are read, as a tree.",
        discussion: """
            One node a line, children indented. Names of functions and their numbers of arguments are \
            checked. Without an expression it is read from stdin. Exit code 2 for what is no \
            expression.
            """)

    @Argument(help: "Expressions.")
    var expressions: [String] = []

    @Option(name: [.short, .long], help: "A file with an expression; may be repeated.")
    var file: [String] = []

    @OptionGroup var dialect: DialectOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var texts = try ExpressionText.all(expressions, files: file)
        if texts.isEmpty { texts = [try .fromStandardInput()] }
        let trees = try texts.map { ($0, try $0.compiled(dialect.dialect)) }
        switch output.output {
        case .json:
            StandardOutput.print(
                .array(trees.map { ["expression": .string($0.text), "tree": $1.tree] }))
        case .text:
            for (text, expression) in trees {
                StandardOutput.print(heading(text.text))
                StandardOutput.print(raw: Array(expression.outline.utf8))
            }
        }
    }
}

struct ExpressionFunctionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "function", abstract: "Lists functions: name, signature, what they do.",
        discussion: "Exit code 2 when a name is none of the dialect's functions.")

    @Argument(help: "Names of functions; all without one.")
    var names: [String] = []

    @OptionGroup var dialect: DialectOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let all = JMESPathFunction.all(in: dialect.dialect)
        for name in names where !all.contains(where: { $0.name == name }) {
            throw Failure(
                .notFound, "cannot show the function \(quoted(name))",
                because: "there is none of this name in the dialect \(dialect.name.rawValue)",
                next: "assay policy jp function lists them all")
        }
        let chosen = names.isEmpty ? all : all.filter { names.contains($0.name) }
        switch output.output {
        case .json: StandardOutput.print(.array(chosen.map(\.json)))
        case .text: StandardOutput.print(chosen.map(\.text).joined(separator: "\n\n"))
        }
    }
}

extension JMESPathFunction {
    fileprivate var text: String {
        "Name: \(name)\n  Signature: \(signature)\n  Note:      \(summary)"
    }

    fileprivate var json: JSONValue {
        [
            "name": .string(name), "signature": .string(signature),
            "summary": .string(summary),
        ]
    }
}
