// SPDX-License-Identifier: Apache-2.0
// Whether a registry lets a user in, asked before a password is stored.

import HTTPTypes
import OCI
import Primitives
import TestSupport
import Testing

@testable import Registry

@Suite("logging in")
struct LoginTests {
    @Test(
        "the right password is accepted and a wrong one denied", arguments: ["pa:ss", "wrong"])
    func basic(secret: String) async throws {
        let stage = try Stage(credential: .password(user: "ann", secret: secret))
        stage.registry.intercept { request, _ in
            guard request.path == "/v2/" else { return nil }
            return request.fields[.authorization] == "Basic YW5uOnBhOnNz"
                ? answer(200, body: "{}".utf8)
                : answer(401, ["WWW-Authenticate": "Basic realm=x"])
        }
        let place = try Repository(parsing: "registry.example/a/b")
        if secret == "wrong" {
            await expectFailure(.denied, "401") { try await stage.client.checkAccess(to: place) }
        } else {
            try await stage.client.checkAccess(to: place)
        }
    }

    @Test("a token is asked for without a scope, with the user's name")
    func bearer() async throws {
        let stage = try Stage(credential: .password(user: "ann", secret: "pa:ss"))
        stage.registry.intercept { request, _ in
            if request.authority == "auth.example" {
                #expect(!request.path.contains("scope"))
                return request.fields[.authorization] == "Basic YW5uOnBhOnNz"
                    ? answer(200, body: #"{"token":"good"}"#.utf8) : answer(401, [:])
            }
            return request.fields[.authorization] == "Bearer good"
                ? answer(200, body: "{}".utf8)
                : answer(
                    401,
                    [
                        "WWW-Authenticate":
                            #"Bearer realm="https://auth.example/token",service="s""#
                    ])
        }
        try await stage.client.checkAccess(to: try Repository(parsing: "registry.example/a/b"))
    }

    @Test("a place that is no registry is no log-in")
    func elsewhere() async throws {
        let stage = try Stage(credential: .password(user: "ann", secret: "pa:ss"))
        stage.registry.intercept { _, _ in answer(404, [:]) }
        await #expect(throws: Failure.self) {
            try await stage.client.checkAccess(to: try Repository(parsing: "registry.example/a/b"))
        }
    }
}
