// SPDX-License-Identifier: Apache-2.0
// How documents name the image or folder they are about.

internal import OCI
internal import Primitives

extension Inventory {
    /// The identity of the subject inside a document; the package URL for an image.
    var subjectReference: String {
        switch subject {
        case .image(let image): image.packageURL?.description ?? "image:\(image.digest)"
        case .folder(let name): "folder:\(name)"
        }
    }

    var subjectName: String {
        switch subject {
        case .image(let image): image.repository?.description ?? "image"
        case .folder(let name): name
        }
    }
}

extension Inventory.Image {
    /// Spec: purl-spec, type oci: the name is the last part of the repository, the version the
    /// digest; `repository_url` says where. No tag: it would give one image several names.
    var packageURL: PackageURL? {
        var qualifiers: ExactTextMap<String> = ["arch": platform.architecture]
        qualifiers["repository_url"] = repository?.description
        let name = repository?.path.utf8.split(separator: "/").last.map(String.init) ?? "image"
        return try? PackageURL(
            type: "oci", namespace: nil, name: name, version: digest.description,
            qualifiers: qualifiers)
    }
}
