// SPDX-License-Identifier: Apache-2.0
// The log entries of sigstore-conformance's real bundles, each with the code it must be refused with.

import Foundation
import Keys
import Primitives
import Signing
import SwiftASN1
import TestSupport
import Testing
import X509

/// A case of the suite, with as much of its trusted root as log verification needs.
struct ConformanceCase {
    let directory: URL

    static let suite: URL? = SharedSuites.sigstore?.deletingLastPathComponent()
        .appending(path: "sigstore-conformance/bundle-verify")

    static let names: [String] = {
        guard let suite,
            let names = try? FileManager.default.contentsOfDirectory(atPath: suite.path)
        else { return [] }
        return names.filter {
            FileManager.default.fileExists(
                atPath: suite.appending(path: "\($0)/bundle.sigstore.json").path)
        }.sorted()
    }()

    init(_ name: String) throws { directory = try #require(Self.suite).appending(path: name) }

    private func bytes(_ name: String) -> [UInt8]? {
        (try? Data(contentsOf: directory.appending(path: name))).map(Array.init)
    }

    private func shared(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: directory.deletingLastPathComponent().appending(path: path)))
    }

    func bundle() throws -> SignatureBundle {
        try SignatureBundle(parsing: try #require(bytes("bundle.sigstore.json")))
    }

    /// The case's own logs; the public-good log is found in another case's root.
    func logs() throws -> [TransparencyLog] {
        let root = try bytes("trusted_root.json") ?? shared("invalid-ct-key_fail/trusted_root.json")
        let json = try JSONReader(parsing: root, named: "the trusted root")
        return try json.required("tlogs").items(atMost: 10).map(log)
    }

    private func log(_ json: JSONReader) throws -> TransparencyLog {
        let key = try json.required("publicKey")
        let period = try key.required("validFor")
        return TransparencyLog(
            baseURL: try json.required("baseUrl").string(),
            publicKey: try PublicKey(derBytes: base64(key.required("rawBytes"))),
            keyID: try base64(json.required("logId").required("keyId")),
            validFor: ValidityPeriod(
                start: try Timestamp(parsing: period.required("start").string()),
                end: try period.optional("end").map { try Timestamp(parsing: $0.string()) }))
    }

    private func base64(_ json: JSONReader) throws -> [UInt8] {
        try #require(Primitives.bytes(fromBase64: try json.string()))
    }

    func content(of bundle: SignatureBundle) throws -> SignedContent {
        let artifact = try bytes("artifact") ?? shared("a.txt")
        switch bundle.content {
        case .envelope(let envelope):
            return SignedContent(
                signature: try #require(envelope.signatures.first).bytes,
                verifier: try verifier(of: bundle), form: .envelope(envelope, storedAs: nil))
        case .messageSignature(_, let signature):
            return SignedContent(
                signature: signature, verifier: try verifier(of: bundle),
                form: SignedContent.message(artifact))
        }
    }

    private func verifier(of bundle: SignatureBundle) throws -> SignedContent.Verifier {
        switch bundle.signer {
        case .publicKey:
            let pem = String(decoding: try #require(bytes("key.pub")), as: UTF8.self)
            return .key(try PublicKey(pem: pem))
        case .certificate(let chain):
            let leaf = try #require(chain.first)
            let key = try Certificate(derEncoded: leaf).publicKey.serializeAsPEM().derBytes
            return .certificate(leaf, key: try PublicKey(derBytes: key))
        }
    }

    /// Verifies all log entries, as the verifier of bundles will.
    func verify() throws -> LogVerdict {
        let bundle = try bundle()
        return try bundle.logEntries.verified(
            for: content(of: bundle), by: logs(), requirements: proofRequirements)
    }
}

@Suite("sigstore-conformance: log entries", .enabled(if: !ConformanceCase.names.isEmpty))
struct LogConformanceTests {
    /// What the log part alone refuses. Everything else in the suite is for other checks to refuse.
    static let refused: [String: VerificationError.Code] = [
        "bundle-from-wrong-instance_fail": .logUntrusted,
        "bundle-with-root-cert_fail": .checkpointMissing,
        "checkpoint-bad-keyhint_fail": .checkpointSignatureInvalid,
        "checkpoint-wrong-roothash_fail": .checkpointMismatch,
        "dsse-invalid-sig_fail": .entrySignatureMismatch,
        "dsse-mismatch-envelope_fail": .entryArtifactMismatch,
        "dsse-mismatch-sig_fail": .entrySignatureMismatch,
        "inclusion-proof-corrupted-hash_fail": .inclusionProofInvalid,
        "incorrect-public-key_fail": .signedEntryTimestampInvalid,
        "intoto-log-entry-mismatch_fail": .entrySignatureMismatch,
        "intoto-missing-inclusion-proof_fail": .inclusionProofMissing,
        "invalid-checkpoint-signature_fail": .checkpointSignatureInvalid,
        "invalid-inclusion-proof_fail": .checkpointMissing,
        "rekor2-checkpoint-missing-log-signature_fail": .checkpointMalformed,
        "rekor2-checkpoint-missing-origin_fail": .checkpointMalformed,
        "rekor2-checkpoint-missing-root-hash_fail": .checkpointMalformed,
        "rekor2-checkpoint-missing-size_fail": .checkpointMalformed,
        "rekor2-checkpoint-no-matching-signature_fail": .checkpointMismatch,
        "rekor2-dsse-invalid-sig_fail": .entrySignatureMismatch,
        "rekor2-dsse-mismatch-envelope_fail": .entryArtifactMismatch,
        "rekor2-dsse-mismatch-sig_fail": .entrySignatureMismatch,
        "rekor2-no-inclusion-proof_fail": .inclusionProofMissing,
        "set-invalid-signature_fail": .signedEntryTimestampInvalid,
        "signature-mismatch_fail": .entrySignatureMismatch,
        "wrong-hashedrekord-artifact_fail": .entryArtifactMismatch,
        "wrong-hashedrekord-cert-and-sig_fail": .entrySignatureMismatch,
        "wrong-hashedrekord-entry_fail": .entryArtifactMismatch,
        "wrong-material_fail": .entryArtifactMismatch,
    ]

    /// Cases that end before their log entries are looked at: the bundle, its key or the trusted
    /// root cannot be read.
    static let unreadable: Set<String> = [
        "bundle-empty-certificate-chain_fail",
        "bundle-invalid-base64-signature_fail",
        "bundle-malformed-json_fail",
        "bundle-negative-log-index_fail",
        "bundle-unknown-version_fail",
        "managed-key-no-key_fail",
        "managed-key-wrong-key_fail",
        "rekor2-timestamp-with-incorrect-time_fail",
        "trust-root-tlog-missing-validity-start_fail",
    ]

    /// Rekor v2's entries have no time.
    private func hasTime(_ name: String) -> Bool {
        !name.hasPrefix("rekor2-") && name != "bundle-with-sct-with-extensions"
            && name != "trust-root-tsa-validity-end-inclusive"
    }

    @Test(
        "a case is refused for its own reason, or all its entries hold",
        arguments: ConformanceCase.names.filter { !unreadable.contains($0) })
    func behaves(name: String) throws {
        if let code = Self.refused[name] {
            expectProblem(code) { _ = try ConformanceCase(name).verify() }
            return
        }
        let verdict = try ConformanceCase(name).verify()
        #expect(verdict.entries.count == 1)
        #expect(verdict.ignored.isEmpty)
        let entry = try #require(verdict.entries.first)
        #expect(entry.isInclusionProven)
        #expect((entry.integratedTime != nil) == hasTime(name))
    }

    @Test("every name in the lists is a case of the suite")
    func listsAreCurrent() {
        let names = Set(ConformanceCase.names)
        #expect(Set(Self.refused.keys).union(Self.unreadable).subtracting(names).isEmpty)
    }

    @Test("the real entries are written back as they were read")
    func roundTrip() throws {
        for name in ConformanceCase.names where !name.hasSuffix("_fail") {
            for entry in try ConformanceCase(name).bundle().logEntries {
                #expect(
                    try TransparencyLogEntry(reading: JSONReader(entry.json, document: name))
                        == entry)
            }
        }
    }
}
