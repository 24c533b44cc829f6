// SPDX-License-Identifier: Apache-2.0
// Programs that keep passwords. Spec: docker-credential-helpers, README ("Development"): `get`
// reads the server from standard input and answers {"ServerURL","Username","Secret"}.

internal import Foundation
internal import Primitives
internal import Registry
internal import Subprocess

/// `docker-credential-<name>`.
struct CredentialHelper: Sendable {
    private let helper: HelperProgram

    /// - Parameter name: from a configuration file; it becomes part of a program's name, so it is
    ///   letters, digits, `-`, `_` and `.` only.
    init(named name: String) throws(Failure) {
        guard !name.isEmpty, isPlainName(name, allowing: "-_."), name.utf8.count <= 64 else {
            throw Failure(
                .malformed, "will not run the credential helper \(quoted(name))",
                because: "a helper's name has letters, digits, - _ and . only")
        }
        let program = "docker-credential-\(name)"
        helper = HelperProgram(
            name: program, purpose: "cannot ask \(program) for credentials", installation: nil,
            limits: HelperProgram.Bounds(
                seconds: Limits.credentialHelperSeconds, bytes: Limits.credentialAnswerBytes))
    }

    /// The credential for that server; nil when the helper has none.
    func credential(for server: String) async throws -> RegistryCredential? {
        try read(
            try await helper.answer(to: ["get"], input: Array(server.utf8), environment: .inherit))
    }

    private func read(_ answer: HelperProgram.Answer) throws(Failure) -> RegistryCredential? {
        guard answer.end.isSuccess else {
            // The error's text comes on standard output. Anything in it may be secret but this.
            let text = String(decoding: answer.bytes, as: UTF8.self)
            if text.utf8.contains("credentials not found") { return nil }
            throw helper.failure(.denied, "it ended with an error")
        }
        guard let json = try? JSONValue(parsing: answer.bytes, named: helper.name),
            let user = json["Username"]?.string, let secret = json["Secret"]?.string
        else { throw helper.failure(.malformed, "its answer is not JSON with Username and Secret") }
        if secret.isEmpty { return nil }
        return user == "<token>"
            ? .identityToken(secret) : .password(user: user, secret: secret)
    }
}
