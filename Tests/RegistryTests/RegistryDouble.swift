// SPDX-License-Identifier: Apache-2.0
// A registry in memory that speaks the protocol over a Transport, and lies where a test tells it
// to.
// Spec: distribution-spec 1.1.

import HTTPTypes
import OCI
import Primitives
import Registry
import Synchronization
import Testing

/// What one request to the double was, for tests that look at what we sent.
struct SeenRequest: Sendable, CustomStringConvertible {
    let method: String
    let authority: String
    let path: String
    let fields: HTTPFields
    let body: [UInt8]
    /// What the exchange may take.
    let seconds: Int

    var description: String { "\(method) \(authority)\(path)" }
}

final class RegistryDouble: Transport {
    struct Stored: Sendable {
        var bytes: [UInt8]
        var type: String
    }

    struct Contents: Sendable {
        var blobs: [String: [UInt8]] = [:]
        var manifests: [String: Stored] = [:]
        var tags: [String: String] = [:]
    }

    struct State: Sendable {
        var repositories: [String: Contents] = [:]
        var uploads: [String: [UInt8]] = [:]
        var seen: [SeenRequest] = []
        var hasReferrersAPI = true
        var mounts = true
        var pageSize = 100
        var nextUpload = 0
        var smallestChunk = 0
    }

    typealias Fault = @Sendable (SeenRequest, Int) async throws -> TransportResponse?

    let state = Mutex(State())
    let fault = Mutex<Fault?>(nil)

    var seen: [SeenRequest] { state.withLock { $0.seen } }

    /// Answers some requests itself; the number counts all requests from 1.
    func intercept(_ fault: @escaping Fault) { self.fault.withLock { $0 = fault } }

    func change(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    func send(_ request: HTTPRequest, body: RequestBody, within seconds: Int) async throws
        -> TransportResponse
    {
        var bytes: [UInt8] = []
        switch body {
        case .none: break
        case .bytes(let all): bytes = all
        case .stream(let stream, let length):
            for try await chunk in stream { bytes += chunk }
            #expect(bytes.count == length, "a body is as long as it says")
        }
        let seen = SeenRequest(
            method: request.method.rawValue, authority: request.authority ?? "",
            path: request.path ?? "", fields: request.headerFields, body: bytes,
            seconds: seconds)
        let number = state.withLock {
            $0.seen.append(seen)
            return $0.seen.count
        }
        if let fault = fault.withLock({ $0 }), let answer = try await fault(seen, number) {
            return answer
        }
        return handle(seen)
    }

    // MARK: The protocol

    func handle(_ request: SeenRequest) -> TransportResponse {
        let parts = request.path.split(separator: "?", maxSplits: 1)
        let path = String(parts[0])
        let query = parts.count == 2 ? queryItems(parts[1]) : [:]
        guard path.hasPrefix("/v2/") else { return answer(404) }
        let rest = path.dropFirst(4)
        for kind in ["/manifests/", "/blobs/uploads/", "/blobs/", "/tags/", "/referrers/"] {
            guard let cut = rest.firstRange(of: kind) else { continue }
            let name = String(rest[..<cut.lowerBound])
            let item = String(rest[cut.upperBound...])
            return state.withLock { state in
                switch kind {
                case "/manifests/": manifest(request, name, item, &state)
                case "/blobs/uploads/": upload(request, name, item, query, &state)
                case "/blobs/": blob(request, name, item, &state)
                case "/tags/": tags(name, query, state)
                default: referrers(name, item, state)
                }
            }
        }
        return answer(404)
    }

    private func manifest(
        _ request: SeenRequest, _ name: String, _ item: String, _ state: inout State
    ) -> TransportResponse {
        let contents = state.repositories[name, default: Contents()]
        let digest = item.contains(":") ? item : contents.tags[item] ?? ""
        switch request.method {
        case "PUT":
            let stored = Stored(bytes: request.body, type: request.fields[.contentType] ?? "")
            let algorithm: HashAlgorithm = item.hasPrefix("sha512:") ? .sha512 : .sha256
            let digest = Digest(of: request.body, by: algorithm).description
            if item.contains(":"), item != digest { return answer(400) }
            state.repositories[name, default: Contents()].manifests[digest] = stored
            if !item.contains(":") {
                state.repositories[name, default: Contents()].tags[item] = digest
            }
            var fields = ["Docker-Content-Digest": digest]
            let subject = try? JSONValue(parsing: request.body, named: "")["subject"]?["digest"]
            if state.hasReferrersAPI, let subject = subject?.string {
                fields["OCI-Subject"] = subject
            }
            return answer(201, fields)
        case "DELETE":
            if item.contains(":") {
                state.repositories[name]?.manifests[item] = nil
            } else {
                state.repositories[name]?.tags[item] = nil
            }
            return answer(202)
        default:
            guard let found = contents.manifests[digest] else {
                return answer(404, body: #"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#.utf8)
            }
            return answer(
                200,
                [
                    "Content-Type": found.type, "Docker-Content-Digest": digest,
                    "Content-Length": "\(found.bytes.count)",
                ], body: request.method == "HEAD" ? [] : found.bytes)
        }
    }

    private func blob(_ request: SeenRequest, _ name: String, _ item: String, _ state: inout State)
        -> TransportResponse
    {
        if request.method == "DELETE" {
            state.repositories[name]?.blobs[item] = nil
            return answer(202)
        }
        guard let bytes = state.repositories[name]?.blobs[item] else { return answer(404) }
        if request.method == "HEAD" { return answer(200, ["Content-Length": "\(bytes.count)"]) }
        if let range = request.fields[.range], let start = Int(range.dropFirst(6).dropLast()) {
            return answer(
                206, ["Content-Range": "bytes \(start)-\(bytes.count - 1)/\(bytes.count)"],
                body: bytes[start...])
        }
        return answer(200, ["Content-Length": "\(bytes.count)"], body: bytes)
    }

    private func upload(
        _ request: SeenRequest, _ name: String, _ item: String, _ query: [String: String],
        _ state: inout State
    ) -> TransportResponse {
        let place = "/v2/\(name)/blobs/uploads/"
        switch request.method {
        case "POST":
            if state.mounts, let mount = query["mount"], let from = query["from"],
                let bytes = state.repositories[from]?.blobs[mount]
            {
                state.repositories[name, default: Contents()].blobs[mount] = bytes
                return answer(201)
            }
            state.nextUpload += 1
            state.uploads["\(state.nextUpload)"] = []
            var fields = ["Location": "\(place)\(state.nextUpload)?state=abc"]
            if state.smallestChunk > 0 { fields["OCI-Chunk-Min-Length"] = "\(state.smallestChunk)" }
            return answer(202, fields)
        case "PATCH":
            let had = state.uploads[item]?.count ?? 0
            guard request.fields[.contentRange]?.hasPrefix("\(had)-") == true else {
                return answer(416)
            }
            state.uploads[item, default: []] += request.body
            let end = had + request.body.count - 1
            return answer(202, ["Location": "\(place)\(item)?state=abc", "Range": "0-\(end)"])
        case "GET":
            let had = state.uploads[item]?.count ?? 0
            return answer(
                204, ["Location": "\(place)\(item)?state=abc", "Range": "0-\(max(had - 1, 0))"])
        default:
            let bytes = (state.uploads[item] ?? []) + request.body
            let digest = query["digest"] ?? ""
            guard let wanted = try? Digest(parsing: digest),
                Digest(of: bytes, by: wanted.algorithm) == wanted, query["state"] == "abc"
            else { return answer(400, body: #"{"errors":[{"code":"DIGEST_INVALID"}]}"#.utf8) }
            state.repositories[name, default: Contents()].blobs[digest] = bytes
            return answer(201, ["Docker-Content-Digest": digest])
        }
    }

    private func tags(_ name: String, _ query: [String: String], _ state: State)
        -> TransportResponse
    {
        let all = (state.repositories[name]?.tags.keys.sorted() ?? []).filter {
            $0 > query["last"] ?? ""
        }
        let page = all.prefix(state.pageSize)
        let json: JSONValue = [
            "name": .string(name), "tags": .array(page.map { .string($0) }),
        ]
        var fields: [String: String] = [:]
        if page.count < all.count, let last = page.last {
            fields["Link"] = "</v2/\(name)/tags/list?last=\(last)>; rel=\"next\""
        }
        return answer(200, fields, body: json.compactBytes)
    }

    private func referrers(_ name: String, _ item: String, _ state: State) -> TransportResponse {
        guard state.hasReferrersAPI else { return answer(404) }
        var found: [Descriptor] = []
        for (digest, stored) in state.repositories[name]?.manifests ?? [:] {
            guard let type = try? MediaType(parsing: stored.type),
                let manifest = try? Manifest(parsing: stored.bytes, as: type),
                manifest.digest.description == digest,
                manifest.subject?.digest.description == item
            else { continue }
            found.append(manifest.descriptor)
        }
        let index = ImageIndex(manifests: found.sorted { $0.digest < $1.digest })
        return answer(
            200, ["Content-Type": MediaType.ociIndex.description], body: index.json.compactBytes)
    }
}

/// An answer in one chunk.
func answer(
    _ status: Int, _ fields: [String: String] = [:], body: some Sequence<UInt8> = []
) -> TransportResponse {
    TransportResponse(head: head(status, fields), body: ByteStream(Array(body)))
}

/// An answer whose body breaks with a failure after these bytes.
func brokenAnswer(
    _ status: Int, _ fields: [String: String] = [:], body: [UInt8], then failure: Failure?
) -> TransportResponse {
    let chunks = Mutex([body])
    return TransportResponse(
        head: head(status, fields),
        body: ByteStream {
            if let chunk = chunks.withLock({ $0.popLast() }) { return chunk }
            if let failure { throw failure }
            return nil
        })
}

private func head(_ status: Int, _ fields: [String: String]) -> HTTPResponse {
    var head = HTTPResponse(status: .init(code: status))
    for (name, value) in fields {
        if let name = HTTPField.Name(name) { head.headerFields[name] = value }
    }
    return head
}

let stalled = Failure(.unavailable, "cannot talk", because: "it stopped sending")

private func queryItems(_ text: Substring) -> [String: String] {
    var items: [String: String] = [:]
    for pair in text.split(separator: "&") {
        let parts = pair.split(separator: "=", maxSplits: 1)
        items[String(parts[0])] = parts.count == 2 ? percentDecoded(parts[1]) : ""
    }
    return items
}

func percentDecoded(_ text: some StringProtocol) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "%"), rest.count >= 2,
            let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
        {
            bytes.append(value)
            rest = rest.dropFirst(2)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

/// A clock that runs only when somebody waits.
final class VirtualClock: WallClock {
    private let state = Mutex((milliseconds: 1_700_000_000_000, waits: [Int]()))

    var waits: [Int] { state.withLock { $0.waits } }

    func wait(milliseconds: Int) async throws {
        state.withLock {
            $0.milliseconds += milliseconds
            $0.waits.append(milliseconds)
        }
        // Whoever else is in the middle of something gets on with it.
        for _ in 0..<200 { await Task.yield() }
    }

    func now() -> Timestamp { Timestamp(seconds: state.withLock { $0.milliseconds } / 1000) }
}
