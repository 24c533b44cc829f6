// SPDX-License-Identifier: Apache-2.0
// Keys that a service makes.

import Foundation
import Keys
import Primitives
import Synchronization
import TestSupport
import Testing

@testable import Host

@Suite("keys made by a service")
struct KeyCreationTests {
    private let vault = ["VAULT_ADDR": "https://vault.test:8200", "VAULT_TOKEN": "the-token"]

    @Test("Vault makes the key, and its public half comes back", arguments: [200, 204])
    func vaultMakesKey(status: Int) async throws {
        let key = try TestKeys.ecdsaP256()
        let isMade = Mutex(false)
        let service = KeyServiceDouble(json: { request in
            if request.method == "POST" {
                isMade.withLock { $0 = true }
                #expect(request.body?["type"] == "ecdsa-p256")
                return (status, [:])
            }
            guard isMade.withLock({ $0 }) else { return (404, ["errors": []]) }
            return (
                200, ["data": ["keys": ["1": ["public_key": .string(key.publicKey.pem)]]]]
            )
        })
        let made = try await opener(vault, service).createKey(
            try KeyReference(parsing: "hashivault://release"))
        #expect(made == key.publicKey)
    }

    @Test("a key that is there already is not made again")
    func existing() async throws {
        let key = try TestKeys.ecdsaP256()
        let service = KeyServiceDouble(json: { request in
            #expect(request.method == "GET")
            return (
                200, ["data": ["keys": ["1": ["public_key": .string(key.publicKey.pem)]]]]
            )
        })
        await expectFailure(.usage, "of that name already") {
            _ = try await opener(vault, service).createKey(
                try KeyReference(parsing: "hashivault://release"))
        }
    }

    @Test("a file, a variable and a token make no key", arguments: ["a.key", "env://A"])
    func noService(reference: String) async throws {
        await expectFailure(.usage, "not a key service") {
            _ = try await opener([:], KeyServiceDouble { _ in (500, []) }).createKey(
                try KeyReference(parsing: reference))
        }
    }
}
