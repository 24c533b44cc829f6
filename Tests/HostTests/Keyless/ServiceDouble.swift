// SPDX-License-Identifier: Apache-2.0
// The stand-ins behind a transport: every service of an instance, and answers bent on purpose.

import HTTPTypes
import Host
import Keys
import OCI
import Primitives
import Registry
import Signing
import StandIns
import Synchronization
import TestSupport
import Workflows

/// What a bent service answers.
struct BentAnswer: Sendable {
    var status = 200
    var fields: [HTTPField.Name: String] = [:]
    var body: [UInt8] = []
    /// The body never ends.
    var isEndless = false

    static func text(_ status: Int, _ text: String) -> BentAnswer {
        BentAnswer(status: status, body: Array(text.utf8))
    }
}

/// Answers as the stand-ins do, except where a test bends an answer.
final class ServiceDouble: Transport {
    struct Seen: Sendable {
        let method: String
        let host: String
        let path: String
        let target: String
        let authorization: String?
        let body: [UInt8]
    }

    private struct State: Sendable {
        var service: StandInService
        var seen: [Seen] = []
    }

    typealias Bending = @Sendable (_ seen: Seen, _ number: Int) throws -> BentAnswer?

    private let state: Mutex<State>
    private let bending: Bending
    private let time: Timestamp

    /// - Parameter bending: asked first for each request, with the number of requests to that path
    ///   so far, this one included; nil lets the stand-in answer.
    init(
        _ instance: StandInSigstore, faults: Set<StandInFault> = [],
        bending: @escaping Bending = { _, _ in nil }
    ) {
        state = Mutex(State(service: StandInService(instance, faults: faults)))
        time = instance.plan.time
        self.bending = bending
    }

    var seen: [Seen] { state.withLock { $0.seen } }
    /// Paths with their queries.
    var targets: [String] { seen.map(\.target) }

    func send(_ request: HTTPRequest, body: RequestBody, within seconds: Int) async throws
        -> TransportAnswer
    {
        var content: [UInt8] = []
        if case .bytes(let bytes) = body { content = bytes }
        let target = request.path ?? "/"
        let seen = Seen(
            method: request.method.rawValue, host: request.authority ?? "",
            path: String(target.prefix { $0 != "?" }), target: target,
            authorization: request.headerFields[.authorization], body: content)
        let number = state.withLock { state in
            state.seen.append(seen)
            return state.seen.count { $0.path == seen.path }
        }
        if let bent = try bending(seen, number) { return answer(bent) }
        let token = seen.authorization.map { String($0.dropFirst("Bearer ".count)) }
        let answered = state.withLock { state in
            state.service.answer(
                StandInRequest(seen.method, seen.path, bearerToken: token, body: content), at: time)
        }
        var plain = BentAnswer(status: answered.status, body: answered.body)
        if let location = answered.location { plain.fields[.location] = location }
        return answer(plain)
    }

    private func answer(_ bent: BentAnswer) -> TransportAnswer {
        var fields = HTTPFields()
        for (name, value) in bent.fields { fields[name] = value }
        return TransportAnswer(
            head: HTTPResponse(
                status: HTTPResponse.Status(code: bent.status), headerFields: fields),
            body: bent.isEndless
                ? ByteStream { [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16) }
                : ByteStream(bent.body))
    }
}

/// A clock that stands still until somebody waits.
final class StillPause: Pause {
    private let state: Mutex<(seconds: Int, waits: [Int])>

    init(_ time: Timestamp) { state = Mutex((time.seconds, [])) }

    /// Milliseconds of each wait.
    var waits: [Int] { state.withLock { $0.waits } }

    func wait(milliseconds: Int) async throws {
        state.withLock {
            $0.seconds += milliseconds / 1_000
            $0.waits.append(milliseconds)
        }
    }

    func now() -> Timestamp { Timestamp(seconds: state.withLock { $0.seconds }) }
}

/// One instance, a client of it, and what a signer needs.
struct KeylessStage: Sendable {
    let instance: StandInSigstore
    let double: ServiceDouble
    let pause: StillPause
    let client: ServiceClient

    init(
        _ instance: StandInSigstore? = nil, faults: Set<StandInFault> = [],
        bending: @escaping ServiceDouble.Bending = { _, _ in nil }
    ) throws {
        let instance = try instance ?? StandInSigstore(at: Timestamp(seconds: 1_700_000_000))
        self.instance = instance
        double = ServiceDouble(instance, faults: faults, bending: bending)
        pause = StillPause(instance.plan.time)
        client = ServiceClient(transport: double, pause: pause, userAgent: "assay-test")
    }

    var time: Timestamp { instance.plan.time }

    func services(log version: Int?, stamped: Bool = true) throws -> ServiceSelection {
        let addresses = instance.plan.addresses
        let log = version.map {
            (url: $0 == 1 ? addresses.rekor1 : addresses.rekor2, version: $0)
        }
        return try SigningConfiguration(
            certificateAuthority: addresses.fulcio, log: log,
            timestampAuthority: stamped ? addresses.timestampAuthority : nil
        ).selection(at: time)
    }

    func token(audience: String = "sigstore") throws -> IdentityToken {
        try IdentityToken(
            parsing: try instance.identityProvider.token(
                email: "mira@example.org", audience: audience, at: time))
    }

    var trust: TrustedRoot {
        get throws { try TrustedRoot(parsing: instance.trustedRoot().compactBytes) }
    }

    /// Signs a message or a statement with everything right but what the stage bends.
    func sign(
        _ content: ContentToSign = message, log version: Int? = 1, stamped: Bool = true
    ) async throws -> FinishedBundle {
        let signer = try KeylessSigner(
            services: try services(log: version, stamped: stamped), client: client,
            trust: try trust,
            random: systemRandom)
        return try await signer.sign(content, as: try token()) { _ in }
    }

    static let message = ContentToSign.message(Digest(of: "hello".utf8, by: .sha256))
    static let statement = ContentToSign.payload(
        Array(#"{"_type":"https://in-toto.io/Statement/v1"}"#.utf8), type: inTotoPayloadType)
}

/// Random bytes as the command line takes them.
let systemRandom: RandomBytes = KeyGenerator.randomBytes
