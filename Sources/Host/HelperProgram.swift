// SPDX-License-Identifier: Apache-2.0
// Programs that answer one question: credential helpers and key plugins.

internal import Files
internal import Glibc
internal import Primitives

/// A program in `PATH` that is started for each question. It may ignore its input, write without
/// end, hang or crash; each of these is a `Failure`, never a crash of Assay.
struct HelperProgram: Sendable {
    let name: String
    /// What failed when nothing useful comes back: "cannot ask NAME for credentials".
    let purpose: String
    /// What to do when there is no such program.
    let installation: String?
    let bounds: ChildProcess.Bounds
    let environment: HelperEnvironment

    /// What came on standard output, and how the program ended. Standard error is not read, because
    /// it may hold secrets.
    struct Answer: Sendable {
        let bytes: [UInt8]
        let end: ChildProcess.End
    }

    /// - Throws: `Failure`: `notFound` without such a program, `overLimit` when it writes too much,
    ///   `unavailable` when it takes too long or cannot be run.
    func answer(to arguments: [String], input: [UInt8]) async throws -> Answer {
        guard let path = executable else {
            throw failure(.notFound, "there is no program of that name in PATH", next: installation)
        }
        let process = ChildProcess(
            path: path, arguments: arguments, environment: environment.variables, input: input,
            bounds: bounds)
        switch await process.run() {
        case .ended(let bytes, let end): return Answer(bytes: bytes, end: end)
        case .wroteTooMuch:
            throw failure(.overLimit, "it answered more than \(bounds.bytes) bytes")
        case .tookTooLong:
            throw failure(.unavailable, "it did not answer in \(bounds.seconds) seconds")
        case .cancelled: throw CancellationError()
        case .notStarted(let code):
            throw failure(
                .unavailable, "\(quoted(path)) could not be run: \(systemMessage(code))")
        case .endUnknown:
            throw failure(.unavailable, "how \(quoted(path)) ended is not known")
        }
    }

    func failure(_ kind: Failure.Kind, _ why: String, next: String? = nil) -> Failure {
        Failure(kind, purpose, because: why, next: next)
    }

    /// The first executable file of that name in `PATH`.
    ///
    /// A relative folder in `PATH` is not searched: a program that lies in the current folder would
    /// be given secrets. Go's os/exec and so docker do the same.
    private var executable: String? {
        let path = environment.variables["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        for directory in path.utf8.split(separator: UInt8(ascii: ":")) {
            guard directory.first == UInt8(ascii: "/") else { continue }
            let candidate = "\(String(decoding: directory, as: UTF8.self))/\(name)"
            if isExecutableFile(at: candidate) { return candidate }
        }
        return nil
    }
}

/// The variables that a helper program gets: those of this process without secrets for other
/// programs.
struct HelperEnvironment: Sendable {
    let variables: [String: String]

    /// For `docker-credential-…`, which keeps passwords of registries: no secret of Assay, and none
    /// for a key service. The helpers of clouds need the variables of their cloud, such as `AWS_…`.
    init(forCredentialsOf all: [String: String]) {
        variables = all.filter {
            !isOwnSecret($0.key, $0.value) && !isNamed($0.key, in: keyServiceSecrets)
        }
    }

    /// For `sigstore-kms-…`, which reaches a key service: no secret of Assay.
    init(forKeysOf all: [String: String]) {
        variables = all.filter { !isOwnSecret($0.key, $0.value) }
    }
}

/// Whether a variable holds a secret that Assay itself reads: for a private key, a registry, or an
/// identity. A private key that `--key env://NAME` names is recognised by what it is.
private func isOwnSecret(_ name: String, _ value: String) -> Bool {
    ["ASSAY_", "COSIGN_"].contains { name.utf8.starts(with: $0.utf8) }
        || isNamed(name, in: identitySecrets) || isPrivateKey(value)
}

private func isNamed(_ name: String, in list: [String]) -> Bool {
    list.contains { isSame($0, name) }
}

/// Whether the text has a PEM block of a private key anywhere, encrypted or not. PEM allows text
/// before a block (RFC 7468 §2), and there may be other blocks before it.
private func isPrivateKey(_ value: String) -> Bool {
    let begin = "-----BEGIN ".utf8
    var rest = value.utf8[...]
    while let dash = rest.firstIndex(of: UInt8(ascii: "-")) {
        rest = rest[dash...]
        guard rest.starts(with: begin) else {
            rest = rest.dropFirst()
            continue
        }
        rest = rest.dropFirst(begin.count)
        let label = rest.prefix { $0 != UInt8(ascii: "-") }
        if label.reversed().starts(with: "PRIVATE KEY".utf8.reversed()) { return true }
    }
    return false
}

/// Tokens that a certificate authority accepts as an identity, and the secrets that request them:
/// every secret that `IdentityTokenFinder` reads.
private let identitySecrets = [
    "SIGSTORE_ID_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "BUILDKITE_AGENT_ACCESS_TOKEN",
]

private let keyServiceSecrets = ["VAULT_TOKEN", "BAO_TOKEN"]
