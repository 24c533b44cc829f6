// SPDX-License-Identifier: Apache-2.0
// From the words of a command line to words that the argument parser reads.
// Spec: github.com/spf13/pflag v1.0, "Command line flag syntax"; Go's strconv.ParseBool.

import ArgumentParser
import Primitives

/// Translates what a user of cosign types into what the argument parser reads:
/// `--flag=true` and `--flag=false` for every flag of every command, cosign's global flags before or
/// after the command's name, and the flags in `CosignFlag.all`.
///
/// The command's own flags and options take precedence over cosign's.
struct CommandLineWords {
    /// The words for the argument parser.
    private(set) var words: [String] = []
    /// Notes to print on stderr before the command runs.
    private(set) var notices: [String] = []
    /// `--verbose`
    private(set) var isVerbose = false
    /// The path of `--output-file`, where stdout is written.
    private(set) var outputFile: String?

    private let typed: [String]
    let command: any ParsableCommand.Type
    /// The command's name: "download attestation".
    let commandName: String
    private var known: KnownOptions?
    /// `--local-image`
    private var areImagesLayouts = false

    /// - Parameter typed: the words after the program's name.
    /// - Throws: `Failure` of kind `usage` for a flag of cosign that Assay refuses.
    init(_ typed: [String], of root: any ParsableCommand.Type) throws(Failure) {
        self.typed = typed
        var rest = typed[...]
        var path: [String] = []
        var command = root
        let leading = Self.leadingGlobals(&rest)
        if let first = rest.first, let name = renamedCommands[first] {
            rest = ArraySlice(name + rest.dropFirst())
            notices.append("\(first) is assay \(name.joined(separator: " "))")
        }
        while let word = rest.first, let next = Self.subcommand(of: command, named: word) {
            path.append(word)
            command = next
            rest = rest.dropFirst()
        }
        self.command = command
        commandName = path.joined(separator: " ")
        words = path
        // The shell requests completions in this form; the words that follow are not a command.
        guard typed.first?.utf8.starts(with: "---".utf8) != true else {
            words = typed
            return
        }
        rest = ArraySlice(leading + rest)
        while let word = rest.popFirst() {
            guard !isSame(word, "--") else {
                words += [word] + rest
                break
            }
            let isDashed = word.utf8.first == UInt8(ascii: "-") && word.utf8.count > 1
            if isDashed { try take(word, &rest) } else { words.append(word) }
        }
        if areImagesLayouts, let known { nameLayouts(after: path.count, known) }
    }

    /// Writes `oci:PATH` for every path that is not the value of an option.
    private mutating func nameLayouts(after start: Int, _ known: KnownOptions) {
        var isValue = false
        for index in words.indices.dropFirst(start) {
            let (name, value) = split(words[index])
            if name.utf8.first == UInt8(ascii: "-") {
                isValue = value == nil && known.kind(of: name) == .option
            } else {
                if !isValue, !words[index].utf8.starts(with: "oci:".utf8) {
                    words[index] = "oci:" + words[index]
                }
                isValue = false
            }
        }
    }

    /// The error for a flag with a value that is not a boolean; nil when no flag has one. It is
    /// clearer than the parser's.
    func wrongValue() -> Failure? {
        var known: KnownOptions?
        for word in typed.prefix(while: { !isSame($0, "--") }) {
            let (name, value) = split(word)
            guard let value, boolean(value) == nil else { continue }
            known = known ?? (try? KnownOptions(of: command))
            guard case .flag? = known?.kind(of: name) else { continue }
            return Self.neitherTrueNorFalse(word, name, value)
        }
        return nil
    }

    private static func neitherTrueNorFalse(
        _ word: String, _ name: String, _ value: String
    ) -> Failure {
        Failure(
            .usage, "cannot read \(quoted(word))",
            because: "\(name) is either true or false, and \(quoted(value)) is neither",
            next: "\(name), \(name)=true or \(name)=false")
    }

    /// One word that starts with a dash.
    private mutating func take(_ word: String, _ rest: inout ArraySlice<String>) throws(Failure) {
        let (typedName, value) = split(word)
        guard typedName.utf8.allSatisfy({ $0 < 0x80 }) else {
            words.append(word)
            return
        }
        var name = renamedFlags[typedName] ?? typedName
        let nextIsBoolean = rest.first.map { isSame($0, "true") || isSame($0, "false") } ?? false
        let flag = CosignFlag.all[name]
        let isValueEmpty = value?.isEmpty ?? false
        guard
            value.flatMap(boolean) != nil || isValueEmpty || nextIsBoolean || flag != nil
                || globalFlags[name] != nil || !isSame(name, typedName)
        else {
            words.append(word)
            return
        }
        if known == nil { known = try KnownOptions(of: command) }
        guard let known else { return }
        if known.kind(of: typedName) != nil { name = typedName }
        switch known.kind(of: name) {
        case .flag where isValueEmpty: throw Self.neitherTrueNorFalse(word, name, "")
        case .flag(let opposite):
            if let value = value.flatMap(boolean) {
                set(name, opposite, to: value, known)
            } else if value == nil, nextIsBoolean, opposite != nil, let next = rest.popFirst() {
                set(name, opposite, to: isSame(next, "true"), known)
            } else {
                words.append(word)
            }
        // The parser reads `--x=` as `--x`, and would take the next word for the value.
        case .option where isValueEmpty: words += [name, ""]
        case .option: words.append(value.map { "\(name)=\($0)" } ?? name)
        case nil:
            if let global = globalFlags[name] {
                try takeGlobal(global, name, value, &rest)
            } else if let flag, let meaning = flag.meaning(for: commandName) {
                try takeCosign(flag, meaning, word, value, &rest)
            } else {
                words.append(word)
            }
        }
    }

    /// Sets a flag. The last value wins, as in pflag: earlier spellings of the same flag are
    /// removed.
    private mutating func set(
        _ name: String, _ opposite: String?, to value: Bool, _ known: KnownOptions
    ) {
        let spellings = known.spellings(of: name)
        words.removeAll { word in spellings.contains { isSame($0, word) } }
        if value {
            words.append(name)
        } else if let opposite {
            words.append(opposite)
        }
    }

    private mutating func takeGlobal(
        _ global: GlobalFlag, _ name: String, _ value: String?, _ rest: inout ArraySlice<String>
    ) throws(Failure) {
        switch global {
        case .verbose:
            guard let value else {
                isVerbose = true
                return
            }
            guard let value = boolean(value) else {
                throw Failure(
                    .usage, "cannot read \(quoted("\(name)=\(value)"))",
                    because: "it is neither true nor false")
            }
            isVerbose = value
        case .outputFile:
            guard let path = value ?? rest.popFirst(), !path.isEmpty else {
                throw Failure(.usage, "cannot use --output-file", because: "it names no file")
            }
            outputFile = path
        }
    }

    private mutating func takeCosign(
        _ flag: CosignFlag, _ meaning: CosignFlag.Meaning, _ word: String, _ value: String?,
        _ rest: inout ArraySlice<String>
    ) throws(Failure) {
        var given = value
        if given == nil { given = meaning.isBoolean ? "true" : rest.popFirst() }
        guard let given else {
            throw Failure(
                .usage, "cannot use \(flag.name)", because: "its value is missing",
                next: "leave it out, or see docs/from-cosign.md")
        }
        guard let answer = meaning.answer(given) else {
            throw Failure(
                .usage, "cannot read \(quoted(value == nil ? "\(word) \(given)" : word))",
                because: "cosign does not take \(quoted(given)) for \(flag.name)")
        }
        // The last one counts, as in pflag: this one has no effect when the flag comes again.
        let comesAgain = rest.prefix { !isSame($0, "--") }.contains { later in
            let name = split(later).name
            return isSame(renamedFlags[name] ?? name, flag.name)
        }
        guard !comesAgain else { return }
        switch answer {
        case .needless(let why): notices.append("\(flag.name) is not needed: \(why)")
        case .imagesAreLayouts:
            notices.append("\(flag.name) PATH is oci:PATH here")
            areImagesLayouts = true
        case .means(let other):
            notices.append("\(flag.name) is \(other.joined(separator: " ")) here")
            words += other
        case .refused(let why, let next):
            throw Failure(.usage, "cannot use \(flag.name)", because: why, next: next)
        }
    }

    /// Takes cosign's global flags from before the command's name.
    private static func leadingGlobals(_ rest: inout ArraySlice<String>) -> [String] {
        var found: [String] = []
        while let word = rest.first {
            let (name, value) = split(word)
            let isValueApart = value == nil && leadingFlagsWithValue.contains { isSame($0, name) }
            guard globalFlags[name] != nil || isValueApart || isTimeout(name) else { return found }
            found += rest.prefix(isValueApart ? 2 : 1)
            rest = rest.dropFirst(isValueApart ? 2 : 1)
        }
        return found
    }

    private static func isTimeout(_ name: String) -> Bool {
        isSame(name, "-t") || isSame(name, "--timeout")
    }

    private static func subcommand(
        of command: any ParsableCommand.Type, named name: String
    ) -> (any ParsableCommand.Type)? {
        command.configuration.subcommands.first { subcommand in
            let configuration = subcommand.configuration
            return ([configuration.commandName ?? ""] + configuration.aliases)
                .contains { isSame($0, name) }
        }
    }
}

private enum GlobalFlag { case verbose, outputFile }

private let globalFlags: [String: GlobalFlag] = [
    "-d": .verbose, "--verbose": .verbose, "--output-file": .outputFile,
]

private let leadingFlagsWithValue = ["--output-file", "-t", "--timeout"]

/// Other spellings, where the command has no flag of that name itself.
///
/// Spec: cosign v3.1.2 cmd/cosign/cli/commands.go, normalizeCertificateFlags; options/root.go.
private let renamedFlags: [String: String] = [
    "-t": "--timeout",
    "--cert": "--certificate", "--cert-email": "--certificate-email",
    "--cert-chain": "--certificate-chain", "--cert-oidc-issuer": "--certificate-oidc-issuer",
    "--output-cert": "--output-certificate", "--cert-identity": "--certificate-identity",
]

/// Commands of cosign that Assay has under another name.
private let renamedCommands: [String: [String]] = ["initialize": ["trust", "init"]]

/// `--name=value`; the value is nil when there is no equals sign.
func split(_ word: String) -> (name: String, value: String?) {
    guard word.utf8.first == UInt8(ascii: "-"),
        let equals = word.utf8.firstIndex(of: UInt8(ascii: "="))
    else { return (word, nil) }
    return (
        String(Substring(word.utf8[..<equals])),
        String(Substring(word.utf8[word.utf8.index(after: equals)...]))
    )
}

/// Spec: Go, strconv.ParseBool: 1, t, T, TRUE, true, True, 0, f, F, FALSE, false, False.
func boolean(_ text: String) -> Bool? {
    if ["1", "t", "T", "TRUE", "true", "True"].contains(where: { isSame($0, text) }) {
        return true
    }
    if ["0", "f", "F", "FALSE", "false", "False"].contains(where: { isSame($0, text) }) {
        return false
    }
    return nil
}
