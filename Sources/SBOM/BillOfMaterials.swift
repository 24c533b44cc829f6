// SPDX-License-Identifier: Apache-2.0
// The software bill of materials (SBOM) of an image or folder, from which documents are written.
//
// 1. It is a pure function of the content: tags and the time do not change it.
// 2. What could not be read is listed as unknown, not omitted.
// 3. Equal inventories give documents with equal bytes.

package import OCI
package import Primitives

/// The packages of one image or folder, and the unknowns.
package struct BillOfMaterials: Hashable, Sendable {
    /// The image or folder.
    package enum Subject: Hashable, Sendable {
        case image(Image)
        case directory(name: String)
    }

    /// One image for one platform.
    package struct Image: Hashable, Sendable {
        /// The repository, if it is known. The tag is not part of the identity.
        package let repository: Repository?
        /// The digest of the image manifest, never of an index.
        package let digest: Digest
        package let platform: Platform
        package let created: Timestamp?
        /// The layers, lowest first.
        package let layers: [Layer]
    }

    package struct Layer: Hashable, Sendable {
        package let digest: Digest
        /// The digest of the uncompressed layer. Spec: image-spec 1.1, config.md, "DiffID".
        package let diffID: Digest
        package let createdBy: String?
    }

    /// Something that is present and could not be read, or was not found.
    package struct Unknown: Hashable, Sendable, Comparable {
        /// The path in the tree; empty if it is about the whole.
        package let path: String
        package let reason: String

        package static func < (left: Unknown, right: Unknown) -> Bool {
            (left.path, left.reason) < (right.path, right.reason)
        }
    }

    package let subject: Subject
    package let operatingSystem: OperatingSystem?
    /// The packages, sorted by package URL, each once.
    package let packages: [InstalledPackage]
    /// The unknowns, sorted.
    package let unknowns: [Unknown]

    /// Whether neither an operating system nor a package was found.
    package var isEmpty: Bool { operatingSystem == nil && packages.isEmpty }

    /// The creation time of the image, else 1970: the time of a document if SOURCE_DATE_EPOCH is
    /// not set.
    package var defaultTimestamp: Timestamp {
        if case .image(let image) = subject, let created = image.created { return created }
        return Timestamp(seconds: 0)
    }
}

/// One installed package.
package struct InstalledPackage: Hashable, Sendable {
    package let packageURL: PackageURL
    package let kind: PackageKind
    package let name: String
    package let version: String
    package let architecture: String?
    package let sourceName: String?
    package let sourceVersion: String?
    package let maintainer: String?
    /// The declared licence; nil if the package declares none.
    package let license: DeclaredLicense?
    /// The packages of this inventory that it depends on, sorted, each once.
    package let dependencies: [PackageURL]
    /// The paths of the databases that list it, sorted.
    package let paths: [String]
    /// The index of the layer, lowest first, from which on all layers have the package.
    package let layer: Int?
}
