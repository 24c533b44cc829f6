// SPDX-License-Identifier: Apache-2.0
// assay sign-blob, assay attest-blob.

import ArgumentParser
import Files
import Host
import Keys
import Primitives
import Signing
import Workflows

/// What sign-blob and attest-blob share.
struct BlobWritingOptions: ParsableArguments {
    @Option(
        help: """
            Where the bundle goes; a file that is there is replaced. Without it: FILE.sigstore.json, \
            which must not be there yet.
            """)
    var bundle: String?

    @OptionGroup var detached: DetachedSignatureOptions
    @OptionGroup(title: "Signer") var signing: SigningOptions
    @OptionGroup var output: OutputOptions

    func validate() throws { try detached.check(beside: signing) }

    /// Where the bundle will be; asked before anything is signed.
    func place(beside blob: BlobLocation?) throws -> BundlePlace {
        if let bundle { return BundlePlace(path: bundle, isReplaced: true) }
        guard let blob else {
            throw Failure(
                .usage, "cannot store the bundle", because: "no file is named it could be beside",
                next: "say where it goes with --bundle")
        }
        let path = try blob.newBundlePath()
        guard LocalSource.isDirectory(path) == nil else {
            throw Failure(
                .usage, "cannot make \(quoted(path))", at: .named(path),
                because: "the file is there already", next: "choose another name, or move it away")
        }
        return BundlePlace(path: try outputTarget(path, of: "the bundle"), isReplaced: false)
    }

    func finish(
        _ signature: FinishedSignature, of artifact: SignedArtifact, named name: String,
        at place: BundlePlace
    ) throws {
        try place.store(signature.bundleBytes + Array("\n".utf8))
        StandardOutput.did("wrote the bundle \(place.path)")
        try detached.write(signature)
        switch output.output {
        case .json:
            StandardOutput.print([
                "file": .string(name), "digest": .string(artifact.shown),
                "bundle": .string(place.path), "signer": signature.signer.json,
                "checks": .array(signature.checks.map(\.json)),
            ])
        case .text:
            StandardOutput.print(place.path)
            StandardError.say("signed \(plain(name)) (\(artifact.shown)) \(signature.signedBy)")
        }
    }
}

/// Where a new bundle goes.
struct BundlePlace {
    let path: String
    /// Whether a file that is there may be replaced.
    let isReplaced: Bool

    func store(_ content: [UInt8]) throws(Failure) {
        if isReplaced {
            try writeFile(content, at: path, permissions: 0o644)
        } else {
            try createFile(content, at: path, permissions: 0o644)
        }
    }
}

struct SignBlobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign-blob",
        abstract: "Signs a file, and stores the signature in a bundle.",
        discussion: """
            Large files are hashed as they pass by. Keys and identities are as in assay sign. \
            Ed25519 keys sign the file's SHA-512 (Ed25519ph), as cosign's do since 2.6.
            """)

    @Argument(help: "The file, - for stdin, or sha256:HEX for a file that is elsewhere.")
    var file: BlobLocation

    @OptionGroup var writing: BlobWritingOptions

    func run() async throws {
        let place = try writing.place(beside: file)
        let (signature, artifact) = try await writing.signing.using { signer in
            let artifact = try file.artifact(
                keepingAtMost: signer.needsContent ? Limits.remoteMessageBytes : 0)
            return (try await signer.sign(artifact), artifact)
        }
        try writing.finish(signature, of: artifact, named: file.description, at: place)
    }
}

struct AttestBlobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attest-blob",
        abstract: "Signs a statement about a file, and stores it in a bundle.",
        discussion: """
            Give a predicate and its type, or a whole in-toto statement. Both are signed as they \
            stand in their file. Types are as in assay attest, keys and identities as in assay sign.
            """)

    @Argument(
        help: """
            The file, - for stdin, or sha256:HEX for a file that is elsewhere. With --statement it \
            may be left away, and else must be one of the statement's subjects.
            """)
    var file: BlobLocation?

    @Option(name: [.customShort("p"), .long], help: "The predicate: a file, or - for stdin.")
    var predicate: String?

    @Option(help: "The predicate type: a URI or a short name. Default: custom.")
    var type: String?

    @Option(help: "A file with the whole statement, in place of --predicate and --type.")
    var statement: String?

    @OptionGroup var writing: BlobWritingOptions

    func validate() throws {
        guard (predicate == nil) != (statement == nil) else {
            throw ValidationError("give one of --predicate and --statement")
        }
        guard statement == nil || type == nil else {
            throw ValidationError("--type goes with --predicate; a statement has its own type")
        }
        guard statement != nil || file != nil else {
            throw ValidationError("name the file that the predicate is about")
        }
        guard predicate != "-" || file?.isStandardInput != true else {
            throw ValidationError("stdin is the file or the predicate, not both")
        }
    }

    func run() async throws {
        let place = try writing.place(beside: file)
        let claim = try statement.map(claimOfStatement) ?? claimOfPredicate()
        guard claim.type != .signature else {
            throw Failure(
                .usage, "cannot attest \(claim.type)", because: "that type is a signature",
                next: "use assay sign-blob")
        }
        let signature = try await writing.signing.using { signer in
            try await signer.attest(claim.statement, of: claim.type, about: claim.artifact)
        }
        try writing.finish(
            signature, of: claim.artifact, named: file?.description ?? claim.artifact.shown,
            at: place)
    }

    private func claimOfPredicate() throws -> BlobClaim {
        guard let file, let predicate else {
            throw Failure(.bug, "cannot attest", because: "the options were not checked")
        }
        let name = type ?? "custom"
        let type = try PredicateType(named: name)
        let document = try readPredicate(predicate, ofTypeNamed: name)
        let artifact = try file.artifact(keepingAtMost: 0)
        return BlobClaim(
            statement: Statement.document(
                about: try artifact.digest, name: file.name, predicateType: type,
                predicate: document
            ).compactBytes,
            type: type, artifact: artifact)
    }

    private func claimOfStatement(_ path: String) throws -> BlobClaim {
        let content = try readFile(
            at: path, atMost: Limits.evidenceBytes, named: "the statement")
        let read = try Statement(parsing: content)
        guard let file else {
            return BlobClaim(
                statement: content, type: read.predicateType, artifact: try read.firstArtifact)
        }
        let artifact = try file.artifact(keepingAtMost: 0)
        guard read.subjects.contains(where: artifact.isNamed) else {
            throw Failure(
                .usage, "cannot attest \(quoted(file.description))", at: .named(path),
                because: "the statement is not about \(artifact.shown)",
                next: "make the statement anew, or leave the file away")
        }
        return BlobClaim(statement: content, type: read.predicateType, artifact: artifact)
    }
}

/// A statement about a file, before it is signed.
private struct BlobClaim {
    let statement: [UInt8]
    let type: PredicateType
    let artifact: SignedArtifact
}

extension SignedArtifact {
    /// The digest a statement names: SHA-256 where it is known.
    fileprivate var digest: Digest {
        get throws(Failure) { try Digest(parsing: shown) }
    }
}

extension Statement {
    /// The first thing it is about, as far as its digests are of kinds we know.
    fileprivate var firstArtifact: SignedArtifact {
        get throws(Failure) {
            var digests: [HashAlgorithm: [UInt8]] = [:]
            for hash in HashAlgorithm.allCases {
                digests[hash] = subjects.first?.digests[hash.rawValue].flatMap(bytes(fromHex:))
            }
            guard !digests.isEmpty else {
                throw Failure(
                    .unsupported, "cannot attest the statement",
                    because: "its first subject has no SHA-256, SHA-384 or SHA-512")
            }
            return SignedArtifact(digests: digests)
        }
    }
}
