// SPDX-License-Identifier: Apache-2.0
// Writes cosign's legacy tags. Spec: cosign specs/SIGNATURE_SPEC.md, SBOM_SPEC.md.

package import OCI
package import Primitives

/// Stores signatures, attestations and SBOMs under the `.sig`, `.att` and `.sbom` tags of an image.
package struct LegacyStore: Sendable {
    private let destination: any ArtifactDestination
    private let settle: @Sendable () async throws -> Void

    /// Creates a store in a repository.
    ///
    /// - Parameter settle: waits longer than another writer needs to read and write back a tag.
    package init(
        destination: any ArtifactDestination, settle: @escaping @Sendable () async throws -> Void
    ) {
        self.destination = destination
        self.settle = settle
    }

    /// Adds a signature under the `.sig` tag.
    package func add(
        _ signature: SimpleSigning, about subject: Digest
    ) async throws -> Manifest {
        var layer = Descriptor(of: signature.payload, as: .simpleSigning)
        layer.annotations = signature.legacyAnnotations.annotations
        layer.annotations[signatureAnnotation] = base64Text(signature.signature)
        return try await add(
            layer, signature.payload, under: Tag(for: subject, suffix: ".sig")
        ) { _ in false }
    }

    /// Adds an attestation under the `.att` tag.
    ///
    /// - Parameter replacing: whether attestations of the same type are deleted.
    package func add(
        _ envelope: Envelope, of type: PredicateType, about subject: Digest, replacing: Bool
    ) async throws -> Manifest {
        let content = envelope.json.compactBytes
        var layer = Descriptor(of: content, as: .dsseEnvelope)
        layer.annotations = [
            signatureAnnotation: "", layerTypeAnnotation: type.description,
        ]
        return try await add(
            layer, content, under: Tag(for: subject, suffix: ".att")
        ) { replacing && $0.annotations[layerTypeAnnotation] == type.description }
    }

    /// Removes attestations from the `.att` tag. A tag with no other attestation is not changed.
    ///
    /// - Parameter layers: the digests of the envelopes.
    /// - Returns: the number of removed attestations; nil if the tag has no other, so that the
    ///   caller deletes the tag.
    package func remove(attestations layers: Set<Digest>, about subject: Digest) async throws
        -> Int?
    {
        let tag = Tag(for: subject, suffix: ".att")
        var removed = 0
        for _ in 0..<Limits.tagWriteAttempts {
            guard var image = try await image(under: tag) else { return removed }
            let rest = image.layers.filter { !layers.contains($0.digest) }
            guard rest.count < image.layers.count else { return removed }
            guard !rest.isEmpty else { return nil }
            removed = max(removed, image.layers.count - rest.count)
            image.layers = rest
            _ = try await write(image, under: tag)
            try await settle()
        }
        throw Failure(
            .unavailable, "cannot remove older attestations from the tag \(tag)",
            at: .named(destination.sourceName),
            because: "other writers put them back \(Limits.tagWriteAttempts) times",
            next: "run the command again")
    }

    /// Stores an unsigned SBOM under the `.sbom` tag, in place of an older one.
    package func put(
        sbom content: [UInt8], as type: MediaType, about subject: Digest
    ) async throws -> Manifest {
        try await add(
            Descriptor(of: content, as: type), content, under: Tag(for: subject, suffix: ".sbom")
        ) { _ in true }
    }

    /// Adds a layer to a legacy tag, which is read, changed and written back without a conditional
    /// write. So each writer waits until all earlier readers have written, reads the tag again, and
    /// adds its layer again if it is missing.
    private func add(
        _ layer: Descriptor, _ content: [UInt8], under tag: Tag,
        insteadOf isReplaced: (Descriptor) -> Bool
    ) async throws -> Manifest {
        try await destination.push(layer, content: ByteStream(content), mountSource: nil)
        for _ in 0..<Limits.tagWriteAttempts {
            var image = try await image(under: tag) ?? ImageManifest(config: layer, layers: [])
            image.layers.removeAll(where: isReplaced)
            image.layers.append(layer)
            let written = try await write(image, under: tag)
            try await settle()
            if try await self.image(under: tag)?.layers.contains(layer) == true { return written }
        }
        throw Failure(
            .unavailable, "cannot keep the evidence under the tag \(tag)",
            at: .named(destination.sourceName),
            because: "other writers replaced the tag \(Limits.tagWriteAttempts) times",
            next: "run the command again, or leave out --format legacy")
    }

    private func write(_ layers: ImageManifest, under tag: Tag) async throws -> Manifest {
        var image = layers
        let configuration = legacyConfiguration(image.layers)
        image.config = Descriptor(of: configuration, as: .ociConfig)
        try await destination.push(
            image.config, content: ByteStream(configuration), mountSource: nil)
        let manifest = try image.manifest()
        try await destination.push(manifest, tag: tag)
        return manifest
    }

    private func image(under tag: Tag) async throws -> ImageManifest? {
        do {
            let manifest = try await destination.manifest(.tag(tag))
            guard case .image(let image) = manifest.kind else {
                throw Failure(
                    .rejected, "cannot add to the tag \(tag)", at: .named(destination.sourceName),
                    because: "it holds an index, not the evidence of an image")
            }
            return image
        } catch let failure as Failure where failure.kind == .notFound {
            return nil
        }
    }
}

extension LegacyAnnotations {
    /// The annotations of a layer.
    fileprivate var annotations: ByteStringMap<String> {
        var found: ByteStringMap<String> = [:]
        found["dev.sigstore.cosign/certificate"] = certificate
        found["dev.sigstore.cosign/chain"] = chain
        found["dev.sigstore.cosign/bundle"] = logEntry
        found["dev.sigstore.cosign/rfc3161timestamp"] = timestamp.map {
            JSONValue.object(["SignedRFC3161Timestamp": .string(base64Text($0))]).compactText
        }
        return found
    }
}

/// The annotation of an `.att` layer with its predicate type.
private let layerTypeAnnotation = "predicateType"

/// Spec: SIGNATURE_SPEC.md: a normal image configuration whose diff IDs are the layers' digests.
private func legacyConfiguration(_ layers: [Descriptor]) -> [UInt8] {
    let document: JSONValue = [
        "architecture": "", "created": "0001-01-01T00:00:00Z", "os": "", "config": [:],
        "rootfs": [
            "type": "layers", "diff_ids": .array(layers.map { .string($0.digest.description) }),
        ],
        "history": .array(layers.map { _ in ["created": "0001-01-01T00:00:00Z"] }),
    ]
    return document.compactBytes
}
