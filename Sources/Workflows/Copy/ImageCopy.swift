// SPDX-License-Identifier: Apache-2.0
// Copying an image to a name: the digest that must arrive, and the tag that it gets.

package import OCI
package import Primitives
package import Registry

/// What the destination of a copy is called.
package struct CopyTarget: Sendable {
    /// The digest that must arrive; nil for any.
    package let digest: Digest?
    package let tag: CopyTag
    /// For people.
    package let name: String

    package init(digest: Digest?, tag: CopyTag, name: String) {
        self.digest = digest
        self.tag = tag
        self.name = name
    }
}

/// The tag that a copied image gets.
package enum CopyTag: Hashable, Sendable {
    /// The tag that the destination is named with.
    case named(Tag)
    /// The source's tag; none if the destination is named by a digest.
    case ofSource(Tag?)
}

/// One image from one place to another, with its evidence.
package struct ImageCopy: Sendable {
    private let source: any ArtifactSource
    private let copy: ArtifactCopy

    /// - Parameter progress: called as the copy goes on, from several tasks.
    package init(
        from source: any ArtifactSource, to destination: any ArtifactDestination,
        evidence: EvidenceChoice, progress: @escaping @Sendable (CopyEvent) -> Void = { _ in }
    ) {
        self.source = source
        copy = ArtifactCopy(
            from: source, to: destination, evidence: evidence, progress: progress)
    }

    /// Copies the image and compares afterwards.
    ///
    /// - Throws: `usage` when the target names another digest than the source has; and as
    ///   `ArtifactCopy.run`.
    package func run(
        _ reference: ManifestReference, to target: CopyTarget
    ) async throws -> CopyReport {
        guard let digest = target.digest else {
            return try await copy.run(reference, tag: target.tag.tag)
        }
        let found = try await source.resolve(reference).digest
        guard found == digest else {
            throw Failure(
                .usage, "cannot copy it to \(target.name)",
                because: "the destination names another digest than the source, which is \(found)")
        }
        // By digest from here on: a tag may move between two questions.
        return try await copy.run(.digest(digest), tag: target.tag.explicit)
    }
}

extension CopyTag {
    fileprivate var tag: Tag? {
        switch self {
        case .named(let tag): tag
        case .ofSource(let tag): tag
        }
    }

    fileprivate var explicit: Tag? {
        if case .named(let tag) = self { tag } else { nil }
    }
}
