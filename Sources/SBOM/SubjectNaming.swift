// SPDX-License-Identifier: Apache-2.0
// The names of the image or folder in documents.

internal import OCI
internal import Primitives

extension BillOfMaterials {
    /// The identifier of the subject in a document: the package URL for an image.
    var subjectReference: String {
        switch subject {
        case .image(let image): image.packageURL?.description ?? "image:\(image.digest)"
        case .directory(let name): "folder:\(name)"
        }
    }

    var subjectName: String {
        switch subject {
        case .image(let image): image.repository?.description ?? "image"
        case .directory(let name): name
        }
    }
}

extension BillOfMaterials.Image {
    /// The package URL. Spec: purl-spec, type oci: the name is the last part of the repository, the
    /// version the digest, and `repository_url` the repository. It has no tag, because with tags
    /// one image would have several names.
    var packageURL: PackageURL? {
        var qualifiers: ByteStringMap<String> = ["arch": platform.architecture]
        qualifiers["repository_url"] = repository?.description
        let name = repository?.path.utf8.split(separator: "/").last.map(String.init) ?? "image"
        return try? PackageURL(
            type: "oci", namespace: nil, name: name, version: digest.description,
            qualifiers: qualifiers)
    }
}
