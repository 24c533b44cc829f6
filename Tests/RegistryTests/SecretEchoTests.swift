// SPDX-License-Identifier: Apache-2.0
// Servers that repeat a credential: no failure shows it.

import HTTPTypes
import OCI
import Primitives
import TestSupport
import Testing

@testable import Registry

@Suite("secrets that a server repeats")
struct SecretEchoTests {
    private static let password = #"pa:ss/w"o<rd>&1?"#
    private static let token = "tok.en-4711/8"
    private static let refresh = "re.fresh_0815+2"
    /// base64 of `ann:` and the password, in both alphabets.
    private static let basic = base64Text("ann:\(password)".utf8)

    /// No spelling of a secret may be in a message.
    private static let secrets = [
        password, token, refresh, basic, percentEncoded(password), percentEncoded(token),
        percentEncoded(basic), #"pa:ss/w\"o<rd>&1?"#, "pa:ss/w&#34;o&lt;rd&gt;&amp;1?",
        "pa:ss/w&quot;o&lt;rd&gt;&amp;1?", #"pa:ss/w\"o\u003crd\u003e\u00261?"#,
    ]

    @Test(
        "an entry of a list of referrers that repeats the password",
        arguments: ["mediaType", "digest"], ["/referrers/", "/manifests/sha256-"])
    func listEntry(member: String, path: String) async throws {
        for echo in ["Basic \(Self.basic)", "ann:\(Self.password)"] {
            var entry: JSONObject = ["mediaType": "a/b", "digest": "sha256:12", "size": 1]
            entry[member] = .string(echo)
            let list: JSONValue = ["schemaVersion": 2, "manifests": [.object(entry)]]
            let stage = try Stage(credential: .password(user: "ann", secret: Self.password))
            stage.registry.intercept { request, _ in
                guard request.fields[.authorization] != nil else {
                    return answer(401, ["WWW-Authenticate": "Basic realm=x"])
                }
                guard request.path.contains(path) else {
                    return request.path.contains("/referrers/") ? answer(404) : nil
                }
                return answer(
                    200, ["Content-Type": MediaType.ociIndex.description], body: list.compactBytes)
            }
            let found = try await stage.repository.referrers(of: Digest(of: [], by: .sha256))
            #expect(found.failures.count == 1)
            for unread in found.failures { expectHidden(unread.failure) }
        }
    }

    private func failure(
        as credential: RegistryCredential = .password(user: "ann", secret: password),
        _ respond: @escaping RegistryDouble.Fault
    ) async throws -> Failure {
        let stage = try Stage(credential: credential)
        stage.registry.intercept(respond)
        do {
            _ = try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
        } catch let failure as Failure {
            return failure
        }
        throw Failure(.bug, "the test expected a failure", because: "there was none")
    }

    private func expectHidden(_ failure: Failure) {
        let text = failure.description.lowercased()
        for secret in Self.secrets {
            #expect(!text.contains(secret.lowercased()), "\(failure)")
        }
    }

    @Test(
        "an error body with the password, its base64 or the whole header",
        arguments: secrets.filter { !$0.hasPrefix("tok") && !$0.hasPrefix("re.") } + [
            "Basic \(basic)", "ann:\(password)",
        ])
    func errorBody(echo: String) async throws {
        let bodies = [
            JSONValue.object(["errors": [["code": "DENIED", "message": .string("no: \(echo)")]]])
                .compactText,
            JSONValue.object(["message": .string("no \(echo)")]).compactText, "no \(echo) here",
            // The start of a secret must not be left by the cut.
            String(repeating: "x", count: Limits.quotedTextLength - 3) + echo,
        ]
        for body in bodies {
            let failure = try await failure { request, _ in
                request.fields[.authorization] == nil
                    ? answer(401, ["WWW-Authenticate": "Basic realm=x"])
                    : answer(403, body: body.utf8)
            }
            expectHidden(failure)
            #expect(!failure.description.contains("xpa:"), "\(failure)")
            if body.contains("no") {
                #expect(failure.description.contains("[redacted]"), "\(failure)")
            }
        }
    }

    @Test("a token in an error body of the registry, and a password in one of the token server")
    func tokens() async throws {
        let challenge = ["WWW-Authenticate": "Bearer realm=\"https://auth.example/t\""]
        let (token, password, basic) = (Self.token, Self.password, Self.basic)
        expectHidden(
            try await failure { request, _ in
                if request.authority == "auth.example" {
                    return answer(200, body: #"{"token":"\#(token)"}"#.utf8)
                }
                return request.fields[.authorization] == nil
                    ? answer(401, challenge) : answer(403, body: "Bearer \(token) lacks pull".utf8)
            })
        for text in [password, basic] {
            let failure = try await failure { request, _ in
                request.authority == "auth.example"
                    ? answer(400, body: "bad: \(text)".utf8) : answer(401, challenge)
            }
            expectHidden(failure)
            #expect(failure.description.contains("[redacted]"), "\(failure)")
        }
        let refresh = Self.refresh
        expectHidden(
            try await failure(as: .identityToken(refresh)) { request, _ in
                request.authority == "auth.example"
                    ? answer(401, body: request.body) : answer(401, challenge)
            })
        expectHidden(
            try await failure(as: .registryToken(token)) { request, _ in
                answer(
                    request.fields[.authorization] == nil ? 401 : 403, challenge, body: token.utf8)
            })
    }

    @Test("a challenge with the password as its scheme, realm or service")
    func challenges() async throws {
        let word = "s3cr3t-w0rd"
        for challenge in [
            "\(word) x=y", "Bearer realm=\"ftp://\(word)/\"", "Bearer realm=\"\(word)\"",
            "Bearer realm=\"https://127.0.0.1/\(word)\"",
            "Bearer realm=\"https://\(word).example/\"",
        ] {
            // The first request makes the password known to the server.
            let failure = try await failure(as: .password(user: "ann", secret: word)) {
                request, _ in
                if request.authority.hasPrefix(word) {
                    throw stalled.during("talk to \(word).example")
                }
                return request.fields[.authorization] == nil
                    ? answer(401, ["WWW-Authenticate": "Basic realm=x"])
                    : answer(302, ["Location": "/again"])
            }
            expectHidden(failure)
            let stage = try Stage(credential: .password(user: "ann", secret: word))
            stage.registry.intercept { request, number in
                if request.authority.hasPrefix(word) {
                    throw stalled.during("talk to \(word).example")
                }
                return number == 1
                    ? answer(401, ["WWW-Authenticate": "Basic realm=x"])
                    : answer(number == 2 ? 404 : 401, ["WWW-Authenticate": challenge])
            }
            for _ in 0..<2 {
                do {
                    _ = try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
                } catch let failure as Failure {
                    #expect(!failure.description.contains(word), "\(failure)")
                }
            }
        }
    }

    @Test(
        "a Location with the password in its host, path, user, query or fragment",
        arguments: [
            "https://s3cr3t-w0rd.example/b", "https://other.example/s3cr3t-w0rd/b",
            "https://ann:s3cr3t-w0rd@other.example/b", "https://other.example/b?p=s3cr3t-w0rd",
            "https://other.example/b#s3cr3t-w0rd", "http://127.0.0.1/s3cr3t-w0rd",
            "ftp://s3cr3t-w0rd/b", "/s3cr3t-w0rd", "//[s3cr3t-w0rd/", "s3cr3t-w0rd:x",
            "https://other.example/S3CR3T-w0rd",
        ])
    func location(target: String) async throws {
        for status in [404, 500, nil] {
            let failure = try await failure(
                as: .password(user: "ann", secret: "s3cr3t-w0rd")
            ) { request, _ in
                if request.authority != "registry.example" || request.path.contains("w0rd") {
                    guard let status else { throw stalled.during("talk to \(request.authority)") }
                    return answer(status, body: "no \(request.path)".utf8)
                }
                return request.fields[.authorization] == nil
                    ? answer(401, ["WWW-Authenticate": "Basic realm=x"])
                    : answer(307, ["Location": target])
            }
            #expect(!failure.description.lowercased().contains("s3cr3t"), "\(failure)")
        }
    }

    @Test("a header or document that quotes the password where something else is expected")
    func headers() async throws {
        let word = "s3cr3t-w0rd"
        let stage = try Stage(credential: .password(user: "ann", secret: word))
        let image = try await stage.image()
        let fields: [[String: String]] = [
            ["Content-Type": word], ["Content-Type": "a/\(word)"], ["Docker-Content-Digest": word],
            ["Link": "<//[\(word)>; rel=next"], ["Link": "<https://\(word)/>; rel=next"],
            ["Location": word + ":x"], ["Range": "0-\(word)"],
        ]
        for field in fields {
            for body in ["{}", #"{"mediaType":"\#(word)"}"#, #"{"tags":["\#(word)!"]}"#] {
                stage.registry.intercept { request, _ in
                    request.fields[.authorization] == nil
                        ? answer(401, ["WWW-Authenticate": "Basic realm=x"])
                        : answer(request.method == "POST" ? 202 : 200, field, body: body.utf8)
                }
                let blob = Descriptor(of: [1], as: .octets)
                let questions: [() async throws -> Void] = [
                    { _ = try await stage.repository.manifest(.tag(try Tag(parsing: "1"))) },
                    { _ = try await stage.repository.tags() },
                    { _ = try await stage.repository.referrers(of: image.digest).complete() },
                    { try await stage.repository.push(image, tag: nil) },
                    {
                        try await stage.repository.push(
                            blob, content: ByteStream([1]), mountSource: nil)
                    },
                ]
                for question in questions {
                    do {
                        try await question()
                    } catch let failure as Failure {
                        #expect(!failure.description.contains("s3cr3t"), "\(failure)")
                    }
                }
            }
        }
    }

    @Test("the query of a signed address, repeated by the storage")
    func signedAddress() async throws {
        let signature = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
        let credential = "AKIA%2F20260101%2Feu%2Fs3%2Faws4_request"
        let failure = try await failure(as: .anonymous) { request, _ in
            request.authority == "storage.example"
                ? answer(
                    403,
                    body: "<Provided>\(signature)</Provided> AKIA/20260101/eu/s3/aws4_request".utf8)
                : answer(
                    307,
                    [
                        "Location":
                            "https://storage.example/b?X-Amz-Signature=\(signature)&c=\(credential)"
                    ])
        }
        #expect(!failure.description.contains(signature) && !failure.description.contains("AKIA"))
        #expect(failure.description.contains("[redacted]"), "\(failure)")
    }

    @Test("a secret of a few letters hides the whole text, and no text hides itself")
    func shortSecrets() {
        let secrets = SentSecrets()
        #expect(secrets.hidden(in: "nothing was sent") == "nothing was sent")
        secrets.note("")
        #expect(secrets.hidden(in: "nothing was sent") == "nothing was sent")
        secrets.note("red")
        #expect(secrets.hidden(in: "a red rose") == "[redacted]")
        #expect(secrets.hidden(in: "a rose") == "a rose")
    }

    @Test("however many signed addresses were followed, what is in use stays a secret")
    func manySecrets() throws {
        let secrets = SentSecrets()
        var fields = HTTPFields()
        fields[.authorization] = "Bearer \(Self.token)"
        let count = 3 * Limits.secretSpellings
        for index in 0...count {
            secrets.note(fields)
            secrets.note(
                queryOf: try HTTPURL(parsing: "https://s.example/b?sig=0123456789abcdef\(index)")
            )
        }
        expectHidden(
            Failure(.denied, "no", because: secrets.hidden(in: "it says \(Self.token)")))
        let last = secrets.hidden(in: "0123456789abcdef\(count)")
        #expect(last == "[redacted]")
    }

    @Test("an entry of the first page that repeats the password, in a list that breaks off")
    func listEntryOfBrokenList() async throws {
        let entry: JSONValue = [
            "mediaType": "a/b", "digest": .string("ann:\(Self.password)"), "size": 1,
        ]
        let list: JSONValue = ["schemaVersion": 2, "manifests": [entry]]
        let stage = try Stage(credential: .password(user: "ann", secret: Self.password))
        stage.registry.intercept { request, _ in
            guard request.fields[.authorization] != nil else {
                return answer(401, ["WWW-Authenticate": "Basic realm=x"])
            }
            guard request.path.contains("/referrers/") else { return nil }
            guard !request.path.contains("n=2") else { return answer(403) }
            return answer(
                200, ["Link": "<\(request.path)?n=2>; rel=next"], body: list.compactBytes)
        }
        let found = try await stage.repository.referrers(of: Digest(of: [], by: .sha256))
        #expect(found.failures.map(\.failure.kind) == [.denied, .malformed])
        for unread in found.failures { expectHidden(unread.failure) }
    }

    @Test("a line break in a credential starts no header field")
    func lineBreaks() async throws {
        let broken = "a\r\nX-Evil: 1"
        for credential in [
            RegistryCredential.password(user: "ann", secret: broken),
            .password(
                user: String(repeating: "u", count: 90), secret: String(repeating: "p", count: 90)),
            .identityToken(broken), .registryToken(broken), .registryToken("a b"),
        ] {
            for challenge in ["Basic realm=x", "Bearer realm=\"https://auth.example/t\""] {
                let stage = try Stage(credential: credential)
                stage.registry.intercept { request, _ in
                    if request.authority == "auth.example" {
                        return answer(200, body: #"{"token":"good"}"#.utf8)
                    }
                    return request.fields[.authorization] == nil
                        ? answer(401, ["WWW-Authenticate": challenge]) : nil
                }
                do {
                    _ = try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
                } catch let failure as Failure {
                    #expect([.notFound, .denied, .usage].contains(failure.kind), "\(failure)")
                    #expect(!failure.description.contains("X-Evil"))
                }
                for request in stage.registry.seen {
                    let value = request.fields[.authorization] ?? ""
                    #expect(value.utf8.allSatisfy { (0x20...0x7e).contains($0) })
                    #expect(!value.contains("X-Evil") && value.split(separator: " ").count <= 2)
                }
            }
        }
    }
}
