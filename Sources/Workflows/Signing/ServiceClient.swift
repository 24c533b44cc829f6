// SPDX-License-Identifier: Apache-2.0
// One request to a signing service: limited in size and time, retried where that helps. It follows
// no redirect.
// Spec: RFC 9110 §15.4 (redirects), §10.2.3 (Retry-After).

package import HTTPTypes
internal import OCI
package import Primitives
package import Registry
internal import Signing

/// Speaks to certificate authorities, logs, timestamp authorities and issuers of tokens.
///
/// No redirect is followed and no address from an answer is asked, except the place of an entry on
/// the log that named it.
package struct ServiceClient: Sendable {
    let transport: any Transport
    package let clock: any WallClock
    let userAgent: String

    package init(transport: any Transport, clock: any WallClock, userAgent: String) {
        self.transport = transport
        self.clock = clock
        self.userAgent = userAgent
    }

    /// The answer, when its status is one that `call` takes.
    ///
    /// - Throws: `rateLimited` or `unavailable` when the service did not answer after
    ///   `Limits.serviceAttempts`; `denied`, `rejected`, `notFound`, `overLimit` for what it said.
    package func send(_ call: ServiceRequest) async throws -> ServiceResponse {
        let deadline = clock.now().seconds + Limits.serviceTotalSeconds
        var attempt = 1
        while true {
            switch try await outcome(of: call, before: deadline) {
            case .answer(let answer): return answer
            case .again(let failure, let asked):
                let wait = max(Limits.firstRetryMilliseconds << (attempt - 1), asked * 1_000)
                attempt += 1
                guard attempt <= Limits.serviceAttempts,
                    clock.now().seconds + (wait + 999) / 1_000 < deadline
                else { throw failure }
                try await clock.wait(milliseconds: wait)
            }
        }
    }

    /// What one attempt came to; a refusal that stays one is thrown.
    private func outcome(
        of call: ServiceRequest, before deadline: Int
    ) async throws -> AttemptOutcome {
        do {
            let answer = try await exchange(call, before: deadline)
            if call.accepts.contains(answer.status) { return .answer(answer) }
            let failure = answer.failure(of: call)
            guard answer.isTransient, let asked = answer.secondsToWait else { throw failure }
            return .again(after: failure, seconds: asked)
        } catch let broken as ServiceTransportError {
            return .again(after: broken.failure, seconds: 0)
        }
    }

    private func exchange(_ call: ServiceRequest, before deadline: Int) async throws
        -> ServiceResponse
    {
        let seconds = min(Limits.serviceSeconds, deadline - clock.now().seconds)
        guard seconds > 0 else {
            throw call.failure(
                .unavailable,
                because: "there was no answer in \(Limits.serviceTotalSeconds) seconds")
        }
        var request = HTTPRequest(
            method: call.method, scheme: call.address.scheme.rawValue,
            authority: call.address.authority, path: call.address.target,
            headerFields: call.fields)
        request.headerFields[.userAgent] = userAgent
        do {
            let answer = try await transport.send(
                request, body: call.body.isEmpty ? .none : .bytes(call.body), within: seconds)
            let status = answer.head.status.code
            let isWanted = call.accepts.contains(status)
            let body =
                isWanted
                ? try await answer.body.collect(
                    atMost: call.answerLimit, named: "the answer of \(call.service)")
                : try await start(of: answer.body)
            return ServiceResponse(status: status, fields: answer.head.headerFields, body: body)
        } catch let failure as Failure where failure.kind == .unavailable {
            throw ServiceTransportError(
                failure: call.failure(.unavailable, because: "\(failure.what): \(failure.why)"))
        }
    }

    /// The first bytes of a body whose rest nobody needs.
    private func start(of body: ByteStream) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in body {
            bytes += chunk.prefix(Limits.errorBodyBytes - bytes.count)
            if bytes.count >= Limits.errorBodyBytes { break }
        }
        return bytes
    }
}

/// What one attempt came to.
private enum AttemptOutcome: Sendable {
    case answer(ServiceResponse)
    /// Nothing yet, for this reason; the same question may be asked again after a wait.
    case again(after: Failure, seconds: Int)
}

/// No answer came, or half of one: the same question may be asked again.
private struct ServiceTransportError: Error {
    let failure: Failure
}

/// One request to a service, with all that is needed to send it again.
package struct ServiceRequest: Sendable {
    /// Who is asked, in a sentence: "the certificate authority fulcio.example".
    package let service: String
    /// What for, in the user's words: "cannot get a signing certificate".
    package let what: String
    package let method: HTTPRequest.Method
    package let address: HTTPURL
    package var fields = HTTPFields()
    package var body: [UInt8] = []
    /// Statuses that are an answer.
    package var accepts: Set<Int> = [200]
    /// Bytes of such an answer.
    package var answerLimit = Limits.tokenAnswerBytes
    /// What to do when the service refuses; nil when nobody knows.
    package var next: String?

    package init(
        _ method: HTTPRequest.Method, _ address: HTTPURL, of service: String, what: String
    ) {
        self.method = method
        self.address = address
        self.service = service
        self.what = what
    }

    /// A request with a JSON body.
    package mutating func carry(_ document: JSONValue) {
        body = document.compactBytes
        fields[.contentType] = "application/json"
        fields[.accept] = "application/json"
    }

    package func failure(_ kind: Failure.Kind, because why: String, next: String? = nil) -> Failure
    {
        Failure(
            kind, what, at: .url(address.description), because: "\(service): \(why)", next: next)
    }
}

/// What came back, whatever the status is. Of an error's body there is only the start.
package struct ServiceResponse: Sendable {
    package let status: Int
    package let fields: HTTPFields
    package let body: [UInt8]

    /// Whether the same question may find another answer soon.
    var isTransient: Bool { status == 408 || status == 429 || (500...599).contains(status) }

    /// What `Retry-After` asks for; 0 without one, nil when it is longer than our patience.
    ///
    /// Deviation: RFC 9110 §10.2.3 allows a date too; our own wait is taken then.
    var secondsToWait: Int? {
        guard let text = fields[.retryAfter], let seconds = Int(text) else { return 0 }
        return (0...Limits.retryAfterSeconds).contains(seconds) ? seconds : nil
    }

    func failure(of call: ServiceRequest) -> Failure {
        let secrets = SentSecrets()
        secrets.note(call.fields)
        let said = said(hiding: secrets)
        let answered = "it answered \(status)" + (said.map { " and says \($0)" } ?? "")
        switch status {
        case 300...399:
            let target =
                fields[.location].map {
                    ": \(quoted(secrets.hidden(in: $0.utf8.prefix(before: "?"))))"
                } ?? ""
            return call.failure(
                .rejected, because: "\(answered), a redirect, and no redirect is followed\(target)",
                next: "name the address that it leads to, if you trust it")
        case 429: return call.failure(.rateLimited, because: answered, next: "try again later")
        case 408, 500...599:
            return call.failure(.unavailable, because: answered, next: "try again later")
        case 401, 403: return call.failure(.denied, because: answered, next: call.next)
        case 404:
            return call.failure(
                .notFound, because: answered, next: "look at the address of the service")
        case 413: return call.failure(.overLimit, because: answered, next: call.next)
        case 400...499: return call.failure(.rejected, because: answered, next: call.next)
        default: return call.failure(.unavailable, because: answered)
        }
    }

    /// What the service says is wrong, quoted and cut.
    ///
    /// Spec: google.rpc.Status as JSON, `message`; rekor openapi.yaml, Error, `message`.
    private func said(hiding secrets: SentSecrets) -> String? {
        let json = try? JSONValue(parsing: body, named: "the error")
        let text = json?["message"]?.string ?? json?["error"]?.string
        let line = secrets.hidden(in: text ?? String(decoding: body, as: UTF8.self))
            .utf8.split(whereSeparator: "\r\n".utf8.contains).first
        return line.map { quoted(Substring($0)) }
    }
}

extension SigningService {
    /// Who is asked, for sentences.
    func words(as kind: Kind) -> String { "the \(kind.words) \(plain(host))" }

    /// The address below the base.
    func address(_ path: String) throws(Failure) -> HTTPURL {
        try HTTPURL(parsing: base + path)
    }
}
