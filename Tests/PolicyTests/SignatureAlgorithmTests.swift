// SPDX-License-Identifier: Apache-2.0
// Stories: the hash a policy demands by name, and keys a policy names by address.

import Keys
import OCI
import Policy
import Primitives
import Signing
import TestSupport
import Testing

@Suite("signature algorithms and key addresses in policies")
struct SignatureAlgorithmTests {
    private let trial: PolicyTrial
    private let key: PrivateKey

    init() throws {
        trial = try PolicyTrial()
        key = try TestKeys.ecdsaP384()
    }

    private func policy(inner: String? = nil, outer: String? = nil) -> PolicyText {
        var policy = PolicyText()
        let keys = "publicKeys: \(quotedPEM(key.publicKey)), rekor: {ignoreTlog: true}"
        let inside = inner.map { ", signatureAlgorithm: \($0)" } ?? ""
        let outside = outer.map { ", signatureAlgorithm: \($0)" } ?? ""
        policy.attestors = ["- entries: [{keys: {\(keys)\(inside)}\(outside)}]"]
        return policy
    }

    private func result(_ policy: PolicyText, signedWith hash: HashAlgorithm) async throws
        -> Decision
    {
        let image = try await trial.image(hash.rawValue)
        try await trial.sign(image, by: try key.signing(with: .ecdsa(hash)), as: .legacy)
        return try decision(
            on: trial.written, by: try policy.compiled(), try await trial.facts(about: image))
    }

    @Test("a demanded hash is exact, and without one every hash of the key is taken")
    func demanded() async throws {
        for signed in HashAlgorithm.allCases {
            #expect(try await result(policy(), signedWith: signed).result == .pass)
            for demanded in HashAlgorithm.allCases {
                let expected: ImageResult = signed == demanded ? .pass : .fail
                for text in [
                    policy(inner: demanded.rawValue), policy(outer: demanded.rawValue),
                    policy(inner: demanded.rawValue, outer: demanded.rawValue),
                ] {
                    let found = try await result(text, signedWith: signed)
                    #expect(found.result == expected)
                    guard expected == .fail else { continue }
                    #expect(found.reason == .signerMismatch)
                    #expect(found.found.contains(demanded.title), "\(found.found)")
                }
            }
        }
    }

    @Test("two hashes in one entry, SHA-224, and a hash for a certificate are refused")
    func refused() throws {
        #expect(refusal(policy(inner: "sha256", outer: "sha512").text)?.kind == .malformed)
        #expect(refusal(policy(inner: "sha224").text)?.kind == .unsupported)
        #expect(refusal(policy(outer: "sha224").text)?.kind == .unsupported)
        #expect(refusal(policy(inner: "md5").text)?.kind == .malformed)
        var keyless = PolicyText()
        let signer = "keyless: {subject: a, issuer: b, rekor: {url: 'https://r'}}"
        keyless.attestors = ["- entries: [{\(signer), signatureAlgorithm: sha512}]"]
        #expect(refusal(keyless.text)?.kind == .malformed)
        keyless.attestors = ["- entries: [{\(signer), signatureAlgorithm: sha256}]"]
        #expect(refusal(keyless.text) == nil)
    }

    @Test("one key with two hashes is one signer")
    func oneSigner() throws {
        var text = PolicyText()
        let entries = ["sha256", "sha384"].map {
            "{keys: {publicKeys: \(quotedPEM(key.publicKey)), signatureAlgorithm: \($0), "
                + "rekor: {ignoreTlog: true}}}"
        }
        text.attestors = ["- {count: 2, entries: [\(entries.joined(separator: ", "))]}"]
        #expect(refusal(text.text)?.kind == .malformed)
    }

    @Test(
        "the address of a key elsewhere says to write the public key",
        arguments: [
            "azurekms://vault.example.org/key", "awskms:///alias/release", "gcpkms://projects/x",
            "hashivault://release", "openbao://release", "https://example.org/cosign.pub",
            "AWSKMS:///alias/release",
        ])
    func addresses(address: String) throws {
        var text = PolicyText()
        text.attestors = ["- entries: [{keys: {publicKeys: '\(address)'}}]"]
        let failure = try #require(refusal(text.text))
        #expect(failure.kind == .unsupported)
        #expect(failure.next?.contains("put the public key into publicKeys") == true)
        #expect(failure.why.contains(address))
    }

    @Test("a policy's keys are read in every lax form of PEM", arguments: PEMForm.lax)
    func pem(form: PEMForm) throws {
        var text = PolicyText()
        let pem = JSONValue.string(form.spelling(key.publicKey.pem)).shownText(indented: false)
        text.attestors = ["- entries: [{keys: {publicKeys: \(pem), rekor: {ignoreTlog: true}}}]"]
        #expect(refusal(text.text) == nil)
    }

    @Test("attestations of a type without a scheme are found")
    func typeWithoutScheme() async throws {
        let type = "cosign.sigstore.dev/attestation/vuln/v1"
        let image = try await trial.image("vuln")
        try await trial.attest(["scanner": [:]], of: type, on: image)
        var text = PolicyText()
        let keys =
            "keys: {publicKeys: \(quotedPEM(trial.key.publicKey)), rekor: {ignoreTlog: true}}"
        text.verification += [
            "attestations:", "  - type: \(type)", "    attestors: [{entries: [{\(keys)}]}]",
        ]
        let found = try decision(
            on: trial.written, by: try text.compiled(), try await trial.facts(about: image))
        #expect(found.result == .pass)
        #expect(
            refusal(text.text.replacing("type: \(type)", with: "type: vuln"))?.kind == .malformed)
    }
}
