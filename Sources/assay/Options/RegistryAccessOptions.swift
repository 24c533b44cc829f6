// SPDX-License-Identifier: Apache-2.0
// How registries are reached, and the connections that come of it.

import ArgumentParser
import Foundation
import Host
import OCI
import Primitives
import Registry
import Workflows

struct RegistryAccessOptions: ParsableArguments {
    @Option(
        name: .customLong("plain-http-registry"),
        help: "HOST[:PORT] to reach by plain HTTP; may be repeated. Loopback is included.")
    var plainHTTP: [String] = []

    @Option(help: "A PEM file with further certificate authorities to trust.")
    var registryCacert: String?

    @Option(
        help: """
            User name for the registry of the image (in a copy: of the destination) and for no \
            other; else Docker's and podman's files and their helpers are asked.
            """)
    var registryUsername: String?

    @Option(
        help: """
            Password for the registry; better in ASSAY_REGISTRY_PASSWORD, which other users \
            cannot see.
            """)
    var registryPassword: String?

    @Option(
        help: ArgumentHelp(
            "How long one question to registries may take, all its requests together: 90s, 3m, 1h30m. "
                + "At least 1s, rounded up to whole seconds. Default: 3m for each image; none where "
                + "images are copied or their layers read.",
            valueName: "duration"))
    var timeout: TimeoutArgument?

    fileprivate func credential() throws -> RegistryCredential? {
        if let registryToken { return .registryToken(registryToken) }
        let password =
            registryPassword ?? ProcessInfo.processInfo.environment["ASSAY_REGISTRY_PASSWORD"]
        guard let user = registryUsername else {
            guard registryPassword == nil else {
                throw Failure(
                    .usage, "cannot log in", because: "there is a --registry-password and no user",
                    next: "add --registry-username")
            }
            return nil
        }
        guard let password else {
            throw Failure(
                .usage, "cannot log in as \(quoted(user))", because: "there is no password",
                next: "set ASSAY_REGISTRY_PASSWORD")
        }
        return .password(user: user, secret: password)
    }

    @Option(help: "A bearer token for the registry, instead of user name and password.")
    var registryToken: String?

    @Option(help: "A PEM file with the certificate to show to registries that ask for one.")
    var registryClientCert: String?

    @Option(help: "A PEM file with the private key of --registry-client-cert.")
    var registryClientKey: String?

    func validate() throws {
        guard (registryClientCert == nil) == (registryClientKey == nil) else {
            throw ValidationError(
                "--registry-client-cert and --registry-client-key belong together")
        }
        guard timeout?.isShort != true else {
            throw ValidationError("--timeout is less than a second; the shortest time is 1s")
        }
        guard registryToken == nil || (registryUsername == nil && registryPassword == nil) else {
            throw ValidationError("give --registry-token, or --registry-username and a password")
        }
        guard registryToken?.isEmpty != true else {
            throw ValidationError("--registry-token is empty")
        }
    }

    /// Whether the command line has a password or token for the registry of an image.
    var namesCredential: Bool {
        registryUsername != nil || registryPassword != nil || registryToken != nil
    }

    /// Throws if a password or token of the command line would be sent to several registries.
    func check(for images: [ImageLocation]) throws {
        guard namesCredential else { return }
        var hosts: Set<RegistryHost> = []
        for case .registry(let repository) in images.map(\.place) {
            hosts.insert(repository.registry)
        }
        guard hosts.count <= 1 else {
            throw Failure(
                .usage, "cannot use the registry's password or token",
                because: "it is for one registry, and the images are in \(hosts.count)",
                next: "log in instead: assay login, docker login or podman login")
        }
    }

    fileprivate func credentials(for image: ImageLocation?) throws -> any CredentialSource {
        let stored = RegistryCredentials(
            explicit: nil, environment: ProcessInfo.processInfo.environment)
        guard let given = try credential() else { return stored }
        guard case .registry(let repository)? = image?.place else {
            throw Failure(
                .usage,
                "cannot use \(registryToken == nil ? "--registry-username" : "--registry-token")",
                because: "the command line names no single registry",
                next: "log in instead: assay login, docker login or podman login")
        }
        return HostCredentials(host: repository.registry, given: given, others: stored)
    }

    fileprivate var clientCertificate: (chain: String, key: String)? {
        guard let registryClientCert, let registryClientKey else { return nil }
        return (registryClientCert, registryClientKey)
    }

    fileprivate func options() throws -> RegistryOptions {
        var hosts: Set<RegistryHost> = []
        for host in plainHTTP { hosts.insert(try RegistryHost(parsing: host)) }
        return RegistryOptions(plainHTTP: hosts, userAgent: "assay/\(assayVersion)")
    }
}

/// A length of time as Go and cosign write it, in whole seconds, rounded up. Less than a second
/// cannot be kept: the clock of requests has whole seconds.
struct TimeoutArgument: ExpressibleByArgument, Sendable {
    let seconds: Int
    /// Whether it is less than a second; such a time is refused.
    let isShort: Bool

    init?(argument: String) {
        guard let duration = GoDuration(argument), duration.nanoseconds > 0 else { return nil }
        seconds = Int((duration.nanoseconds - 1) / 1_000_000_000) + 1
        isShort = duration.nanoseconds < 1_000_000_000
        guard seconds <= Limits.longestQuestionSeconds else { return nil }
    }
}

/// What the deadline of a command covers.
enum QuestionScope: Sendable {
    /// The whole command is one question.
    case command
    /// The command asks several questions; each takes `forOneQuestion()`.
    case each
    /// Content is transferred: there is no deadline unless `--timeout` sets one.
    case transfer
}

/// An image at the place that holds it.
struct LocatedImage<Place: Sendable>: Sendable {
    let place: Place
    /// What it is called there.
    let reference: ManifestReference
}

/// The registries and layouts of one command. They share connections and tokens, and are closed at
/// its end.
struct Connections: RepositoryProvider {
    private let client: RegistryClient
    /// Seconds for one question; nil without a limit.
    private let seconds: Int?

    /// The same connections for one question. Its deadline is counted from now.
    func forOneQuestion() -> Connections {
        Connections(client: seconds.map(client.forQuestion) ?? client, seconds: seconds)
    }

    /// Opens, works, closes.
    ///
    /// - Parameter image: whose registry the user name and password of the command line are for; nil
    ///   where a document names the images, so that nobody who writes one can collect a password.
    static func using<Result: Sendable>(
        _ access: RegistryAccessOptions, for image: ImageLocation?,
        limiting scope: QuestionScope = .command, _ work: (Connections) async throws -> Result
    ) async throws -> Result {
        try await using(
            access, credentials: try access.credentials(for: image), limiting: scope, work)
    }

    /// Opens, works as that user of every registry, closes.
    static func using<Result: Sendable>(
        _ access: RegistryAccessOptions, as credential: RegistryCredential,
        _ work: (Connections) async throws -> Result
    ) async throws -> Result {
        try await using(
            access, credentials: FixedCredential(credential), limiting: .command, work)
    }

    private static func using<Result: Sendable>(
        _ access: RegistryAccessOptions, credentials: any CredentialSource,
        limiting scope: QuestionScope, _ work: (Connections) async throws -> Result
    ) async throws -> Result {
        let options = try access.options()
        // Nothing may throw between here and the shutdown.
        let transport = try HTTPTransport(
            extraCertificates: access.registryCacert, clientCertificate: access.clientCertificate,
            timeouts: .standard)
        let client = RegistryClient(
            transport: StandardError.reported(transport), clock: SystemClock(),
            credentials: credentials,
            options: options)
        let outcome: Swift.Result<Result, any Error>
        do {
            let connections = Connections(
                client: client,
                seconds: access.timeout?.seconds
                    ?? (scope == .transfer ? nil : Limits.questionSeconds))
            outcome = .success(
                try await work(scope == .each ? connections : connections.forOneQuestion()))
        } catch {
            outcome = .failure(error)
        }
        try? await transport.shutdown()
        return try outcome.get()
    }

    func registryRepository(_ name: Repository) -> RegistryRepository { client.repository(name) }

    func repository(_ name: Repository) -> any ArtifactSource { registryRepository(name) }

    /// Asks the registry of a repository whether it accepts the credentials.
    func checkAccess(to name: Repository) async throws { try await client.checkAccess(to: name) }

    /// An image and its evidence, for reading.
    func source(_ image: ImageLocation) async throws -> LocatedImage<any ArtifactSource> {
        guard case .registry(let name) = image.place, let evidence = try EvidenceRepository.named()
        else { return try await imageSource(image) }
        EvidenceRepository.say("evidence is looked for in", evidence)
        let source = SeparateEvidence(of: repository(name), in: registryRepository(evidence))
        return LocatedImage(place: source, reference: image.reference)
    }

    /// An image without its evidence, for reading.
    func imageSource(_ image: ImageLocation) async throws -> LocatedImage<any ArtifactSource> {
        switch image.place {
        case .registry(let name):
            return LocatedImage(place: repository(name), reference: image.reference)
        case .layout(let path):
            let local = try await openArtifacts(at: path, as: image.transport ?? .oci)
            return LocatedImage(
                place: local, reference: try await local.reference(image.choice))
        }
    }

    /// The registry's repository that holds the evidence about an image; nil for a layout on disk.
    func evidenceRepository(_ image: ImageLocation) throws -> RegistryRepository? {
        guard case .registry(let name) = image.place else { return nil }
        return registryRepository(try EvidenceRepository.named() ?? name)
    }

    /// An image that is there, for writing evidence about it.
    func destination(
        _ image: ImageLocation
    ) async throws -> LocatedImage<any ArtifactDestination> {
        switch image.place {
        case .registry(let name):
            guard let evidence = try EvidenceRepository.named() else {
                return LocatedImage(place: registryRepository(name), reference: image.reference)
            }
            EvidenceRepository.say("evidence is written to", evidence)
            let place = SeparateEvidence(of: repository(name), in: registryRepository(evidence))
            return LocatedImage(place: place, reference: image.reference)
        case .layout(let path):
            try image.checkTakesContent()
            let layout = try LayoutDirectory.open(at: path)
            return LocatedImage(
                place: image.layoutName.map(layout.naming) ?? layout,
                reference: try await layout.reference(image.choice))
        }
    }

    /// A place to copy an image to, with its evidence beside it; a layout folder is made when it is
    /// not there.
    func copyDestination(_ image: ImageLocation) throws -> any ArtifactDestination {
        switch image.place {
        case .registry(let name): return registryRepository(name)
        case .layout(let path):
            try image.checkTakesContent()
            let exists = LocalSource.isDirectory(path) == true
            let layout =
                exists ? try LayoutDirectory.open(at: path) : try LayoutDirectory.create(at: path)
            return image.layoutName.map(layout.naming) ?? layout
        }
    }
}

extension ImageLocation {
    /// Throws if nothing can be written to the place: archives are only read.
    func checkTakesContent() throws(Failure) {
        guard case .layout(let path) = place else { return }
        guard transport == .oci, LocalSource.isDirectory(path) != false else {
            throw Failure(
                .usage, "cannot write to \(self)", because: "archives are read, not written",
                next: "write to a layout folder, oci:DIR; tar -C DIR -cf FILE . packs it")
        }
    }
}

/// A credential for one registry; all others are asked for elsewhere.
private struct HostCredentials: CredentialSource {
    let host: RegistryHost
    let given: RegistryCredential
    let others: RegistryCredentials

    func credential(for repository: Repository) async throws -> RegistryCredential {
        repository.registry == host ? given : try await others.credential(for: repository)
    }
}
