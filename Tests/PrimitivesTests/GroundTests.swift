// SPDX-License-Identifier: Apache-2.0
// Rules of digests, base64, times and failures.

import Primitives
import Testing

@Suite("ground")
struct GroundTests {
    static let emptySHA256 =
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test("a digest comes back as it was written, and hashing gives the published values")
    func digests() throws {
        #expect(try Digest(parsing: Self.emptySHA256).description == Self.emptySHA256)
        #expect(Digest(of: [], by: .sha256).description == Self.emptySHA256)
        #expect(Digest(of: Array("abc".utf8), by: .sha512).hex.hasPrefix("ddaf35a193617aba"))
    }

    @Test(
        "one value, one encoding: other spellings of a digest are refused",
        arguments: [
            "", "sha256", "sha256:", "sha256:abc", emptySHA256.uppercased(), emptySHA256 + "0",
            "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709", "SHA256:" + emptySHA256.dropFirst(7),
            " " + emptySHA256, emptySHA256 + "\n", "sha512:" + emptySHA256.dropFirst(7),
        ])
    func badDigests(text: String) {
        #expect(throws: Failure.self) { try Digest(parsing: text) }
    }

    @Test(
        "base64 has one spelling for each value",
        arguments: ["aGk", "aGk=\n", "aGl=", "aG k=", "aGk==", "_-8="])
    func strictBase64(text: String) {
        #expect(bytes(fromBase64: text) == nil)
    }

    @Test("the URL-safe alphabet is read where a specification demands it")
    func urlSafe() {
        #expect(bytes(fromAnyBase64: "_-8") == [0xFF, 0xEF])
        #expect(bytes(fromAnyBase64: "/+8=") == [0xFF, 0xEF])
        #expect(bytes(fromAnyBase64: "_+8=") == nil)
    }

    @Test("times are read with zones and written in UTC")
    func times() throws {
        #expect(
            try Timestamp(parsing: "2026-11-23T09:30:00Z").description == "2026-11-23T09:30:00Z")
        #expect(
            try Timestamp(parsing: "2026-11-23T10:30:00.123+01:00").description
                == "2026-11-23T09:30:00Z")
        #expect(
            try Timestamp(parsing: "2024-02-29T23:59:60Z").description == "2024-03-01T00:00:00Z")
        #expect(try Timestamp(parsing: "1969-12-31T23:59:59Z").seconds == -1)
        for text in ["0001-01-01T00:00:00Z", "1900-03-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
            #expect(try Timestamp(parsing: text).description == text)
        }
        let broken = [
            "", "now", "2026-11-23", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
            "2026-11-23T09:30:00Z and more", "2026-11-23T09:30:00", "2026-11-23T24:00:00Z",
            "2026-11-23T09:30:00.Z", "+026-11-23T09:30:00Z",
        ]
        for text in broken {
            #expect(throws: Failure.self) { try Timestamp(parsing: text) }
        }
    }

    @Test("outside text cannot draw on the terminal, not even from a place")
    func quoting() {
        #expect(
            Place.document("doc", pointer: "/\u{1B}[2J").description == #"doc, /\u{1b}[2J"#)
        let shown = quoted("a\u{1B}[31m\u{202E}b\n" + String(repeating: "x", count: 100))
        #expect(shown.hasPrefix(#""a\u{1b}[31m\u{202e}b\u{a}xxx"#))
        #expect(shown.hasSuffix("…\""))
        #expect(!shown.unicodeScalars.contains("\u{1B}"))
    }

    @Test("a failure is what, where, why, next, in this order")
    func rendering() {
        let failure = Failure(
            .malformed, "cannot read x", at: .file("p.yaml", line: 2, column: 3),
            because: "it is y",
            next: "write z")
        #expect(
            failure.description
                == "error: cannot read x\nwhere: p.yaml:2:3\n  why: it is y\n next: write z")
    }
}
