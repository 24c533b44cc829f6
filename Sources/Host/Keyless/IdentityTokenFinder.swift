// SPDX-License-Identifier: Apache-2.0
// Where an identity token comes from: the caller, or the environment of a build service.
// Spec: cosign v3.1.2, pkg/providers; GitHub, "OpenID Connect reference"; Buildkite agent API,
// "OIDC tokens"; Kubernetes, "service account token volume projection".

internal import Files
internal import HTTPTypes
internal import Keys
internal import Primitives
internal import Registry
package import Signing
package import Workflows

/// Finds the token, in this order:
///
/// 1. what the caller gave (`--identity-token`), a token or the path of a file with one;
/// 2. `SIGSTORE_ID_TOKEN`, which GitLab sets for a job with `id_tokens`;
/// 3. GitHub Actions, when the job may ask for tokens (`permissions: id-token: write`);
/// 4. the token file a cluster mounts at `/var/run/sigstore/cosign/oidc-token`;
/// 5. the Buildkite agent of the job.
///
/// The first place that is there decides; what is there and does not work is a failure, because
/// going on would silently make us somebody else. There is no interactive flow in a browser: no
/// redirect, no `state`, nothing to steal.
package struct IdentityTokenFinder: Sendable {
    private let explicit: String?
    private let environment: [String: String]
    private let client: ServiceClient
    private let mountedFile: String

    /// - Parameters:
    ///   - explicit: a token, or the path of a file that holds one.
    ///   - mountedFile: where a cluster mounts its token.
    package init(
        explicit: String?, environment: [String: String], client: ServiceClient,
        mountedFile: String = "/var/run/sigstore/cosign/oidc-token"
    ) {
        self.explicit = explicit
        self.environment = environment
        self.client = client
        self.mountedFile = mountedFile
    }

    /// The token, checked for audience and expiry before it goes anywhere.
    ///
    /// - Throws: `usage` when there is none, with the list of what was looked for; `denied` when it
    ///   is for somebody else or expired.
    package func token() async throws -> IdentityToken {
        guard let found = try await firstFound() else { throw nothingFound }
        do {
            let token = try IdentityToken(parsing: found.text)
            try token.check(at: client.clock.now())
            return token
        } catch {
            throw Failure(
                error.kind, error.what, at: .named(found.place), because: error.why,
                next: error.next)
        }
    }

    private func firstFound() async throws -> (text: String, place: String)? {
        if let explicit {
            guard !IdentityToken.resembles(explicit) else {
                return (explicit, "the token that was given")
            }
            return (try text(ofFile: explicit), explicit)
        }
        if let text = value("SIGSTORE_ID_TOKEN") { return (text, "SIGSTORE_ID_TOKEN") }
        if let text = try await tokenOfGitHub() { return (text, "GitHub Actions") }
        if let text = try mountedText() { return (text, mountedFile) }
        return try await tokenOfBuildkite().map { ($0, "the Buildkite agent") }
    }

    /// Nil where nothing is mounted.
    private func mountedText() throws(Failure) -> String? {
        do {
            return try text(ofFile: mountedFile)
        } catch  where error.kind == .notFound {
            return nil
        }
    }

    private var nothingFound: Failure {
        Failure(
            .usage, "cannot sign without a key",
            because: "there is no identity token: --identity-token was not given, "
                + "SIGSTORE_ID_TOKEN is not set, ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN (GitHub) "
                + "are not set, there is no file \(mountedFile), and BUILDKITE_AGENT_ACCESS_TOKEN "
                + "and BUILDKITE_JOB_ID are not set; Assay opens no browser",
            next: "give a token whose audience is \(sigstoreAudience), or allow the job to ask for "
                + "one (GitHub: permissions: id-token: write; GitLab: id_tokens)")
    }

    private func value(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private func text(ofFile path: String) throws(Failure) -> String {
        let bytes = try readFile(
            at: path, atMost: Limits.identityTokenBytes, named: "the identity token")
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(
                .malformed, "cannot read the identity token", at: .named(path),
                because: "it is not text")
        }
        return text
    }

    /// Spec: GitHub: GET the request URL with `audience` added and the request token as bearer; the
    /// answer's `value` is the token.
    private func tokenOfGitHub() async throws -> String? {
        guard let url = value("ACTIONS_ID_TOKEN_REQUEST_URL"),
            let secret = value("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
        else { return nil }
        let separator = url.utf8.contains("?") ? "&" : "?"
        let address = try HTTPURL(parsing: "\(url)\(separator)audience=\(sigstoreAudience)")
        var call = ServiceRequest(
            .get, address, of: "GitHub Actions", what: "cannot get an identity token")
        call.fields[.authorization] = try bearer("Bearer", secret, for: call)
        call.fields[.accept] = "application/json"
        call.next = "give the job the permission id-token: write"
        return try await tokenField("value", of: call)
    }

    /// Spec: Buildkite agent API: POST `/jobs/ID/oidc/tokens` with the audience; the answer's
    /// `token` is the token.
    private func tokenOfBuildkite() async throws -> String? {
        guard let secret = value("BUILDKITE_AGENT_ACCESS_TOKEN"),
            let job = value("BUILDKITE_JOB_ID")
        else { return nil }
        var base = value("BUILDKITE_AGENT_ENDPOINT") ?? "https://agent.buildkite.com/v3"
        while base.utf8.hasSuffix("/") { base.removeLast() }
        guard job.utf8.allSatisfy({ isLowerHex($0) || $0 == UInt8(ascii: "-") }) else {
            throw Failure(
                .malformed, "cannot get an identity token", at: .named("BUILDKITE_JOB_ID"),
                because: "\(quoted(job)) is not the identifier of a job")
        }
        var call = ServiceRequest(
            .post, try HTTPURL(parsing: "\(base)/jobs/\(job)/oidc/tokens"),
            of: "the Buildkite agent", what: "cannot get an identity token")
        call.carry(["audience": .string(sigstoreAudience)])
        call.fields[.authorization] = try bearer("Token", secret, for: call)
        call.accepts = [200, 201]
        return try await tokenField("token", of: call)
    }

    private func tokenField(_ name: String, of call: ServiceRequest) async throws -> String {
        let answer = try await client.send(call)
        do {
            return try JSONReader(parsing: answer.body, named: "the answer of \(call.service)")
                .required(name).string()
        } catch {
            throw call.failure(.unavailable, because: error.why)
        }
    }

    /// The secret as a header field; one that could start another field is refused.
    private func bearer(_ scheme: String, _ secret: String, for call: ServiceRequest) throws
        -> String
    {
        try client.refuseSecretInTheOpen(call)
        guard secret.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw call.failure(
                .malformed, because: "the request token has characters that no token has")
        }
        return "\(scheme) \(secret)"
    }
}
