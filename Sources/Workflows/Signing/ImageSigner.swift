// SPDX-License-Identifier: Apache-2.0
// Claims about images, signed and stored in one repository.

internal import Keys
package import OCI
package import Primitives
package import Signing

/// Signs claims about images and stores the evidence beside them.
package struct ImageSigner: Sendable {
    private let signer: BundleSigner
    private let destination: any ArtifactDestination
    private let created: Timestamp
    private let settle: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - created: the time that manifests of bundles carry; it is not signed.
    ///   - settle: waits longer than another writer needs between reading an old tag and writing it
    ///     back; used by the legacy format only.
    package init(
        signer: BundleSigner, destination: any ArtifactDestination, created: Timestamp,
        settle: @escaping @Sendable () async throws -> Void
    ) {
        self.signer = signer
        self.destination = destination
        self.created = created
        self.settle = settle
    }

    /// The image and, of an index, every image and index below it; each once.
    ///
    /// - Throws: `overLimit` for more than `Limits.recursivelySigned`.
    package func subjects(under root: Descriptor) async throws -> [Descriptor] {
        var found = [root]
        var place = 0
        while place < found.count {
            let current = found[place]
            place += 1
            guard current.mediaType.isIndex else { continue }
            let index = try await destination.manifest(.digest(current.digest))
            for child in index.children
            where child.mediaType.isIndex || child.mediaType.isImageManifest {
                guard !found.contains(where: { $0.digest == child.digest }) else { continue }
                guard found.count < Limits.recursivelySigned else {
                    throw Failure(
                        .overLimit, "cannot sign all images of \(root.digest)",
                        because: "there are more than \(Limits.recursivelySigned)")
                }
                found.append(child)
            }
        }
        return found
    }

    /// Signs the claim as a bundle, hands the bundle over, and stores it as a referrer.
    ///
    /// - Parameters:
    ///   - isStored: false leaves the repository as it is.
    ///   - handOver: gets the finished signature before anything is stored.
    package func signAsBundle(
        _ claim: UnsignedStatement, storing isStored: Bool,
        handOver: (FinishedSignature) throws -> Void
    ) async throws -> SignedClaim {
        let signature = try await signer.attest(
            claim.statement, of: claim.predicateType,
            about: SignedArtifact(claim.subject.digest))
        try handOver(signature)
        var manifest: Manifest?
        if isStored {
            manifest = try await BundleStore(destination: destination).store(
                signature.bundleBytes, saying: claim, created: created)
        }
        return SignedClaim(
            subject: claim.subject.digest, evidence: manifest?.digest, kept: manifest?.digest,
            bundle: signature.bundleBytes, signer: signature.signer,
            signedBy: signature.signedBy)
    }

    /// Signs the claim in cosign's older layout and stores it under the `.sig` or `.att` tag.
    ///
    /// - Parameter isReplacing: deletes older attestations of the same type under the tag.
    /// - Throws: `usage` unless a key signs alone, without services.
    package func signAsLegacy(
        _ claim: UnsignedStatement, replacing isReplacing: Bool
    ) async throws -> SignedClaim {
        guard let key = signer.loneKey else {
            throw Failure(
                .usage, "cannot sign in the legacy format",
                because: "Assay writes that format for a key alone, without certificate, log "
                    + "and timestamp", next: "leave out --format legacy")
        }
        let writer = EvidenceAttacher(destination: destination, key: key, settle: settle)
        let manifest = try await writer.write(
            claim, as: .legacy, created: created, replacing: isReplacing)
        var layer: Digest?
        if case .image(let image) = manifest.kind { layer = image.layers.last?.digest }
        return SignedClaim(
            subject: claim.subject.digest, evidence: manifest.digest, kept: layer, bundle: nil,
            signer: .key(TrustedKey(key: key.publicKey)),
            signedBy: "with the key \(key.publicKey.fingerprint)")
    }
}

/// What was signed, where the evidence is, and by whom.
package struct SignedClaim: Sendable {
    package let subject: Digest
    /// The manifest that holds the evidence; nil when nothing was stored.
    package let evidence: Digest?
    /// The manifest or layer of this very claim; nil when nothing was stored.
    package let kept: Digest?
    /// nil for the legacy format.
    package let bundle: [UInt8]?
    package let signer: VerifiedSigner
    /// For sentences: "with the key …", "as … from …".
    package let signedBy: String
}
