// SPDX-License-Identifier: Apache-2.0
// assay trust: whom to believe, where it comes from, and how old it is.

import ArgumentParser
import Files
import Foundation
import Host
import Primitives
import Signing
import TUF
import Workflows

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
        let update = try await UserTrustStore.ofUser().update(
            UpdateRepository(mirror: mirror, root: root), from: root, trusting: mirrorCacert)
        try update.show(as: output.output)
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
        let store = try UserTrustStore.ofUser()
        if let repository = try store.followedRepository() {
            let update = try await store.update(repository, from: nil, trusting: mirrorCacert)
            return try update.show(as: output.output)
        }
        var command = TrustInitCommand()
        command.mirror = PublicGoodInstance.mirror
        command.root = nil
        command.mirrorCacert = mirrorCacert
        command.output = output
        try await command.run()
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
        let view = TrustView(material: try await TrustedMaterial.located(named: trustedRoot))
        switch output.output {
        case .text: StandardOutput.print(view.lines.joined(separator: "\n"))
        case .json: StandardOutput.print(view.json)
        }
    }
}

extension TrustStore<TrustStoreDirectory> {
    /// Updates over HTTP.
    ///
    /// - Parameter extraCertificates: a PEM file of authorities trusted for the mirror's TLS.
    fileprivate func update(
        _ repository: UpdateRepository, from root: [UInt8]?, trusting extraCertificates: String?
    ) async throws -> TrustUpdate {
        let transport = try HTTPTransport(
            extraCertificates: extraCertificates, timeouts: .standard)
        let outcome: Result<TrustUpdate, any Error>
        do {
            let mirror = repository.mirror
            let base = mirror.utf8.hasSuffix("/") ? String(mirror.dropLast()) : mirror
            let fetcher = try TrustRepository(
                metadata: base, targets: base + "/targets", transport: transport,
                userAgent: "assay/\(assayVersion)")
            outcome = .success(
                try await update(repository, from: root, by: fetcher, at: SystemClock().now()))
        } catch {
            outcome = .failure(error)
        }
        try? await transport.shutdown()
        return try outcome.get()
    }
}
