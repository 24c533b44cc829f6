// SPDX-License-Identifier: Apache-2.0
// The stand-ins behind a transport: every service of an instance, and answers bent on purpose.

package import HTTPTypes
internal import OCI
package import Primitives
package import Registry
package import Signing
package import StandIns
internal import Synchronization
package import Workflows

/// What a bent service answers.
package struct BentAnswer: Sendable {
    package var status = 200
    package var fields: [HTTPField.Name: String] = [:]
    package var body: [UInt8] = []
    /// The body never ends.
    package var isEndless = false

    package init(
        status: Int = 200, fields: [HTTPField.Name: String] = [:], body: [UInt8] = [],
        isEndless: Bool = false
    ) {
        self.status = status
        self.fields = fields
        self.body = body
        self.isEndless = isEndless
    }

    package static func text(_ status: Int, _ text: String) -> BentAnswer {
        BentAnswer(status: status, body: Array(text.utf8))
    }
}

/// Answers as the stand-ins do, except where a test bends an answer.
package final class ServiceDouble: Transport {
    package struct Seen: Sendable {
        package let method: String
        package let host: String
        package let path: String
        package let target: String
        package let authorization: String?
        package let body: [UInt8]
    }

    private struct State: Sendable {
        var service: StandInService
        var seen: [Seen] = []
    }

    package typealias Bending = @Sendable (_ seen: Seen, _ number: Int) throws -> BentAnswer?

    private let state: Mutex<State>
    private let bending: Bending
    private let time: Timestamp

    /// - Parameter bending: asked first for each request, with the number of requests to that path
    ///   so far, this one included; nil lets the stand-in answer.
    package init(
        _ instance: StandInSigstore, faults: Set<StandInFault> = [],
        bending: @escaping Bending = { _, _ in nil }
    ) {
        state = Mutex(State(service: StandInService(instance, faults: faults)))
        time = instance.plan.time
        self.bending = bending
    }

    package var seen: [Seen] { state.withLock { $0.seen } }
    /// Paths with their queries.
    package var targets: [String] { seen.map(\.target) }

    package func send(_ request: HTTPRequest, body: RequestBody, within seconds: Int) async throws
        -> TransportResponse
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

    private func answer(_ bent: BentAnswer) -> TransportResponse {
        var fields = HTTPFields()
        for (name, value) in bent.fields { fields[name] = value }
        return TransportResponse(
            head: HTTPResponse(
                status: HTTPResponse.Status(code: bent.status), headerFields: fields),
            body: bent.isEndless
                ? ByteStream { [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16) }
                : ByteStream(bent.body))
    }
}

/// A clock that stands still until somebody waits.
package final class StillClock: WallClock {
    private let state: Mutex<(seconds: Int, waits: [Int])>

    package init(_ time: Timestamp) { state = Mutex((time.seconds, [])) }

    /// Milliseconds of each wait.
    package var waits: [Int] { state.withLock { $0.waits } }

    package func wait(milliseconds: Int) async throws {
        state.withLock {
            $0.seconds += milliseconds / 1_000
            $0.waits.append(milliseconds)
        }
    }

    package func now() -> Timestamp { Timestamp(seconds: state.withLock { $0.seconds }) }
}

/// One instance, a client of it, and what a signer needs.
package struct KeylessStage: Sendable {
    package let instance: StandInSigstore
    package let double: ServiceDouble
    package let clock: StillClock
    package let client: ServiceClient

    package init(
        _ instance: StandInSigstore? = nil, faults: Set<StandInFault> = [],
        bending: @escaping ServiceDouble.Bending = { _, _ in nil }
    ) throws {
        let instance = try instance ?? StandInSigstore(at: Timestamp(seconds: 1_700_000_000))
        self.instance = instance
        double = ServiceDouble(instance, faults: faults, bending: bending)
        clock = StillClock(instance.plan.time)
        client = ServiceClient(transport: double, clock: clock, userAgent: "assay-test")
    }

    package var time: Timestamp { instance.plan.time }

    package func services(log version: Int?, stamped: Bool = true) throws -> ServiceSelection {
        let addresses = instance.plan.addresses
        let log = version.map {
            (url: $0 == 1 ? addresses.rekor1 : addresses.rekor2, version: $0)
        }
        return try SigningConfiguration(
            certificateAuthority: addresses.fulcio, log: log,
            timestampAuthority: stamped ? addresses.timestampAuthority : nil
        ).selection(at: time)
    }

    package func token(audience: String = "sigstore") throws -> IdentityToken {
        try IdentityToken(
            parsing: try instance.identityProvider.token(
                email: "mira@example.org", audience: audience, at: time))
    }

    package var trust: TrustedRoot {
        get throws { try TrustedRoot(parsing: instance.trustedRoot().compactBytes) }
    }

    /// Signs a message or a statement with everything right but what the stage bends.
    package func sign(
        _ content: ContentToSign = message, log version: Int? = 1, stamped: Bool = true
    ) async throws -> FinishedBundle {
        let signer = try KeylessSigner(
            services: try services(log: version, stamped: stamped), client: client,
            trust: try trust,
            random: systemRandom)
        return try await signer.sign(content, as: try token()) { _ in }
    }

    package static let message = ContentToSign.message(Digest(of: "hello".utf8, by: .sha256))
    package static let statement = ContentToSign.payload(
        Array(#"{"_type":"https://in-toto.io/Statement/v1"}"#.utf8), type: inTotoPayloadType)
}

/// Random bytes of the system.
package let systemRandom: RandomBytes = { count in
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}
