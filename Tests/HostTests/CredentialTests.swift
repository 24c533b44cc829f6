// SPDX-License-Identifier: Apache-2.0
// Credentials as Docker and Podman write them down.

import Foundation
import OCI
import Primitives
import Registry
import TestSupport
import Testing

@testable import Host

@Suite("credentials")
struct CredentialTests {
    private func found(_ json: String, for repository: String) throws -> RegistryCredential? {
        try CredentialFile(parsing: Array(json.utf8), at: "config.json")
            .credential(for: try Repository(parsing: repository))
    }

    private func auth(_ pair: String) -> String { #"{"auth":"\#(base64Text(pair.utf8))"}"# }

    @Test(
        "a key is a host, a host with a port, Docker's address, or a repository; the longest wins")
    func keys() throws {
        let json = """
            {"auths":{"ghcr.io":\(auth("host:1")),"ghcr.io/acme":\(auth("org:2")),
            "ghcr.io/acme/api":\(auth("repo:3")),"reg.example:5000":\(auth("port:4")),
            "https://index.docker.io/v1/":\(auth("hub:5")),"https://old.example/v2/":\(auth("old:6")),
            "http://plain.example":\(auth("plain:7")),"REG2.example/":\(auth("upper:8"))}}
            """
        let rows: [(String, String?)] = [
            ("ghcr.io/other/x", "host"), ("ghcr.io/acme/web", "org"), ("ghcr.io/acme/api", "repo"),
            ("ghcr.io/acme/api/sub", "repo"), ("ghcr.io/acmeother/x", "host"),
            ("reg.example:5000/x", "port"), ("reg.example/x", nil), ("alpine", "hub"),
            ("docker.io/acme/x", "hub"), ("old.example/x", "old"), ("plain.example/x", "plain"),
            ("reg2.example/x", "upper"), ("evil.ghcr.io/acme/x", nil),
            ("ghcr.io.evil.example/x", nil),
        ]
        for (repository, user) in rows {
            let credential = try found(json, for: repository)
            guard case .password(let name, _)? = credential else {
                #expect(user == nil && credential == nil, "\(repository)")
                continue
            }
            #expect(name == user, "\(repository)")
        }
    }

    @Test("what an entry holds")
    func entries() throws {
        let rows: [(String, RegistryCredential?)] = [
            (auth("ann:pa:ss:word"), .password(user: "ann", secret: "pa:ss:word")),
            (auth("ann:"), .password(user: "ann", secret: "")),
            (#"{"identitytoken":"t1"}"#, .identityToken("t1")),
            (
                #"{"auth":"\#(base64Text("<token>:".utf8))","identitytoken":"t2"}"#,
                .identityToken("t2")
            ),
            (#"{"registrytoken":"t3"}"#, .registryToken("t3")),
            (#"{"username":"ann","password":"pw"}"#, .password(user: "ann", secret: "pw")),
            ("{}", nil),
        ]
        for (entry, credential) in rows {
            #expect(
                try found(#"{"auths":{"ghcr.io":\#(entry)}}"#, for: "ghcr.io/a/b") == credential)
        }
    }

    @Test("the exact spelling of a host decides, also where nothing is written under it")
    func spellings() throws {
        let hub = "https://index.docker.io/v1/"
        let rows: [(String, String, String?)] = [
            (#""https://h.example":{},"h.example":\#(auth("exact:1"))"#, "h.example/x", "exact"),
            (#""h.example":\#(auth("exact:1")),"https://h.example":{}"#, "h.example/x", "exact"),
            (
                #""H.example":\#(auth("case:1")),"h.example":\#(auth("exact:1"))"#, "h.example/x",
                "exact"
            ),
            (#""h.example":{},"https://h.example":\#(auth("url:1"))"#, "h.example/x", nil),
            (#""https://h.example":{},"http://h.example":\#(auth("url:1"))"#, "h.example/x", "url"),
            (
                #""https://h.example/v2/a/b":\#(auth("url:1"))"#, "h.example/x", "url"
            ),
            (
                #""index.docker.io":\#(auth("other:1")),"\#(hub)":\#(auth("hub:1"))"#, "alpine",
                "hub"
            ),
            (
                #""index.docker.io":\#(auth("other:1")),"docker.io":\#(auth("podman:1"))"#,
                "alpine", "podman"
            ),
            (
                #""h.example/a":{},"h.example":\#(auth("host:1"))"#, "h.example/a/b", nil
            ),
            (
                #""H.example/a":\#(auth("case:1")),"h.example/a":\#(auth("exact:1"))"#,
                "h.example/a", "exact"
            ),
        ]
        for (auths, repository, user) in rows {
            let credential = try found(#"{"auths":{\#(auths)}}"#, for: repository)
            #expect(
                credential == user.map { .password(user: $0, secret: "1") },
                "\(auths) for \(repository)")
        }
    }

    @Test("base64 in lines is read, and zero bytes at the ends of a secret do not count")
    func wrappedBase64() throws {
        let secret = String(repeating: "long", count: 40)
        let text = base64Text("ann:\(secret)".utf8)
        let letters = Array(text)
        let lines = [letters[..<76], letters[76..<152], letters[152...]].map { String($0) }
        let wrapped = "\(lines[0])\\n\(lines[1])\\r\\n\(lines[2])\\n"
        #expect(
            try found(#"{"auths":{"ghcr.io":{"auth":"\#(wrapped)"}}}"#, for: "ghcr.io/a")
                == .password(user: "ann", secret: secret))
        let padded = base64Text("ann:\0p\0w\0\0".utf8)
        #expect(
            try found(#"{"auths":{"ghcr.io":{"auth":"\#(padded)"}}}"#, for: "ghcr.io/a")
                == .password(user: "ann", secret: "p\0w"))
        let token = base64Text("<token>:refresh".utf8)
        #expect(
            try found(#"{"auths":{"ghcr.io":{"auth":"\#(token)"}}}"#, for: "ghcr.io/a")
                == .identityToken("refresh"))
        let noToken = base64Text("<token>:".utf8)
        #expect(
            try found(#"{"auths":{"ghcr.io":{"auth":"\#(noToken)"}}}"#, for: "ghcr.io/a") == nil)
    }

    @Test("the keys of helpers are hosts, the exact one wins, and an empty name means the file")
    func helperKeys() throws {
        let rows: [(String, String, String?)] = [
            (#""credHelpers":{"h.example":"a"}"#, "h.example/x", "a"),
            (#""credHelpers":{"h.example":""},"credsStore":"all""#, "h.example/x", nil),
            (#""credHelpers":{"h.example/x":"a"}"#, "h.example/x", nil),
            (#""credHelpers":{"h.example/x":"a"},"credsStore":"all""#, "h.example/x", "all"),
            (#""credHelpers":{"https://h.example":"a"}"#, "h.example/x", nil),
            (#""credHelpers":{"h.example:5000":"a"}"#, "h.example/x", nil),
            (#""credHelpers":{"H.EXAMPLE":"b","h.example":"a"}"#, "h.example/x", "a"),
            (#""credHelpers":{"H.EXAMPLE":"b","h.example":""}"#, "h.example/x", nil),
            (#""credHelpers":{"https://index.docker.io/v1/":"a"}"#, "alpine", "a"),
            (#""credHelpers":{"docker.io":"b","https://index.docker.io/v1/":""}"#, "alpine", nil),
            (#""credHelpers":{"docker.io":"b"}"#, "alpine", "b"),
            (#""credHelpers":{},"credsStore":"""#, "h.example/x", nil),
        ]
        for (json, repository, helper) in rows {
            let file = try CredentialFile(parsing: Array("{\(json)}".utf8), at: "config.json")
            let registry = try Repository(parsing: repository).registry
            #expect(file.helper(for: registry) == helper, "\(json)")
        }
    }

    @Test(
        "a key that Go's reader takes for a known one in another case is refused",
        arguments: [
            #"{"Auths":{"x.io":{"auth":"YTpz"}}}"#, #"{"auths":{},"AUTHS":{}}"#,
            #"{"CredHelpers":{"x.io":"h"}}"#, #"{"credsstore":"h"}"#,
            #"{"auths":{"x.io":{"Auth":"YTpz"}}}"#,
            #"{"auths":{"x.io":{"auth":"YTpz","Auth":"YjpzM2NyZXQ="}}}"#,
            #"{"auths":{"x.io":{"Username":"a","Password":"s3cret"}}}"#,
            #"{"auths":{"x.io":{"IdentityToken":"s3cret"}}}"#,
        ])
    func otherSpellings(_ json: String) {
        do {
            _ = try found(json, for: "x.io/a")
            Issue.record("it was read: \(json)")
        } catch {
            let text = (error as? Failure)?.description ?? ""
            #expect(text.utf8.count > 0 && text.contains("config.json"))
            #expect(text.contains("upper from lower case") && !text.contains("s3cret"))
        }
    }

    @Test("broken files are failures that tell no secret")
    func broken() async throws {
        for text in [
            #"{"auths":{"ghcr.io":{"auth":"c2VjcmV0"}}}"#,
            #"{"auths":{"ghcr.io":{"auth":"s3cr3t!"}}}"#, #"{"s3cr3t"#,
        ] {
            do {
                _ = try found(text, for: "ghcr.io/a/b")
                Issue.record("accepted \(text)")
            } catch let failure as Failure {
                #expect(failure.kind == .malformed)
                #expect(!failure.description.contains("s3cr3t"))
                #expect(!failure.description.contains("c2VjcmV0"))
            }
        }
    }

    @Test("what the caller gives wins; then Docker's file, then Podman's; then nobody")
    func order() async throws {
        let directory = try TemporaryDirectory()
        let repository = try Repository(parsing: "ghcr.io/a/b")
        let environment = ["HOME": directory.path, "XDG_RUNTIME_DIR": directory.file("run")]
        func user(_ environment: [String: String]) async throws -> RegistryCredential {
            try await RegistryCredentials(explicit: nil, environment: environment)
                .credential(for: repository)
        }
        #expect(try await user(environment) == .anonymous)
        for (name, user) in [
            (".config/containers/auth.json", "config"), ("run/containers/auth.json", "run"),
            (".docker/config.json", "docker"), ("elsewhere/config.json", "elsewhere"),
            ("own.json", "own"),
        ] {
            try directory.write(#"{"auths":{"ghcr.io":\#(auth("\(user):x"))}}"#, to: name)
        }
        let docker = RegistryCredential.password(user: "docker", secret: "x")
        #expect(try await user(environment) == docker)
        let moved = environment.merging(["DOCKER_CONFIG": directory.file("elsewhere")]) { $1 }
        #expect(try await user(moved) == .password(user: "elsewhere", secret: "x"))
        let noDocker = environment.merging(["DOCKER_CONFIG": directory.file("none")]) { $1 }
        #expect(try await user(noDocker) == .password(user: "run", secret: "x"))
        let own = noDocker.merging(["REGISTRY_AUTH_FILE": directory.file("own.json")]) { $1 }
        #expect(try await user(own) == .password(user: "own", secret: "x"))
        let explicit = RegistryCredentials(
            explicit: .password(user: "me", secret: "mine"), environment: environment)
        #expect(
            try await explicit.credential(for: repository) == .password(user: "me", secret: "mine"))
    }

    @Test("a helper is asked for its registry, and its name cannot lead elsewhere")
    func helpers() async throws {
        let directory = try TemporaryDirectory()
        try directory.write(
            """
            #!/bin/sh
            read -r server
            case "$server" in
            ghcr.io) echo '{"ServerURL":"ghcr.io","Username":"ann","Secret":"pw"}' ;;
            token.example) echo '{"Username":"<token>","Secret":"refresh"}' ;;
            https://index.docker.io/v1/) echo '{"Username":"hub","Secret":"pw"}' ;;
            loud.example) head -c 1000000 /dev/zero ;;
            none.example) echo 'credentials not found in native keychain'; exit 1 ;;
            *) echo 'secret text'; exit 2 ;;
            esac
            """, to: "docker-credential-assaytest", permissions: 0o755)
        try directory.write(#"{"credsStore":"assaytest"}"#, to: "config.json")
        let environment = [
            "DOCKER_CONFIG": directory.path, "PATH": "\(directory.path):/usr/bin:/bin",
        ]
        let credentials = RegistryCredentials(explicit: nil, environment: environment)
        func ask(_ repository: String) async throws -> RegistryCredential {
            try await credentials.credential(for: try Repository(parsing: repository))
        }
        #expect(try await ask("ghcr.io/a/b") == .password(user: "ann", secret: "pw"))
        #expect(try await ask("token.example/a") == .identityToken("refresh"))
        #expect(try await ask("alpine") == .password(user: "hub", secret: "pw"))
        #expect(try await ask("none.example/a") == .anonymous)
        await expectFailure(.overLimit, "answered more than") {
            _ = try await ask("loud.example/a")
        }
        await expectFailure(.denied, "ended with an error") { _ = try await ask("bad.example/a") }
        await expectFailure(.notFound, "no program of that name") {
            _ = try await CredentialHelper(named: "is-not-here", environment: environment)
                .credential(for: "x")
        }
        for name in ["../x", "a/b", "", "a b", "a;b"] {
            #expect(throws: Failure.self) {
                try CredentialHelper(named: name, environment: environment)
            }
        }
    }
}
