// SPDX-License-Identifier: Apache-2.0
// Rules of image names, tags, platforms and manifests.

import OCI
import Primitives
import Testing

@Suite("names and manifests")
struct NameTests {
    static let digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    static let names = [
        ("redis", "docker.io/library/redis"), ("redis:7", "docker.io/library/redis:7"),
        ("acme/api", "docker.io/acme/api"), ("ghcr.io/acme/api:1.2", "ghcr.io/acme/api:1.2"),
        ("localhost/x", "localhost/x"), ("localhost:5000/a/b", "localhost:5000/a/b"),
        ("index.docker.io/library/redis", "docker.io/library/redis"),
        ("docker.io/redis", "docker.io/library/redis"), ("GHCR.io/a/b", "ghcr.io/a/b"),
        ("a.b/c@" + digest, "a.b/c@" + digest), ("a.b/c:t@" + digest, "a.b/c:t@" + digest),
        ("docker.io:443/redis", "docker.io/library/redis"),
        ("index.docker.io:443/a/b", "docker.io/a/b"),
        ("registry-1.docker.io:443/a/b", "docker.io/a/b"), ("ghcr.io:443/a", "ghcr.io:443/a"),
        ("[::1]:5000/a", "[::1]:5000/a"), ("a__b/c---d.e_f", "docker.io/a__b/c---d.e_f"),
    ]

    @Test("names are read as people type them", arguments: names)
    func reads(_ text: String, _ canonical: String) throws {
        let name = try ImageName(parsing: text)
        #expect(name.description == canonical)
        #expect(try ImageName(parsing: name.description) == name)
    }

    static let bad = [
        "", ":tag", "@" + digest, "a:", "a@sha256:abc", "a//b", "a/", "/a", "a b", "a:t g",
        "a..b", "a___b", "-a", "a-", "host:99999/a", "host:0/a", "localhost:05701/a/b",
        "ghcr.io:0443/a", "[::1]:05/a", "host:00443/a", "a@" + digest + "@" + digest,
        "a/b:.t",
        "ghcr.io/A/b", "a:" + String(repeating: "t", count: 129),
        "a/" + String(repeating: "b", count: 300),
        "ghcr.io/../x", "ghcr.io/a/./b", "a\n", "é/x", "\u{212A}ube.io/x", "[::\u{FF11}]/a",
        "[::1/a", "[:::]/a", "[1:2]/a", "[1.2.3.4]/a", "a?b", "https://ghcr.io/a",
    ]

    @Test("names that are none are refused", arguments: bad)
    func refuses(_ text: String) {
        #expect(throws: Failure.self) { try ImageName(parsing: text) }
    }

    @Test("the fallback tag cuts what the specification cuts")
    func fallbackTag() throws {
        let long = Digest(of: [], by: .sha512)
        #expect(Tag(for: long).description == "sha512-" + long.hex.prefix(64))
        #expect(
            Tag(for: try Digest(parsing: Self.digest), suffix: ".sig").description.hasSuffix(
                "855.sig"))
    }

    @Test("a document with both layers and manifests is refused")
    func confusedDocument() {
        let text =
            #"{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"\#(Self.digest)","size":0},"layers":[],"manifests":[]}"#
        let failure = #expect(throws: Failure.self) {
            try Manifest(parsing: Array(text.utf8), as: .ociManifest)
        }
        #expect(failure?.why.contains("both layers and manifests") == true)
        let index = text.replacing(#""layers":[],"#, with: "")
        let other = #expect(throws: Failure.self) {
            try Manifest(parsing: Array(index.utf8), as: .ociIndex)
        }
        #expect(other?.why.contains("both config and manifests") == true)
    }

    @Test(
        "a media type is one word of ASCII", arguments: ["a b/c", "a/b c", "", "a/\u{212A}", "a"])
    func mediaTypes(_ text: String) {
        #expect(throws: Failure.self) { try MediaType(parsing: text) }
    }

    @Test("a type that differs from the one it was served as is refused; schema 1 is unsupported")
    func types() {
        let index = Array(
            #"{"schemaVersion":2,"mediaType":"\#(MediaType.ociIndex)","manifests":[]}"#.utf8)
        #expect(throws: Failure.self) { try Manifest(parsing: index, as: .ociManifest) }
        let old = Array(#"{"schemaVersion":1,"fsLayers":[]}"#.utf8)
        let failure = #expect(throws: Failure.self) {
            try Manifest(parsing: old, as: .dockerSchema1)
        }
        #expect(failure?.kind == .unsupported)
    }

    @Test("a manifest keeps its bytes, and its digest is theirs")
    func keepsBytes() throws {
        let text = Array("{ \"schemaVersion\": 2,\n \"manifests\": [] , \"x\": 1.0}".utf8)
        let manifest = try Manifest(parsing: text, as: .ociIndex)
        #expect(manifest.bytes == text)
        #expect(manifest.digest == Digest(of: text, by: .sha256))
    }

    @Test("embedded data that is not what its digest names is refused")
    func embeddedData() {
        let text =
            #"{"schemaVersion":2,"manifests":[{"mediaType":"a/b","digest":"\#(Self.digest)","size":1,"data":"YQ=="}]}"#
        #expect(throws: Failure.self) { try Manifest(parsing: Array(text.utf8), as: .ociIndex) }
    }

    @Test("platforms: an unnamed arm64 variant is v8, and an asked-for variant must be there")
    func platforms() throws {
        let arm = try Platform(parsing: "linux/arm64")
        #expect(arm.satisfies(try Platform(parsing: "linux/arm64/v8")))
        #expect(try !arm.satisfies(Platform(parsing: "linux/arm64/v9")))
        #expect(try Platform(parsing: "linux/arm/v7").satisfies(Platform(parsing: "linux/arm")))
        #expect(try !Platform(parsing: "linux/amd64").satisfies(arm))
    }

    @Test(
        "content that is longer, shorter or other than its name never ends well",
        arguments: ["longer!", "shor", "other"])
    func verifiedContent(text: String) async throws {
        let wanted = Descriptor(of: Array("right".utf8), as: .octets)
        let stream = ByteStream(Array(text.utf8)).verified(against: wanted, from: "test")
        await #expect { _ = try await stream.collect(atMost: 100, named: "x") } throws: {
            ($0 as? Failure)?.kind == .rejected
        }
    }
}
