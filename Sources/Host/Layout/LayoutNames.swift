// SPDX-License-Identifier: Apache-2.0
// The names of images in a layout or archive, and what a typed name means there.
// Spec: image-spec 1.1, annotations.md, "org.opencontainers.image.ref.name"; buildx and containerd
// write the whole name as "io.containerd.image.name"; containers-transports(5).

internal import OCI
internal import Primitives

/// The named entries of one place. Evidence that `cosign save` stored under a kind, or under the
/// name of its image, is not among them.
struct LayoutNames {
    private let entries: [Descriptor]
    private let place: String

    init(_ entries: [Descriptor], in place: String) {
        self.entries = entries.filter { entry in
            entry.hasEvidenceTag || CosignKind(of: entry).map { !$0.isEvidence } ?? true
        }
        self.place = place
    }

    /// The entry that `text` names; nil when there is none.
    ///
    /// An entry that has exactly this name comes first; then those whose tag it is; then those
    /// whose name means the same image (`nginx` and `docker.io/library/nginx:latest`).
    ///
    /// - Throws: `rejected` when two images match the name equally well.
    func entry(named text: String) throws(Failure) -> Descriptor? {
        let image = (try? ImageName(parsing: text))?.withTag
        let rules: [(Descriptor) -> Bool] = [
            { $0.imageNames.contains { isSame($0, text) } },
            { isSame($0.layoutTag?.description ?? "", text) },
            {
                $0.imageNames.contains {
                    image != nil && (try? ImageName(parsing: $0))?.withTag == image
                }
            },
        ]
        for rule in rules {
            let found = entries.filter(rule)
            guard let first = found.first else { continue }
            let digests = Set(found.map(\.digest)).count
            guard digests == 1 else {
                let names = found.compactMap(\.imageNames.first).map { plain($0) }
                throw Failure(
                    .rejected, "cannot find the image \(quoted(text))", at: .named(place),
                    because: "\(digests) images in the layout have it",
                    next: Set(names).count > 1
                        ? "name one of \(names.joined(separator: ", "))" : nil)
            }
            return first
        }
        return nil
    }
}

extension Descriptor {
    /// The names that an image layout gives it, the most specific first.
    var imageNames: [String] {
        [containerdNameAnnotation, referenceNameAnnotation].compactMap { annotations[$0] }
    }

    /// The tag an image layout gives it; the annotation holds a tag or, from some tools, a whole
    /// name.
    var layoutTag: Tag? {
        guard
            let name = annotations[referenceNameAnnotation] ?? annotations[containerdNameAnnotation]
        else { return nil }
        if let tag = try? Tag(parsing: name) { return tag }
        return try? ImageName(parsing: name).tag
    }
}

extension ImageName {
    /// The name with the tag that it means.
    fileprivate var withTag: ImageName {
        ImageName(repository: repository, tag: tag ?? .latest, digest: digest)
    }
}

let referenceNameAnnotation = "org.opencontainers.image.ref.name"
private let containerdNameAnnotation = "io.containerd.image.name"
