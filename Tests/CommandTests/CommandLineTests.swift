// SPDX-License-Identifier: Apache-2.0
// What users of cosign type: every flag with a value, cosign's own flags, and what they mean.

import ArgumentParser
import Foundation
import Primitives
import Testing

@testable import assay

@Suite("command lines of cosign")
struct CommandLineTests {
    /// Every command with its name, subcommands last.
    static let commands: [(name: [String], type: any ParsableCommand.Type)] = below(
        Assay.self, name: [])

    private static func below(
        _ command: any ParsableCommand.Type, name: [String]
    ) -> [(name: [String], type: any ParsableCommand.Type)] {
        let children = command.configuration.subcommands
        guard !children.isEmpty else { return [(name, command)] }
        return children.flatMap { below($0, name: name + [$0.configuration.commandName ?? ""]) }
    }

    private func words(_ line: String) throws -> [String] {
        try CommandLineWords(line.split(separator: " ").map(String.init), of: Assay.self).words
    }

    @Test("the version is answered without the parser, where nothing else is asked")
    func version() {
        for word in ["--version", "version"] { #expect(Assay.asksForVersion([word])) }
        for words in [
            [], ["-v"], ["version", "--json"], ["--version", "verify"], ["help", "version"],
            ["--version=true"],
        ] {
            #expect(!Assay.asksForVersion(words[...]))
        }
        let answer = #expect(throws: (any Error).self) { try Assay.parseAsRoot(["--version"]) }
        #expect(answer.map { Assay.fullMessage(for: $0) } == assayVersion)
    }

    @Test("every flag of every command takes =true and =false")
    func everyFlag() throws {
        var count = 0
        for (name, type) in Self.commands {
            let flags = try KnownOptions(of: type).flags
            // `--x` and `--no-x` are one flag.
            let inverses = Set(flags.map { "--no-" + $0.dropFirst(2) })
            let own = flags.filter { !inverses.contains($0) }
            for value in ["true", "1"] {
                let typed = own.map { "\($0)=\(value)" }
                let read = try CommandLineWords(name + typed, of: Assay.self).words
                #expect(read == name + own)
            }
            for value in ["F", "0"] {
                let typed = own.map { "\($0)=\(value)" }
                let read = try CommandLineWords(name + typed, of: Assay.self).words
                #expect(Set(read) == Set(name).union(inverses.intersection(flags)))
            }
            count += own.count
        }
        #expect(count > 90)
    }

    @Test(
        "the last value of a flag counts",
        arguments: [
            ("verify --offline --offline=false i", "verify i"),
            ("verify --offline=false --offline i", "verify --offline i"),
            ("sign -y=false --yes=true i", "sign --yes i"),
            ("sign --yes -y=false i", "sign i"),
            ("sign --tlog-upload=false i", "sign --no-tlog-upload i"),
            ("sign --tlog-upload false i", "sign --no-tlog-upload i"),
            ("sign --tlog-upload=false --tlog-upload=true i", "sign --tlog-upload i"),
            ("sign --upload=false i", "sign --no-upload i"),
            ("attest --no-upload=true i", "attest --no-upload i"),
            ("attest --no-upload=false i", "attest --upload i"),
            ("verify --private-infrastructure=true --private-infrastructure=false i", "verify i"),
            ("verify --private-infrastructure --private-infrastructure=false i", "verify i"),
            (
                "verify --private-infrastructure=false i --private-infrastructure=true",
                "verify i --insecure-ignore-tlog"
            ),
            (
                "verify --insecure-ignore-tlog --private-infrastructure=false i",
                "verify --insecure-ignore-tlog i"
            ),
            ("verify --new-bundle-format=false --new-bundle-format=true i", "verify i"),
            ("sign --new-bundle-format=false --new-bundle-format i", "sign i"),
            ("verify --local-image --local-image=false i", "verify i"),
            ("verify --local-image=false --local-image i", "verify oci:i"),
            ("verify --check-claims=false --check-claims=true i", "verify i"),
            (
                "sign --registry-referrers-mode legacy --registry-referrers-mode=oci-1-1 i",
                "sign i"
            ),
        ])
    func lastCounts(line: String, expected: String) throws {
        #expect(try words(line).joined(separator: " ") == expected)
    }

    @Test("no flag of any command takes an empty value, Assay's own or cosign's")
    func emptyValueOfFlag() throws {
        for (name, type) in Self.commands {
            let translated = CosignFlag.all.values.filter {
                $0.meaning(for: name.joined(separator: " "))?.isBoolean ?? false
            }
            let own = try KnownOptions(of: type).flags
            for flag in own + translated.map(\.name) + ["--verbose", "-d"] {
                let failure = #expect(throws: Failure.self, "\(name) \(flag)=") {
                    try CommandLineWords(name + ["\(flag)="], of: Assay.self)
                }
                #expect(failure?.kind == .usage)
            }
        }
    }

    @Test("an option with an empty value does not take the next word for it")
    func emptyValueOfOption() throws {
        let read = try CommandLineWords(["verify", "--key=", "i"], of: Assay.self).words
        #expect(read == ["verify", "--key", "", "i"])
    }

    @Test(
        "what is no flag stays as it was typed",
        arguments: [
            "verify --key=true i", "verify -- --offline=false", "verify --unknown=true i",
            "verify -a x=true i", "sign-blob --yes=maybe f", "verify --Ofﬂine=true i",
            "---completion verify -- --offline=true",
        ])
    func untouched(line: String) throws { #expect(try words(line).joined(separator: " ") == line) }

    @Test(
        "global flags of cosign may come before the command's name and after it",
        arguments: [
            "-d --output-file f verify i", "verify -d i --output-file=f",
            "--verbose=true verify --output-file f i",
        ])
    func globals(line: String) throws {
        let read = try CommandLineWords(
            line.split(separator: " ").map(String.init), of: Assay.self)
        #expect(read.words == ["verify", "i"])
        #expect(read.isVerbose)
        #expect(read.outputFile == "f")
    }

    @Test(
        "a flag of cosign is translated where it changes something",
        arguments: [
            ("verify --private-infrastructure i", "verify --insecure-ignore-tlog i"),
            ("verify --private-infrastructure=false i", "verify i"),
            ("verify --new-bundle-format=false i", "verify --format legacy i"),
            ("verify --new-bundle-format i", "verify i"),
            ("sign --new-bundle-format=false i", "sign --format legacy i"),
            ("sign --registry-referrers-mode legacy i", "sign --format legacy i"),
            ("sign --use-signing-config=false --rekor-url u i", "sign --rekor-url u i"),
            ("verify --rekor-url u --max-workers=3 i", "verify i"),
            (
                "verify --cert-identity a --cert-oidc-issuer=b i",
                "verify --certificate-identity a --certificate-oidc-issuer=b i"
            ),
            ("initialize --mirror m", "trust init --mirror m"),
            (
                "verify --key k p --local-image -a a=1 --offline q oci:r",
                "verify --key k oci:p -a a=1 --offline oci:q oci:r"
            ),
            ("verify --local-image=true --key=k ./p", "verify --key=k oci:./p"),
            ("verify --local-image=false --key k i", "verify --key k i"),
            ("-t 3m sign-blob f", "sign-blob f"), ("sign-blob --timeout=1h30m f", "sign-blob f"),
        ])
    func translated(line: String, expected: String) throws {
        #expect(try words(line).joined(separator: " ") == expected)
    }

    @Test(
        "a flag that would change what is verified, signed or written is refused",
        arguments: [
            "verify --check-claims=false i", "verify --sk i", "verify --attachment sbom i",
            "verify --payload p i", "verify --certificate c i",
            "verify --registry-server-name n i", "verify --attachment-tag-prefix p i",
            "verify-attestation --policy p.rego i", "verify-blob --rfc3161-timestamp t f",
            "sign --sign-container-identity n i", "sign --output-payload p i",
            "sign --issue-certificate i", "sign --oidc-disable-ambient-providers i",
            "sign-blob --new-bundle-format=false f", "copy --only sig a b",
            "verify --max-workers many i", "verify --private-infrastructure=maybe i",
            "verify --rekor-url",
        ])
    func refused(line: String) {
        #expect(throws: Failure.self) { try words(line) }
    }

    @Test("no flag of cosign hides a command's own, and each is in docs/from-cosign.md")
    func table() throws {
        let page = try String(
            contentsOf: BuiltBinary.root.appendingPathComponent("docs/from-cosign.md"),
            encoding: .utf8)
        let types = Dictionary(
            Self.commands.map { ($0.name.joined(separator: " "), $0.type) }
        ) { first, _ in first }
        for (name, flag) in CosignFlag.all {
            #expect(page.contains("`\(name)"), "\(name) is not in docs/from-cosign.md")
            for command in flag.meanings.flatMap(\.commands) {
                guard let type = types[command] else { continue }
                #expect(try KnownOptions(of: type).kind(of: name) == nil, "\(command) has \(name)")
            }
        }
    }

    @Test(
        "annotations are read as pflag reads them",
        arguments: [
            ("a=1", ["a": "1"]), ("a=1,b=2", ["a": "1", "b": "2"]), ("a=", ["a": ""]),
            ("a=b=c", ["a": "b=c"]), (#""a=1,2",b=3"#, ["a": "1,2", "b": "3"]),
            (#""a=say ""x""""#, ["a": #"say "x""#]), ("a=1,a=2", ["a": "2"]),
        ])
    func annotations(text: String, expected: [String: String]) throws {
        let read = try #require(AnnotationArgument(argument: text))
        #expect([read].bound == ByteStringMap(expected))
    }

    @Test(
        "an annotation without a name or with open quotes is refused",
        arguments: ["", "a", "=1", "a=1,b", "a=1,", #""a=1"#, #""a=1"b"#])
    func wrongAnnotations(text: String) {
        #expect(AnnotationArgument(argument: text) == nil)
    }
}
