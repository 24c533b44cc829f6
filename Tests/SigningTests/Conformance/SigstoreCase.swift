// SPDX-License-Identifier: Apache-2.0
// The cases of the sigstore-conformance suite, read in place.

import Foundation
import Keys
import Primitives
import Signing
import TestSupport
import Testing

/// One folder of the suite: a bundle, what it is about, and whom to believe.
struct SigstoreCase: Sendable, CustomTestStringConvertible {
    let name: String
    let directory: URL

    var mustFail: Bool { name.hasSuffix("_fail") }
    var testDescription: String { name }

    static let all: [SigstoreCase] = {
        guard let suites = SharedSuites.sigstore else {
            return []
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: suites.path)) ?? []
        return names.sorted().map {
            SigstoreCase(name: $0, directory: suites.appending(path: $0))
        }.filter { $0.exists("bundle.sigstore.json") }
    }()

    /// Verifies as a client of the suite does: one log, one signed time, one certificate log; a
    /// managed key needs the log as well.
    func verify(byDigest: Bool) throws -> ArtifactVerificationResult {
        let bundle = try SignatureBundle(parsing: read("bundle.sigstore.json"))
        return try verifier().verify(bundle, about: artifact(byDigest: byDigest), type: nil)
    }

    func verifier() throws -> SignatureVerifier {
        let root =
            exists("trusted_root.json")
            ? try TrustedRoot(parsing: read("trusted_root.json")) : try .publicGood()
        return try SignatureVerifier(requirements: requirements(), root: root)
    }

    func artifact(byDigest: Bool) throws -> SignedArtifact {
        let content = try exists("artifact") ? read("artifact") : read("../a.txt")
        return byDigest
            ? SignedArtifact(digests: [.sha256: HashAlgorithm.sha256.hash(of: content)])
            : SignedArtifact(content: content)
    }

    private func requirements() throws -> VerificationRequirements {
        guard exists("key.pub") else { return .sigstore(.certificates([try identity()])) }
        let key = try PublicKey(pem: String(decoding: read("key.pub"), as: UTF8.self))
        return VerificationRequirements(
            signer: .key(key), transparency: .oneLog, signedTimestampThreshold: 0, sctThreshold: 0,
            time: .signed, acceptsChains: false)
    }

    private func identity() throws -> CertificateIdentity {
        CertificateIdentity(
            subjects: [.exact(try text("identity") ?? Self.subject)],
            issuers: [.exact(try text("issuer") ?? Self.issuer)])
    }

    private func text(_ file: String) throws -> String? {
        guard exists(file) else { return nil }
        return String(decoding: try read(file), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func exists(_ file: String) -> Bool {
        FileManager.default.fileExists(atPath: directory.appending(path: file).path)
    }

    func read(_ file: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: directory.appending(path: file)))
    }

    private static let subject =
        "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/"
        + ".github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
    private static let issuer = "https://token.actions.githubusercontent.com"
}
