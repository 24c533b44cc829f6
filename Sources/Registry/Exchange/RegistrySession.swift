// SPDX-License-Identifier: Apache-2.0
// One exchange with one registry, made safe: authorised, redirected, repeated, bounded.
// Spec: distribution-spec 1.1; RFC 9110 §15.4 (redirects), §10.2.3 (Retry-After).

internal import HTTPTypes
internal import OCI
internal import Primitives

/// Speaks to the registry of one repository.
struct RegistrySession: Sendable {
    let repository: Repository
    let base: HTTPURL
    let transport: any Transport
    let clock: any WallClock
    let credentials: any CredentialSource
    let options: RegistryOptions
    let cache: AuthorizationCache
    let deadline: QuestionDeadline?

    /// The answer to `call`, whatever its status is, after what can be done about it was done: one
    /// renewed authorization after a 401, redirects, and repetitions with growing waits.
    ///
    /// - Throws: `denied` when a renewed authorization is refused too, `unavailable` when there is
    ///   no answer in time, or a redirect or realm leads where it must not.
    func send(_ first: RegistryRequest) async throws -> RegistryResponse {
        var call = timed(first)
        var renewed = false
        var attempt = 1
        while true {
            let mayRepeat = call.body.isReplayable && attempt < Limits.requestAttempts
            let wait: Int
            do {
                let answer = try await follow(call)
                if answer.status == 401, answer.address.origin == base.origin, !call.scopes.isEmpty
                {
                    guard !renewed, call.body.isReplayable else { throw await answer.refusal(self) }
                    renewed = true
                    call = try await renewAuthorization(after: answer, for: call)
                    continue
                }
                guard answer.isTransient, mayRepeat, let asked = waitTime(after: answer, attempt),
                    hasTime(call, after: asked)
                else { return answer }
                wait = asked
            } catch let broken as TransportError {
                wait = backOff(attempt)
                guard mayRepeat, hasTime(call, after: wait) else { throw broken.failure }
            }
            try await clock.wait(milliseconds: wait)
            attempt += 1
        }
    }

    /// The call with the deadline of all its attempts. A transfer has only the deadline of its
    /// question.
    ///
    /// - Parameter share: the call gets 1/`share` of the time that the question has left.
    func timed(_ call: RegistryRequest, share: Int = 1) -> RegistryRequest {
        guard call.deadline == nil else { return call }
        var call = call
        let now = clock.now().seconds
        if call.transferredBytes == nil {
            call.deadline = Timestamp(seconds: now + Limits.requestSeconds)
        }
        if let end = deadline?.end.seconds {
            let part = Timestamp(seconds: end > now ? end - (end - now) / share * (share - 1) : end)
            call.deadline = min(call.deadline ?? part, part)
        }
        call.allotted = call.deadline.map { $0.seconds - now }
        return call
    }

    /// Waits, or throws if the wait would end after the question's deadline.
    func wait(milliseconds: Int, before call: RegistryRequest) async throws {
        guard hasTime(timed(call), after: milliseconds) else { throw outOfTime(timed(call)) }
        try await clock.wait(milliseconds: milliseconds)
    }

    private func outOfTime(_ call: RegistryRequest) -> Failure {
        guard let deadline, call.deadline == deadline.end else {
            return Failure(
                .unavailable, call.what, at: place(call.address),
                because: "there was no complete response after "
                    + "\(call.allotted ?? Limits.requestSeconds) seconds, all attempts together")
        }
        return Failure(
            .unavailable, call.what, at: place(call.address),
            because: "the time limit of \(deadline.seconds) seconds has passed",
            next: "try again, or raise the limit with --timeout")
    }

    /// An address for failures. It may come from a server that repeats what was sent.
    func place(_ address: HTTPURL) -> Place { cache.sent.place(address) }

    private func hasTime(_ call: RegistryRequest, after milliseconds: Int) -> Bool {
        guard let deadline = call.deadline else { return true }
        return clock.now().seconds + (milliseconds + 999) / 1_000 < deadline.seconds
    }

    /// Seconds for the next attempt.
    private func secondsLeft(_ call: RegistryRequest) throws(Failure) -> Int {
        guard let deadline = call.deadline else { return call.seconds }
        let left = deadline.seconds - clock.now().seconds
        guard left > 0 else { throw outOfTime(call) }
        return min(left, call.seconds)
    }

    /// The answer with its whole body, at most `limit` bytes; a body that breaks off is asked for
    /// again. Error bodies are cut instead of refused.
    func document(_ call: RegistryRequest, atMost limit: Int) async throws -> (
        RegistryResponse, [UInt8]
    ) {
        let call = timed(call)
        var attempt = 1
        while true {
            let answer = try await send(call)
            do {
                return (answer, try await whole(answer, atMost: limit))
            } catch let failure as Failure
                where failure.kind == .unavailable && attempt < Limits.requestAttempts
                && hasTime(call, after: backOff(attempt))
            {
                try await clock.wait(milliseconds: backOff(attempt))
                attempt += 1
            }
        }
    }

    private func whole(_ answer: RegistryResponse, atMost limit: Int) async throws -> [UInt8] {
        if let encoding = answer.fields[.contentEncoding], !isSame(encoding, "identity") {
            throw answer.noAnswer("it is encoded as \(quoted(encoding)), which was not asked for")
        }
        let name = "the answer of \(answer.place)"
        guard (200..<300).contains(answer.status) else { return try await answer.errorBody() }
        if let claimed = answer.claimedLength, claimed > limit {
            throw Failure(
                .overLimit, answer.call.what, at: answer.place,
                because: "the answer claims \(claimed) bytes, the limit is \(limit)")
        }
        let bytes: [UInt8]
        do {
            bytes = try await answer.body.collect(atMost: limit, named: name)
        } catch let failure as Failure where failure.kind != .unavailable {
            throw failure.during(answer.call.what, at: answer.place)
        }
        if let claimed = answer.claimedLength, claimed != bytes.count, answer.call.method != .head {
            throw Failure(
                .unavailable, answer.call.what, at: answer.place,
                because: "\(bytes.count) of the \(claimed) bytes it claims arrived")
        }
        return bytes
    }

    /// Sends the call and goes where the registry sends us, as far as that is allowed.
    private func follow(_ call: RegistryRequest) async throws -> RegistryResponse {
        var address = call.address
        let rule = RedirectPolicy(registry: base)
        for _ in 0...Limits.redirects {
            let answer = try await exchange(call, at: address)
            guard answer.isRedirect, let location = answer.fields[.location] else { return answer }
            let next: HTTPURL
            do {
                next = try address.resolving(location)
                try rule.check(next, as: "redirect")
            } catch {
                let error = cache.sent.hidden(in: error)
                throw Failure(
                    call.isSafe ? .unavailable : error.kind, call.what,
                    at: error.place ?? place(address),
                    because: cache.sent.hidden(in: "\(error.what): \(error.why)"))
            }
            cache.sent.note(queryOf: next)
            guard call.isSafe || (next.origin == address.origin && answer.keepsMethod(call)) else {
                throw Failure(
                    .rejected, call.what, at: place(next),
                    because: "the registry sends a writing request to another place")
            }
            // A redirect must not lead back down from https, whatever the registry speaks.
            if address.scheme == .https, next.scheme == .http {
                throw Failure(
                    call.isSafe ? .unavailable : .rejected, call.what, at: place(next),
                    because: "the redirect leaves https for plain http")
            }
            address = next
        }
        throw Failure(
            .overLimit, call.what, at: place(call.address),
            because: "there are more than \(Limits.redirects) redirects")
    }

    /// One request and its answer. Credentials go along only to the origin they belong to.
    ///
    /// - Throws: `TransportError` when there was none, which another attempt may mend.
    private func exchange(_ call: RegistryRequest, at address: HTTPURL) async throws
        -> RegistryResponse
    {
        var request = HTTPRequest(
            method: call.method, scheme: address.scheme.rawValue, authority: address.authority,
            path: address.target, headerFields: call.fields)
        request.headerFields[.userAgent] = options.userAgent
        // What a digest names are the bytes themselves.
        request.headerFields[.acceptEncoding] = "identity"
        if call.body.length > 0 || [.put, .post, .patch].contains(call.method) {
            request.headerFields[.contentLength] = String(call.body.length)
        }
        if address.origin != call.address.origin { request.headerFields[.authorization] = nil }
        if address.origin == base.origin, !call.scopes.isEmpty {
            request.headerFields[.authorization] = try await authorization(for: call)
        }
        cache.sent.note(request.headerFields)
        let seconds = try secondsLeft(call)
        do {
            let answer = try await transport.send(request, body: call.body, within: seconds)
            return RegistryResponse(
                call: call, address: address, head: answer.head, body: answer.body,
                sent: cache.sent)
        } catch let failure as Failure where failure.kind == .unavailable {
            // A redirect may have named the host.
            let failure =
                address.origin == base.origin ? failure : cache.sent.hidden(in: failure)
            throw TransportError(failure: failure.during(call.what, at: place(address)))
        }
    }

    /// Milliseconds; nil when the registry wants us away longer than we are willing to wait.
    private func waitTime(after answer: RegistryResponse, _ attempt: Int) -> Int? {
        guard let text = answer.fields[.retryAfter] else { return backOff(attempt) }
        guard let seconds = secondsToWait(text, from: clock.now()) else { return backOff(attempt) }
        return seconds <= Limits.retryAfterSeconds
            ? max(seconds * 1_000, backOff(attempt)) : nil
    }
}

/// The time that one question has, all its requests together.
struct QuestionDeadline: Hashable, Sendable {
    let end: Timestamp
    /// How long it was when the question was asked.
    let seconds: Int
}

/// Milliseconds before attempt number `attempt + 1`.
func backOff(_ attempt: Int) -> Int {
    min(Limits.firstRetryMilliseconds << min(attempt - 1, 16), Limits.longestRetryMilliseconds)
}

/// Seconds that a `Retry-After` field asks for; nil when it is neither a number nor a date.
///
/// Spec: RFC 9110 §10.2.3 and §5.6.7 (IMF-fixdate).
func secondsToWait(_ text: String, from now: Timestamp) -> Int? {
    if let seconds = Int(text) { return max(seconds, 0) }
    let parts = text.utf8.split(separator: " ")
    guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2]))
    else { return nil }
    let number = month + 1 < 10 ? "0\(month + 1)" : "\(month + 1)"
    let date = try? Timestamp(parsing: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
    return date.map { max($0.seconds - now.seconds, 0) }
}

/// No answer came. Told apart from what is `unavailable` for a reason that no attempt mends.
private struct TransportError: Error {
    let failure: Failure
}

extension RegistryResponse {
    /// Worth another attempt.
    fileprivate var isTransient: Bool { [408, 429, 500, 502, 503, 504].contains(status) }

    fileprivate var isRedirect: Bool { [301, 302, 303, 307, 308].contains(status) }

    fileprivate func keepsMethod(_ call: RegistryRequest) -> Bool {
        (status == 307 || status == 308) && call.body.isReplayable
    }

    fileprivate func refusal(_ session: RegistrySession) async -> Failure {
        var failure = await failure()
        failure.next = await session.hintAfterRefusal()
        return failure
    }
}

private let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
]
