// SPDX-License-Identifier: Apache-2.0
// All services as one function from request to answer; whoever has a socket calls it.
// Spec: fulcio.proto, rekor openapi.yaml, rekor-tiles rekorservice.proto, RFC 3161 §3.4.

package import Primitives

/// A request as the services see it.
package struct StandInRequest: Sendable {
    package var method: String
    package var path: String
    package var query: [String: String]
    /// What stands after `Bearer ` in the Authorization header.
    package var bearerToken: String?
    package var body: [UInt8]

    package init(
        _ method: String, _ path: String, query: [String: String] = [:],
        bearerToken: String? = nil, body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.bearerToken = bearerToken
        self.body = body
    }
}

/// What a service answers.
package struct StandInAnswer: Sendable {
    package var status: Int
    package var contentType: String
    package var location: String?
    package var entityTag: String?
    package var body: [UInt8]

    package init(
        _ status: Int, _ contentType: String, _ body: [UInt8], location: String? = nil
    ) {
        self.status = status
        self.contentType = contentType
        self.location = location
        self.body = body
    }

    static func json(_ value: JSONValue, status: Int = 200) -> StandInAnswer {
        StandInAnswer(status, "application/json", value.compactBytes)
    }

    static func text(_ text: String, _ type: String = "text/plain") -> StandInAnswer {
        StandInAnswer(200, type, Array(text.utf8))
    }

    /// Spec: google.rpc.Status as JSON, which all services of Sigstore answer with.
    static func problem(_ failure: Failure) -> StandInAnswer {
        let status =
            switch failure.kind {
            case .denied: 401
            case .notFound: 404
            case .bug: 500
            default: 400
            }
        return .json(
            [
                "code": .number(status),
                "message": .string("\(failure.what): \(failure.why)"),
            ], status: status)
    }
}

/// An instance that answers requests; what it logs stays in it.
package struct StandInService: Sendable {
    package private(set) var instance: StandInSigstore
    package let faults: Set<StandInFault>

    package init(_ instance: StandInSigstore, faults: Set<StandInFault> = []) {
        self.instance = instance
        self.faults = faults
    }

    /// The answer to a request that arrives at `time`.
    package mutating func answer(_ request: StandInRequest, at time: Timestamp) -> StandInAnswer {
        do {
            return try answered(request, at: time)
        } catch {
            return .problem(error)
        }
    }

    private mutating func answered(_ request: StandInRequest, at time: Timestamp) throws(Failure)
        -> StandInAnswer
    {
        switch (request.method, request.path) {
        case ("GET", "/.well-known/openid-configuration"):
            return .json(instance.identityProvider.discovery)
        case ("GET", "/keys"): return .json(instance.identityProvider.keys)
        case ("GET", "/token"), ("POST", "/token"): return try token(request, at: time)
        case ("GET", "/trusted_root.json"): return .json(instance.trustedRoot())
        case ("GET", "/signing_config.json"): return .json(instance.signingConfig())
        case ("GET", "/api/v2/trustBundle"): return .json(instance.trustBundle)
        case ("POST", "/api/v2/signingCert"): return try signingCertificate(request, at: time)
        case ("POST", "/api/v1/signingCert"):
            return try firstSigningCertificate(request, at: time)
        case ("GET", "/api/v1/rootCert"):
            return certificates(instance.certificateAuthority.chain, status: 200)
        case ("POST", "/api/v1/timestamp"): return timestamp(request, at: time)
        case ("GET", "/api/v1/timestamp/certchain"):
            let chain = instance.timestampAuthority.chain
            return .text(
                chain.map { pemText("CERTIFICATE", $0) }.joined(),
                "application/pem-certificate-chain")
        case ("POST", "/api/v2/log/entries"): return try append2(request, at: time)
        case ("GET", "/api/v2/checkpoint"):
            return .text(try instance.rekor2.checkpoint(at: time).envelope)
        default: return try answeredByRekor1(request, at: time)
        }
    }
}

extension StandInService {
    /// A token for whoever asks: for an address, or for a subject.
    private func token(_ request: StandInRequest, at time: Timestamp) throws(Failure)
        -> StandInAnswer
    {
        let audience = request.query["audience"] ?? "sigstore"
        let provider = instance.identityProvider
        let token =
            if let subject = request.query["sub"] {
                try provider.token(
                    claims: ["sub": .string(subject)], audience: audience, at: time)
            } else {
                try provider.token(
                    email: request.query["email"] ?? StandInIdentity.person.name.text,
                    audience: audience, at: time)
            }
        return .json([
            "access_token": .string(token), "id_token": .string(token), "value": .string(token),
            "token_type": "Bearer", "expires_in": 600,
        ])
    }

    private func signingCertificate(_ request: StandInRequest, at time: Timestamp) throws(Failure)
        -> StandInAnswer
    {
        let json = try JSONReader(parsing: request.body, named: "the request")
        let credentials = try json.optional("credentials")?.optional("oidcIdentityToken")?.string()
        guard let token = request.bearerToken ?? credentials else {
            throw Failure(
                .denied, "cannot issue a certificate", because: "there is no identity token")
        }
        return .json(
            try instance.signingCertificate(for: json, token: token, at: time, faults: faults))
    }

    /// Spec: fulcio v1.8, fulcio_legacy.proto and pkg/server/legacy_server.go: 201, the chain as
    /// PEM, the leaf first.
    private func firstSigningCertificate(
        _ request: StandInRequest, at time: Timestamp
    ) throws(Failure) -> StandInAnswer {
        let json = try JSONReader(parsing: request.body, named: "the request")
        guard let token = request.bearerToken else {
            throw Failure(
                .denied, "cannot issue a certificate", because: "there is no identity token")
        }
        let chain = try instance.firstSigningCertificate(
            for: json, token: token, at: time, faults: faults)
        return certificates(chain, status: 201)
    }

    private func certificates(_ chain: [[UInt8]], status: Int) -> StandInAnswer {
        let text = chain.map { pemText("CERTIFICATE", $0) }.joined()
        return StandInAnswer(status, "application/pem-certificate-chain", Array(text.utf8))
    }

    /// Spec: RFC 3161 §2.4.2: a query that cannot be read is answered with a rejection.
    private func timestamp(_ request: StandInRequest, at time: Timestamp) -> StandInAnswer {
        let type = "application/timestamp-reply"
        guard let query = try? StandInTimestampQuery(derBytes: request.body),
            let response = try? instance.timestamp(for: query, at: time, faults: faults)
        else { return StandInAnswer(400, type, StandInTimestampAuthority.rejection) }
        return StandInAnswer(201, type, response)
    }

    private mutating func append2(_ request: StandInRequest, at time: Timestamp) throws(Failure)
        -> StandInAnswer
    {
        let json = try JSONReader(parsing: request.body, named: "the request")
        let entry = try instance.rekor2.append(body: SubmittedEntry.body2(json), at: time)
        return .json(try instance.bent(entry, faults, in: .rekor2, at: time).json, status: 201)
    }
}

extension StandInService {
    private mutating func answeredByRekor1(
        _ request: StandInRequest, at time: Timestamp
    ) throws(Failure) -> StandInAnswer {
        switch (request.method, request.path) {
        case ("GET", "/api/v1/log"): return .json(try instance.rekor1.information(at: time))
        case ("GET", "/api/v1/log/publicKey"):
            return .text(instance.rekor1.key.publicPEM, "application/x-pem-file")
        case ("GET", "/api/v1/log/proof"): return try consistency(request)
        case ("POST", "/api/v1/log/entries"): return try append1(request, at: time)
        case ("GET", "/api/v1/log/entries"):
            return try entry(atPlace: number(request, "logIndex") - instance.rekor1.olderEntries)
        case ("POST", "/api/v1/log/entries/retrieve"): return try retrieve(request)
        case ("GET", let path) where path.hasPrefix(entriesPath): return try entry(at: path)
        default:
            throw Failure(
                .notFound, "cannot answer \(request.method) \(plain(request.path))",
                because: "no service here has it")
        }
    }

    private mutating func append1(_ request: StandInRequest, at time: Timestamp) throws(Failure)
        -> StandInAnswer
    {
        let json = try JSONReader(parsing: request.body, named: "the proposed entry")
        let body = try SubmittedEntry.body1(json)
        let treeID = instance.rekor1.treeID
        if let place = instance.rekor1.place(of: body) {
            let uuid = try instance.rekor1.entry(at: place).uuid(treeID: treeID)
            var answer = StandInAnswer.json(
                ["code": 409, "message": "an equivalent entry already exists"], status: 409)
            answer.location = entriesPath + uuid
            return answer
        }
        let entry = try instance.bent(
            instance.rekor1.append(body: body, at: time), faults, in: .rekor1, at: time)
        var answer = StandInAnswer.json(entry.answer(treeID: treeID), status: 201)
        answer.location = entriesPath + entry.uuid(treeID: treeID)
        // Spec: rekor openapi.yaml: its clients read the id of the new entry here.
        answer.entityTag = entry.uuid(treeID: treeID)
        return answer
    }

    private func entry(atPlace index: Int) throws(Failure) -> StandInAnswer {
        .json(try instance.rekor1.entry(at: index).answer(treeID: instance.rekor1.treeID))
    }

    private func entry(at path: String) throws(Failure) -> StandInAnswer {
        let name = path.dropFirst(entriesPath.count)
        for index in instance.rekor1.bodies.indices {
            let leaf = hexText(
                StandInMerkleTree.leafHash(instance.rekor1.bodies[index].body))
            if name.hasSuffix(leaf) { return try entry(atPlace: index) }
        }
        throw Failure(.notFound, "cannot find the log entry", because: "no leaf has that hash")
    }

    /// Spec: openapi.yaml, SearchLogQuery: by entries, by UUIDs or by indexes.
    private func retrieve(_ request: StandInRequest) throws(Failure) -> StandInAnswer {
        let json = try JSONReader(parsing: request.body, named: "the search")
        var found: [JSONValue] = []
        let treeID = instance.rekor1.treeID
        for proposal in try json.optional("entries")?.items(atMost: searchItems) ?? [] {
            guard let place = instance.rekor1.place(of: try SubmittedEntry.body1(proposal)) else {
                continue
            }
            found.append(try instance.rekor1.entry(at: place).answer(treeID: treeID))
        }
        for index in try json.optional("logIndexes")?.items(atMost: searchItems) ?? [] {
            let place = try index.integer().subtractingReportingOverflow(
                instance.rekor1.olderEntries)
            guard !place.overflow, instance.rekor1.bodies.indices.contains(place.partialValue)
            else { continue }
            found.append(
                try instance.rekor1.entry(at: place.partialValue).answer(treeID: treeID))
        }
        return .json(.array(found))
    }

    private func consistency(_ request: StandInRequest) throws(Failure) -> StandInAnswer {
        let tree = instance.rekor1.tree
        let first = request.query["firstSize"] == nil ? 1 : try number(request, "firstSize")
        let last = try number(request, "lastSize")
        guard first >= 1, first <= last, last <= tree.size else {
            throw Failure(
                .malformed, "cannot prove consistency",
                because: "the sizes are not 1 <= first <= last <= \(tree.size)")
        }
        return .json([
            "rootHash": .string(hexText(tree.root(of: last))),
            "hashes": .array(
                tree.consistencyProof(from: first, to: last).map { .string(hexText($0)) }),
        ])
    }

    private func number(_ request: StandInRequest, _ name: String) throws(Failure) -> Int {
        guard let text = request.query[name], let value = Int(text), value >= 0,
            value <= Int(Int32.max)
        else {
            throw Failure(
                .malformed, "cannot read the query", because: "\(name) is not a number")
        }
        return value
    }
}

private let entriesPath = "/api/v1/log/entries/"
/// Spec: openapi.yaml, SearchLogQuery: at most 10 items.
private let searchItems = 10
