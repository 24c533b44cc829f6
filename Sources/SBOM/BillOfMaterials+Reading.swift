// SPDX-License-Identifier: Apache-2.0
// Lists the packages of a folder's tree or an image's layers.

package import OCI
package import Primitives

/// The inventory of a folder that was read with `PathMatcher.packageDatabases`.
///
/// - Throws: `overLimit` at a limit.
package func sbom(of tree: FileTree, directory name: String) throws(Failure) -> BillOfMaterials {
    let evidence = PackageDatabaseFiles(in: tree)
    return try assembled(
        subject: .directory(name: name), try PackageSet(evidence), evidence.operatingSystem,
        firstLayers: [:], in: tree)
}

/// The inventory of an image from any source.
///
/// - Parameters:
///   - manifest: an image, or an index with a platform.
///   - repository: the repository of the image; nil for an archive without a name.
///   - layersAtOnce: the number of layers that are read in parallel. It does not change the result.
/// - Throws: `rejected` if content does not match its digest, `malformed` for invalid layers,
///   `usage` if a platform must be chosen, `overLimit` at a limit.
package func sbom(
    of manifest: Manifest, platform: Platform?, from source: any ArtifactSource,
    repository: Repository?, layersAtOnce: Int
) async throws -> BillOfMaterials {
    let contents = try await ImageContents.read(
        manifest, platform: platform, from: source, keeping: .packageDatabases,
        layersAtOnce: layersAtOnce)
    let history = try PackageHistory(of: contents)
    guard !history.unread.isEmpty else { return try history.sbom(repository) }
    // The targets of links are known only after all layers have been read.
    let complete = try await contents.keeping(
        history.unread, from: source, beside: .packageDatabases, layersAtOnce: layersAtOnce)
    return try PackageHistory(of: complete).sbom(repository)
}

/// The inventory of an image whose layers have been read.
///
/// The layer of a package is the first layer from which on all layers have it, so packages of a
/// base image keep their layer although a later layer rewrites the whole database.
package func sbom(of image: ImageContents, repository: Repository?) throws(Failure)
    -> BillOfMaterials
{
    try PackageHistory(of: image).sbom(repository)
}

/// The packages of an image after each of its layers.
private struct PackageHistory {
    private let image: ImageContents
    private var tree = FileTree()
    private var evidence: PackageDatabaseFiles
    private var packages: PackageSet
    private var firstLayers: [PackageURL: Int] = [:]
    /// The packages in an overlay file system, if they may differ.
    private var overlay: PackageDatabaseFiles?
    /// Entries of layers that are package databases behind links, whose content was not kept.
    private(set) var unread: [Int: Set<TreePath>] = [:]

    init(of image: ImageContents) throws(Failure) {
        self.image = image
        evidence = PackageDatabaseFiles(in: tree)
        packages = try PackageSet(evidence)
        for (index, layer) in image.layers.enumerated() {
            try tree.applyLayer(layer.contents)
            let now = PackageDatabaseFiles(in: tree)
            guard now != evidence else { continue }
            evidence = now
            noteUnread(of: now)
            packages = try PackageSet(evidence)
            var stillThere: [PackageURL: Int] = [:]
            for url in packages.records.keys { stillThere[url] = firstLayers[url] ?? index }
            firstLayers = stillThere
        }
        guard tree.overlayDoubt != nil else { return }
        do {
            overlay = PackageDatabaseFiles(
                in: try FileTree.overlay(of: image.layers.map(\.contents)))
        } catch {
            // An overlay runtime rejects the image too, so there is no second result.
            guard error.kind == .malformed else { throw error }
        }
        if let overlay { noteUnread(of: overlay) }
    }

    private mutating func noteUnread(of evidence: PackageDatabaseFiles) {
        for file in evidence.unread where image.layers.indices.contains(file.layer) {
            let entries = image.layers[file.layer].contents.entries
            guard entries.indices.contains(file.entry) else { continue }
            unread[file.layer, default: []].insert(entries[file.entry].path)
        }
    }

    func sbom(_ repository: Repository?) throws(Failure) -> BillOfMaterials {
        try checkOverlay()
        let subject = BillOfMaterials.Image(
            repository: repository, digest: image.manifest.digest,
            platform: image.configuration.platform, created: image.configuration.created,
            layers: image.layers.map {
                BillOfMaterials.Layer(
                    digest: $0.digest, diffID: $0.diffID, createdBy: $0.createdBy)
            })
        return try assembled(
            subject: .image(subject), packages, evidence.operatingSystem,
            firstLayers: firstLayers, in: tree)
    }

    /// Rejects an image whose packages depend on how a runtime stacks the layers.
    private func checkOverlay() throws(Failure) {
        guard let place = tree.overlayDoubt, let overlay, !overlay.showsSame(as: evidence) else {
            return
        }
        throw Failure(
            .rejected, "cannot list the packages of \(image.manifest.digest)",
            at: .named(place.description),
            because: "its packages differ between layers applied in place and an overlay file "
                + "system",
            next: "rebuild the image from its files, in one layer")
    }
}

private func assembled(
    subject: BillOfMaterials.Subject, _ set: PackageSet, _ system: OperatingSystem?,
    firstLayers: [PackageURL: Int], in tree: FileTree
) throws(Failure) -> BillOfMaterials {
    let edges = try set.dependencies()
    var licenses = LicenseReader(tree)
    let packages = set.records.sorted { $0.key < $1.key }.map { url, record in
        InstalledPackage(
            packageURL: url, kind: record.kind, name: record.name, version: record.version,
            architecture: record.architecture, sourceName: record.sourceName,
            sourceVersion: record.sourceVersion, maintainer: record.maintainer,
            license: licenses.license(of: record),
            dependencies: (edges[url] ?? []).sorted(), paths: (set.paths[url] ?? []).sorted(),
            layer: firstLayers[url])
    }
    var unknowns = set.unknowns + notes(tree.unreadable) + licenses.unknowns
    if system == nil {
        unknowns.append(
            BillOfMaterials.Unknown(
                path: "",
                reason: packages.isEmpty
                    ? "no operating system and no package was found"
                    : "no os-release was found; the vendor in package URLs is assumed"))
    } else if packages.isEmpty {
        unknowns.append(BillOfMaterials.Unknown(path: "", reason: "no package was found"))
    }
    return BillOfMaterials(
        subject: subject, operatingSystem: system, packages: packages,
        unknowns: Set(unknowns).sorted())
}

/// Reports each path that could be a package database, and the number of all others.
private func notes(_ unreadable: [LayerContents.Unreadable]) -> [BillOfMaterials.Unknown] {
    let (evidence, others) = unreadable.reduce(
        into: ([LayerContents.Unreadable](), [LayerContents.Unreadable]())
    ) { lists, item in
        if mayHideEvidence(item.path) { lists.0.append(item) } else { lists.1.append(item) }
    }
    let named = evidence.map {
        BillOfMaterials.Unknown(path: $0.path.description, reason: $0.reason)
    }
    guard let first = others.first else { return named }
    return named + [
        BillOfMaterials.Unknown(
            path: "",
            reason: "\(others.count) other paths could not be read, "
                + "the first is \(plain(first.path.description)): \(first.reason)")
    ]
}

private func mayHideEvidence(_ path: TreePath) -> Bool {
    if PathMatcher.packageDatabases.wants(path) { return true }
    let directories = [
        "etc", "lib/apk/db", "usr/lib/apk/db", "var/lib/dpkg/status.d", "var/lib/dpkg/updates",
        "usr/share/doc",
    ]
    return directories.contains {
        isSame($0, path.description) || $0.utf8.starts(with: (path.description + "/").utf8)
    }
}
