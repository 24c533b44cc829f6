// SPDX-License-Identifier: Apache-2.0
// What is inside an image or folder: the one value that every document is written from.

package import OCI
package import Primitives

/// The packages of one image or folder, and what could not be found out about it.
///
/// A pure function of the content: the same image gives the same inventory, whatever it is called
/// by tag and whenever it is read.
package struct Inventory: Hashable, Sendable {
    /// What was looked at.
    package enum Subject: Hashable, Sendable {
        case image(Image)
        case folder(name: String)
    }

    /// One image for one platform.
    package struct Image: Hashable, Sendable {
        /// Where it is known to live, when it is; a tag is no part of what it is.
        package let repository: Repository?
        /// Of the image manifest, never of an index.
        package let digest: Digest
        package let platform: Platform
        package let created: Timestamp?
        /// Bottom first.
        package let layers: [Layer]
    }

    package struct Layer: Hashable, Sendable {
        package let digest: Digest
        /// The digest of the unpacked layer ("diffID").
        package let unpackedDigest: Digest
        package let createdBy: String?
    }

    /// Something that was there and could not be read, or was looked for and not found.
    package struct Unknown: Hashable, Sendable, Comparable {
        /// Inside the tree; empty when it is about the whole.
        package let path: String
        package let reason: String

        package static func < (left: Unknown, right: Unknown) -> Bool {
            (left.path, left.reason) < (right.path, right.reason)
        }
    }

    package let subject: Subject
    package let operatingSystem: OperatingSystem?
    /// Sorted by package URL, each once.
    package let packages: [InstalledPackage]
    /// Sorted.
    package let unknowns: [Unknown]

    /// Neither an operating system nor a package was found: a document would say nothing.
    package var isEmpty: Bool { operatingSystem == nil && packages.isEmpty }

    /// When the image says it was made, else 1970: the time to write into a document when
    /// SOURCE_DATE_EPOCH does not name one.
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
    /// What the package declares to be its licence; nil when it says nothing.
    package let license: DeclaredLicense?
    /// Packages of this inventory that it needs, sorted, each once.
    package let dependencies: [PackageURL]
    /// Databases that list it, sorted.
    package let paths: [String]
    /// Counted from 0, bottom first: the layer from which on it was always there.
    package let layer: Int?
}
