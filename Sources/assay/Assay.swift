// SPDX-License-Identifier: Apache-2.0
// The command line: which commands there are, and how every one of them ends.

import ArgumentParser
import Foundation
import Keys
import Primitives

@main
struct Assay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assay",
        abstract: "Lets only verifiable artifacts run, and proves it.",
        discussion: """
            Exit codes: 0 the answer is yes, 1 the answer is no, 2 could not find the answer, \
            64 usage, 70 a bug in Assay. The `verify…` commands have three codes for no: \
            10 unsigned, 12 evidence is there and does not verify, 20 lost at this mirror.

            Every flag takes =true and =false. Every command takes --verbose (-d), which reports its \
            requests, and --output-file FILE for its result. docs/from-cosign.md lists the other \
            flags of cosign that are accepted or refused.
            """,
        version: assayVersion,
        groupedSubcommands: [
            CommandGroup(
                name: "Artifacts:",
                subcommands: [
                    PushCommand.self, PullCommand.self, CopyCommand.self, TreeCommand.self,
                    SaveCommand.self, LoadCommand.self, SBOMCommand.self,
                ]),
            CommandGroup(
                name: "Evidence:",
                subcommands: [
                    SignCommand.self, AttestCommand.self, VerifyCommand.self,
                    VerifyAttestationCommand.self, DownloadCommand.self, AttachCommand.self,
                    CleanCommand.self, TriangulateCommand.self,
                    GenerateKeyPairCommand.self, ImportKeyPairCommand.self, PublicKeyCommand.self,
                ]),
            CommandGroup(
                name: "Evidence about files:",
                subcommands: [
                    SignBlobCommand.self, AttestBlobCommand.self, VerifyBlobCommand.self,
                    VerifyBlobAttestationCommand.self,
                ]),
            CommandGroup(
                name: "Decisions:", subcommands: [PolicyCommand.self, ExplainCommand.self]),
            CommandGroup(name: "Trust:", subcommands: [TrustCommand.self]),
            CommandGroup(
                name: "Services:",
                subcommands: [
                    RegistryCommand.self, LoginCommand.self, LogoutCommand.self,
                ]),
            CommandGroup(
                name: "Other:", subcommands: [CompletionCommand.self, VersionCommand.self]),
        ])

    static func main() async {
        holdStandardStreams()
        // A reader that closes the pipe (`assay … | head`) ends the process quietly.
        signal(SIGPIPE, SIG_DFL)
        // With SIG_IGN, inherited from a parent, `waitpid` would not report how a helper ended.
        signal(SIGCHLD, SIG_DFL)
        do {
            if asksForVersion(CommandLine.arguments.dropFirst()) {
                return StandardOutput.print(assayVersion)
            }
            var command = try readCommandLine()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            try StandardOutput.finish(succeeded: true)
        } catch {
            do {
                try StandardOutput.finish(succeeded: false)
            } catch {
                StandardError.say(error.description)
            }
            end(with: error)
        }
    }

    /// Opens `/dev/null`, in the wrong direction, for each standard stream that the caller closed.
    /// Otherwise the next file or connection would get its number, and output would be written
    /// there.
    private static func holdStandardStreams() {
        for (stream, mode) in [(0, O_WRONLY), (1, O_RDONLY), (2, O_RDONLY)] as [(Int32, Int32)]
        where fcntl(stream, F_GETFD) == -1 {
            // The lowest free number is taken, and that is this one.
            _ = unsafe open("/dev/null", mode)
        }
    }

    /// Whether the version is all that is asked for. Scripts ask often, and the parser takes longer to
    /// get ready than the answer to write.
    static func asksForVersion(_ words: ArraySlice<String>) -> Bool {
        guard let word = words.first, words.count == 1 else { return false }
        return isSame(word, "--version") || isSame(word, "version")
    }

    /// The command, with cosign's flags and spellings translated.
    private static func readCommandLine() throws -> any ParsableCommand {
        let line = try CommandLineWords(Array(CommandLine.arguments.dropFirst()), of: Assay.self)
        let command: any ParsableCommand
        do {
            command = try parseAsRoot(line.words)
        } catch {
            throw line.wrongValue() ?? error
        }
        if line.isVerbose { StandardError.reportRequests() }
        for notice in line.notices { StandardError.say("note: \(notice)") }
        try line.checkOutputFiles()
        if let path = line.outputFile { try StandardOutput.redirect(to: path) }
        return command
    }

    /// Help, usage and exit codes are the argument parser's; any other error found no answer. Its
    /// exit code 1 would say "no".
    private static func end(with error: any Error) -> Never {
        if let failure = error as? Failure {
            StandardError.say(failure.description)
            StandardOutput.sayEffects()
            Foundation.exit(ExitStatus(failure).rawValue)
        }
        guard !(error is ExitCode), exitCode(for: error) == .failure else { exit(withError: error) }
        StandardError.say("error: stopped\n  why: \(errorWords(error))")
        StandardOutput.sayEffects()
        Foundation.exit(ExitStatus.unknown.rawValue)
    }
}

/// The version this binary says it is.
let assayVersion = "0.1.0"

/// How a command ends.
enum ExitStatus: Int32 {
    case yes = 0
    case no = 1
    case unknown = 2
    case unsigned = 10
    case failed = 12
    case missingAtMirror = 20
    case usage = 64
    case bug = 70

    /// A failure means that no answer was found, unless the command was wrong or we are.
    init(_ failure: Failure) {
        switch failure.kind {
        case .usage: self = .usage
        case .bug: self = .bug
        default: self = .unknown
        }
    }

    /// Ends the command; `yes` goes on.
    func end() throws {
        if self != .yes { throw ExitCode(rawValue) }
    }
}
