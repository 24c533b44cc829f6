// SPDX-License-Identifier: Apache-2.0
// Rules about transit keys, against a double that follows the API's documents.

import Foundation
import Keys
import Primitives
import Signing
import Synchronization
import TestSupport
import Testing

@testable import Host

/// A transit engine with one key of several versions.
private final class TransitDouble: Sendable {
    let versions: [PrivateKey]
    /// The message whose digest the next request holds.
    let message = Mutex<[UInt8]>([])
    let oldest: Int

    init(_ versions: [PrivateKey], oldest: Int = 1) {
        self.versions = versions
        self.oldest = oldest
    }

    func service() -> KeyServiceDouble {
        KeyServiceDouble { request -> (status: Int, body: JSONValue) in try self.answer(request) }
    }

    private func answer(_ request: KeyServiceRequest) throws -> (status: Int, body: JSONValue) {
        guard request.fields["x-vault-token"] == "the-token" else {
            return (403, ["errors": ["permission denied"]])
        }
        let path = request.address.components(separatedBy: "/v1/").last ?? ""
        if request.isRead {
            guard path == "transit/keys/release" else { return (404, ["errors": []]) }
            return (200, ["data": .object(description())])
        }
        let body = try #require(request.body)
        let number = try #require(body["key_version"]?.integer)
        let key = versions[number - 1]
        let message = message.withLock { $0 }
        guard let hash = key.scheme.hash else {
            #expect(path == "transit/sign/release")
            #expect(body["input"]?.string == base64Text(message) && body["prehashed"] == nil)
            return signature(try key.sign(message), number)
        }
        #expect(path == "transit/sign/release/sha2-\(hash.byteCount * 8)")
        #expect(body["input"]?.string == base64Text(hash.hash(of: message)))
        #expect(body["prehashed"]?.bool == true)
        #expect(body["marshaling_algorithm"]?.string == "asn1")
        let isRSA = key.publicKey.algorithm == .rsa
        #expect(body["signature_algorithm"]?.string == (isRSA ? "pkcs1v15" : nil))
        return signature(try key.sign(message), number)
    }

    private func signature(_ bytes: [UInt8], _ version: Int) -> (status: Int, body: JSONValue) {
        (200, ["data": ["signature": .string("vault:v\(version):\(base64Text(bytes))")]])
    }

    private func description() -> JSONObject {
        var keys = JSONObject()
        for (index, key) in versions.enumerated() {
            let isEdwards = key.publicKey.algorithm == .ed25519
            keys[String(index + 1)] = [
                "creation_time": "2026-11-23T09:30:00Z",
                "public_key": .string(
                    isEdwards
                        ? base64Text(key.publicKey.derBytes.suffix(32)) : key.publicKey.pem),
            ]
        }
        return [
            "type": "any", "latest_version": .number(JSONNumber(versions.count)),
            "min_decryption_version": .number(JSONNumber(oldest)), "keys": .object(keys),
        ]
    }
}

private let settings = ["VAULT_ADDR": "https://vault.test:8200", "VAULT_TOKEN": "the-token"]

@Suite("transit keys")
struct VaultKeyTests {
    private let reference = Result { try KeyReference(parsing: "hashivault://release") }

    @Test("a key of each kind signs, and the answer is checked", arguments: 0..<5)
    func signs(index: Int) async throws {
        let key = index < 4 ? try TestKeys.algorithms[index]() : try rsaKey()
        let double = TransitDouble([key])
        let signer = try await opener(settings, double.service()).signer(reference.get())
        let message = Array("the message".utf8)
        double.message.withLock { $0 = message }
        let signature = try await signer.sign(message)
        #expect(key.publicKey.isValid(signature, over: message, scheme: signer.scheme))
    }

    @Test("after a rotation the newest version signs, and the one that signed before is told")
    func rotation() async throws {
        let keys = try (0..<3).map { _ in try TestKeys.ecdsaP256() }
        let service = TransitDouble(keys)
        let trusted = try await opener(settings, service.service()).trustedKeys(reference.get())
        #expect(
            trusted.map(\.name) == [
                "hashivault://release, version 3", "hashivault://release, version 2",
                "hashivault://release, version 1",
            ])
        let old = try keys[0].sign([5])
        #expect(
            trusted.signer(of: old, over: [5])?.name == "hashivault://release, version 1")
        let signer = try await opener(settings, service.service()).signer(reference.get())
        #expect(signer.publicKey == keys[2].publicKey)
    }

    @Test("versions that were retired verify nothing")
    func retired() async throws {
        let keys = try (0..<3).map { _ in try TestKeys.ecdsaP256() }
        let service = TransitDouble(keys, oldest: 3).service()
        let trusted = try await opener(settings, service).trustedKeys(reference.get())
        #expect(trusted.map(\.key) == [keys[2].publicKey])
    }

    @Test("OpenBao's variables come first, Vault's after them; engine and namespace are said")
    func settingsAreRead() async throws {
        let key = try TestKeys.ecdsaP256()
        let double = TransitDouble([key])
        let service = double.service()
        var environment = settings
        environment["BAO_ADDR"] = "http://127.0.0.1:8200/base/"
        environment["BAO_NAMESPACE"] = "team"
        let bao = try KeyReference(parsing: "openbao://release")
        _ = try await opener(environment, service).signer(bao)
        #expect(
            service.requests.last?.address
                == "http://127.0.0.1:8200/base/v1/transit/keys/release")
        #expect(service.requests.last?.fields["x-vault-namespace"] == "team")
        environment["TRANSIT_SECRET_ENGINE_PATH"] = "other/engine"
        await expectFailure(.notFound, "openbao://release") {
            _ = try await opener(environment, service).signer(bao)
        }
        #expect(service.requests.last?.address.contains("/v1/other/engine/keys/") == true)
        environment["TRANSIT_SECRET_ENGINE_PATH"] = "../sys"
        await expectFailure(.usage, "plain path") {
            _ = try await opener(environment, service).signer(bao)
        }
    }

    @Test("a refused or missing token is told without the token")
    func tokens() async throws {
        let service = TransitDouble([try TestKeys.ecdsaP256()]).service()
        var environment = settings
        environment["VAULT_TOKEN"] = "s.wrong"
        do {
            _ = try await opener(environment, service).signer(reference.get())
            Issue.record("a wrong token was taken")
        } catch let failure as Failure {
            #expect(failure.kind == .denied && failure.why.contains("permission denied"))
            #expect(!failure.description.contains("s.wrong"))
        }
        environment["VAULT_TOKEN"] = "a\nX-Evil: b"
        await expectFailure(.usage, "no header has") {
            _ = try await opener(environment, service).signer(reference.get())
        }
        environment["VAULT_TOKEN"] = nil
        await expectFailure(.usage, "VAULT_TOKEN are not both set") {
            _ = try await opener(environment, service).signer(reference.get())
        }
    }

    @Test("answers that are not what was asked for are refused")
    func hostileAnswers() async throws {
        let pem = JSONValue.string(try TestKeys.ecdsaP256().publicKey.pem)
        var many = JSONObject()
        for number in 0...Limits.keysPerFile { many[String(number + 1)] = ["public_key": pem] }
        let rows: [(JSONValue, Failure.Kind)] = [
            ([:], .malformed), (["data": [:]], .malformed),
            (["data": ["keys": ["1": 1_700_000_000]]], .usage),
            (["data": ["keys": [:]]], .notFound), (["data": ["keys": ["x": [:]]]], .malformed),
            (["data": ["keys": ["0": ["public_key": pem]]]], .malformed),
            (["data": ["keys": ["1": ["public_key": "x"]]]], .malformed),
            (["data": ["keys": .object(many)]], .overLimit),
        ]
        for (body, kind) in rows {
            let service = KeyServiceDouble { _ -> (status: Int, body: JSONValue) in (200, body) }
            await expectFailure(kind, "") {
                _ = try await opener(settings, service).trustedKeys(reference.get())
            }
        }
    }

    @Test("a token that the service repeats is not shown")
    func repeatedToken() async throws {
        let service = KeyServiceDouble { request -> (status: Int, body: JSONValue) in
            (403, ["errors": [.string("bad token \(request.fields["x-vault-token"] ?? "")")]])
        }
        do {
            _ = try await opener(settings, service).signer(reference.get())
            Issue.record("there is no such key")
        } catch let failure as Failure {
            #expect(failure.description.contains("bad token [redacted]"), "\(failure)")
        }
    }

    @Test("a signature in another shape, of another version or by another key is refused")
    func wrongSignatures() async throws {
        let (key, other) = (try TestKeys.ecdsaP256(), try TestKeys.ecdsaP256())
        let good = base64Text(try key.sign([1]))
        let bad = base64Text(try other.sign([1]))
        for text in [
            "vault:v2:\(good)", "vault:\(good)", "vault:v1:!", "v1:\(good)", "vault:v1:\(bad)",
            "vault:v1:", "vault:v1:\(good):x",
        ] {
            let service = KeyServiceDouble { request -> (status: Int, body: JSONValue) in
                request.isRead
                    ? (200, ["data": ["keys": ["1": ["public_key": .string(key.publicKey.pem)]]]])
                    : (200, ["data": ["signature": .string(text)]])
            }
            let signer = try await opener(settings, service).signer(reference.get())
            await #expect(throws: Failure.self) { try await signer.sign([1]) }
        }
    }
}
