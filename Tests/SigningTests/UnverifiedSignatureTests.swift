// SPDX-License-Identifier: Apache-2.0
// A signature that does not verify: changed content and another key are told apart where the
// evidence can tell, and both are named where it cannot.

import Keys
import OCI
import Primitives
import Signing
import StandIns
import TestSupport
import Testing

@Suite("signatures that do not verify")
struct UnverifiedSignatureTests {
    private let digest = Digest(of: Array("image".utf8), by: .sha256)

    private func payload(_ build: String) throws -> [UInt8] {
        SimpleSigning.payload(
            for: digest, in: try Repository(parsing: "registry.example.com/shop/backend"),
            annotations: ["build": build])
    }

    private func problem(
        _ form: SignedEntity.Form, by keys: [TrustedKey], of type: PredicateType = .signature
    ) throws -> VerificationError {
        let candidate = SignedEntity(
            location: .signatureTag, manifest: digest, digest: digest, position: 0, form: form)
        let evidence = Evidence(subject: digest, candidates: [candidate])
        let rejected =
            type == .signature
            ? evidence.signatures(by: .keys(keys)).rejections
            : evidence.attestations(of: type, by: .keys(keys)).rejections
        return try #require(rejected.first?.problem)
    }

    private func simple(
        _ signature: [UInt8], over payload: [UInt8], _ legacyAnnotations: LegacyAnnotations = .none
    ) -> SignedEntity.Form {
        .simpleSigning(
            SimpleSigning(
                payload: payload, signature: signature, legacyAnnotations: legacyAnnotations))
    }

    @Test("where nothing tells, both possibilities are named, and the schemes that were tried")
    func undecided() throws {
        let key = try TestKeys.ecdsaP384()
        let signature = try key.sign(try payload("17"))
        let changed = try problem(
            simple(signature, over: try payload("18")), by: [TrustedKey(key: key.publicKey)])
        #expect(changed.code == .signatureMismatch)
        for part in ["was changed", "another key made it", "SHA-256", "SHA-384", "SHA-512"] {
            #expect(changed.why.contains(part), "\(part)")
        }
        let other = try TestKeys.ecdsaP384().publicKey
        let foreign = try problem(
            simple(signature, over: try payload("17")), by: [TrustedKey(key: other)])
        #expect(foreign.code == .signatureMismatch)
    }

    @Test("an RSA signature tells by itself whether its key signed something else")
    func recovered() throws {
        let key = try PrivateKey(pkcs8: StandInKey(.rsa2048).pkcs8)
        let schemes: [SignatureScheme] = [.rsaPKCS1(.sha256), .rsaPKCS1(.sha512), .rsaPSS(.sha384)]
        for scheme in schemes {
            let signature = try key.signing(with: scheme).sign(try payload("17"))
            let changed = try problem(
                simple(signature, over: try payload("18")), by: [TrustedKey(key: key.publicKey)])
            #expect(changed.code == .signatureInvalid)
            let other = try PrivateKey(pkcs8: StandInKey(.rsa2048).pkcs8).publicKey
            let foreign = try problem(
                simple(signature, over: try payload("17")), by: [TrustedKey(key: other)])
            #expect(foreign.code == .signatureMismatch)
        }
    }

    @Test("the log entry beside an older signature tells whose it is")
    func logEntry() throws {
        let key = try StandInKey()
        let sample = try LegacySample(on: digest, by: key)
        let legacyAnnotations = LegacyAnnotations(
            certificate: nil, chain: nil, logEntry: LegacySample.annotation(sample.entry),
            timestamp: nil)
        let own = try PublicKey(derBytes: key.publicDER)
        let changed = try problem(
            simple(sample.signature, over: try payload("18"), legacyAnnotations),
            by: [TrustedKey(key: own)])
        #expect(changed.code == .signatureInvalid)
        let other = try TestKeys.ecdsaP256().publicKey
        let foreign = try problem(
            simple(sample.signature, over: sample.payload, legacyAnnotations),
            by: [TrustedKey(key: other)])
        #expect(foreign.code == .keyMismatch)
        // Both at once: nothing can tell.
        let both = try problem(
            simple(sample.signature, over: try payload("18"), legacyAnnotations),
            by: [TrustedKey(key: other)])
        #expect(both.code == .signatureMismatch)
    }

    @Test("a certificate beside an older signature tells whose it is")
    func certificate() throws {
        let key = try StandInKey()
        let sample = try LegacySample(on: digest, by: key)
        let legacyAnnotations = LegacyAnnotations(
            certificate: pemText("CERTIFICATE", sample.leaf), chain: nil, logEntry: nil,
            timestamp: nil)
        let own = TrustedKey(key: try PublicKey(derBytes: key.publicDER))
        let changed = try problem(
            simple(sample.signature, over: try payload("18"), legacyAnnotations), by: [own])
        #expect(changed.code == .signatureInvalid)
        let foreign = try problem(
            simple(sample.signature, over: sample.payload, legacyAnnotations),
            by: [TrustedKey(key: try TestKeys.ecdsaP256().publicKey)])
        #expect(foreign.code == .keyMismatch)
    }

    @Test(
        "the key id of an older attestation tells when it names our key",
        arguments: [true, false])
    func keyID(isNamed: Bool) throws {
        let key = try TestKeys.ecdsaP256()
        let type = PredicateType.spdx
        let statement = Statement.document(
            about: digest, name: nil, predicateType: type, predicate: [:])
        let signed = try Envelope(signing: statement.compactBytes, as: inTotoPayloadType, with: key)
        let changed: JSONValue = [
            "payload": .string(base64Text(signed.payload + [0x20])),
            "payloadType": .string(inTotoPayloadType),
            "signatures": [
                [
                    "keyid": .string(isNamed ? key.publicKey.fingerprint.hex : "somebody"),
                    "sig": .string(base64Text(signed.signatures[0].bytes)),
                ]
            ],
        ]
        let envelope = try Envelope(reading: JSONReader(changed, document: "the envelope"))
        let found = try problem(
            .envelope(envelope, .none, storedAs: changed.compactBytes),
            by: [TrustedKey(key: key.publicKey)], of: type)
        #expect(found.code == (isNamed ? .signatureInvalid : .signatureMismatch))
    }

    @Test("a bundle's hint that is a name tells nothing; a fingerprint does")
    func hints() throws {
        let key = try TestKeys.ecdsaP256()
        let other = try TestKeys.ecdsaP256().publicKey
        let statement = Statement.document(
            about: digest, name: nil, predicateType: .signature, predicate: [:])
        let signed = try Envelope(signing: statement.compactBytes, as: inTotoPayloadType, with: key)
        let rows: [(String, VerificationError.Code)] = [
            (key.publicKey.hint, .keyMismatch), (key.publicKey.fingerprint.hex, .keyMismatch),
            ("\(key.publicKey.fingerprint)", .keyMismatch), ("release key", .signatureMismatch),
            ("", .signatureMismatch), (other.hint, .signatureInvalid),
        ]
        for (hint, code) in rows {
            let document: JSONValue = [
                "mediaType": .string(MediaType.sigstoreBundle.description),
                "verificationMaterial": ["publicKey": ["hint": .string(hint)]],
                "dsseEnvelope": signed.json,
            ]
            let bundle = try SignatureBundle(parsing: document.compactBytes)
            let found = try problem(.bundle(bundle), by: [TrustedKey(key: other)])
            #expect(found.code == code, "\(hint)")
        }
    }
}

@Suite("schemes of signatures")
struct SignatureSchemeChoiceTests {
    private let digest = Digest(of: Array("image".utf8), by: .sha256)

    private func report(_ key: PrivateKey, _ trusted: TrustedKey) throws
        -> VerificationReport<VerifiedSignature>
    {
        let payload = SimpleSigning.payload(
            for: digest, in: try Repository(parsing: "registry.example.com/shop/backend"),
            annotations: [:])
        let candidate = SignedEntity(
            location: .signatureTag, manifest: digest, digest: digest, position: 0,
            form: .simpleSigning(
                SimpleSigning(payload: payload, signature: try key.sign(payload))))
        return Evidence(subject: digest, candidates: [candidate])
            .signatures(by: .keys([trusted]))
    }

    @Test("a key's signature verifies with every hash; a demanded hash is the only one that does")
    func hashes() throws {
        let keys = [
            try TestKeys.ecdsaP256(), try TestKeys.ecdsaP384(), try TestKeys.ecdsaP521(),
            try PrivateKey(pkcs8: StandInKey(.rsa2048).pkcs8),
        ]
        for key in keys {
            for hash in HashAlgorithm.allCases {
                let scheme: SignatureScheme =
                    key.publicKey.algorithm == .rsa ? .rsaPKCS1(hash) : .ecdsa(hash)
                let signing = try key.signing(with: scheme)
                let trusted = TrustedKey(key: key.publicKey)
                #expect(try report(signing, trusted).proofs.count == 1)
                for demanded in HashAlgorithm.allCases {
                    let found = try report(signing, trusted.signing(with: demanded))
                    #expect(found.proofs.isEmpty == (demanded != hash))
                    guard demanded != hash else { continue }
                    #expect(found.mostSpecific?.problem.code == .otherAlgorithm)
                    #expect(found.mostSpecific?.why.contains(hash.title) == true)
                }
            }
        }
    }

    @Test("Ed25519 has one hash inside, so a demanded hash is no obstacle")
    func ed25519() throws {
        let key = try TestKeys.ed25519()
        for scheme in [SignatureScheme.ed25519, .ed25519ph] {
            let trusted = TrustedKey(key: key.publicKey, hash: .sha256)
            #expect(try report(key.signing(with: scheme), trusted).proofs.count == 1)
        }
    }

    @Test("a file's signature verifies with every hash, and by digest where that one is known")
    func files() throws {
        let content = Array("release".utf8)
        let key = try TestKeys.ecdsaP384()
        for hash in HashAlgorithm.allCases {
            let signature = try key.signing(with: .ecdsa(hash)).sign(content)
            let found = SignatureVerifier.key(key.publicKey).verify(
                signature, with: .none, about: SignedArtifact(content: content))
            #expect(found.signer != nil)
            let digest = SignedArtifact(digests: [hash: hash.hash(of: content)])
            #expect(
                SignatureVerifier.key(key.publicKey).verify(signature, with: .none, about: digest)
                    .signer != nil)
        }
    }
}
