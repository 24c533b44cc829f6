// SPDX-License-Identifier: Apache-2.0
// What lies beside a file, read strictly and verified.

import Keys
import OCI
import Primitives
import StandIns
import TestSupport
import Testing

@testable import Signing

private let message = Array("release 1.0".utf8)
private let elsewhere = SignedArtifact(digests: SignedArtifact(content: message).digests)

private func bundle(
    _ key: PrivateKey, _ signature: [UInt8], hash: HashAlgorithm
) throws -> [UInt8] {
    try BundleBuilder(
        .message(
            digest: hash.hash(of: message), signature: signature, by: .key(key.publicKey))
    ).bundleBytes()
}

private func finding(
    _ document: [UInt8], by key: PublicKey, about artifact: SignedArtifact
) throws -> ArtifactVerificationResult {
    SignatureVerifier.key(key).verify(
        try BlobEvidence(parsing: document), about: artifact, type: nil)
}

@Suite("evidence beside files")
struct BlobEvidenceTests {
    @Test("Ed25519 signs a message or its hash, and both verify where the message is here")
    func edwards() throws {
        let pure = try TestKeys.ed25519()
        let prehashed = try pure.signing(with: .ed25519ph)
        let old = try bundle(pure, try pure.sign(message), hash: .sha512)
        let new = try bundle(pure, try prehashed.sign(message), hash: .sha512)
        let here = SignedArtifact(content: message)
        for document in [old, new] {
            #expect(try finding(document, by: pure.publicKey, about: here).signer != nil)
        }
        #expect(try finding(new, by: pure.publicKey, about: elsewhere).signer != nil)
        let unknown = try finding(old, by: pure.publicKey, about: elsewhere)
        #expect(unknown.problem?.code == .bytesNeeded)
        let other = try finding(new, by: try TestKeys.ed25519().publicKey, about: here)
        #expect(other.problem?.code == .keyMismatch)
        let changed = SignedArtifact(content: message + [0])
        #expect(
            try finding(new, by: pure.publicKey, about: changed).problem?.code
                == .messageDigestMismatch)
    }

    @Test("a bundle or signed statement over a limit is over a limit, and not malformed")
    func limits() async throws {
        let key = try TestKeys.ecdsaP256()
        let artifact = SignedArtifact(content: message)
        func attested(subjects: Int, digests: Int) async throws -> ArtifactVerificationResult {
            var named: JSONObject = [
                "sha256": .string(hexText(HashAlgorithm.sha256.hash(of: message)))
            ]
            for number in 1..<digests { named["other-\(number)"] = "00" }
            let statement: JSONValue = [
                "_type": "https://in-toto.io/Statement/v1",
                "subject": .array(
                    Array(repeating: ["name": "a", "digest": .object(named)], count: subjects)),
                "predicateType": "https://example.org/p", "predicate": [:],
            ]
            let envelope = try await Envelope.signed(
                statement.compactBytes, as: inTotoPayloadType, by: key)
            let document = SignatureBundle.document(envelope, signedBy: key.publicKey)
            return try finding(document.compactBytes, by: key.publicKey, about: artifact)
        }
        let (subjects, digests) = (Limits.subjectsPerStatement, Limits.digestsPerSubject)
        #expect(try await attested(subjects: subjects, digests: digests).signer != nil)
        for finding in [
            try await attested(subjects: subjects + 1, digests: 1),
            try await attested(subjects: 1, digests: digests + 1),
        ] {
            #expect(finding.problem?.code == .overLimit)
            #expect(finding.problem?.why.contains("the limit is") == true, "\(finding)")
        }
        let entries = String(repeating: "{},", count: Limits.proofsPerBundle) + "{}"
        let bundle = #"""
            {"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":
            {"publicKey":{"hint":""},"tlogEntries":[\#(entries)]},"messageSignature":{}}
            """#
        let read = try BlobEvidence.list(parsing: Array(bundle.utf8), isLines: false)
        guard case .failure(let problem)? = read.first else {
            Issue.record("it was read")
            return
        }
        #expect(problem.code == .overLimit && problem.why.contains("the limit is 32"))
    }

    @Test("a log takes Ed25519 over a hash, and no other signature over a message by it")
    func logged() async throws {
        let key = try TestKeys.ed25519()
        func parts(_ signature: [UInt8]) throws -> SignedParts {
            try .message(
                digest: HashAlgorithm.sha512.hash(of: message), signature: signature,
                by: .key(key.publicKey))
        }
        let prehashed = try parts(try key.signing(with: .ed25519ph).sign(message))
        let first = try LogUpload.request(for: prehashed, version: 1)
        #expect(first["spec"]?["data"]?["hash"]?["algorithm"]?.string == "sha512")
        let second = try LogUpload.request(for: prehashed, version: 2)
        #expect(second.compactText.contains("PKIX_ED25519_PH"))
        for version in [1, 2] {
            await expectFailure(.unsupported, "Ed25519") {
                _ = try LogUpload.request(for: try parts(try key.sign(message)), version: version)
            }
        }
    }

    @Test("cosign's older bundle is read, and the key that stands in it is not believed")
    func older() throws {
        let key = try TestKeys.ecdsaP256()
        let other = try TestKeys.ecdsaP256()
        let document: JSONValue = [
            "base64Signature": .string(base64Text(try key.sign(message))),
            "cert": .string(base64Text(other.publicKey.pem.utf8)),
        ]
        let bytes = document.compactBytes
        #expect(try finding(bytes, by: key.publicKey, about: elsewhere).signer != nil)
        #expect(
            try finding(bytes, by: other.publicKey, about: elsewhere).problem?.code
                == .signatureInvalid)
        let changed = SignedArtifact(content: message + [0])
        #expect(
            try finding(bytes, by: key.publicKey, about: changed).problem?.code
                == .signatureMismatch)
        let own: JSONValue = [
            "base64Signature": .string(base64Text(try key.sign(message))),
            "cert": .string(base64Text(key.publicKey.pem.utf8)),
        ]
        #expect(
            try finding(own.compactBytes, by: key.publicKey, about: changed).problem?.code
                == .signatureInvalid)
        #expect(
            try finding(own.compactBytes, by: other.publicKey, about: elsewhere).problem?.code
                == .keyMismatch)
    }

    @Test("an older bundle with a certificate is verified like any other")
    func olderWithCertificate() throws {
        let sigstore = try StandInSigstore(at: Timestamp(seconds: 1_700_000_000))
        let made = try sigstore.make(
            StandInRecipe(.artifact(message)).with { $0.isTimestamped = false })
        guard case .certificate(let leaf) = made.signer else {
            Issue.record("no certificate")
            return
        }
        let entry = try #require(
            JSONValue(parsing: made.bytes, named: "it")["verificationMaterial"]?["tlogEntries"]?
                .array?.first)
        let body = try #require(entry["canonicalizedBody"]?.string)
        let document: JSONValue = [
            "base64Signature": .string(base64Text(made.signature)),
            "cert": .string(base64Text(pemText("CERTIFICATE", leaf).utf8)),
            "rekorBundle": [
                "SignedEntryTimestamp": entry["inclusionPromise"]?["signedEntryTimestamp"] ?? .null,
                "Payload": [
                    "body": .string(body),
                    "integratedTime": .number(
                        JSONNumber(Int(entry["integratedTime"]?.string ?? "") ?? 0)),
                    "logIndex": .number(JSONNumber(Int(entry["logIndex"]?.string ?? "") ?? 0)),
                    "logID": .string(
                        hexText(
                            bytes(fromBase64: entry["logId"]?["keyId"]?.string ?? "") ?? [])),
                ],
            ],
        ]
        let root = try TrustedRoot(parsing: sigstore.trustedRoot().compactBytes)
        let identity = CertificateIdentity(
            subjects: [.exact(StandInIdentity.person.name.text)],
            issuers: [try .wholeExpression(".*")])
        let verifier = try SignatureVerifier(
            requirements: .sigstore(.certificates([identity])), root: root)
        let evidence = try BlobEvidence(parsing: document.compactBytes)
        let good = verifier.verify(evidence, about: elsewhere, type: nil)
        #expect(good.signer != nil, "\(good.checks)")
        let changed = SignedArtifact(content: message + [0])
        #expect(verifier.verify(evidence, about: changed, type: nil).signer == nil)
        // CVE-2022-36056: a certificate that is not the one that was logged.
        let again = try sigstore.make(StandInRecipe(.artifact(message)))
        guard case .certificate(let stranger) = again.signer,
            case .object(var fields) = document
        else { return }
        fields["cert"] = .string(base64Text(pemText("CERTIFICATE", stranger).utf8))
        let swapped = try BlobEvidence(parsing: JSONValue.object(fields).compactBytes)
        #expect(verifier.verify(swapped, about: elsewhere, type: nil).signer == nil)
    }

    static let broken = [
        "", "[]", "{}", "{\"base64Signature\":\"\"}", "{\"base64Signature\":\"!\"}",
        "{\"base64Signature\":\"AA==\",\"extra\":1}", "{\"base64Signature\":7}",
        "{\"base64Signature\":\"AA==\",\"cert\":\"!\"}",
        "{\"base64Signature\":\"AA==\",\"mediaType\":\"x\"}",
    ]

    @Test("what is neither form is refused", arguments: broken)
    func malformed(_ text: String) throws {
        #expect(throws: Failure.self) { try BlobEvidence(parsing: Array(text.utf8)) }
        let list = try BlobEvidence.list(parsing: Array(text.utf8), isLines: false)
        guard case .failure = list.first else {
            Issue.record("it was read")
            return
        }
    }

    @Test("a statement that names the file by another hash than was given is no no")
    func otherHash() throws {
        func outcome(_ hash: HashAlgorithm, _ about: [UInt8], byDigest: Bool) throws -> String {
            let statement: JSONValue = [
                "_type": "https://in-toto.io/Statement/v1",
                "subject": [["digest": [:]]],
                "predicateType": "https://example.org/p", "predicate": [:],
            ]
            let named = statement.replacing(
                "subject/0/digest/\(hash.rawValue)",
                with: .string(hexText(hash.hash(of: about))))
            return try Attempt.byPerson(.statement(named.compactBytes)).outcome(byDigest: byDigest)
        }
        let (right, wrong) = (StandIn.artifact, StandIn.artifact + [0])
        for hash in HashAlgorithm.allCases {
            #expect(try outcome(hash, right, byDigest: false) == "accepted")
            #expect(try outcome(hash, wrong, byDigest: false) == "subject-mismatch")
            let known = hash == .sha256
            #expect(
                try outcome(hash, right, byDigest: true) == (known ? "accepted" : "bytes-needed"))
            #expect(
                try outcome(hash, wrong, byDigest: true)
                    == (known ? "subject-mismatch" : "bytes-needed"))
        }
    }

    @Test("lines are read one by one, empty ones left out, and counted first")
    func lines() async throws {
        let key = try TestKeys.ecdsaP256()
        let line = try bundle(key, try key.sign(message), hash: .sha256)
        let other = try bundle(key, try key.sign(message + [1]), hash: .sha256)
        let newline = Array("\n".utf8)
        let list = try BlobEvidence.list(
            parsing: line + newline + newline + Array("{}\r\n".utf8) + other, isLines: true)
        #expect(list.count == 3)
        let isGood = list.map { item in if case .success = item { true } else { false } }
        #expect(isGood == [true, false, true])
        // One piece of evidence is one, however often it is written down.
        let repeated = try BlobEvidence.list(
            parsing: Array(repeating: line + newline, count: 500).flatMap(\.self), isLines: true)
        #expect(repeated.count == 1)
        let many = Array((0...Limits.bundlesPerFile).map { "[\($0)]\n" }.joined().utf8)
        await expectFailure(.overLimit, "limit") {
            _ = try BlobEvidence.list(parsing: many, isLines: true)
        }
    }
}
