// SPDX-License-Identifier: Apache-2.0
// Programs that keep passwords. Spec: docker-credential-helpers, README ("Development"): `get`
// reads the server from standard input and answers {"ServerURL","Username","Secret"}.

internal import Primitives
internal import Registry

/// `docker-credential-<name>`.
struct CredentialHelper: Sendable {
    /// The name of the program.
    let program: String
    private let helper: HelperProgram

    /// - Parameters:
    ///   - name: from a configuration file; it becomes part of a program's name, so it is letters,
    ///     digits, `-`, `_` and `.` only.
    ///   - environment: this process's variables; secrets that are not for the helper are left out.
    init(named name: String, environment: [String: String]) throws(Failure) {
        guard !name.isEmpty, isPlainName(name, allowing: "-_."), name.utf8.count <= 64 else {
            throw Failure(
                .malformed, "will not run the credential helper \(quoted(name))",
                because: "a helper's name has letters, digits, - _ and . only")
        }
        program = "docker-credential-\(name)"
        helper = HelperProgram(
            name: program, purpose: "cannot ask \(program) for credentials", installation: nil,
            bounds: ChildProcess.Bounds(
                seconds: Limits.credentialHelperSeconds, bytes: Limits.credentialAnswerBytes),
            environment: HelperEnvironment(forCredentialsOf: environment))
    }

    /// The credential for that server; nil when the helper has none.
    func credential(for server: String) async throws -> RegistryCredential? {
        try read(try await helper.answer(to: ["get"], input: Array(server.utf8)))
    }

    /// Stores a credential for that server.
    func store(user: String, secret: String, for server: String) async throws {
        let content: JSONValue = [
            "ServerURL": .string(server), "Username": .string(user), "Secret": .string(secret),
        ]
        try await change("store", content.compactBytes)
    }

    /// Removes the credential for that server.
    func erase(_ server: String) async throws { try await change("erase", Array(server.utf8)) }

    private func change(_ action: String, _ input: [UInt8]) async throws {
        let answer = try await helper.answer(to: [action], input: input)
        guard answer.end == .exited(0) else {
            throw Failure(
                .denied, "cannot \(action) the password with \(program)",
                because: "it ended with an error")
        }
    }

    private func read(_ answer: HelperProgram.Answer) throws(Failure) -> RegistryCredential? {
        guard answer.end == .exited(0) else {
            // The error's text comes on standard output. Anything else in it may be secret.
            if holds(answer.bytes, notFoundMessage) { return nil }
            throw helper.failure(.denied, "it ended with an error")
        }
        guard let json = try? JSONValue(parsing: answer.bytes, named: helper.name),
            let user = json["Username"]?.string, let secret = json["Secret"]?.string
        else { throw helper.failure(.malformed, "its answer is not JSON with Username and Secret") }
        if secret.isEmpty { return nil }
        return RegistryCredential(user: user, secret: secret)
    }
}

/// Spec: docker-credential-helpers, credentials/error.go; some helpers write a text around it.
private let notFoundMessage = Array("credentials not found".utf8)

private func holds(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
    bytes.indices.contains { bytes[$0...].starts(with: part) }
}
