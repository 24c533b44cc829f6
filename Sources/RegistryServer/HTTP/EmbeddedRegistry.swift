// SPDX-License-Identifier: Apache-2.0
// Serving a store over HTTP. Spec: OCI distribution-spec 1.1; RFC 9112.

internal import Files
package import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore
package import Primitives
internal import ServiceLifecycle
internal import UnixSignals

/// Where a server listens: an address or name, and a port; port 0 takes any that is free.
package struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// Without brackets.
    package let host: String
    package let port: Int

    /// Reads `127.0.0.1:5000`, `[::1]:5000`, `localhost:5000` or `:5000`, which is this machine only.
    package init(parsing text: some StringProtocol) throws(Failure) {
        guard let sides = String(text).utf8.split(atLast: ":"),
            let port = natural(sides.after), port <= 65_535
        else { throw ListenAddress.malformed(text) }
        var host = String(sides.before)
        if let opened = host.utf8.removingPrefix("["), let inner = opened.utf8.removingSuffix("]") {
            host = String(inner)
        } else if host.utf8.contains(":") {
            throw ListenAddress.malformed(text)
        }
        self.init(host: host.isEmpty ? "127.0.0.1" : host, port: port)
    }

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// A free port of this machine only.
    package static let anyLocalPort = ListenAddress(host: "127.0.0.1", port: 0)

    package var description: String {
        host.utf8.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    private static func malformed(_ text: some StringProtocol) -> Failure {
        Failure(
            .malformed, "cannot read the address \(quoted(text))",
            because: "it is not written like 127.0.0.1:5000 or [::1]:5000")
    }
}

/// An OCI registry on a folder, over plain HTTP and without accounts: for labs, tests and air gaps.
/// Whoever can reach the port can read and, unless told otherwise, change everything.
package struct EmbeddedRegistry: Sendable {
    private let store: RegistryStore
    private let configuration: RegistryConfiguration
    private let address: ListenAddress
    private let protection: BrowserProtection
    private let logger: Logger

    /// - Parameter hostNames: names by which clients call a registry that listens on loopback, beside
    ///   those of this machine; a proxy may pass them on.
    package init(
        store: RegistryStore, configuration: RegistryConfiguration, listen address: ListenAddress,
        hostNames: [String] = [], logger: Logger
    ) {
        protection = BrowserProtection(listening: address, names: hostNames)
        self.store = store
        self.configuration = configuration
        self.address = address
        self.logger = logger
    }

    /// Serves until SIGINT or SIGTERM, or until the task is cancelled. Running requests then get
    /// `Limits.serverShutdownSeconds`.
    ///
    /// - Parameter listening: called once, with the port that was taken.
    /// - Throws: `Failure` of kind `unavailable` when the address cannot be taken.
    package func run(listening: @escaping @Sendable (ListenAddress) async -> Void) async throws {
        var configuration = ServiceGroupConfiguration(
            services: [application(listening: listening)],
            gracefulShutdownSignals: [.sigint, .sigterm], logger: quiet)
        configuration.maximumGracefulShutdownDuration = .seconds(Limits.serverShutdownSeconds)
        defer { store.close() }
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as IOError {
            throw cannotListen(because: systemMessage(error.errnoCode))
        } catch is SocketAddressError.UnknownHost {
            throw cannotListen(because: "no address belongs to that name")
        }
    }

    private func cannotListen(because why: String) -> Failure {
        Failure(
            .unavailable, "cannot listen on \(address)", because: why,
            next: "choose another address, or port 0 for any that is free")
    }

    /// The server as an application, for tests and for callers that run several services.
    package func application(
        listening: @escaping @Sendable (ListenAddress) async -> Void
    ) -> some ApplicationProtocol {
        let host = address.host
        let ledger = ConnectionLedger(
            maximum: Limits.serverConnections,
            maximumPerClient: Limits.serverConnectionsPerClient)
        return Application(
            responder: RegistryResponder(
                store: store, configuration: configuration, protection: protection, logger: logger),
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: [
                        ConnectionLedgerHandler(ledger), SlowSenderHandler(.standard),
                        ExpectationHandler(), AbsoluteAddressInstaller(),
                        StalledReaderHandler(timeout: .seconds(Int64(Limits.serverIdleSeconds))),
                    ],
                    idleTimeout: .seconds(Int64(Limits.serverIdleSeconds)),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: Limits.requestHeaderBytes,
                        maxHeaderListSize: Limits.requestHeaderBytes, maxHeaderFieldCount: 100))),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: address.port),
                // The ledger closes idle connections; this limit holds if new ones arrive faster.
                availableConnectionsDelegate: .maximum(
                    Limits.serverConnections + Limits.serverConnectionsPerClient, logger: quiet)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                await listening(ListenAddress(host: host, port: port))
            },
            logger: quiet)
    }

    /// Whether only this machine reaches the server.
    package var isLoopback: Bool { protection.isLoopback }

    /// The framework's own lines are for its developers.
    private var quiet: Logger {
        var logger = logger
        if logger.logLevel > .debug { logger.logLevel = .error }
        return logger
    }
}

extension SlowSenderHandler.SenderTimeouts {
    fileprivate static let standard = SlowSenderHandler.SenderTimeouts(
        firstHead: .seconds(Int64(Limits.serverHeadSeconds)),
        nextHead: .seconds(Int64(Limits.serverIdleSeconds)),
        period: .seconds(Int64(Limits.serverBodyPeriodSeconds)),
        bytesPerPeriod: Limits.serverBodyPeriodBytes)
}
