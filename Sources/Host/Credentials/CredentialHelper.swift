// SPDX-License-Identifier: Apache-2.0
// Programs that keep passwords. Spec: docker-credential-helpers, README ("Development"): `get`
// reads the server from standard input and answers {"ServerURL","Username","Secret"}.

internal import Foundation
internal import Primitives
internal import Registry
internal import Subprocess

/// `docker-credential-<name>`.
struct CredentialHelper: Sendable {
    let program: String

    /// - Parameter name: from a configuration file; it becomes part of a program's name, so it is
    ///   letters, digits, `-`, `_` and `.` only.
    init(named name: String) throws(Failure) {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard !name.isEmpty, isPlain, name.utf8.count <= 64 else {
            throw Failure(
                .malformed, "will not run the credential helper \(quoted(name))",
                because: "a helper's name has letters, digits, - _ and . only")
        }
        program = "docker-credential-\(name)"
    }

    /// The credential for that server; nil when the helper has none.
    func credential(for server: String) async throws -> RegistryCredential? {
        let seconds = Limits.credentialHelperSeconds
        let answer = try await withThrowingTaskGroup(of: HelperAnswer?.self) { group in
            group.addTask { try await run(server) }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let answer else {
            throw failure(.unavailable, "it did not answer in \(seconds) seconds")
        }
        return try read(answer)
    }

    private func run(_ server: String) async throws -> HelperAnswer {
        do {
            let result = try await Subprocess.run(
                .name(program), arguments: ["get"], input: .string(server),
                output: .bytes(limit: Limits.credentialAnswerBytes), error: .discarded)
            return HelperAnswer(
                bytes: Array(result.standardOutput), isGood: result.terminationStatus.isSuccess)
        } catch let error as SubprocessError {
            if error.code == .executableNotFound {
                throw failure(.notFound, "there is no program of that name in PATH")
            }
            if error.code == .outputLimitExceeded {
                throw failure(
                    .overLimit, "it answered more than \(Limits.credentialAnswerBytes) bytes")
            }
            throw failure(.unavailable, "it could not be run")
        }
    }

    private func read(_ answer: HelperAnswer) throws(Failure) -> RegistryCredential? {
        guard answer.isGood else {
            // The error's text comes on standard output. Anything in it may be secret but this.
            let text = String(decoding: answer.bytes, as: UTF8.self)
            if text.contains("credentials not found") { return nil }
            throw failure(.denied, "it ended with an error")
        }
        guard let json = try? JSONValue(parsing: answer.bytes, named: program),
            let user = json["Username"]?.string, let secret = json["Secret"]?.string
        else { throw failure(.malformed, "its answer is not JSON with Username and Secret") }
        if secret.isEmpty { return nil }
        return user == "<token>"
            ? .identityToken(secret) : .password(user: user, secret: secret)
    }

    private func failure(_ kind: Failure.Kind, _ why: String) -> Failure {
        Failure(kind, "cannot ask \(program) for credentials", because: why)
    }
}

private struct HelperAnswer: Sendable {
    let bytes: [UInt8]
    let isGood: Bool
}
