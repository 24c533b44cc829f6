// SPDX-License-Identifier: Apache-2.0
// Rules about what people write after --key.

import Foundation
import Keys
import Primitives
import Signing
import TestSupport
import Testing

@testable import Host

@Suite("key references")
struct KeyReferenceTests {
    @Test(
        "every form is read, and shown as it was written",
        arguments: [
            "cosign.pub", "./a://b", "/etc/keys/release.pem", "env://COSIGN_KEY",
            "awskms:///alias/release", "awskms:///1234abcd-12ab-34cd-56ef-1234567890ab",
            "awskms://localhost:4566/alias/release",
            "awskms:///arn:aws:kms:eu-central-1:111122223333:key/mrk-1234",
            "hashivault://release", "hashivault://release-2.x_y", "openbao://a",
            "pkcs11:token=HSM%201;object=release", "pkcs11:slot-id=3;object=a;id=%01%ff",
            "gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k", "my-hsm://anything at all",
        ])
    func forms(text: String) throws {
        // "./a://b" has a scheme that is no plugin's name; the way out is said.
        guard text != "./a://b" else {
            let failure = #expect(throws: Failure.self) { try KeyReference(parsing: text) }
            #expect(failure?.kind == .usage)
            return
        }
        #expect(try KeyReference(parsing: text).description == text)
    }

    @Test(
        "what names no key is refused, and says what would",
        arguments: [
            "", "env://", "env://1A", "env://A B", "awskms://", "awskms://alias/a",
            "awskms:///", "awskms:///a b", "awskms:///key/x", "awskms:///arn:aws:s3:a:b:key/c",
            "awskms:///arn:aws:kms::1:key/c", "awskms://bad host/alias/a", "hashivault://",
            "hashivault://a/b", "hashivault://../x", "hashivault://-a", "openbao://a?b", "x://",
            "://x", "X://a", "a b://c", "pkcs11:", "pkcs11:token=x", "pkcs11:object=a;object=b",
            "pkcs11:object", "pkcs11:object=%g0", "pkcs11:object=%4", "pkcs11:object=",
            "pkcs11:id=", "pkcs11:slot-id=x;object=a", "pkcs11:object=a;type=secret-key",
            "pkcs11:object=a?module-name=../x", "pkcs11:object=%00", "a\u{0}b", "a\nb",
        ])
    func refused(text: String) {
        let failure = #expect(throws: Failure.self) { try KeyReference(parsing: text) }
        #expect([.usage, .malformed].contains(failure?.kind), "\(String(describing: failure))")
    }

    @Test(
        "places keys are not fetched from say how to get the key from there",
        arguments: [
            ("https://a/cosign.pub", "fingerprint"), ("http://a/b", "fingerprint"),
            ("k8s://ns/name", "kubectl"), ("gitlab://1", "env://"), ("github://a/b", "env://"),
            ("file:///a", "without file://"),
        ])
    func notFetched(text: String, next: String) async {
        await expectFailure(.unsupported, next) { _ = try KeyReference(parsing: text) }
    }

    @Test("an attribute of a PKCS #11 URI that could narrow the choice is not ignored")
    func unknownAttribute() async {
        for text in ["pkcs11:object=a;library-version=3", "pkcs11:object=a?max-sessions=3"] {
            await expectFailure(.unsupported, "is not known") {
                _ = try KeyReference(parsing: text)
            }
        }
    }

    @Test("a PIN is never shown")
    func hiddenPIN() throws {
        let reference = try KeyReference(
            parsing: "PKCS11:object=a?pin-value=s3cret&module-path=/m.so")
        #expect(!reference.description.contains("s3cret"))
        for text in [
            "pkcs11:object=a?pin-value=s3cret&bad", "pkcs11:object=a&pin-value=s3cret",
            "pkcs11:object=a;pin-value=s3cret", "pkcs1:object=a?pin-value=s3cret",
            "pkcs://object=a?pin-value=s3cret",
        ] {
            let failure = #expect(throws: Failure.self) { try KeyReference(parsing: text) }
            #expect(failure?.kind == .usage)
            #expect(failure?.description.contains("s3cret") == false)
        }
    }

    @Test("keys in files and variables open, one by one and several at once")
    func local() async throws {
        let directory = try TemporaryDirectory()
        let (first, second) = (try TestKeys.ecdsaP256(), try TestKeys.ed25519())
        try directory.write(first.publicKey.pem + second.publicKey.pem, to: "both.pub")
        let opener = opener(["KEY": first.publicKey.pem])
        let both = try await opener.trustedKeys(
            try KeyReference(parsing: directory.file("both.pub")))
        #expect(both.map(\.key) == [first.publicKey, second.publicKey])
        #expect(both[1].name?.hasSuffix("both.pub, key 2") == true)
        let one = try await opener.trustedKeys(try KeyReference(parsing: "env://KEY"))
        #expect(one.map(\.label) == ["env://KEY (\(first.publicKey.fingerprint))"])
        await expectFailure(.usage, "is not set") {
            _ = try await opener.signer(try KeyReference(parsing: "env://OTHER"))
        }
    }

    @Test("a private key file signs; its password is asked for when it needs one")
    func privateFile() async throws {
        let directory = try TemporaryDirectory()
        let key = try TestKeys.ecdsaP256()
        let sealed = try EncryptedPrivateKey(
            encrypting: key, password: [1, 2], salt: [UInt8](repeating: 1, count: 32),
            nonce: [UInt8](repeating: 2, count: 24))
        try directory.write(sealed.pem, to: "cosign.key")
        let reference = try KeyReference(parsing: directory.file("cosign.key"))
        let opener = KeyOpener(environment: [:], transport: nil, clock: FixedClock()) { [1, 2] }
        let signer = try await opener.signer(reference)
        #expect(signer.publicKey == key.publicKey)
        let signature = try await signer.sign([1])
        #expect(key.publicKey.isValid(signature, over: [1]))
        #expect(try opener.privateKeyFile(reference)?.needsPassword == true)
    }

    @Test(
        "offline, no key service is asked",
        arguments: ["awskms:///alias/a", "hashivault://a", "x://a"])
    func offline(text: String) async throws {
        let reference = try KeyReference(parsing: text)
        #expect(reference.needsNetwork)
        await expectFailure(.usage, "stay offline") {
            _ = try await opener().trustedKeys(reference)
        }
    }
}

@Suite("trusted keys")
struct TrustedKeyTests {
    @Test("which of several keys signed is told, whatever the hint says")
    func whichSigned() throws {
        let keys = try TestKeys.algorithms.map { try $0() }
        let trusted = keys.enumerated().map {
            TrustedKey(key: $1.publicKey, validFor: nil, name: "key \($0)")
        }
        for (index, key) in keys.enumerated() {
            let signature = try key.sign([7])
            for hint in ["", "nonsense", "key 0", keys[3].publicKey.hint, key.publicKey.hint] {
                #expect(trusted.signer(of: signature, over: [7], hint: hint) == trusted[index])
            }
            #expect(trusted.signer(of: signature, over: [8]) == nil)
            #expect(
                trusted.signer(of: signature, over: [7], scheme: key.scheme) == trusted[index])
        }
    }

    @Test("a hint changes the order and nothing else")
    func order() throws {
        let keys = try TestKeys.algorithms.map { TrustedKey(key: try $0().publicKey) }
        for key in keys {
            let digest = key.key.fingerprint
            for hint in [key.key.hint, digest.description, digest.hex] {
                let ordered = keys.ordered(hint: hint)
                #expect(ordered.first == key)
                #expect(Set(ordered) == Set(keys) && ordered.count == keys.count)
            }
        }
    }

    @Test("CVE-2026-54787: a key with a window needs a time inside it; both ends are inside")
    func window() throws {
        let period = ValidityPeriod(start: Timestamp(seconds: 10), end: Timestamp(seconds: 20))
        let key = TrustedKey(key: try TestKeys.ed25519().publicKey, validFor: period)
        func usable(_ times: Int...) -> Bool {
            key.isUsable(at: times.map { Timestamp(seconds: $0) })
        }
        #expect(usable(10) && usable(20) && usable(10, 20))
        #expect(!usable(9) && !usable(21) && !usable(15, 21) && !usable())
        #expect(TrustedKey(key: key.key).isUsable(at: []))
    }
}
