// SPDX-License-Identifier: Apache-2.0
// The three things a signature asks others for: a certificate, a log entry, a signed time.
// Spec: fulcio.proto v2; rekor openapi.yaml; sigstore/architecture-docs
// rekor-v2-spec.md §6.2; RFC 3161 §3.4.

internal import HTTPTypes
internal import Keys
internal import Primitives
internal import Registry
internal import Signing

extension ServiceClient {
    /// The certificate authority's answer as it came.
    ///
    /// The token goes over https only, or to this very machine.
    func certificateAnswer(
        from authority: SigningService, for key: PublicKey, proof: [UInt8], token: IdentityToken
    ) async throws -> [UInt8] {
        let address = try authority.address(CertificateRequest.path)
        var call = ServiceRequest(
            .post, address, of: authority.words(as: .certificateAuthority),
            what: "cannot get a signing certificate")
        try refuseSecretInTheOpen(call)
        call.carry(CertificateRequest.document(for: key, proof: proof))
        call.fields[.authorization] = "Bearer \(token.secret)"
        call.accepts = [200, 201]
        call.answerLimit = Limits.certificateAnswerBytes
        call.next = "get a new identity token from an issuer that this authority knows"
        return try await send(call).body
    }

    /// A log's answer to an upload as it came.
    func logAnswer(of log: SigningService, to parts: SignedParts) async throws -> [UInt8] {
        let path = LogUpload.path(version: log.majorVersion)
        var call = ServiceRequest(
            .post, try log.address(path), of: log.words(as: .log),
            what: "cannot write the signature into a log")
        call.carry(try LogUpload.request(for: parts, version: log.majorVersion))
        call.accepts = [200, 201, 409]
        call.answerLimit = Limits.logAnswerBytes
        call.next = "give the log less, or use one of version 2: it gets only a digest"
        let answer = try await send(call)
        guard answer.status == 409 else { return answer.body }
        return try await writtenBefore(answer, call, log).body
    }

    /// Spec: rekor openapi.yaml, createLogEntry, 409: "Location" is the entry that is there.
    private func writtenBefore(
        _ answer: ServiceResponse, _ call: ServiceRequest, _ log: SigningService
    ) async throws -> ServiceResponse {
        guard log.majorVersion == 1, let location = answer.fields[.location] else {
            throw call.failure(
                .unavailable, because: "it answered 409, that the entry is there, and not where")
        }
        let place = try call.address.resolving(location)
        guard place.origin == call.address.origin else {
            throw call.failure(
                .rejected,
                because: "it says that the entry is there already, and on another host: "
                    + quoted(place.description))
        }
        var second = ServiceRequest(.get, place, of: call.service, what: call.what)
        second.fields[.accept] = "application/json"
        second.answerLimit = Limits.logAnswerBytes
        return try await send(second)
    }

    /// The timestamp authority's answer as it came, DER.
    func timestampAnswer(
        from authority: SigningService, to request: [UInt8]
    ) async throws -> [UInt8] {
        var call = ServiceRequest(
            .post, try HTTPURL(parsing: authority.url),
            of: authority.words(as: .timestampAuthority),
            what: "cannot get a timestamp")
        call.body = request
        call.fields[.contentType] = "application/timestamp-query"
        call.fields[.accept] = "application/timestamp-reply"
        call.accepts = [200, 201]
        call.answerLimit = Limits.timestampBytes
        return try await send(call).body
    }

    /// A token read on its way can be used by whoever read it.
    package func refuseSecretInTheOpen(_ call: ServiceRequest) throws {
        guard call.address.scheme == .http else { return }
        guard try NetworkScope(of: call.address.hostName) == .loopback else {
            throw call.failure(
                .denied, because: "a token is not sent over plain http",
                next: "use the https address of the service")
        }
    }
}
