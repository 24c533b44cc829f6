// SPDX-License-Identifier: Apache-2.0
// The names of images in a layout or archive, and what a typed name means there.
// Spec: image-spec 1.1, annotations.md, "org.opencontainers.image.ref.name"; buildx and containerd
// write the whole name as "io.containerd.image.name"; containers-transports(5).

internal import OCI
internal import Primitives

/// The named entries of one place, in its order.
///
/// Every entry counts, whatever its annotations, its media type or its content say that it is. Other
/// tools look only at the name: skopeo and podman take the first entry that has it, containerd and
/// oras the last. An entry that an annotation could hide here would be the one that they run.
struct LayoutNames {
    private let entries: [Descriptor]
    private let place: String

    init(_ entries: [Descriptor], in place: String) {
        self.entries = entries
        self.place = place
    }

    /// The entry that `text` names; nil when there is none.
    ///
    /// An entry that has exactly this name comes before those whose tag it is. A name that means the
    /// same image (`nginx` and `docker.io/library/nginx:latest`) is the same name.
    ///
    /// - Throws: `rejected` when entries with different content match the name equally well.
    func entry(named text: String) throws(Failure) -> Descriptor? {
        let image = (try? ImageName(parsing: text))?.withTag
        func meansSame(_ entry: Descriptor) -> Bool {
            entry.imageNames.contains {
                image != nil && (try? ImageName(parsing: $0))?.withTag == image
            }
        }
        func isExact(_ entry: Descriptor) -> Bool { entry.imageNames.contains { isSame($0, text) } }
        func hasTag(_ entry: Descriptor) -> Bool {
            isSame(entry.layoutTag?.description ?? "", text)
        }
        let isNamed = entries.contains(where: isExact)
        let found = entries.filter { meansSame($0) || (isNamed ? isExact($0) : hasTag($0)) }
        guard Set(found.map(\.digest)).count <= 1 else { throw ambiguous(text, found) }
        return found.first
    }

    private func ambiguous(_ text: String, _ found: [Descriptor]) -> Failure {
        let digests = Set(found.map(\.digest)).sorted()
        let names = Set(found.compactMap(\.imageNames.first).map { plain($0) }).sorted()
        // Names that tell the entries apart are shorter to type than digests.
        let ways = names.count == digests.count ? names : digests.map(\.description)
        return Failure(
            .rejected, "cannot find the image \(quoted(text))", at: .named(place),
            because: "\(digests.count) entries with different content have this name; other tools "
                + "take the first or the last of them",
            next: "name one of \(ways.joined(separator: ", "))")
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
