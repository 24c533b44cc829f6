// SPDX-License-Identifier: Apache-2.0
// Timestamps with other implementations: openssl as authority and verifier, rfc3161-client.

import Foundation
import Keys
import Primitives
import Signing
import StandIns
import TestSupport
import Testing

@Suite("timestamps and their peers", .serialized)
struct TimestampPeerTests {
    static let hasOpenSSL = hasTool("openssl") && SharedSuites.interop != nil
    static let python: String? = {
        guard let interop = SharedSuites.interop else { return nil }
        let root = interop.deletingLastPathComponent().deletingLastPathComponent().path
        return ["\(root)/.build-peers/bin/python3", "python3"].first {
            (try? shellOutput("'\($0)' -c 'import rfc3161_client'")) != nil
        }
    }()

    /// What openssl's authority answered, and who it was.
    private struct Answer {
        let root: [UInt8]
        let leaf: [UInt8]
        let response: [UInt8]
        let authority: CertificateAuthority

        init(to request: [UInt8], key: String, hash: String, reference: String) throws {
            let script = try #require(SharedSuites.interop).path + "/openssl_timestamps"
            let output = try #require(
                try shellOutput(
                    "sh '\(script)' answer \(key) \(hash) \(reference)",
                    files: ["request.tsq": request]))
            let parts = String(decoding: output, as: UTF8.self).split(separator: "\n")
                .compactMap { bytes(fromBase64: $0) }
            try #require(parts.count == 3)
            (root, leaf, response) = (parts[0], parts[1], parts[2])
            // openssl's clock is the real one.
            authority = try CertificateAuthority(
                chain: [Certificate(derBytes: leaf), Certificate(derBytes: root)],
                validFor: StampTimes.period("2020-01-01T00:00:00Z", nil), uri: nil,
                operatorName: nil)
        }
    }

    static let clocks = [
        ("rsa:2048", "sha256", "sha1"), ("rsa:2048", "sha512", "sha256"),
        ("P-256", "sha256", "sha256"), ("P-384", "sha384", "sha512"), ("P-521", "sha512", "sha384"),
    ]

    @Test(
        "openssl answers our request, finds the answer good, and so do we",
        .enabled(if: hasOpenSSL, "openssl is not installed"), arguments: clocks, [true, false])
    func opensslAnswers(_ clock: (String, String, String), _ certificates: Bool) throws {
        let nonce = try TimestampNonce(randomBytes: Array(0x80...0x8F))
        let request = try TimestampRequest(
            over: stampedMessage, hash: certificates ? .sha256 : .sha512, nonce: nonce,
            wantsCertificates: certificates)
        let answer = try Answer(
            to: request.derBytes, key: clock.0, hash: clock.1, reference: clock.2)
        let token = try request.token(inAnswer: answer.response)
        let verified = try token.verified(
            over: stampedMessage, by: [answer.authority], nonce: nonce)
        #expect(verified.certificate.derBytes == answer.leaf)
        #expect(token.info.accuracy?.milliseconds == 500)
        #expect(token.info.isOrdered)
        #expect(token.info.authorityName != nil)
        expectTimestampProblem(.timestampImprintMismatch, "") {
            _ = try token.verified(over: [1], by: [answer.authority], nonce: nonce)
        }
    }

    @Test(
        "openssl finds good what our stand-in signs for our request",
        .enabled(if: hasOpenSSL, "openssl is not installed"),
        arguments: [StandInKey.Kind.p256, .p384, .rsa2048])
    func opensslVerifies(_ kind: StandInKey.Kind) throws {
        // openssl asks whether the certificates are valid now.
        let authority = try TestTimestampAuthority(
            kind, validity: StampTimes.period("2020-01-01T00:00:00Z", "2099-12-31T23:59:59Z"))
        let request = try TimestampRequest(
            over: stampedMessage, hash: .sha256,
            nonce: TimestampNonce(randomBytes: Array(1...8)), wantsCertificates: true)
        let chain = authority.standIn.chain
        let response = try authority.response {
            $0.contentTail = [DEREncoding.integer(magnitude: Array(1...8))]
            $0.certificates = [chain[0]]
        }
        _ = try request.token(inAnswer: response)
        let script = try #require(SharedSuites.interop).path + "/openssl_timestamps"
        let pem = { (der: [UInt8]) throws in Array(try Certificate(derBytes: der).pem.utf8) }
        let verdict = { (response: [UInt8]) throws in
            try shellOutput(
                "sh '\(script)' verify",
                files: [
                    "request.tsq": request.derBytes, "response.tsr": response,
                    "root.pem": pem(chain[2]), "chain.pem": pem(chain[0]) + pem(chain[1]),
                ])
        }
        #expect(try verdict(response) != nil)
        let other = try authority.response(over: [1]) { $0.certificates = [chain[0]] }
        #expect(try verdict(other) == nil)
    }

    @Test(
        "rfc3161-client asks, openssl answers, and both of us find the answer good",
        .enabled(if: hasOpenSSL && python != nil, "rfc3161-client is not here: scripts/peers"))
    func clientAsks() throws {
        let request = try peer("request message", files: ["message": stampedMessage])
        let answer = try Answer(
            to: try #require(request), key: "P-256", hash: "sha256", reference: "sha256")
        let token = try TimestampToken(response: answer.response)
        #expect(token.info.nonce != nil)
        _ = try token.verified(over: stampedMessage, by: [answer.authority], nonce: nil)
        try clientVerifies(answer.response, leaf: answer.leaf, above: [answer.root])
    }

    @Test(
        "rfc3161-client finds good what openssl answers to us, and what our stand-in signs",
        .enabled(if: hasOpenSSL && python != nil, "rfc3161-client is not here: scripts/peers"))
    func clientChecks() throws {
        let request = try TimestampRequest(
            over: stampedMessage, hash: .sha384, nonce: nil, wantsCertificates: true)
        let answer = try Answer(
            to: request.derBytes, key: "P-384", hash: "sha256", reference: "sha256")
        _ = try request.token(inAnswer: answer.response)
        try clientVerifies(answer.response, leaf: answer.leaf, above: [answer.root])

        let authority = try TestTimestampAuthority()
        let chain = authority.standIn.chain
        let response = try authority.response { $0.certificates = [chain[0]] }
        try clientVerifies(response, leaf: chain[0], above: [chain[2], chain[1]])
    }

    private func clientVerifies(_ response: [UInt8], leaf: [UInt8], above: [[UInt8]]) throws {
        var files = ["response": response, "message": stampedMessage, "leaf": leaf]
        for (index, certificate) in above.enumerated() { files["above\(index)"] = certificate }
        let names = above.indices.map { "above\($0)" }.joined(separator: " ")
        #expect(try peer("verify response message leaf \(names)", files: files) != nil)
        files["message"] = [1]
        #expect(try peer("verify response message leaf \(names)", files: files) == nil)
    }

    private func peer(_ command: String, files: [String: [UInt8]]) throws -> [UInt8]? {
        let python = try #require(Self.python)
        let script = try #require(SharedSuites.interop).path + "/rfc3161_peer.py"
        return try shellOutput("'\(python)' '\(script)' \(command)", files: files)
    }
}
