// SPDX-License-Identifier: Apache-2.0
// assay trust: whom to believe, where it comes from, and how old it is.

import ArgumentParser
import Files
import Foundation
import Host
import Primitives
import Signing
import TUF

struct TrustCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust",
        abstract: "Whom to believe: logs, certificate and timestamp authorities.",
        discussion: """
            Verifying never fetches any of it. Kept in ASSAY_TRUST, else XDG_DATA_HOME/assay/trust, \
            else ~/.local/share/assay/trust.
            """,
        subcommands: [
            TrustInitCommand.self, TrustUpdateCommand.self, TrustShowCommand.self,
            TrustCreateCommand.self, TrustExportCommand.self, TrustImportCommand.self,
        ])
}

struct TrustInitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract:
            "Begins to follow an update repository (TUF), the public Sigstore one by default.",
        discussion: """
            When it fails, what was believed before stays. What was seen of a repository is \
            remembered, so that nobody can show an older state of it later.
            """)

    @Option(help: "The address of the repository, or of a mirror of it.")
    var mirror: String = PublicGoodInstance.mirror

    @Option(
        help: """
            The root.json to start from. Without it: the public Sigstore instance's, which came \
            with this version of Assay; a mirror of that instance needs no other.
            """)
    var root: String?

    @Option(help: "A PEM file with further certificate authorities to trust for the mirror's TLS.")
    var mirrorCacert: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let root: [UInt8]
        if let path = self.root {
            root = try readFile(at: path, atMost: Limits.rootMetadataBytes, named: "the root")
        } else {
            root = Array(PublicGoodInstance.tufRoot.utf8)
        }
        let following = FollowedRepository(
            home: try .ofUser(), mirror: mirror,
            folder: TrustHome.folder(mirror: mirror, root: root), extraCertificates: mirrorCacert)
        try (try await following.update(from: root)).show(as: output.output)
    }
}

struct TrustUpdateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract:
            "Fetches what is new from the repository that is followed, and tells what changed.",
        discussion: """
            Before `assay trust init` it begins to follow the public Sigstore instance. Runs at the \
            same time take turns.
            """)

    @Option(help: "A PEM file with further certificate authorities to trust for the mirror's TLS.")
    var mirrorCacert: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let home = try TrustHome.ofUser()
        switch try home.source() {
        case .repository(let mirror, let folder):
            let following = FollowedRepository(
                home: home, mirror: mirror, folder: folder, extraCertificates: mirrorCacert)
            try (try await following.update(from: nil)).show(as: output.output)
        case .imported(let path, let time):
            throw Failure(
                .usage, "cannot update the trust material", at: .named(home.path),
                because: "it was imported from \(quoted(path)) at \(time), and a file has no news",
                next: "assay trust import FILE, or assay trust init to follow a repository")
        case nil:
            var command = TrustInitCommand()
            command.mirror = PublicGoodInstance.mirror
            command.root = nil
            command.mirrorCacert = mirrorCacert
            command.output = output
            try await command.run()
        }
    }
}

struct TrustShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows whom a verification would believe now, from where, and how old it is.",
        discussion: "Exit code 0 whatever is shown; what has expired is told.")

    @Option(help: "A trusted_root.json to show in place of what would be used.")
    var trustedRoot: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let view = TrustView(material: try await TrustMaterial.located(named: trustedRoot))
        switch output.output {
        case .text: Answer.print(view.lines.joined(separator: "\n"))
        case .json: Answer.print(view.json)
        }
    }
}

/// An update repository and the folder that follows it.
struct FollowedRepository {
    let home: TrustHome
    let mirror: String
    let folder: String
    let extraCertificates: String?

    /// Fetches, keeps, and only then lets the trust folder name it.
    ///
    /// - Parameter root: where trust starts; nil for what is kept.
    func update(from root: [UInt8]?) async throws -> TrustChange {
        let cache = try home.repositoryFolder(folder, creating: root != nil)
        do {
            return try await cache.whileLocked {
                let before = await known(cache)
                let after = try await fetched(into: cache, from: root)
                // What cannot be read is not put in the place of what can.
                let material = TrustMaterial(
                    root: try TrustedRoot(parsing: after.root), document: after.root,
                    signingConfiguration: after.signingConfiguration,
                    origin: .repository(
                        mirror: mirror, state: after.state, expired: nil, home: home.path))
                try home.keep(.repository(mirror: mirror, folder: folder))
                return TrustChange(
                    before: before, state: after.state, view: TrustView(material: material))
            }
        } catch let problem as MetadataProblem {
            throw problem.failure.during("cannot update the trust material", at: .url(mirror))
        }
    }

    private func fetched(
        into cache: TrustFolder, from root: [UInt8]?
    ) async throws -> TrustDocuments {
        let transport = try HTTPTransport(
            extraCertificates: extraCertificates, timeouts: .standard)
        let outcome: Result<TrustDocuments, any Error>
        do {
            let base = mirror.utf8.hasSuffix("/") ? String(mirror.dropLast()) : mirror
            let repository = try TrustRepository(
                metadata: base, targets: base + "/targets", transport: transport,
                userAgent: "assay/\(assayVersion)")
            var updater = TrustUpdater(
                root: root, from: .repository(repository, now: SystemPause().now()), cache: cache)
            outcome = .success(try await TrustDocuments(by: &updater))
        } catch {
            outcome = .failure(error)
        }
        try? await transport.shutdown()
        return try outcome.get()
    }

    /// What was kept before, however old; nil when there was nothing, or nothing that still holds.
    private func known(_ cache: TrustFolder) async -> TrustChange.Before? {
        var updater = TrustUpdater(root: nil, from: .cache(now: nil), cache: cache)
        guard let documents = try? await TrustDocuments(by: &updater) else { return nil }
        return TrustChange.Before(
            state: documents.state, root: try? TrustedRoot(parsing: documents.root))
    }
}
