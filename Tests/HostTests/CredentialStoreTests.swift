// SPDX-License-Identifier: Apache-2.0
// Passwords kept in Docker's configuration, and taken out of it.

import Foundation
import OCI
import Primitives
import Registry
import TestSupport
import Testing

@testable import Host

@Suite("stored credentials")
struct CredentialStoreTests {
    private func registry(_ name: String) throws -> RegistryHost { try RegistryHost(parsing: name) }

    private func content(of path: String) throws -> JSONValue {
        try JSONValue(
            parsing: [UInt8](Data(contentsOf: URL(fileURLWithPath: path))), named: "config")
    }

    private func permissions(of path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test("a stored password is found again, and only its owner can read the file")
    func roundTrip() async throws {
        let directory = try TemporaryDirectory()
        let environment = ["DOCKER_CONFIG": directory.path + "/new/.docker"]
        let store = try CredentialStore(environment: environment)
        _ = try await store.store(user: "ann", secret: "pa:ss", for: try registry("ghcr.io"))
        #expect(try permissions(of: store.path) == 0o600)
        let found = try await RegistryCredentials(explicit: nil, environment: environment)
            .credential(for: try Repository(parsing: "ghcr.io/a/b"))
        #expect(found == .password(user: "ann", secret: "pa:ss"))
    }

    @Test("what else is in the file stays, in its order")
    func rest() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/config.json"
        try Data(
            #"{"HttpHeaders":{"a":"b"},"auths":{"x.io":{"auth":"YTpi"}},"psFormat":"p"}"#.utf8
        ).write(to: URL(fileURLWithPath: path))
        let store = try CredentialStore(environment: ["DOCKER_CONFIG": directory.path])
        _ = try await store.store(user: "u", secret: "s", for: .dockerHub)
        var read = try content(of: path)
        #expect(read.object?.names == ["HttpHeaders", "auths", "psFormat"])
        #expect(
            read["auths"]?.object?.names == ["x.io", "https://index.docker.io/v1/"])
        #expect(try await store.erase(.dockerHub).wasThere)
        read = try content(of: path)
        #expect(read["auths"]?.object?.names == ["x.io"])
        #expect(try await !store.erase(.dockerHub).wasThere)
    }

    @Test("what is forgotten is forgotten under every spelling of the registry's name")
    func spellings() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/config.json"
        let names = [
            "x.io", "https://x.io", "http://x.io", "https://x.io/v1/", "https://x.io/v2/", "X.io",
            "x.io/", "x.io/v1", "x.io/v2/",
        ]
        let others = ["x.io/team", "y.io", "https://y.io/v1/", "x.io:5000", "x.io.evil"]
        let auths = (names + others).map { "\"\($0)\":{\"auth\":\"YTpi\"}" }
        try Data("{\"auths\":{\(auths.joined(separator: ","))}}".utf8)
            .write(to: URL(fileURLWithPath: path))
        let environment = ["DOCKER_CONFIG": directory.path]
        let store = try CredentialStore(environment: environment)
        let erasure = try await store.erase(try registry("x.io"))
        #expect(erasure.wasThere)
        #expect(erasure.namespaces == ["x.io/team"])
        #expect(try content(of: path)["auths"]?.object?.names == others)
        let found = try await RegistryCredentials(explicit: nil, environment: environment)
            .credential(for: try Repository(parsing: "x.io/a/b"))
        #expect(found == .anonymous)
    }

    @Test("logins and logouts at the same time lose nothing of each other")
    func parallel() async throws {
        let directory = try TemporaryDirectory()
        let environment = ["DOCKER_CONFIG": directory.path + "/new"]
        let path = try CredentialStore(environment: environment).path
        let hosts = try (0..<40).map { try registry("r\($0).example.org") }
        try await withThrowingTaskGroup { group in
            for host in hosts {
                group.addTask {
                    let store = try CredentialStore(environment: environment)
                    _ = try await store.store(user: "u", secret: "s", for: host)
                }
            }
            try await group.waitForAll()
        }
        #expect(
            Set(try content(of: path)["auths"]?.object?.names ?? [])
                == Set(hosts.map(\.description)))
        try await withThrowingTaskGroup { group in
            for (number, host) in hosts.enumerated() {
                group.addTask {
                    let store = try CredentialStore(environment: environment)
                    guard number < 20 else {
                        return _ = try await store.store(user: "v", secret: "s", for: host)
                    }
                    #expect(try await store.erase(host).wasThere)
                }
            }
            try await group.waitForAll()
        }
        let left = try content(of: path)["auths"]?.object
        #expect(Set(left?.names ?? []) == Set(hosts.dropFirst(20).map(\.description)))
        #expect(left?.names.allSatisfy { left?[$0]?["auth"] == "djpz" } == true)
    }

    @Test(
        "a key that is a known one in another case is refused, and the file stays",
        arguments: ["Auths", "AUTHS", "auth\u{17F}", "CredHelpers", "CredsStore", "credhelpers"])
    func otherSpellings(_ key: String) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/config.json"
        let value =
            key.utf8.first.map { $0 | 0x20 } == UInt8(ascii: "a")
            ? #"{"x.io":{"auth":"YTpi"}}"# : "{}"
        let text = "{\"\(key)\":\(value)}"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let store = try CredentialStore(environment: ["DOCKER_CONFIG": directory.path])
        await expectFailure(.malformed, "upper from lower case") {
            _ = try await store.erase(try registry("x.io"))
        }
        await expectFailure(.malformed, "upper from lower case") {
            _ = try await store.store(user: "u", secret: "s", for: try registry("x.io"))
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
    }

    @Test("a file that is a link stays a link; its target is written, even a missing one")
    func links() async throws {
        let directory = try TemporaryDirectory()
        let manager = FileManager.default
        for (name, target) in [
            ("a", "\(directory.path)/kept/real.json"), ("b", "../kept/new.json"),
            ("c", "link.json"),
        ] {
            try manager.createDirectory(
                atPath: "\(directory.path)/\(name)", withIntermediateDirectories: true)
            try manager.createSymbolicLink(
                atPath: "\(directory.path)/\(name)/config.json", withDestinationPath: target)
        }
        try manager.createDirectory(
            atPath: "\(directory.path)/kept", withIntermediateDirectories: true)
        try Data(#"{"psFormat":"p"}"#.utf8)
            .write(to: URL(fileURLWithPath: "\(directory.path)/kept/real.json"))
        try manager.createSymbolicLink(
            atPath: "\(directory.path)/c/link.json", withDestinationPath: "../kept/third.json")
        for (name, target) in [("a", "real"), ("b", "new"), ("c", "third")] {
            let store = try CredentialStore(
                environment: ["DOCKER_CONFIG": "\(directory.path)/\(name)"])
            _ = try await store.store(user: "u", secret: "s", for: try registry("x.io"))
            #expect(
                (try? manager.destinationOfSymbolicLink(atPath: store.path)) != nil, "\(name)")
            let written = "\(directory.path)/kept/\(target).json"
            #expect(try content(of: written)["auths"]?["x.io"]?["auth"] == "dTpz", "\(name)")
            #expect(try permissions(of: written) == 0o600)
            #expect(try await store.erase(try registry("x.io")).wasThere)
            #expect(try content(of: written)["auths"]?.object?.names == [])
            #expect((try? manager.destinationOfSymbolicLink(atPath: store.path)) != nil)
        }
        #expect(try content(of: "\(directory.path)/kept/real.json")["psFormat"] == "p")
        try manager.createDirectory(
            atPath: "\(directory.path)/d", withIntermediateDirectories: true)
        try manager.createSymbolicLink(
            atPath: "\(directory.path)/d/config.json", withDestinationPath: "config.json")
        let endless = try CredentialStore(environment: ["DOCKER_CONFIG": "\(directory.path)/d"])
        await #expect(throws: Failure.self) {
            _ = try await endless.store(user: "u", secret: "s", for: try registry("x.io"))
        }
    }

    @Test("a helper that the file names keeps the password, and the file does not")
    func helper() async throws {
        let directory = try TemporaryDirectory()
        try directory.write(
            "#!/bin/sh\n[ -z \"$COSIGN_PASSWORD\" ] && cat >\"$(dirname \"$0\")/$1.in\"\n",
            to: "docker-credential-assaytest",
            permissions: 0o755)
        try Data(#"{"credHelpers":{"x.io":"assaytest"}}"#.utf8)
            .write(to: URL(fileURLWithPath: directory.path + "/config.json"))
        let store = try CredentialStore(environment: [
            "DOCKER_CONFIG": directory.path, "PATH": "\(directory.path):/usr/bin:/bin",
            "COSIGN_PASSWORD": "s3cret",
        ])
        _ = try await store.store(user: "u", secret: "s3cret", for: try registry("x.io"))
        let told = try content(of: directory.path + "/store.in")
        #expect(told["ServerURL"] == "x.io" && told["Username"] == "u")
        #expect(told["Secret"] == "s3cret")
        let kept = try content(of: store.path)
        #expect(kept["auths"]?["x.io"] == [:])
        #expect(!kept.compactText.contains("s3cret"))
    }

    @Test("a file that cannot be read is left as it is, and its content is not reported")
    func broken() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/config.json"
        try Data(#"{"auths": s3cret"#.utf8).write(to: URL(fileURLWithPath: path))
        let store = try CredentialStore(environment: ["DOCKER_CONFIG": directory.path])
        do {
            _ = try await store.store(user: "u", secret: "s", for: try registry("x.io"))
            Issue.record("the file was overwritten")
        } catch let failure as Failure {
            #expect(failure.kind == .malformed && !failure.description.contains("s3cret"))
        }
        #expect(
            try String(contentsOfFile: path, encoding: .utf8) == #"{"auths": s3cret"#)
    }

    @Test("a user name with a colon is refused: it could not be read back")
    func colon() async throws {
        let store = try CredentialStore(environment: ["DOCKER_CONFIG": "/nonexistent"])
        await expectFailure(.usage, "colon") {
            _ = try await store.store(user: "a:b", secret: "s", for: try registry("x.io"))
        }
    }
}
