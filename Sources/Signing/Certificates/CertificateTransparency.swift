// SPDX-License-Identifier: Apache-2.0
// Certificate transparency. Spec: RFC 6962 §3.

internal import Crypto
internal import Keys
internal import Primitives
internal import SwiftASN1

/// Verifies the SCTs of a leaf certificate.
package enum CertificateTransparency {
    /// The logs with a valid SCT for `leaf`, one of each party. Throws if there are fewer than
    /// `threshold`.
    ///
    /// `issuer` must come from a validated path, because an embedded SCT covers the hash of the
    /// issuer's key. `detached` are detached SCTs in TLS or JSON form. An SCT of an untrusted log
    /// is ignored, as RFC 6962 requires.
    ///
    /// Spec: RFC 6962 §3.2, §3.3. CVE-2026-49834: two SCTs of one party count once.
    package static func verify(
        _ leaf: Certificate, issuer: Certificate?, detached: [[UInt8]], by logs: [TransparencyLog],
        threshold: Int
    ) throws(VerificationError) -> [TransparencyLog] {
        var tally = SETTally(logs: logs)
        try tally.addEmbedded(of: leaf, issuer: issuer)
        try tally.addDetached(detached, of: leaf)
        guard tally.accepted.count >= threshold else {
            throw tally.problem(threshold: threshold)
        }
        return tally.accepted
    }
}

/// The valid SCTs so far, and the problems of the others.
private struct SETTally {
    let logs: [TransparencyLog]
    private(set) var accepted: [TransparencyLog] = []
    private var refusals: [String] = []

    init(logs: [TransparencyLog]) { self.logs = logs }

    mutating func addEmbedded(of leaf: Certificate, issuer: Certificate?) throws(VerificationError)
    {
        let encoded: [[UInt8]]?
        do throws(Failure) {
            encoded = try leaf.embeddedTimestamps()
        } catch {
            throw VerificationError(.certificateTransparencyInvalid, error)
        }
        guard let encoded else { return }
        guard let issuer else {
            refusals.append("the certificate is its own anchor, so that no issuer can be named")
            return
        }
        let entry = SignedCertificateTimestamp.Entry.precertificate(
            issuerKeyHash: Array(SHA256.hash(data: issuer.publicKey.derBytes)),
            tbsCertificate: leaf.fields.signedBytes(
                withoutExtension: certificateTimestampsEncodedIdentifier))
        for bytes in encoded {
            do throws(Failure) {
                add(try SignedCertificateTimestamp(tlsBytes: bytes), over: entry)
            } catch {
                refusals.append("\(error.what): \(error.why)")
            }
        }
    }

    mutating func addDetached(_ detached: [[UInt8]], of leaf: Certificate)
        throws(VerificationError)
    {
        guard detached.count <= Limits.timestampsPerCertificate else {
            throw VerificationError(
                .overLimit,
                "there are \(detached.count) certificate timestamps, the limit is \(Limits.timestampsPerCertificate)"
            )
        }
        for bytes in detached {
            do throws(Failure) {
                let promise = try SignedCertificateTimestamp(detached: bytes)
                add(promise, over: .certificate(leaf.derBytes))
            } catch {
                refusals.append("\(error.what): \(error.why)")
            }
        }
    }

    private mutating func add(
        _ promise: SignedCertificateTimestamp, over entry: SignedCertificateTimestamp.Entry
    ) {
        let named = logs.filter { $0.keyID == promise.logID }
        guard let known = named.first else {
            refusals.append("the log \(hexText(promise.logID)) is not trusted")
            return
        }
        let inTime = named.filter { $0.validFor.contains(promise.time) }
        guard !inTime.isEmpty else {
            refusals.append("the key of \(known.baseURL) was not valid at \(promise.time)")
            return
        }
        let message = promise.signedBytes(over: entry)
        let signer = inTime.first {
            promise.signatureAlgorithm.fits($0.publicKey)
                && $0.publicKey.isValid(promise.signature, over: message)
        }
        guard let signer else {
            refusals.append("the signature of \(known.baseURL) does not fit the certificate")
            return
        }
        if !accepted.contains(where: { $0.party == signer.party }) { accepted.append(signer) }
    }

    func problem(threshold: Int) -> VerificationError {
        let counted = "\(accepted.count) of \(threshold) certificate logs have an SCT for it"
        guard let first = refusals.first else {
            return VerificationError(.certificateTransparencyMissing, counted)
        }
        return VerificationError(.certificateTransparencyInvalid, "\(counted): \(plain(first))")
    }
}

extension SignedCertificateTimestamp.SignatureAlgorithm {
    fileprivate func fits(_ key: PublicKey) -> Bool {
        switch key.algorithm {
        case .ecdsaP256, .ecdsaP384, .ecdsaP521: self == .ecdsa
        case .rsa: self == .rsa
        case .ed25519: self == .ed25519
        }
    }
}

/// Spec: RFC 6962 §3.3, 1.3.6.1.4.1.11129.2.4.2.
let certificateTimestampsIdentifier: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2]
/// The encoded identifier in an extension.
private let certificateTimestampsEncodedIdentifier: [UInt8] = [
    0x06, 0x0A, 0x2B, 0x06, 0x01, 0x04, 0x01, 0xD6, 0x79, 0x02, 0x04, 0x02,
]
