// SPDX-License-Identifier: Apache-2.0
// assay login, assay logout.

import ArgumentParser
import Foundation
import Host
import Keys
import OCI
import Primitives
import Registry

/// A registry: `HOST[:PORT]`, with or without a scheme before it.
///
/// A wrong name is reported when the command runs and not by the parser, which would print all of it:
/// there may be a password in it.
struct RegistryArgument: ExpressibleByArgument {
    private let result: Result<RegistryHost, Failure>

    init?(argument: String) {
        result = Result { () throws(Failure) in try registryHost(in: argument) }
    }

    /// - Throws: `Failure` of kind `usage` for what is not the name of a registry.
    func host() throws(Failure) -> RegistryHost { try result.get() }
}

private func registryHost(in argument: String) throws(Failure) -> RegistryHost {
    guard !argument.utf8.contains(UInt8(ascii: "@")) else {
        throw Failure(
            .usage, "cannot read the registry's name",
            because: "it has an @, and a user name or password is not part of the name",
            next: "assay login HOST --username USER --password-stdin")
    }
    var text = argument.utf8[...]
    for scheme in ["https://", "http://"] where text.starts(with: scheme.utf8) {
        text = text.dropFirst(scheme.utf8.count)
    }
    text = text.prefix { $0 != UInt8(ascii: "/") }
    do {
        return try RegistryHost(parsing: String(Substring(text)))
    } catch {
        throw Failure(.usage, error.what, at: error.place, because: error.why, next: error.next)
    }
}

struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Checks a user name and password at a registry, and stores them as docker does.",
        discussion: """
            They are stored with the helper that Docker's configuration names, else in that file: \
            DOCKER_CONFIG/config.json or ~/.docker/config.json, for its owner only. Nothing is stored \
            when the registry refuses them.
            """)

    @Argument(help: "The registry: HOST[:PORT]. Default: Docker Hub.")
    var registry: RegistryArgument?

    @Option(name: [.customShort("u"), .long], help: "The user name.")
    var username: String?

    @Option(
        name: [.customShort("p"), .long],
        help: "The password. Other users of this machine can see it; --password-stdin hides it.")
    var password: String?

    @Flag(help: "Read the password from stdin.")
    var passwordStdin = false

    @OptionGroup(title: "Registry") var access: RegistryAccessOptions

    func validate() throws {
        guard password == nil || !passwordStdin else {
            throw ValidationError("give one of --password and --password-stdin")
        }
        guard !access.namesCredential else {
            throw ValidationError(
                "what is checked and stored is --username and --password-stdin, not "
                    + "--registry-username, --registry-password or --registry-token")
        }
    }

    func run() async throws {
        let host = try registry?.host() ?? .dockerHub
        let store = try CredentialStore(environment: ProcessInfo.processInfo.environment)
        let user = try username ?? asked("Username: ", "--username")
        let secret = try secret()
        let repository = try Repository(parsing: "\(host)/assay/login")
        try await Connections.using(access, as: .password(user: user, secret: secret)) {
            try await $0.checkAccess(to: repository)
        }
        let place = try await store.store(user: user, secret: secret, for: host)
        StandardError.say("logged in to \(host); the password is in \(plain(place))")
    }

    private func secret() throws -> String {
        if let password {
            StandardError.warn(
                "other users of this machine can see --password; use --password-stdin")
            return password
        }
        guard passwordStdin else {
            guard StandardError.canAsk else { throw missing("--password-stdin") }
            guard let answer = unsafe getpass("Password: ") else {
                throw missing("--password-stdin")
            }
            return unsafe String(cString: answer)
        }
        var content = try readStandardInput(atMost: Limits.keyFileBytes, named: "the password")
        while let last = content.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") {
            content.removeLast()
        }
        guard !content.isEmpty, let text = String(validating: content, as: UTF8.self) else {
            throw Failure(
                .usage, "cannot read the password", because: "stdin is empty or not UTF-8")
        }
        return text
    }

    private func asked(_ prompt: String, _ option: String) throws -> String {
        guard StandardError.canAsk else { throw missing(option) }
        StandardError.draw(prompt)
        guard let answer = readLine(), !answer.isEmpty else { throw missing(option) }
        return answer
    }

    private func missing(_ option: String) -> Failure {
        Failure(
            .usage, "cannot log in", because: "\(option) is missing, and stdin is not a terminal",
            next: "echo PASSWORD | assay login HOST --username USER --password-stdin")
    }
}

struct LogoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "Removes the password that is stored for a registry.")

    @Argument(help: "The registry: HOST[:PORT]. Default: Docker Hub.")
    var registry: RegistryArgument?

    func run() async throws {
        let host = try registry?.host() ?? .dockerHub
        let store = try CredentialStore(environment: ProcessInfo.processInfo.environment)
        let erasure = try await store.erase(host)
        StandardError.say(
            erasure.wasThere
                ? "logged out of \(host)"
                : "nothing was stored for \(host) in \(plain(store.path))")
        for name in erasure.namespaces {
            StandardError.warn(
                "the password for \(plain(name)) is still in \(plain(store.path)): it is for a part "
                    + "of the registry only; remove the entry from the file")
        }
    }
}
