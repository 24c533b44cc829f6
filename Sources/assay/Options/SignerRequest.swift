// SPDX-License-Identifier: Apache-2.0
// What a command that verifies asks for, before its files and keys are opened; and opening them.

import Files
import Host
import Primitives
import Signing
import Workflows

/// The checked options of a command that verifies.
struct SignerRequest {
    enum Signer {
        /// Keys, and the hash that their signatures must be made with; nil for any.
        case keys([KeyLocation], hash: HashAlgorithm?)
        case certificate(CertificateIdentity, CertificateProof)
    }

    /// What must prove that a certificate was issued in public.
    enum CertificateProof {
        case ignored
        /// A promise (SCT): in the certificate, or in one of these files.
        case required(detached: [String])
    }

    let signer: Signer
    let transparency: VerificationRequirements.Transparency
    let isTimed: Bool
    let authorities: OwnAuthorityOptions
    let trust: TrustOptions
    /// What the user is told before anything is verified.
    let warnings: [String]

    /// Opens what is named and builds the verifier.
    ///
    /// - Returns: also whom it believes; nil where a key is enough and nothing else was asked.
    func judge() async throws -> (verifier: SignatureVerifier, trust: TrustedMaterial?) {
        let keys = try await trustedKeys()
        let material = try await trust.material(needed: needsMaterial)
        let own = try material.map { _ in try authorities.read() }
        let root = try material.map { try own?.replacing(in: $0.root) ?? $0.root }
        for warning in warnings { StandardError.warn(warning) }
        let requirements = SignerRequirements(
            signer: try signer(keys), transparency: transparency, isTimed: isTimed,
            acceptsChains: authorities.allowCertificateChain || authorities.nameIssuers,
            unprovenTime: authorities.nameIssuers ? SystemClock().now() : nil)
        return (try requirements.verifier(trusting: root), material)
    }

    private var needsMaterial: Bool {
        if case .certificate = signer { return true }
        return trust.trustedRoot != nil || isTimed
    }

    private func signer(_ keys: [TrustedKey]) throws -> SignerRequirements.Signer {
        switch signer {
        case .keys: return .keys(keys)
        case .certificate(let identity, .ignored): return .certificate(identity, .ignored)
        case .certificate(let identity, .required(let paths)):
            return .certificate(identity, .required(detached: try paths.map(promise)))
        }
    }

    /// Where several are given, each has a name, so that it can be told which one matched.
    private func trustedKeys() async throws -> [TrustedKey] {
        guard case .keys(let locations, let hash) = signer else { return [] }
        var keys: [TrustedKey] = []
        for location in locations {
            for found in try await location.trustedKeys(offline: trust.offline) {
                let name = found.name ?? (locations.count > 1 ? location.text : nil)
                keys.append(
                    TrustedKey(key: found.key, validFor: found.validFor, name: name, hash: hash))
            }
        }
        return keys
    }

    private func promise(at path: String) throws -> [UInt8] {
        let content = try readFile(
            at: path, atMost: Limits.certificateFileBytes, named: "the certificate timestamp")
        // What somebody names as proof is read, whether or not it is needed in the end.
        do throws(Failure) {
            _ = try SignedCertificateTimestamp(detached: content)
        } catch {
            throw error.during("cannot use \(quoted(path))")
        }
        return content
    }
}
