// SPDX-License-Identifier: Apache-2.0
// assay version, assay completion.

import ArgumentParser
import Primitives

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Prints the version, as --version does.")

    @Flag(help: "Print a JSON object with the version as gitVersion.")
    var json = false

    func run() async throws {
        guard json else { return StandardOutput.print(assayVersion) }
        StandardOutput.print(["gitVersion": .string(assayVersion)])
    }
}

/// The shells that completions are written for.
enum ShellName: String, ExpressibleByArgument, CaseIterable {
    case bash
    case zsh
    case fish

    var shell: CompletionShell {
        switch self {
        case .bash: .bash
        case .zsh: .zsh
        case .fish: .fish
        }
    }
}

struct CompletionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Prints a script that completes commands and options in a shell.",
        discussion: """
            bash: source <(assay completion bash). zsh: assay completion zsh >"${fpath[1]}/_assay". \
            fish: assay completion fish >~/.config/fish/completions/assay.fish.
            """)

    @Argument(help: "The shell.")
    var shell: ShellName

    func run() async throws { StandardOutput.print(Assay.completionScript(for: shell.shell)) }
}
