// SPDX-License-Identifier: Apache-2.0
// HTTP for the registry client: one request, one answer, no redirects, nothing silent for ever.

internal import AsyncHTTPClient
internal import Files
internal import Glibc
package import HTTPTypes
internal import Keys
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import OCI
package import Primitives
package import Registry

/// Sends requests with AsyncHTTPClient. One transport serves a whole run; `shutdown` ends it.
package final class HTTPTransport: Transport {
    /// How long silence may last.
    package struct Timeouts: Sendable {
        /// Until a connection stands, TLS included.
        package var connectMilliseconds: Int
        /// Between two pieces of an answer.
        package var idleMilliseconds: Int

        package init(connectMilliseconds: Int, idleMilliseconds: Int) {
            self.connectMilliseconds = connectMilliseconds
            self.idleMilliseconds = idleMilliseconds
        }

        /// 10 seconds to connect (Docker: 15), 30 of silence (go-containerregistry: 30).
        package static let standard = Timeouts(
            connectMilliseconds: 10_000, idleMilliseconds: 30_000)
    }

    private let client: HTTPClient
    private let timeouts: Timeouts

    /// - Parameters:
    ///   - extraCertificates: a PEM file of authorities trusted beside the system's.
    ///   - clientCertificate: PEM files with a certificate chain and its private key, for servers
    ///     that ask who connects.
    package init(
        extraCertificates: String?, clientCertificate: (chain: String, key: String)? = nil,
        timeouts: Timeouts
    ) throws(Failure) {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let extraCertificates {
            let pem = try readFile(
                at: extraCertificates, atMost: Limits.certificateFileBytes,
                named: "the certificate authorities")
            do {
                let certificates = try PEMBlock.list(in: pem).filter { $0.label == "CERTIFICATE" }
                    .map { try NIOSSLCertificate(bytes: $0.bytes, format: .der) }
                guard !certificates.isEmpty else { throw PEMBlock.Reason(why: "it has none") }
                tls.additionalTrustRoots = [.certificates(certificates)]
            } catch {
                throw Failure(
                    .malformed, "cannot read the certificate authorities",
                    at: .named(extraCertificates), because: "it is not a list of PEM certificates")
            }
        }
        if let clientCertificate {
            try tls.identify(by: clientCertificate.chain, key: clientCertificate.key)
        }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(
                connect: .milliseconds(Int64(timeouts.connectMilliseconds)),
                read: .milliseconds(Int64(timeouts.idleMilliseconds)),
                write: .milliseconds(Int64(timeouts.idleMilliseconds))),
            decompression: .disabled)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
            Limits.connectionsPerRegistry
        // One attempt: repetitions are counted, and waited between, by the registry client.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.refuseInvalidResponses()
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        self.timeouts = timeouts
    }

    /// Closes all connections; the transport cannot be used afterwards.
    package func shutdown() async throws { try await client.shutdown() }

    package func send(_ request: HTTPRequest, body: RequestBody, within seconds: Int) async throws
        -> TransportResponse
    {
        let authority = request.authority ?? ""
        var outgoing = HTTPClientRequest(
            url: "\(request.scheme ?? "https")://\(authority)\(request.path ?? "/")")
        outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
        for field in request.headerFields where field.name != .contentLength {
            outgoing.headers.add(name: field.name.rawName, value: field.value)
        }
        switch body {
        case .none: break
        case .bytes(let bytes): outgoing.body = .bytes(ByteBuffer(bytes: bytes))
        case .stream(let stream, let length):
            outgoing.body = .stream(BufferStream(chunks: stream), length: .known(Int64(length)))
        }
        let deadline = NIODeadline.now() + .seconds(Int64(seconds))
        do {
            let answer = try await client.execute(outgoing, deadline: deadline, logger: silent)
            let reader = BodyReader(
                answer.body, host: authority, deadline: deadline, seconds: seconds,
                idleTime: .milliseconds(Int64(timeouts.idleMilliseconds)))
            return TransportResponse(
                head: head(answer), body: ByteStream { try await reader.next() })
        } catch {
            throw told(error, host: authority, seconds: seconds)
        }
    }

    private func head(_ answer: HTTPClientResponse) -> HTTPResponse {
        var fields = HTTPFields()
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name) {
                fields.append(HTTPField(name: name, value: value))
            }
        }
        return HTTPResponse(
            status: HTTPResponse.Status(code: Int(answer.status.code)), headerFields: fields)
    }
}

/// Hands the body over chunk by chunk. An actor because the iterator is one conversation.
private actor BodyReader {
    private var iterator: HTTPClientResponse.Body.AsyncIterator
    private let host: String
    private let deadline: NIODeadline
    private let seconds: Int
    /// How long silence may last.
    private let idleTime: TimeAmount

    init(
        _ body: HTTPClientResponse.Body, host: String, deadline: NIODeadline, seconds: Int,
        idleTime: TimeAmount
    ) {
        iterator = body.makeAsyncIterator()
        self.host = host
        self.deadline = deadline
        self.seconds = seconds
        self.idleTime = idleTime
    }

    /// The next chunk. Silence ends at the idle timeout or at the deadline, whichever is first; a
    /// trickle that never ends does so at the deadline.
    func next() async throws -> [UInt8]? {
        do {
            let left = deadline - .now()
            guard left > .zero else { throw HTTPClientError.deadlineExceeded }
            // AsyncHTTPClient ends silence itself, and it knows no deadline after the head.
            return left > idleTime ? try await chunk() : try await chunkBeforeDeadline()
        } catch {
            throw told(error, host: host, seconds: seconds)
        }
    }

    private func chunk() async throws -> [UInt8]? {
        var iterator = iterator
        let buffer = try await iterator.next(isolation: self)
        self.iterator = iterator
        return buffer.map { Array($0.readableBytesView) }
    }

    private func chunkBeforeDeadline() async throws -> [UInt8]? {
        try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            group.addTask { try await self.chunk() }
            group.addTask { [deadline] in
                try await Task.sleep(for: .nanoseconds((deadline - .now()).nanoseconds))
                throw HTTPClientError.deadlineExceeded
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}

/// A request body as the HTTP client wants it.
private struct BufferStream: AsyncSequence, Sendable {
    struct AsyncIterator: AsyncIteratorProtocol {
        var chunks: ByteStream.AsyncIterator

        mutating func next() async throws -> ByteBuffer? {
            try await chunks.next().map { ByteBuffer(bytes: $0) }
        }
    }

    let chunks: ByteStream

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(chunks: chunks.makeAsyncIterator()) }
}

/// The failure that an error of the HTTP client means; ours pass unchanged.
private func told(_ error: any Error, host: String, seconds: Int) -> any Error {
    if error is Primitives.Failure || error is CancellationError { return error }
    if error is HTTPParserError { return unavailable(host, "what it sent is not HTTP") }
    if let error = error as? InvalidResponse {
        return unavailable(host, "its response is not valid: \(error.why)")
    }
    guard let error = error as? HTTPClientError else {
        return unavailable(host, connectionWords("\(error)", isTLS: error is NIOSSLError))
    }
    switch error {
    case .deadlineExceeded:
        return unavailable(host, "the exchange was not over after \(seconds) seconds")
    case .readTimeout: return unavailable(host, "it stopped sending")
    case .writeTimeout: return unavailable(host, "it stopped receiving")
    case .connectTimeout: return unavailable(host, "no connection was made in time")
    case .remoteConnectionClosed: return unavailable(host, "it closed the connection")
    case .bodyLengthMismatch: return unavailable(host, "the body was shorter than its length")
    case .cancelled: return CancellationError()
    default: return unavailable(host, connectionWords("\(error)", isTLS: false))
    }
}

/// What an error of the network libraries means, in words. Their types say less than their texts,
/// which carry the system's own, and names of types and source files that are not displayed.
func connectionWords(_ text: String, isTLS: Bool) -> String {
    if let known = knownTroubles.first(where: { text.utf8.contains($0.sign) }) {
        return known.words
    }
    let start = isTLS ? "TLS: no connection could be agreed on" : "the connection failed"
    // BoringSSL: `…OPENSSL_internal:NO_SHARED_CIPHER at …`; NIO: `… (errno: 71)`.
    if let after = text.utf8.split(atFirst: "OPENSSL_internal:")?.after {
        let reason = Substring(after.utf8.prefix { isLetterByte($0) || $0 == UInt8(ascii: "_") })
        return "\(start): \(reason)"
    }
    let number = text.utf8.split(atLast: "errno: ")?.after.utf8.prefix(while: isDigitByte)
    if let code = number.flatMap({ CInt(Substring($0)) }) {
        let words = unsafe String(cString: strerror(code)).utf8.lowercased()
        return "\(start): \(words)"
    }
    return start
}

/// The first that fits counts, so what lies behind stands before what it leads to.
private let knownTroubles: [(sign: String, words: String)] = [
    (
        "CERTIFICATE_VERIFY_FAILED",
        "TLS: its certificate is not from an authority that we trust, or not valid today"
    ),
    ("unableToValidateCertificate", "TLS: its certificate is not valid for this name"),
    ("WRONG_VERSION_NUMBER", "TLS: what answered does not speak TLS; it may speak plain http"),
    ("HTTP_REQUEST", "TLS: what answered does not speak TLS; it speaks plain http"),
    ("HANDSHAKE_FAILURE", "TLS: the two sides found no cipher or version in common"),
    ("PROTOCOL_VERSION", "TLS: it does not speak version 1.2 or later"),
    ("uncleanShutdown", "it closed the connection in the middle"),
    ("Connection refused", "connection refused: nothing listens on that port"),
    ("Connection reset", "it reset the connection"),
    ("Network is unreachable", "there is no way to its network from here"),
    ("No route to host", "there is no way to it from here"),
    ("connectTimeout", "no connection was made in time"),
    ("Connection timed out", "no connection was made in time"),
    ("dnsAError: Optional", "its name could not be found"),
    ("Name or service not known", "its name could not be found"),
    ("unexpected EOF", "it closed the connection in the middle"),
]

private func unavailable(_ host: String, _ why: String) -> Primitives.Failure {
    Primitives.Failure(
        .unavailable, "cannot talk to \(host)", at: .named(host), because: why)
}

private let silent = Logger(label: "http") { _ in SwiftLogNoOpLogHandler() }

extension HTTPClient.Configuration {
    /// Installs `ResponseOrderHandler` on each connection. Only HTTP/1.1 is spoken, because the same
    /// check is not possible where several responses share a connection.
    fileprivate mutating func refuseInvalidResponses() {
        httpVersion = .http1Only
        http1_1ConnectionDebugInitializer = { channel in
            channel.eventLoop.submit {
                let pipeline = channel.pipeline.syncOperations
                let parser = try pipeline.handler(
                    type: ByteToMessageHandler<HTTPResponseDecoder>.self)
                try pipeline.addHandler(ResponseOrderHandler(), position: .after(parser))
            }
        }
    }
}

extension TLSConfiguration {
    /// Sets the certificate that is shown to servers that ask for one.
    fileprivate mutating func identify(by chain: String, key: String) throws(Failure) {
        let (chainBytes, keyBytes) = (
            try readFile(
                at: chain, atMost: Limits.certificateFileBytes, named: "the client certificate"),
            try readFile(at: key, atMost: Limits.keyFileBytes, named: "the client's key")
        )
        do {
            certificateChain = try NIOSSLCertificate.fromPEMBytes(chainBytes)
                .map { .certificate($0) }
            privateKey = .privateKey(try NIOSSLPrivateKey(bytes: keyBytes, format: .pem))
        } catch {
            // The library's words may quote the key.
            throw Failure(
                .malformed, "cannot use the client certificate", at: .named(chain),
                because: "it and its key are not a PEM certificate and an unencrypted PEM key")
        }
    }
}
