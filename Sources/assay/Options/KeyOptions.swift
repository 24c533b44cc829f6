// SPDX-License-Identifier: Apache-2.0
// Keys on the command line: where they come from and how they are opened.

import ArgumentParser
import Foundation
import Host
import Primitives
import Signing

/// Where a key is: a path, or `env://NAME` for a variable that holds the PEM text.
struct KeyLocation: ExpressibleByArgument {
    let text: String

    init?(argument: String) { text = argument }

    func pem(for purpose: String) throws -> String {
        if text.hasPrefix("env://") {
            let name = String(text.dropFirst(6))
            guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else {
                throw Failure(
                    .usage, "cannot read \(purpose)",
                    because: "the variable \(quoted(name)) is not set")
            }
            return value
        }
        if let scheme = text.range(of: "://") {
            throw Failure(
                .unsupported, "cannot read \(purpose)",
                because: "keys at \(quoted(text[..<scheme.upperBound])) are not supported; "
                    + "give a file or env://NAME")
        }
        let bytes = try readFile(at: text, atMost: Limits.keyFileBytes, named: purpose)
        guard let pem = String(validating: bytes, as: UTF8.self) else {
            throw Failure(
                .malformed, "cannot read \(purpose)", at: .named(text), because: "it is not text")
        }
        return pem
    }
}

struct SigningKeyOptions: ParsableArguments {
    @Option(
        help: "The private key: a file or env://NAME. Its password is read from COSIGN_PASSWORD.")
    var key: KeyLocation

    /// Opens the key; asks for the password only when somebody is there to answer.
    func privateKey() throws -> PrivateKey {
        let text = try key.pem(for: "the private key")
        guard EncryptedPrivateKey.isOne(text) else {
            let plain = try PrivateKey(plainPEM: text)
            Talk.warn("\(key.text) is a private key without a password")
            return plain
        }
        let sealed = try EncryptedPrivateKey(pem: text)
        return try sealed.opened(with: try Password.forKey(confirmed: false))
    }
}

struct VerificationKeyOptions: ParsableArguments {
    @Option(help: "The public key that must have signed: a file or env://NAME.")
    var key: KeyLocation

    func publicKey() throws -> PublicKey { try PublicKey(pem: try key.pem(for: "the public key")) }
}

/// Passwords of keys, from COSIGN_PASSWORD or from a person.
enum Password {
    static func forKey(confirmed: Bool) throws -> [UInt8] {
        if let password = ProcessInfo.processInfo.environment["COSIGN_PASSWORD"] {
            return Array(password.utf8)
        }
        guard Talk.canAsk else {
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
