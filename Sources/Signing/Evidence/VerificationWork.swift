// SPDX-License-Identifier: Apache-2.0
// The work budget of one question. A client with push permission decides the number of signatures
// and the size of the payload, so their product has a limit.

internal import Keys
internal import Primitives

/// The remaining work of one question, in bytes that are hashed for signature checks.
package struct VerificationWork: Sendable {
    private var left = Limits.verificationWork

    package init() {}

    /// Subtracts the maximum cost of `candidate`. Returns false, and subtracts nothing, if too
    /// little is left.
    mutating func spend(on candidate: SignedEntity, by signer: TrustedSigner) -> Bool {
        let cost = candidate.work(by: signer)
        guard cost <= left else { return false }
        left -= cost
        return true
    }
}

/// The failure if candidates were left unverified, because one of them could verify.
func workLimit(of subject: Digest) -> Failure {
    Failure(
        .overLimit, "cannot verify all evidence of \(subject)",
        because: "its signatures, keys and payloads together need more work than "
            + "\(Limits.verificationWork) bytes hashed, which is the limit",
        next: "name fewer keys, or delete evidence that is not needed")
}

extension SignedEntity {
    /// The maximum cost: the payload is hashed once for each hash, each signature is checked with
    /// each key and scheme, and only Ed25519 reads the payload for each check.
    fileprivate func work(by signer: TrustedSigner) -> Int {
        let (bytes, signatures) = size
        let hashing = HashAlgorithm.allCases.count * bytes
        switch signer {
        case .keys(let keys):
            let each = keys.reduce(0) { $0 + $1.key.algorithm.work(over: bytes) }
            return hashing + signatures * each
        case .certificates:
            // The leaf's key is the signer's choice; its chain, log entries and timestamps are
            // checked.
            let each = 2 * PublicKey.Algorithm.ecdsaP521.work(over: bytes) + bytes
            return hashing + signatures * each
        }
    }

    private var size: (bytes: Int, signatures: Int) {
        switch form {
        case .simpleSigning(let old): (old.payload.count, 1)
        case .envelope(let envelope, _, _): (envelope.payload.count, envelope.signatures.count)
        case .bundle(let bundle):
            if case .envelope(let envelope) = bundle.content {
                (envelope.payload.count, envelope.signatures.count)
            } else {
                (0, 1)
            }
        case .unreadable: (0, 0)
        }
    }
}

extension PublicKey.Algorithm {
    /// The cost of one signature by a key of this kind in all schemes.
    fileprivate func work(over bytes: Int) -> Int {
        let check = Limits.signatureCheckWork
        let schemes = allSchemes.count
        switch self {
        case .ecdsaP256, .rsa: return schemes * check
        case .ecdsaP384: return schemes * 8 * check
        case .ecdsaP521: return schemes * 16 * check
        case .ed25519: return schemes * (check + bytes)
        }
    }
}
