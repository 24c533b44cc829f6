// SPDX-License-Identifier: Apache-2.0
// assay sign, assay attest.

import ArgumentParser
import Files
import Host
import OCI
import Primitives
import Signing

struct SignCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Puts a signature beside an image, for its digest.",
        discussion: """
            With --key nothing leaves the machine but the signature itself, unless services are named. \
            Without --key a certificate is issued for an identity token, and the signature is logged; \
            what leaves the machine is shown first. A tag is resolved once, and its digest is what is \
            signed.
            """)

    @Argument(help: "The images, best by digest.")
    var images: [ImageLocation]

    @Option(
        name: [.customShort("a"), .customLong("annotations")],
        help: "KEY=VALUE to bind to the signature; may be repeated.")
    var annotations: [AnnotationArgument] = []

    @Flag(
        name: [.customShort("r"), .long],
        help: "Sign the images of an index as well, each by its own digest.")
    var recursive = false

    @OptionGroup var writing: WritingOptions

    func validate() throws {
        guard images.count == 1 && !recursive || !writing.namesFiles else {
            throw ValidationError("a file for the signature needs a single image")
        }
    }

    func run() async throws {
        let bound = annotations.bound
        try await writing.write(on: images, recursively: recursive, replacing: false) {
            subject, repository in
            .signature(on: subject, in: repository, annotations: bound)
        }
    }
}

struct AttestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attest",
        abstract: "Puts a signed statement beside an image: an SBOM, a provenance, a scan.",
        discussion: """
            The predicate is signed as it stands in the file. Short names: slsaprovenance1, \
            slsaprovenance, spdxjson, spdx, cyclonedx, vuln, openvex, link, custom; any other type is \
            a URI. Keys and identities are as in assay sign.
            """)

    @Argument(help: "The image, best by digest.")
    var image: ImageLocation

    @Option(name: [.customShort("p"), .long], help: "The predicate: a file, or - for stdin.")
    var predicate: String?

    @Option(help: "The predicate type: a URI or a short name. Default: custom.")
    var type: String?

    @Option(help: "A file with the whole statement, in place of --predicate and --type.")
    var statement: String?

    @Flag(
        help: """
            Delete older attestations of the same type, of every signer and in every format.
            """)
    var replace = false

    @OptionGroup var writing: WritingOptions

    func validate() throws {
        guard (predicate == nil) != (statement == nil) else {
            throw ValidationError("give one of --predicate and --statement")
        }
        guard statement == nil || type == nil else {
            throw ValidationError("--type goes with --predicate; a statement has its own type")
        }
        guard !replace || writing.upload else {
            throw ValidationError("--replace cannot be used with --no-upload")
        }
    }

    func run() async throws {
        if let statement {
            let content = try readFile(
                at: statement, atMost: Limits.evidenceBytes, named: "the statement")
            try UnsignedStatement.refuseSignature(try Statement(parsing: content).predicateType)
            return try await writing.write(on: [image], recursively: false, replacing: replace) {
                subject, repository in
                try .statement(content, on: subject, in: repository)
            }
        }
        let name = type ?? "custom"
        let predicateType = try PredicateType(named: name)
        try UnsignedStatement.refuseSignature(predicateType)
        let document = try readPredicate(predicate ?? "-", ofTypeNamed: name)
        try await writing.write(on: [image], recursively: false, replacing: replace) {
            subject, repository in
            try .attestation(document, of: predicateType, on: subject, in: repository)
        }
    }
}

/// The predicate that is signed for the content of a file, or of stdin where it is `-`.
func readPredicate(_ path: String, ofTypeNamed type: String) throws -> JSONValue {
    let content =
        path == "-"
        ? try readStandardInput(atMost: Limits.evidenceBytes, named: "the predicate")
        : try readFile(at: path, atMost: Limits.evidenceBytes, named: "the predicate")
    return try PredicateForm(forTypeNamed: type).predicate(
        from: content, at: try SourceDate.epoch ?? SystemClock().now())
}
