// SPDX-License-Identifier: Apache-2.0
// What logs are asked and answer, the bundle that comes of it, and the notice before.

import Keys
import OCI
import Primitives
import TestSupport
import Testing

@testable import Signing

private let statement = Array(#"{"_type":"https://in-toto.io/Statement/v1"}"#.utf8)

private func envelopeParts(_ key: PrivateKey) throws -> SignedParts {
    let envelope = try Envelope(signing: statement, as: inTotoPayloadType, with: key)
    return try SignedParts(.envelope(envelope), by: .key(key.publicKey))
}

private func messageParts(_ key: PrivateKey) throws -> SignedParts {
    let message = Array("hello".utf8)
    return try SignedParts.message(
        digest: key.publicKey.loggedHash.hash(of: message), signature: try key.sign(message),
        by: .key(key.publicKey))
}

@Suite("log uploads and bundles")
struct LogUploadTests {
    @Test("version 1 gets a hash of a message, its signature and the key")
    func hashedRecord() throws {
        let parts = try messageParts(try TestKeys.ecdsaP256())
        let request = try LogUpload.request(for: parts, version: 1)
        #expect(request["kind"]?.string == "hashedrekord")
        let hash = request["spec"]?["data"]?["hash"]
        #expect(hash?["algorithm"]?.string == "sha256")
        #expect(hash?["value"]?.string == Digest(of: "hello".utf8, by: .sha256).hex)
        let signature = request["spec"]?["signature"]
        #expect(signature?["content"]?.string == base64Text(parts.signature))
        #expect(
            signature?["publicKey"]?["content"]?.string == base64Text(parts.key.pem.utf8))
        #expect(LogUpload.path(version: 1) == "/api/v1/log/entries")
    }

    @Test("version 1 gets a whole envelope as text")
    func envelope() throws {
        let parts = try envelopeParts(try TestKeys.ecdsaP256())
        let request = try LogUpload.request(for: parts, version: 1)
        #expect(request["kind"]?.string == "dsse")
        let text = try #require(request["spec"]?["proposedContent"]?["envelope"]?.string)
        let read = try Envelope(
            reading: try JSONReader(parsing: Array(text.utf8), named: "the envelope"))
        #expect(SignatureBundle.Content.envelope(read) == parts.content)
    }

    @Test("version 2 gets a digest only, of messages and of envelopes")
    func version2() throws {
        let key = try TestKeys.ecdsaP384()
        for parts in [try messageParts(key), try envelopeParts(key)] {
            let request = try LogUpload.request(for: parts, version: 2)
            let record = try #require(request["hashedRekordRequestV002"])
            let digest = try #require(parts.signedContent.signedDigest(by: .sha384))
            #expect(record["digest"]?.string == base64Text(digest))
            #expect(digest.count == 48)
            let verifier = try #require(record["signature"]?["verifier"])
            #expect(verifier["keyDetails"]?.string == "PKIX_ECDSA_P384_SHA_384")
            #expect(
                verifier["publicKey"]?["rawBytes"]?.string == base64Text(parts.key.derBytes))
            #expect(!request.compactText.contains("payload"))
        }
    }

    @Test("a key whose signatures a log does not take is refused before anything is sent")
    func refusedKeys() async throws {
        let edwards = try TestKeys.ed25519()
        let large = try TestKeys.ecdsaP384()
        let rows: [(SignedParts, Int)] = [
            (try messageParts(edwards), 1), (try messageParts(edwards), 2),
            (try envelopeParts(edwards), 2), (try envelopeParts(large), 1),
        ]
        for (parts, version) in rows {
            await expectFailure(.unsupported, "sign with an ECDSA P-256 key") {
                _ = try LogUpload.request(for: parts, version: version)
            }
        }
        _ = try LogUpload.request(for: try envelopeParts(edwards), version: 1)
    }

    static let brokenAnswers = [
        "", "[]", "{}", "{\"a\":{},\"b\":{}}", "{\"a\":7}", "null", "{\"a\":{}} x",
    ]

    @Test("what is no entry is refused", arguments: brokenAnswers)
    func broken(_ text: String) {
        for version in [1, 2] {
            #expect(throws: Failure.self) {
                try LogUpload.entry(inAnswer: Array(text.utf8), version: version)
            }
        }
    }

    @Test("a bundle has the key's hint or one leaf, and reads back")
    func bundle() throws {
        let key = try TestKeys.ecdsaP256()
        for parts in [try messageParts(key), try envelopeParts(key)] {
            var builder = BundleBuilder(parts)
            let bare = String(decoding: try builder.bundleBytes(), as: UTF8.self)
            #expect(!bare.contains("tlogEntries") && !bare.contains("timestampVerificationData"))
            builder.timestamps = [[1, 2, 3]]
            let read = try SignatureBundle(parsing: try builder.bundleBytes())
            #expect(read.signer == .publicKey(hint: parts.key.hint))
            #expect(read.content == parts.content)
            #expect(read.timestamps == [[1, 2, 3]])
            #expect(read.version == .v03)
        }
        let leaf = try SignedParts(
            try messageParts(key).content,
            by: .certificate(derBytes: [0x30, 0], key: key.publicKey))
        let text = String(decoding: try BundleBuilder(leaf).bundleBytes(), as: UTF8.self)
        #expect(text.contains(#""verificationMaterial":{"certificate":{"rawBytes":"MAA="}}"#))
        #expect(!text.contains("x509CertificateChain"))
        #expect(text.contains(#""messageDigest":{"algorithm":"SHA2_256""#))
    }

    @Test("more proofs than readers take are not written")
    func tooManyProofs() async throws {
        var builder = BundleBuilder(try messageParts(try TestKeys.ecdsaP256()))
        builder.timestamps = Array(repeating: [1], count: Limits.proofsPerBundle + 1)
        await expectFailure(.overLimit, "33 timestamps") { _ = try builder.bundleBytes() }
    }

    @Test("parts that no bundle can hold are our own mistake")
    func badParts() async throws {
        let key = try TestKeys.ecdsaP256().publicKey
        for digest in [[], [UInt8](repeating: 0, count: 31), [UInt8](repeating: 0, count: 48)] {
            await expectFailure(.bug, "is not a SHA2_256") {
                _ = try SignedParts.message(digest: digest, signature: [1], by: .key(key))
            }
        }
        await expectFailure(.bug, "is not a SHA2_256") {
            _ = try SignedParts(.messageSignature(digest: nil, signature: [1]), by: .key(key))
        }
        await expectFailure(.bug, "0 signatures") {
            _ = try SignedParts(
                .envelope(Envelope(payloadType: "a", payload: [], signatures: [])), by: .key(key))
        }
    }

    @Test("the request for a certificate proves possession of the key over the token's subject")
    func certificateRequest() throws {
        let key = try TestKeys.ecdsaP256().publicKey
        let request = CertificateRequest.document(for: key, proof: [1, 2])
        #expect(
            request["publicKeyRequest"]?["publicKey"] == [
                "algorithm": "ECDSA", "content": .string(key.pem),
            ])
        #expect(request["publicKeyRequest"]?["proofOfPossession"]?.string == "AQI=")
    }

    private func selection(_ log: (String, Int)?, ca: String? = nil, tsa: String? = nil) throws
        -> ServiceSelection
    {
        try SigningConfiguration(
            certificateAuthority: ca, log: log.map { (url: $0.0, version: $0.1) },
            timestampAuthority: tsa
        ).selection(at: Timestamp(seconds: 1))
    }

    @Test("the notice names every host and what it makes public, before anything is sent")
    func notice() throws {
        let notice = UploadConsentRequest(
            services: try selection(
                ("https://rekor.sigstore.dev", 1), ca: "https://ca.example:8443",
                tsa: "https://tsa.example/tsr"),
            content: .envelope(digest: [1], payloadDigest: [0xab]),
            signer: .identity("ann@acme.example"))
        #expect(notice.hosts == ["ca.example:8443", "rekor.sigstore.dev", "tsa.example"])
        #expect(notice.lines[0].contains("publishes permanently the identity \"ann@acme.example\""))
        #expect(notice.lines[1].contains("gets the whole envelope"))
        #expect(notice.lines[1].contains("and of its payload (ab)"))
        #expect(notice.lines[1].contains("the certificate with the identity"))
        #expect(notice.lines[2].hasSuffix("gets the digest of the signature; publishes nothing"))
        #expect(notice.publicHosts == ["rekor.sigstore.dev"])
        let keyOnly = UploadConsentRequest(
            services: .none, content: .message(digest: [1]), signer: .key)
        #expect(keyOnly.isEmpty)
        let version2 = UploadConsentRequest(
            services: try selection(("https://log.example", 2)),
            content: .envelope(digest: [0xcd], payloadDigest: [1]), signer: .certificate)
        #expect(
            version2.lines == [
                "log.example (transparency log) publishes permanently the digest of what is signed (cd), "
                    + "the signature, the certificate"
            ])
    }

    @Test(
        "public hosts are told by their name as a whole",
        arguments: [
            ("https://rekor.sigstore.dev", true), ("https://REKOR.SIGSTORE.DEV:443/x", true),
            ("https://rekor.sigstage.dev", true), ("https://sigstore.dev.", true),
            ("https://sigstore.dev.evil.example", false), ("https://notsigstore.dev", false),
            ("https://log.example/sigstore.dev", false),
        ])
    func publicHosts(_ url: String, _ isPublic: Bool) async throws {
        let notice = UploadConsentRequest(
            services: try selection((url, 1)), content: .message(digest: [1]), signer: .key)
        guard isPublic else { return try notice.refusePublicHosts() }
        await expectFailure(.denied, "public logs are forbidden here") {
            try notice.refusePublicHosts()
        }
    }
}
