// SPDX-License-Identifier: Apache-2.0
// Questions to key services: one request, one JSON answer, bounded in time and size.

internal import HTTPTypes
internal import OCI
internal import Primitives
internal import Registry

/// Talks to one service whose address the user configured. Nothing is followed, nothing repeated:
/// a signature that was asked for twice may be two signatures in somebody's audit log.
struct KeyServiceClient: Sendable {
    /// What the service is called in failures: "the key awskms:///alias/release".
    let subject: String
    let transport: any Transport
    /// What must not be displayed when the service repeats it.
    private let sent = SentSecrets()

    init(subject: String, transport: any Transport) {
        self.subject = subject
        self.transport = transport
    }

    struct Answer: Sendable {
        let status: Int
        /// Nil when the body is not JSON.
        let json: JSONReader?
    }

    /// - Parameter fields: credentials among them; they go to this address only.
    func ask(
        _ address: HTTPURL, method: HTTPRequest.Method, fields: HTTPFields, body: [UInt8]?
    ) async throws -> Answer {
        let request = HTTPRequest(
            method: method, scheme: address.scheme.rawValue, authority: address.authority,
            path: address.target, headerFields: fields)
        sent.note(fields)
        let answer = try await transport.send(
            request, body: body.map { .bytes($0) } ?? .none, within: Limits.keyServiceSeconds)
        let bytes = try await answer.body.collect(
            atMost: Limits.keyServiceBytes, named: "the answer about \(subject)")
        return Answer(
            status: answer.head.status.code,
            json: try? JSONReader(parsing: bytes, named: "the answer about \(subject)"))
    }

    /// What a status that is no success means.
    ///
    /// - Parameter words: what the service itself says; it is outside text.
    func failure(status: Int, saying words: String?, next: String? = nil) -> Failure {
        let kind: Failure.Kind =
            switch status {
            case 401, 403: .denied
            case 404: .notFound
            case 429: .rateLimited
            case 500...: .unavailable
            default: .usage
            }
        let said = words.map { sent.hidden(in: $0) }
        let why = said.map { "the service says \(quoted($0)) (status \(status))" }
        return failure(kind, why ?? "the service answers with status \(status)", next: next)
    }

    func failure(_ kind: Failure.Kind, _ why: String, next: String? = nil) -> Failure {
        Failure(kind, "cannot use \(subject)", because: why, next: next)
    }

    /// The JSON of a success, or why there is none.
    func document(_ answer: Answer) throws(Failure) -> JSONReader {
        guard let json = answer.json else {
            throw failure(.malformed, "the service's answer is not JSON")
        }
        return json
    }
}
