// SPDX-License-Identifier: Apache-2.0
// The names of a log whose address has a port: ours, sigstore-go's, and the specification's.
// Spec: sigstore/rekor-tiles CLIENTS.md: "the origin should be the scheme-less log URL";
// sigstore-go v1.2.1, pkg/verify/tlog.go: url.Hostname().

import Keys
import Primitives
import Signing
import TestSupport
import Testing

@Suite("names of logs")
struct LogNameTests {
    private let key: PrivateKey
    private let sample: SignedSample

    init() throws {
        key = try TestKeys.ed25519()
        sample = try SignedSample.message(certificate: [1, 2, 3])
    }

    /// An entry of a log that calls itself `name` in checkpoints and in the log's id.
    private func entry(of name: String) throws -> TransparencyLogEntry {
        try SmallLog(.version2, key: key, name: name)
            .entry(try sample.content.version2Body(), .hashedRecordVersion2)
    }

    /// The log as `assay trust create` writes it, or with the id that it has under `name`.
    private func trusted(_ address: String, name: String? = nil) throws -> TransparencyLog {
        TransparencyLog(
            baseURL: address, publicKey: key.publicKey, origin: name, validFor: SmallLog.period,
            operatorName: nil)
    }

    @Test(
        "an entry is read whether the log names itself by host, by host and port, or by address",
        arguments: [
            ("http://127.0.0.1:3003", "127.0.0.1"), ("http://127.0.0.1:3003", "127.0.0.1:3003"),
            ("https://rekor.example:8443/log/", "rekor.example"),
            ("https://rekor.example:8443/log/", "rekor.example:8443"),
            ("https://rekor.example:8443/log/", "rekor.example:8443/log"),
            ("http://[::1]:3003", "::1"), ("http://[::1]:3003", "[::1]"),
            ("http://[::1]:3003", "[::1]:3003"),
        ])
    func names(_ address: String, _ name: String) throws {
        let entry = try entry(of: name)
        for written in [nil, name, "127.0.0.1:3003", "elsewhere.example"] {
            let log = try trusted(address, name: written)
            _ = try entry.verified(for: sample.content, by: [log], requirements: proofRequirements)
        }
    }

    @Test("a log of another host is another log, with the same key too")
    func others() throws {
        for name in ["other.example", "rekor.example.org", "rekor", "rekor.example:1"] {
            let entry = try entry(of: name)
            expectProblem(.logUntrusted) {
                _ = try entry.verified(
                    for: sample.content, by: [try trusted("https://rekor.example:8443")],
                    requirements: proofRequirements)
            }
        }
    }

    @Test("the id we write is the one of the host, which sigstore-go computes")
    func written() throws {
        let host = try #require(noteKeyID(name: "127.0.0.1", key: key.publicKey))
        #expect(try trusted("http://127.0.0.1:3003").keyID == host)
        #expect(try trusted("https://127.0.0.1/").keyID == host)
        let named = try #require(noteKeyID(name: "rekor.internal", key: key.publicKey))
        #expect(try trusted("http://127.0.0.1:3003", name: "rekor.internal").keyID == named)
    }
}
