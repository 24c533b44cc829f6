// SPDX-License-Identifier: Apache-2.0
// One question to a registry and its answer.

internal import HTTPTypes
internal import OCI
internal import Primitives

/// One request, with all that is needed to send it again.
struct RegistryRequest: Sendable {
    let method: HTTPRequest.Method
    let address: HTTPURL
    /// What we are doing, in the user's words.
    let what: String
    var fields = HTTPFields()
    var body = RequestBody.none
    /// What a token must allow, the missing part first once the registry named one.
    var scopes: [String] = [] {
        didSet { if ownScopes.isEmpty { ownScopes = scopes } }
    }
    /// The scopes this call started with.
    private(set) var ownScopes: [String] = []
    /// Bytes of a blob that go along with it, one way or the other; nil for documents.
    var transferredBytes: Int?
    /// When all attempts have to be over; nil until it is sent, and for blobs, whose transfers end
    /// when they stall.
    var deadline: Timestamp?
    /// Seconds from the first attempt to the deadline.
    var allotted: Int?

    /// Seconds that one attempt may take before it counts as stalled.
    var seconds: Int {
        Limits.documentSeconds + (transferredBytes ?? 0) / Limits.slowestBytesPerSecond
    }

    /// Whether the request changes nothing.
    var isSafe: Bool { method == .get || method == .head }

    /// What an answer means that is none: to a reader that we could not look, which says nothing
    /// about what is there.
    var invalidResponseKind: Failure.Kind { isSafe ? .unavailable : .unsupported }

    init(_ method: HTTPRequest.Method, _ address: HTTPURL, what: String) {
        self.method = method
        self.address = address
        self.what = what
    }
}

/// What came back, whatever the status is.
struct RegistryResponse: Sendable {
    let call: RegistryRequest
    /// Who answered: the registry, or the storage it sent us to.
    let address: HTTPURL
    let head: HTTPResponse
    let body: ByteStream
    /// What must not be displayed when the server repeats it.
    let sent: SentSecrets

    /// Who answered, for failures.
    var place: Place { sent.place(address) }

    var status: Int { head.status.code }
    var fields: HTTPFields { head.headerFields }

    /// The length the answer claims; nil when it claims none.
    var claimedLength: Int? { fields[.contentLength].flatMap { Int($0) } }

    /// Whether a page for people came, as proxies and login walls send it.
    var isWebPage: Bool {
        let type = fields[.contentType]?.utf8.lowercased() ?? ""
        return type.utf8.hasPrefix("text/html") || type.utf8.hasPrefix("application/xhtml")
    }

    /// The type of the body; nil when the answer names none.
    func mediaType() throws(Failure) -> MediaType? {
        guard let text = fields[.contentType], !text.isEmpty else { return nil }
        return try reading { () throws(Failure) in try MediaType(parsing: text) }
    }

    /// `Docker-Content-Digest`, when there is one. It is a claim like any other.
    func claimedDigest() throws(Failure) -> Digest? {
        guard let text = fields[.dockerContentDigest], !text.isEmpty else { return nil }
        return try reading { () throws(Failure) in try Digest(parsing: text) }
    }

    /// Reads something of the answer. A failure may quote it, so secrets in it are hidden.
    func reading<Value>(_ read: () throws(Failure) -> Value) throws(Failure) -> Value {
        do {
            return try read()
        } catch {
            throw sent.hidden(in: error)
        }
    }

    /// The failure that this answer means, with what the registry says about it.
    func failure() async -> Failure {
        do {
            return failure(reading: try await errorBody())
        } catch {
            return error
        }
    }

    func failure(reading body: [UInt8]) -> Failure {
        let said = RegistryErrorText(body.prefix(Limits.errorBodyBytes), in: self)
        let answered =
            said.text.map { "the registry answered \(status) and says \($0)" }
            ?? "the registry answered \(status)"
        return Failure(kind(said), call.what, at: place, because: why(answered))
    }

    func failure(because why: String) -> Failure {
        Failure(kind(RegistryErrorText([], in: self)), call.what, at: place, because: why)
    }

    private func why(_ answered: String) -> String {
        status == 429 ? "the registry limits our rate: \(answered)" : answered
    }

    private func kind(_ said: RegistryErrorText) -> Failure.Kind {
        switch status {
        case 401, 402, 403, 407, 451: .denied
        // Some registries hide what is private behind 404 and tell the truth in the body.
        case 400...406, 501: said.kind ?? kindOfStatus(said)
        default: kindOfStatus(said)
        }
    }

    private func kindOfStatus(_ said: RegistryErrorText) -> Failure.Kind {
        switch status {
        // Anything but the known words of registries and storage may be somebody else's answer.
        case 404: said.saysAbsent && (!isWebPage || said.text == nil) ? .notFound : .unavailable
        case 413: .overLimit
        case 429: .rateLimited
        case 408, 425, 500...599: .unavailable
        default: call.invalidResponseKind
        }
    }

    /// Whether registries answer so where something is not there or a request is not known to them.
    var mayMeanAbsence: Bool { [400, 404, 405, 406, 501].contains(status) }

    /// - Throws: `unavailable` if the body is a web page in place of content or of "not found".
    func refuseWebPage(_ body: [UInt8]) throws(Failure) {
        guard status == 200 || mayMeanAbsence else { return }
        let isPage = !body.isEmpty && (isWebPage || startsMarkup(body))
        guard isPage else { return }
        throw noAnswer("the answer \(status) is a web page; a registry has none to show")
    }

    /// Whether the registry says that it holds these very bytes. What stands between us and it can
    /// replace or cut a body, and leaves the digest as it is or out.
    func names(_ body: [UInt8]) -> Bool {
        guard let claimed = try? claimedDigest() else { return false }
        return claimed == Digest(of: body, by: claimed.algorithm)
    }

    /// - Throws: `unavailable` for the body of an answer 200 that is no object, or has members that no
    ///   manifest has: the error of a proxy that lost the status, beside a list or alone.
    func refuseOtherDocument(_ body: [UInt8]) throws(Failure) {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: body, named: "the answer")
        } catch {
            throw error.kind == .overLimit ? error : noManifest(body, because: error.why)
        }
        guard let names = json.object?.names else {
            throw noManifest(body, because: "it is \(json.kindName), not an object")
        }
        guard let odd = names.first(where: { !isManifestMember($0) }) else { return }
        throw noManifest(body, because: "no manifest has the field \(quoted(odd))")
    }

    /// That the answer 200 is no manifest, nor a word of the registry about it.
    func noManifest(_ body: [UInt8], because why: String) -> Failure {
        let said = RegistryErrorText(body.prefix(Limits.errorBodyBytes), in: self).text
        return noAnswer("the answer 200 is no manifest: \(said ?? "it says nothing"); \(why)")
    }

    /// That what came is not what was asked for, nor a word of the registry about it.
    func noAnswer(_ why: String, at place: Place? = nil) -> Failure {
        Failure(
            .unavailable, call.what, at: place ?? self.place, because: why,
            next: "look what stands between us and the registry: a proxy, a login page, a fault")
    }

    /// The first bytes of an error.
    ///
    /// - Throws: `unavailable` for one that may mean absence and did not come whole: the half may
    ///   leave out what it says.
    func errorBody() async throws(Failure) -> [UInt8] {
        let (bytes, isWhole) = await errorPart()
        guard isWhole || !mayMeanAbsence || call.method == .head else {
            throw noAnswer("the answer \(status) broke off, or is longer than an error needs")
        }
        return bytes
    }

    private func errorPart() async -> (bytes: [UInt8], isWhole: Bool) {
        var bytes: [UInt8] = []
        do {
            for try await chunk in body {
                bytes += chunk.prefix(Limits.errorBodyBytes - bytes.count)
                if bytes.count >= Limits.errorBodyBytes { return (bytes, false) }
            }
        } catch {
            // A document that ends as JSON does has said everything.
            return (bytes, (try? JSONValue(parsing: bytes, named: "the error")) != nil)
        }
        return (bytes, bytes.count >= claimedLength ?? 0)
    }
}

/// Members of a manifest or index. Spec: image-spec 1.1, manifest.md and image-index.md.
private func isManifestMember(_ name: String) -> Bool {
    [
        "schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject",
        "annotations",
    ].contains { isSame($0, name) }
}

extension HTTPField.Name {
    static var dockerContentDigest: HTTPField.Name { known("Docker-Content-Digest") }
    static var ociSubject: HTTPField.Name { known("OCI-Subject") }
    static var ociChunkMinLength: HTTPField.Name { known("OCI-Chunk-Min-Length") }
    static var link: HTTPField.Name { known("Link") }

    /// Names that we wrote ourselves; every one of them is a token.
    private static func known(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else {
            preconditionFailure("\(name) is a field name")
        }
        return field
    }
}
