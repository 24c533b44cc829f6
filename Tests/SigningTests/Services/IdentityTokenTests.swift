// SPDX-License-Identifier: Apache-2.0
// Identity tokens: what is read from them, when they are not sent, and that they are never shown.

import Primitives
import Signing
import TestSupport
import Testing

private func base64URL(_ text: String) -> String {
    base64Text(text.utf8).replacing("+", with: "-").replacing("/", with: "_")
        .replacing("=", with: "")
}

private func token(_ claims: String) -> String {
    "\(base64URL(#"{"alg":"RS256"}"#)).\(base64URL(claims)).\(base64URL("signature"))"
}

private let good = """
    {"iss":"https://issuer.example","sub":"repo:acme/api","aud":"sigstore","exp":1800000000}
    """

@Suite("identity tokens")
struct IdentityTokenTests {
    @Test("the claims are read and nothing is believed")
    func reading() throws {
        let token = try IdentityToken(parsing: " \(token(good))\n")
        #expect(token.issuer == "https://issuer.example")
        #expect(token.proofSubject == "repo:acme/api")
        #expect(token.audiences == ["sigstore"])
        #expect(token.expiry == Timestamp(seconds: 1_800_000_000))
        #expect(token.verifiedEmail == nil)
    }

    static let subjects: [(String, String)] = [
        (#""email":"a@b.example","email_verified":true"#, "a@b.example"),
        (#""email":"a@b.example","email_verified":"true""#, "a@b.example"),
        (#""email":"a@b.example","email_verified":false"#, "repo:acme/api"),
        (#""email":"a@b.example","email_verified":"false""#, "repo:acme/api"),
        (#""email":"a@b.example","email_verified":1"#, "repo:acme/api"),
        (#""email":"a@b.example""#, "repo:acme/api"),
        (#""email_verified":true"#, "repo:acme/api"),
    ]

    @Test("the email address counts only when the issuer has verified it", arguments: subjects)
    func proof(_ claims: String, _ subject: String) throws {
        let text = good.replacing("{", with: "{\(claims),")
        #expect(try IdentityToken(parsing: token(text)).proofSubject == subject)
    }

    static let checks: [(claims: String, now: Int, why: String?)] = [
        (good, 1_799_999_999, nil),
        (good, 1_800_000_000, "it expired at 2027-01-15T08:00:00Z"),
        (good, 1_900_000_000, "it expired"),
        (good.replacing("\"sigstore\"", with: "\"other\""), 1, "it is for \"other\""),
        (good.replacing("\"sigstore\"", with: "[\"a\",\"sigstore\"]"), 1, nil),
        (good.replacing("\"sigstore\"", with: "[\"a\",\"b\"]"), 1, "it is for \"a\", \"b\""),
        (good.replacing("\"sigstore\"", with: "\"sigstore \""), 1, "not for \"sigstore\""),
        (good.replacing("}", with: ",\"nbf\":1000}"), 940, nil),
        (good.replacing("}", with: ",\"nbf\":1000}"), 939, "it is valid from"),
        (good.replacing("1800000000", with: "1.5e9"), 1_499_999_999, nil),
        (good.replacing("1800000000", with: "1800000000.9"), 1_800_000_000, "it expired"),
    ]

    @Test("a token that cannot work is not sent", arguments: checks)
    func check(_ claims: String, _ now: Int, _ why: String?) async throws {
        let token = try IdentityToken(parsing: token(claims))
        guard let why else { return try token.check(at: Timestamp(seconds: now)) }
        await expectFailure(.denied, why) { try token.check(at: Timestamp(seconds: now)) }
    }

    static let broken: [(String, String)] = [
        ("", "three parts"), ("abc", "three parts"), ("a.b", "three parts"),
        ("a.b.c.d", "three parts"), ("..", "a part is empty"), ("eyJ.eyJ.", "a part is empty"),
        ("\(base64URL("{}")).\(base64URL(good)).", "a part is empty"),
        ("\(base64URL("{}")).\(base64URL(good)).%%", "base64url"),
        ("\(base64URL("{}")).\(base64URL(good))==.YQ", "base64url"),
        ("\(base64URL("{}")).e+/=.YQ", "base64url"), ("YQ.\(base64URL(good)).YQ", "header"),
        (token("[]"), "not an object"), (token("{}"), "\"iss\" is missing"),
        (token(good.replacing("\"sub\"", with: "\"subject\"")), "\"sub\" is missing"),
        (token(good.replacing("\"repo:acme/api\"", with: "\"\"")), "it is empty"),
        (token(good.replacing("\"repo:acme/api\"", with: "7")), "not a string"),
        (token(good.replacing("\"sigstore\"", with: "[]")), "it has no audience"),
        (token(good.replacing("\"sigstore\"", with: "7")), "not a list"),
        (
            token(
                good.replacing(
                    "\"sigstore\"",
                    with: "[" + Array(repeating: "\"a\"", count: 17).joined(separator: ",") + "]")),
            "17 items"
        ),
        (token(good.replacing("1800000000", with: "-1")), "seconds since 1970"),
        (token(good.replacing("1800000000", with: "1e300")), "seconds since 1970"),
        (token(good.replacing("1800000000", with: "\"1\"")), "seconds since 1970"),
        (token(good.replacing(",\"exp\":1800000000", with: "")), "\"exp\" is missing"),
        (token(good.replacing("{\"iss\"", with: "{\"sub\":\"x\",\"iss\"")), "occurs twice"),
        (String(repeating: ".", count: Limits.identityTokenBytes + 1), "the limit is"),
        (String(repeating: ".", count: Limits.identityTokenBytes), "three parts"),
    ]

    @Test("what is no token is refused and not shown", arguments: broken)
    func refused(_ text: String, _ why: String) {
        do {
            _ = try IdentityToken(parsing: text)
            Issue.record("it was read")
        } catch {
            #expect(error.description.contains(why), "\(error)")
            #expect(text.count < 8 || !error.description.contains(text))
        }
    }

    @Test("no way of printing a token tells it")
    func secrecy() throws {
        let text = token(good)
        let token = try IdentityToken(parsing: text)
        var dumped = ""
        dump(token, to: &dumped)
        for shown in ["\(token)", String(reflecting: token), dumped, "\([token])"] {
            #expect(!shown.contains(text.split(separator: ".")[1]))
        }
        #expect("\(token)".contains("repo:acme/api"))
    }

    @Test("a path is not taken for a token, nor a token for a path")
    func resembles() {
        #expect(IdentityToken.resembles(token(good)))
        #expect(IdentityToken.resembles("eyJ-broken"))
        #expect(!IdentityToken.resembles("/var/run/token"))
        #expect(!IdentityToken.resembles("token.jwt"))
    }

    @Test("a token with bytes changed is read as it says, or refused")
    func mutation() throws {
        var generator = SeededGenerator(seed: 11)
        let bytes = Array(token(good).utf8)
        for _ in 0..<2_000 {
            var changed = bytes
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            changed[place] = UInt8.random(in: 0x20...0x7e, using: &generator)
            if Bool.random(using: &generator) { changed.removeLast(place) }
            guard let read = try? IdentityToken(parsing: String(decoding: changed, as: UTF8.self))
            else { continue }
            #expect(!read.proofSubject.isEmpty && !read.audiences.isEmpty)
        }
    }
}
