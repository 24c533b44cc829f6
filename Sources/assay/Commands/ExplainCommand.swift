// SPDX-License-Identifier: Apache-2.0
// assay explain: why, from what, and how to fix it.

import ArgumentParser
import Files
import Host
import Policy
import Primitives

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Tells why a decision was made, from what, and how to mend it.",
        discussion: """
            Reads a decision or a whole report that `assay policy apply --output json` printed. Exit \
            code 0 means that it could be explained, whatever it says.
            """)

    @Argument(help: "A file with a decision or a report, or - for stdin.")
    var decision: String

    @Option(help: "Only images whose name contains this text.")
    var image: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let content =
            decision == "-"
            ? try readStandardInput(atMost: Limits.decisionFileBytes, named: "the decision")
            : try readFile(at: decision, atMost: Limits.decisionFileBytes, named: "the decision")
        let decisions = try decisions(JSONReader(parsing: content, named: decision))
            .filter { image.map($0.image.use.written.contains) ?? true }
        guard !decisions.isEmpty else {
            throw Failure(
                .notFound, "cannot explain \(quoted(decision))",
                because: "it holds no such decision")
        }
        switch output.output {
        case .text: StandardOutput.print(decisions.map(\.explanation).joined(separator: "\n\n"))
        case .json: StandardOutput.print(.array(decisions.map(\.json)))
        }
    }

    private func decisions(_ json: JSONReader) throws -> [Decision] {
        guard let list = try json.optional("decisions") else {
            return [try Decision(reading: json)]
        }
        return try list.items(atMost: Limits.decisionsPerReport).map { try Decision(reading: $0) }
    }
}
