// SPDX-License-Identifier: Apache-2.0
// Chooses one image of an index by platform. Spec: OCI image-spec 1.1, image-index.md; BuildKit,
// "Image Attestation Storage"; upstream containerd/platforms 0.2, platforms.go and compare.go.

internal import Primitives

/// `manifest` itself if it is an image, or the image that it lists for `platform`.
///
/// Nested indexes are read too. Attestations that BuildKit lists beside images have the platform
/// `unknown/unknown` and are never chosen. No other hint excludes an entry, because runtimes choose
/// by platform only.
///
/// - Throws: `usage` if several images match, `notFound` if none does, `rejected` if an entry has
///   the wanted platform and a hint says that it is not an image.
package func platformManifest(
    _ manifest: Manifest, platform: Platform?, from source: any ArtifactSource
) async throws -> Manifest {
    guard case .index(let index) = manifest.kind else { return manifest }
    var entries: [Descriptor] = []
    var offered: Set<String> = []
    var seen: Set<Digest> = [manifest.digest]
    var waiting = [(index: index, depth: 1)]
    while let (index, depth) = waiting.popLast() {
        for entry in index.manifests {
            if let own = entry.platform, !own.isUnknown { offered.insert(own.selector) }
            guard mayHold(entry, platform) else { continue }
            guard entry.mediaType.isIndex else {
                entries.append(entry)
                continue
            }
            guard seen.insert(entry.digest).inserted else { continue }
            guard depth < Limits.graphDepth, seen.count <= Limits.indexesPerIndex else {
                throw Failure(
                    .overLimit, "cannot read \(manifest.digest)", at: .named(source.sourceName),
                    because: "it lists indexes in indexes, more than \(Limits.graphDepth) deep or "
                        + "more than \(Limits.indexesPerIndex)")
            }
            let child = try await source.manifest(.digest(entry.digest))
            guard case .index(var inner) = child.kind else {
                throw Failure(
                    .rejected, "cannot read \(entry.digest)", at: .named(source.sourceName),
                    because: "the index lists it as an index, and it is an image")
            }
            for index in inner.manifests.indices where inner.manifests[index].platform == nil {
                inner.manifests[index].platform = entry.platform
            }
            waiting.append((inner, depth + 1))
        }
    }
    let choice = try PlatformChoice(entries, platform, named: "the index \(manifest.digest)")
        .one(of: offered)
    let chosen = try await source.manifest(.digest(choice.digest))
    guard case .image = chosen.kind else {
        throw Failure(
            .rejected, "cannot read \(choice.digest)", at: .named(source.sourceName),
            because: "the index lists it as an image, and it is an index")
    }
    return chosen
}

/// Whether an entry of an index can be, or contain, the wanted image.
private func mayHold(_ entry: Descriptor, _ wanted: Platform?) -> Bool {
    guard let own = entry.platform else { return true }
    guard !own.isUnknown else { return false }
    return wanted.map(own.satisfies) ?? true
}

/// The matching entries of an index, and the choice between them.
private struct PlatformChoice {
    private let wanted: Platform?
    private let name: String
    private let fitting: [Descriptor]

    init(_ entries: [Descriptor], _ wanted: Platform?, named name: String) {
        self.wanted = wanted
        self.name = name
        let claimed = entries.filter { $0.platform != nil }
        let open = entries.filter { $0.platform == nil && $0.mediaType.isImageManifest }
        guard !claimed.isEmpty else {
            fitting = open
            return
        }
        // Without a variant, the default variant of the architecture is preferred.
        let exact = claimed.filter { $0.platform?.hasVariant(of: wanted) ?? false }
        fitting =
            (exact.isEmpty ? claimed : exact) + open.filter { contradiction($0) == nil }
    }

    /// - Parameter offered: all platforms of the index, for the failure.
    func one(of offered: Set<String>) throws(Failure) -> Descriptor {
        guard let first = fitting.first else {
            let list = offered.isEmpty ? "no platform" : offered.sorted().joined(separator: ", ")
            throw Failure(
                .notFound, "cannot choose an image from \(name)",
                because: wanted.map { "it has no image for \($0.selector); it has \(list)" }
                    ?? "it lists no image")
        }
        guard Set(fitting.map(\.digest)).count == 1 else { throw several() }
        for entry in fitting {
            guard let why = contradiction(entry) else { continue }
            throw Failure(
                .rejected, "cannot choose an image from \(name)",
                because: "\(entry.digest) matches the platform, and \(why); runtimes read only the "
                    + "platform",
                next: "name the image by its digest")
        }
        return first
    }

    /// The failure for several matches, which says how to choose: by platform, by version, or by
    /// digest.
    private func several() -> Failure {
        let selectors = fitting.compactMap { $0.platform?.selector }
        let list = Set(selectors).sorted()
        let shown = list.isEmpty ? "no platform" : list.joined(separator: ", ")
        let helps = list.count > 1 && selectors.count == fitting.count
        let example = list.first.map { $0.utf8.contains(UInt8(ascii: "(")) ? "'\($0)'" : $0 }
        return Failure(
            .usage, "cannot choose an image from \(name)",
            because: "several images match; it has \(shown)",
            next: helps
                ? "name one platform, such as --platform \(example ?? "linux/amd64")"
                : "name the image by its digest")
    }
}

/// The hint in an index that an entry is not an image; nil if there is none.
private func contradiction(_ entry: Descriptor) -> String? {
    guard entry.mediaType.isImageManifest else { return "its media type is \(entry.mediaType)" }
    if let type = entry.annotations["vnd.docker.reference.type"] {
        return "an annotation calls it \(quoted(type))"
    }
    guard let type = entry.artifactType, ![.ociConfig, .dockerConfig].contains(type) else {
        return nil
    }
    return "its artifact type is \(type)"
}
