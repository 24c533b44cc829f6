// SPDX-License-Identifier: Apache-2.0
// Key files in RFC 7468's lax form, and files of other programs.

import Foundation
import Keys
import Primitives
import TestSupport
import Testing

@Suite("key files")
struct KeyFileFormTests {
    @Test("a public key is read in every lax form of PEM", arguments: PEMForm.lax)
    func publicKey(form: PEMForm) throws {
        for make in TestKeys.algorithms {
            let key = try make().publicKey
            #expect(try PublicKey(pem: form.spelling(key.pem)) == key)
            #expect(try PublicKey.list(pem: form.spelling(key.pem) + "\n" + key.pem).count == 2)
        }
    }

    @Test(
        "a private key is read in every lax form of PEM, open or encrypted", arguments: PEMForm.lax)
    func privateKey(form: PEMForm) throws {
        let key = try TestKeys.ecdsaP256()
        let pem =
            "-----BEGIN PRIVATE KEY-----\n\(base64Text(key.pkcs8))\n-----END PRIVATE KEY-----\n"
        let open = try PrivateKeyFile(pem: form.spelling(pem))
        #expect(!open.needsPassword)
        #expect(try open.decrypted(with: { [] }).publicKey == key.publicKey)
        let sealed = try EncryptedPrivateKey(
            encrypting: key, password: [1], salt: [UInt8](repeating: 1, count: 32),
            nonce: [UInt8](repeating: 2, count: 24))
        let read = try PrivateKeyFile(pem: form.spelling(sealed.pem))
        #expect(read.needsPassword)
        if form.name == "CRLF" {
            #expect(try read.decrypted(with: { [1] }).publicKey == key.publicKey)
        }
    }

    @Test("a key of OpenSSH says how to convert it", .enabled(if: hasTool("ssh-keygen")))
    func openSSH() async throws {
        for kind in ["ed25519", "ecdsa", "rsa"] {
            let secret = try #require(
                try shellOutput("ssh-keygen -q -t \(kind) -N '' -f k && cat k"))
            let open = try #require(
                try shellOutput(
                    "chmod 600 k && ssh-keygen -y -f k", files: ["k": secret]))
            await expectFailure(.unsupported, "ssh-keygen -p") {
                _ = try PrivateKeyFile(pem: String(decoding: secret, as: UTF8.self))
            }
            await expectFailure(.malformed, "ssh-keygen -e -m PKCS8") {
                _ = try PublicKey(pem: String(decoding: open, as: UTF8.self))
            }
            await expectFailure(.malformed, "ssh-keygen -e -m PKCS8") {
                _ = try PublicKey(pem: String(decoding: secret, as: UTF8.self))
            }
        }
    }

    @Test("a broken block beside a good one is refused, and so is no block at all")
    func broken() async throws {
        let key = try TestKeys.ecdsaP256().publicKey.pem
        await expectFailure(.malformed, "no end") {
            _ = try PublicKey.list(pem: key + "-----BEGIN PUBLIC KEY-----\nAAAA\n")
        }
        await expectFailure(.malformed, "no PEM block") { _ = try PublicKey.list(pem: "\n") }
    }
}
