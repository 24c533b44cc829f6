// SPDX-License-Identifier: Apache-2.0
// The stand-in services as clients see them: requests in, answers out, no socket.

import Crypto
import Keys
import Primitives
import StandIns
import SwiftASN1
import Testing
import X509

@Suite("stand-in services")
struct StandInServiceTests {
    private let time = StandIn.time

    private func service() throws -> StandInService {
        StandInService(try StandIn.instance.get())
    }

    private func token(_ service: StandInService) throws -> String {
        try service.instance.identityProvider.token(email: "mira@example.org", at: time)
    }

    private func json(_ answer: StandInAnswer) throws -> JSONValue {
        try JSONValue(parsing: answer.body, named: "the answer")
    }

    private func request(_ key: StandInKey, proofOver text: String) throws -> [UInt8] {
        let request: JSONValue = [
            "publicKeyRequest": [
                "publicKey": ["algorithm": "ECDSA", "content": .string(key.publicPEM)],
                "proofOfPossession": .base64(try key.sign(Array(text.utf8))),
            ]
        ]
        return request.compactBytes
    }

    @Test("a token and a proof of possession give a certificate for that key")
    func certificate() throws {
        var service = try service()
        let key = try StandInKey(.p256)
        let answer = service.answer(
            StandInRequest(
                "POST", "/api/v2/signingCert", bearerToken: try token(service),
                body: try request(key, proofOver: "mira@example.org")), at: time)
        #expect(answer.status == 200)
        let chain = try json(answer)["signedCertificateEmbeddedSct"]?["chain"]?["certificates"]
        let leaf = try X509.Certificate(
            pemEncoded: try #require(chain?.array?.first?.string))
        #expect(chain?.array?.count == 3)
        #expect(try leaf.publicKey.serializeAsPEM().derBytes == key.publicDER)
        #expect(
            try leaf.extensions.subjectAlternativeNames.map(Array.init)
                == [.rfc822Name("mira@example.org")])
    }

    @Test(
        "Fulcio's first form gives the same certificate as PEM, for a DER or PEM key or a request")
    func firstForm() throws {
        var service = try service()
        let key = try StandInKey(.p256)
        let signing = X509.Certificate.PrivateKey(P256.Signing.PrivateKey())
        let request = try CertificateSigningRequest(
            version: .v1, subject: DistinguishedName(), privateKey: signing,
            attributes: CertificateSigningRequest.Attributes(), signatureAlgorithm: .ecdsaWithSHA256
        )
        let proof = JSONValue.base64(try key.sign(Array("mira@example.org".utf8)))
        let bodies: [JSONValue] = [
            [
                "publicKey": ["content": .base64(key.publicDER)], "signedEmailAddress": proof,
                "certificateSigningRequest": .null,
            ],
            [
                "publicKey": ["content": .base64(Array(key.publicPEM.utf8)), "algorithm": "ecdsa"],
                "signedEmailAddress": proof,
            ],
            [
                "publicKey": ["content": ""], "signedEmailAddress": .null,
                "certificateSigningRequest": .base64(
                    Array(try request.serializeAsPEM().pemString.utf8)),
            ],
        ]
        for (number, body) in bodies.enumerated() {
            let answer = service.answer(
                StandInRequest(
                    "POST", "/api/v1/signingCert", bearerToken: try token(service),
                    body: body.compactBytes), at: time)
            #expect(answer.status == 201, "\(String(decoding: answer.body, as: UTF8.self))")
            #expect(answer.contentType == "application/pem-certificate-chain")
            let chain = try PEMDocument.parseMultiple(
                pemString: String(decoding: answer.body, as: UTF8.self))
            let leaf = try X509.Certificate(pemDocument: try #require(chain.first))
            #expect(chain.count == 3)
            let expected = number == 2 ? signing.publicKey : leaf.publicKey
            #expect(leaf.publicKey == expected)
        }
        let stolen: JSONValue = [
            "publicKey": ["content": .base64(key.publicDER)],
            "signedEmailAddress": .base64(try key.sign(Array("eve@example.org".utf8))),
        ]
        let refused = service.answer(
            StandInRequest(
                "POST", "/api/v1/signingCert", bearerToken: try token(service),
                body: stolen.compactBytes), at: time)
        #expect(refused.status == 401)
        let root = service.answer(StandInRequest("GET", "/api/v1/rootCert"), at: time)
        #expect(root.status == 200)
    }

    @Test("a workflow's token becomes the claims of a workflow's certificate")
    func workflow() throws {
        let instance = try StandIn.instance.get()
        var claims: JSONObject = ["sub": "repo:acme/api:ref:refs/heads/main", "run_id": "7"]
        claims["job_workflow_ref"] = "acme/api/.github/workflows/w.yml@refs/heads/main"
        claims["repository"] = "acme/api"
        claims["run_attempt"] = "1"
        let key = try StandInKey(.p256)
        let request = try JSONReader(
            parsing: try request(key, proofOver: "repo:acme/api:ref:refs/heads/main"),
            named: "the request")
        let answer = try instance.signingCertificate(
            for: request, token: try instance.identityProvider.token(claims: claims, at: time),
            at: time)
        let chain = answer["signedCertificateEmbeddedSct"]?["chain"]?["certificates"]
        let leaf = try X509.Certificate(
            pemEncoded: try #require(chain?.array?.first?.string))
        #expect(
            try leaf.extensions.subjectAlternativeNames.map(Array.init) == [
                .uniformResourceIdentifier(
                    "https://github.com/acme/api/.github/workflows/w.yml@refs/heads/main")
            ])
        let run = try #require(
            leaf.extensions.first { $0.oid.description == "1.3.6.1.4.1.57264.1.21" })
        #expect(
            String(try ASN1UTF8String(derEncoded: Array(run.value)))
                == "https://github.com/acme/api/actions/runs/7/attempts/1")
    }

    @Test("a certificate signing request is its own proof")
    func signingRequest() throws {
        var service = try service()
        let key = X509.Certificate.PrivateKey(P256.Signing.PrivateKey())
        let signing = try CertificateSigningRequest(
            version: .v1, subject: DistinguishedName(), privateKey: key,
            attributes: CertificateSigningRequest.Attributes(),
            signatureAlgorithm: .ecdsaWithSHA256)
        let body: JSONValue = [
            "certificateSigningRequest": .base64(
                Array(try signing.serializeAsPEM().pemString.utf8))
        ]
        let answer = service.answer(
            StandInRequest(
                "POST", "/api/v2/signingCert", bearerToken: try token(service),
                body: body.compactBytes), at: time)
        #expect(answer.status == 200)
    }

    @Test("no certificate without a token of ours, in its time, and the key's proof")
    func refusals() throws {
        var service = try service()
        let key = try StandInKey(.p256)
        let stranger = StandInIdentityProvider(
            key: try StandInKey(.p256), issuer: service.instance.identityProvider.issuer)
        let good = try token(service)
        let body = try request(key, proofOver: "mira@example.org")
        let cases: [(String?, [UInt8], Timestamp)] = [
            (nil, body, time), ("", body, time), ("a.b.c", body, time),
            (try stranger.token(email: "mira@example.org", at: time), body, time),
            (good, body, Timestamp(seconds: time.seconds + 600)),
            (good, body, Timestamp(seconds: time.seconds - 31)),
            (good, try request(key, proofOver: "stranger@example.net"), time),
            (
                try service.instance.identityProvider.token(
                    email: "mira@example.org", audience: "elsewhere", at: time), body, time
            ),
        ]
        for (token, body, time) in cases {
            let answer = service.answer(
                StandInRequest("POST", "/api/v2/signingCert", bearerToken: token, body: body),
                at: time)
            #expect(answer.status == 401)
        }
    }

    @Test("tokens are signed as JWTs are, with either kind of key")
    func tokens() throws {
        for kind in [StandInKey.Kind.p256, .rsa2048] {
            let provider = StandInIdentityProvider(
                key: try StandInKey(kind), issuer: "https://issuer.example")
            let token = try provider.token(claims: ["sub": "x"], at: time)
            let claims = try provider.claims(of: token, at: time)
            #expect(try claims.required("sub").string() == "x")
            #expect(provider.keys["keys"]?.array?.count == 1)
            let broken = token.dropLast(4) + "AAAA"
            #expect(throws: Failure.self) {
                try provider.claims(of: String(broken), at: time)
            }
        }
    }

    private func proposal(_ key: StandInKey, _ digest: [UInt8], _ signature: [UInt8]) -> [UInt8] {
        LogEntryKind.hashedrekord001.body(
            LoggedSignature(
                signature, by: .publicKey(key.publicDER), over: .artifact(digest), key: key))
    }

    @Test("the first log takes a good signature once, and finds it again")
    func firstLog() throws {
        var service = try service()
        let key = try StandInKey(.p384)
        let body = proposal(key, StandIn.artifact, try key.sign(StandIn.artifact))
        let first = service.answer(
            StandInRequest("POST", "/api/v1/log/entries", body: body), at: time)
        #expect(first.status == 201)
        let location = try #require(first.location)
        // Rekor's clients read the id of the entry there, and crash without it.
        #expect(first.entityTag.map { location.hasSuffix("/\($0)") } == true)
        let second = service.answer(
            StandInRequest("POST", "/api/v1/log/entries", body: body), at: time)
        #expect(second.status == 409 && second.location == location)
        let found = service.answer(StandInRequest("GET", location), at: time)
        #expect(found.status == 200)
        let entry = try #require(try json(found).object?.members.first?.value)
        #expect(entry["body"]?.string == base64Text(body) && entry["logIndex"] == 105)
        let search: JSONValue = ["entries": [try JSONValue(parsing: body, named: "the body")]]
        let list = service.answer(
            StandInRequest("POST", "/api/v1/log/entries/retrieve", body: search.compactBytes),
            at: time)
        #expect(try json(list).array?.count == 1)
    }

    @Test("the logs refuse what does not verify, and what they do not know")
    func refusedEntries() throws {
        var service = try service()
        let key = try StandInKey(.p256)
        let wrong = proposal(key, StandIn.artifact, try key.sign([1]))
        let unknown = Array(#"{"apiVersion":"0.0.9","kind":"rpm","spec":{}}"#.utf8)
        for body in [wrong, unknown, Array("{".utf8), []] {
            for path in ["/api/v1/log/entries", "/api/v2/log/entries"] {
                let answer = service.answer(StandInRequest("POST", path, body: body), at: time)
                #expect(answer.status == 400)
            }
        }
        #expect(service.instance.rekor1.tree.size == 5 && service.instance.rekor2.tree.size == 5)
    }

    @Test("the log of envelopes checks the envelope's signature", arguments: [true, false])
    func envelopes(isGood: Bool) throws {
        var service = try service()
        let key = try StandInKey(.p256)
        var envelope = StandInEnvelope(payloadType: "text/plain", payload: [1, 2])
        envelope.signatures = [try key.sign(envelope.signedBytes)]
        if !isGood { envelope.payload = [1, 3] }
        let body: JSONValue = [
            "apiVersion": "0.0.1", "kind": "dsse",
            "spec": [
                "proposedContent": [
                    "envelope": .string(envelope.json.compactText),
                    "verifiers": [.base64(Array(key.publicPEM.utf8))],
                ]
            ],
        ]
        let answer = service.answer(
            StandInRequest("POST", "/api/v1/log/entries", body: body.compactBytes), at: time)
        #expect(answer.status == (isGood ? 201 : 400))
    }

    @Test("the second log answers with an entry that bundles can carry")
    func secondLog() throws {
        var service = try service()
        let key = try StandInKey(.p256)
        let body: JSONValue = [
            "hashedRekordRequestV002": [
                "digest": .base64(sha256(StandIn.artifact)),
                "signature": [
                    "content": .base64(try key.sign(StandIn.artifact)),
                    "verifier": [
                        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                        "publicKey": ["rawBytes": .base64(key.publicDER)],
                    ],
                ],
            ]
        ]
        let answer = service.answer(
            StandInRequest("POST", "/api/v2/log/entries", body: body.compactBytes), at: time)
        #expect(answer.status == 201)
        let entry = try json(answer)
        #expect(entry["logIndex"] == "5" && entry["integratedTime"] == nil)
        #expect(entry["inclusionProof"]?["treeSize"] == "6")
    }

    @Test("a log with a fault answers with it")
    func faultyLog() throws {
        var service = StandInService(try StandIn.instance.get(), faults: [.promiseMissing])
        let key = try StandInKey(.p256)
        let body = proposal(key, StandIn.artifact, try key.sign(StandIn.artifact))
        let answer = service.answer(
            StandInRequest("POST", "/api/v1/log/entries", body: body), at: time)
        let entry = try json(answer).object?.members.first?.value
        #expect(entry?["verification"]?["inclusionProof"] != nil)
        #expect(entry?["verification"]?["signedEntryTimestamp"] == nil)
    }

    @Test("consistency is proven between sizes that the log had")
    func consistency() throws {
        var service = try service()
        let good = service.answer(
            StandInRequest(
                "GET", "/api/v1/log/proof", query: ["firstSize": "3", "lastSize": "5"]), at: time)
        #expect(good.status == 200)
        let tree = service.instance.rekor1.tree
        #expect(try json(good)["rootHash"]?.string == hexText(tree.root()))
        for query in [["lastSize": "6"], ["firstSize": "0", "lastSize": "2"], [:]] {
            let answer = service.answer(
                StandInRequest("GET", "/api/v1/log/proof", query: query), at: time)
            #expect(answer.status == 400)
        }
    }

    @Test("what no service has is not found")
    func unknownPath() throws {
        var service = try service()
        for path in ["/", "/api/v1/log/entries/00", "/api/v3/log"] {
            #expect(service.answer(StandInRequest("GET", path), at: time).status == 404)
        }
    }
}
