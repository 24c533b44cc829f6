// SPDX-License-Identifier: Apache-2.0
// Keys on the command line: where they come from and how they are opened.

import ArgumentParser
import Foundation
import Host
import Keys
import Primitives
import Registry
import Signing

/// Where a key is, as it is typed: a path, `env://NAME`, a key service, a token, a plugin.
struct KeyLocation: ExpressibleByArgument {
    let text: String

    init?(argument: String) { text = argument }

    func reference() throws(Failure) -> KeyReference { try KeyReference(parsing: text) }

    /// The keys that may have signed: every key of a file, every version of a key in a service.
    ///
    /// - Parameter offline: refuses keys that only the network knows.
    func trustedKeys(offline: Bool) async throws -> [TrustedKey] {
        let reference = try reference()
        return try await Network.using(reference.needsNetwork && !offline) { transport in
            let keys = try await KeyOpener.ofThisProcess(transport).trustedKeys(reference)
            guard keys.count == 1, reference.isLocal else { return keys }
            // One key of a file is best known by its fingerprint.
            return keys.map { TrustedKey(key: $0.key, validFor: $0.validFor) }
        }
    }
}

extension KeyReference {
    fileprivate var isLocal: Bool {
        switch self {
        case .file, .environment: true
        default: false
        }
    }
}

extension KeyOpener {
    /// - Parameter transport: nil when nothing may go over the network.
    static func ofThisProcess(_ transport: (any Transport)?) -> KeyOpener {
        KeyOpener(
            environment: ProcessInfo.processInfo.environment, transport: transport,
            clock: SystemClock(), password: { try Password.forKey(confirmed: false) })
    }

    /// Something that signs. A private key that no password protects is worth a warning.
    func signerWithWarning(_ reference: KeyReference) async throws -> any Signer {
        guard let file = try privateKeyFile(reference) else { return try await signer(reference) }
        if !file.needsPassword {
            StandardError.warn("\(reference) is a private key without a password")
        }
        return try file.decrypted(with: password)
    }
}

/// Connections to whatever is no registry: key services, certificate authorities, logs.
enum Network {
    /// Opens what is needed, works, closes.
    ///
    /// - Parameter isNeeded: when not, `work` gets nil and can reach nobody.
    static func using<Result: Sendable>(
        _ isNeeded: Bool, _ work: ((any Transport)?) async throws -> Result
    ) async throws -> Result {
        guard isNeeded else { return try await work(nil) }
        let transport = try HTTPTransport(extraCertificates: nil, timeouts: .standard)
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await work(StandardError.reported(transport)))
        } catch {
            outcome = .failure(error)
        }
        try? await transport.shutdown()
        return try outcome.get()
    }
}

/// Passwords of keys, from COSIGN_PASSWORD or from a person.
enum Password {
    static func forKey(confirmed: Bool) throws -> [UInt8] {
        if let password = ProcessInfo.processInfo.environment["COSIGN_PASSWORD"] {
            return Array(password.utf8)
        }
        guard StandardError.canAsk else {
            throw Failure(
                .usage, "cannot ask for the key's password", because: "stdin is not a terminal",
                next: "set COSIGN_PASSWORD; an empty one is allowed")
        }
        let password = try asked("Enter password for private key: ")
        if confirmed, try asked("Enter it again: ") != password {
            throw Failure(.usage, "cannot make the key", because: "the two passwords differ")
        }
        return password
    }

    private static func asked(_ prompt: String) throws -> [UInt8] {
        guard let answer = unsafe getpass(prompt) else {
            throw Failure(.usage, "cannot ask for the key's password", because: "nobody answered")
        }
        return Array(unsafe String(cString: answer).utf8)
    }
}
