// SPDX-License-Identifier: Apache-2.0
// Signs statements and attaches them to images.
// Spec: cosign BUNDLE_SPEC.md (v0.3 bundle as an OCI 1.1 referrer), SIGNATURE_SPEC.md (.sig, .att).

package import Keys
package import OCI
package import Primitives

/// The storage format of evidence. Both are read; bundles are the default for writing.
package enum EvidenceFormat: String, Sendable, CaseIterable {
    /// A Sigstore bundle as a referrer.
    case bundle
    /// cosign's `.sig` and `.att` tags.
    case legacy
}

/// An unsigned statement about an image.
package struct UnsignedStatement: Sendable {
    package let subject: Descriptor
    package let repository: Repository
    package let predicateType: PredicateType
    package let predicate: JSONValue
    package let annotations: ByteStringMap<String>
    /// The caller's statement; nil if Assay writes it.
    private let given: [UInt8]?

    private init(
        subject: Descriptor, repository: Repository, predicateType: PredicateType,
        predicate: JSONValue, annotations: ByteStringMap<String>, given: [UInt8]? = nil
    ) {
        self.subject = subject
        self.repository = repository
        self.predicateType = predicateType
        self.predicate = predicate
        self.annotations = annotations
        self.given = given
    }

    /// Creates the statement of an image signature.
    package static func signature(
        on subject: Descriptor, in repository: Repository, annotations: ByteStringMap<String>
    ) -> UnsignedStatement {
        UnsignedStatement(
            subject: subject, repository: repository, predicateType: .signature, predicate: [:],
            annotations: annotations)
    }

    /// Creates an attestation of a type other than the signature type.
    package static func attestation(
        _ predicate: JSONValue, of type: PredicateType, on subject: Descriptor,
        in repository: Repository
    ) throws(Failure) -> UnsignedStatement {
        try refuseSignature(type)
        return UnsignedStatement(
            subject: subject, repository: repository, predicateType: type, predicate: predicate,
            annotations: [:])
    }

    /// Creates an attestation from a whole statement, whose bytes are signed unchanged.
    ///
    /// - Throws: `usage` for a statement that is not about the image.
    package static func statement(
        _ content: [UInt8], on subject: Descriptor, in repository: Repository
    ) throws(Failure) -> UnsignedStatement {
        let read = try Statement(parsing: content)
        try refuseSignature(read.predicateType)
        guard read.isAbout(subject.digest) else {
            throw Failure(
                .usage, "cannot attest the statement",
                because: "it is about \(shownSubjects(read)), not \(subject.digest)",
                next: "name the image that it is about, or write a statement about this one")
        }
        return UnsignedStatement(
            subject: subject, repository: repository, predicateType: read.predicateType,
            predicate: read.predicate, annotations: [:], given: content)
    }

    /// Rejects the signature type for an attestation.
    ///
    /// - Throws: `usage`.
    package static func refuseSignature(_ type: PredicateType) throws(Failure) {
        guard type == .signature else { return }
        throw Failure(
            .usage, "cannot attest \(type)", because: "that type is a signature",
            next: "use assay sign")
    }

    /// The in-toto statement, which is signed.
    package var statement: [UInt8] {
        if let given { return given }
        let isSignature = predicateType == .signature
        return Statement.document(
            about: subject.digest, name: isSignature ? nil : repository.description,
            annotations: annotations, predicateType: predicateType, predicate: predicate
        ).compactBytes
    }

    fileprivate func envelope(signedBy key: any Signer) async throws -> Envelope {
        try await Envelope.signed(statement, as: inTotoPayloadType, by: key)
    }
}

/// Attaches bundles to images as referrers.
package struct BundleStore: Sendable {
    private let destination: any ArtifactDestination

    /// Creates a store in a repository.
    package init(destination: any ArtifactDestination) { self.destination = destination }

    /// Stores `bundle`, which signs `claim`, as a referrer. Returns the manifest of the referrer.
    package func store(
        _ bundle: [UInt8], saying claim: UnsignedStatement, created: Timestamp
    ) async throws -> Manifest {
        var layer = Descriptor(of: bundle, as: .sigstoreBundle)
        try await destination.push(layer, content: ByteStream(bundle), mountSource: nil)
        // Spec: image-spec 1.1, descriptor.md, "data": small content can be embedded in the
        // manifest, so that a verifier needs one request instead of two.
        if bundle.count <= embeddedBundleBytes { try layer.carry(bundle) }
        let manifest = try ImageManifest(
            config: try await pushEmptyConfig(), layers: [layer], artifactType: .sigstoreBundle,
            subject: claim.subject.asSubject,
            annotations: [
                "org.opencontainers.image.created": created.description,
                "dev.sigstore.bundle.content": "dsse-envelope",
                predicateTypeAnnotation: claim.predicateType.description,
            ]
        ).manifest()
        try await destination.push(manifest, tag: nil)
        try await confirm(manifest, about: claim.subject.digest)
        return manifest
    }

    /// Checks that the subject's list of referrers has the signature, so that verifiers find it.
    private func confirm(_ manifest: Manifest, about subject: Digest) async throws {
        let listed = try await destination.referrers(of: subject)
        guard listed.descriptors.contains(where: { $0.digest == manifest.digest }) else {
            if let unread = listed.failures.first {
                throw unread.failure.during("cannot find the signature again")
            }
            throw Failure(
                .unavailable, "cannot find the signature again", at: .named(destination.sourceName),
                because:
                    "\(manifest.digest) was taken in and is not among the referrers of \(subject)",
                next: "run the command again; if it repeats, try --format legacy")
        }
    }

    private func pushEmptyConfig() async throws -> Descriptor {
        let content = Array("{}".utf8)
        let config = Descriptor(of: content, as: .ociEmpty)
        if try await !destination.has(config) {
            try await destination.push(config, content: ByteStream(content), mountSource: nil)
        }
        return config
    }
}

/// Signs statements and attaches them to images.
package struct EvidenceAttacher: Sendable {
    private let destination: any ArtifactDestination
    private let key: any Signer
    private let settle: @Sendable () async throws -> Void

    /// Creates a writer that signs with `key`.
    ///
    /// - Parameter settle: waits longer than another signer needs to read and write back a legacy
    ///   tag; for the format `legacy` only.
    package init(
        destination: any ArtifactDestination, key: any Signer,
        settle: @escaping @Sendable () async throws -> Void
    ) {
        self.destination = destination
        self.key = key
        self.settle = settle
    }

    /// Signs `claim` and stores it in `format`. Returns the manifest with the evidence.
    ///
    /// - Parameter replacing: whether older attestations of the same type are deleted; for the
    ///   format `legacy` only.
    package func write(
        _ claim: UnsignedStatement, as format: EvidenceFormat, created: Timestamp,
        replacing: Bool = false
    ) async throws -> Manifest {
        switch format {
        case .bundle: try await writeBundle(claim, created: created)
        case .legacy: try await writeLegacy(claim, replacing: replacing)
        }
    }

    private func writeBundle(_ claim: UnsignedStatement, created: Timestamp) async throws
        -> Manifest
    {
        let content = SignatureBundle.document(
            try await claim.envelope(signedBy: key), signedBy: key.publicKey
        ).compactBytes
        return try await BundleStore(destination: destination).store(
            content, saying: claim, created: created)
    }

    private func writeLegacy(_ claim: UnsignedStatement, replacing: Bool) async throws -> Manifest {
        let legacyStore = LegacyStore(destination: destination, settle: settle)
        guard claim.predicateType == .signature else {
            let envelope = try await claim.envelope(signedBy: key)
            return try await legacyStore.add(
                envelope, of: claim.predicateType, about: claim.subject.digest,
                replacing: replacing)
        }
        let payload = SimpleSigning.payload(
            for: claim.subject.digest, in: claim.repository, annotations: claim.annotations)
        let signature = SimpleSigning(payload: payload, signature: try await key.sign(payload))
        return try await legacyStore.add(signature, about: claim.subject.digest)
    }
}

extension Descriptor {
    /// Spec: image-spec 1.1, manifest.md, "subject": a descriptor with media type, digest and size.
    fileprivate var asSubject: Descriptor {
        Descriptor(mediaType: mediaType, digest: digest, size: size)
    }
}

/// Bundles up to this size are embedded in their manifest's layer descriptor. A signature has about
/// 1 KiB; manifests must stay far below the 4 MiB that all registries accept.
private let embeddedBundleBytes = 16 * 1024
