// SPDX-License-Identifier: Apache-2.0
// assay registry serve: the embedded registry.

import ArgumentParser
import Host
import Logging
import Primitives
import RegistryServer

struct RegistryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registry", abstract: "A small OCI registry on a folder.",
        subcommands: [RegistryServeCommand.self])
}

struct RegistryServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serves a folder as an OCI registry: for labs, tests and air gaps.",
        discussion: """
            Speaks the OCI distribution specification 1.1 over plain HTTP, without accounts: keep it \
            on loopback or behind a proxy that knows who may come in. Content is verified on the way \
            in, and what was answered with 201 survives a power cut.
            """)

    @Argument(help: "The folder that holds the content; made when it is not there.")
    var folder: String

    @Option(help: "Address and port to listen on; port 0 takes a free one.")
    var listen = "127.0.0.1:5000"

    @Flag(
        name: .customLong("no-referrers-api"),
        help: "Behave like a registry without the referrers API.")
    var withoutReferrersAPI = false

    @Flag(help: "Refuse every change.")
    var readOnly = false

    @Flag(help: "Accept images whose blobs are not here.")
    var acceptSparseImages = false

    @Option(
        name: .customLong("allowed-host"),
        help: """
            Host name by which clients call a registry on loopback, beside localhost and addresses: \
            that of a proxy, for example; may be repeated.
            """)
    var allowedHosts: [String] = []

    func run() async throws {
        var configuration = RegistryConfiguration.standard
        configuration.referrersAPI = !withoutReferrersAPI
        configuration.acceptsChanges = !readOnly
        configuration.acceptsSparseImages = acceptSparseImages
        let address = try ListenAddress(parsing: listen)
        let store = try RegistryStore(directory: folder, now: SystemClock().now())
        var logger = Logger(label: "assay.registry") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        let server = EmbeddedRegistry(
            store: store, configuration: configuration, listen: address, hostNames: allowedHosts,
            logger: logger)
        if !server.isLoopback {
            StandardError.warn(
                "\(plain(listen)) can be reached from elsewhere, and this registry has neither "
                    + "accounts nor TLS")
        }
        try await server.run { bound in StandardError.say("listening on http://\(bound)") }
    }
}
