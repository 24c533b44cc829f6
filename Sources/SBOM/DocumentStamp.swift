// SPDX-License-Identifier: Apache-2.0
// The time and the tool of a document, which are not in the image.

package import Primitives

/// The time and the tool of a document. They are part of its content and so of its identifier.
package struct DocumentStamp: Hashable, Sendable {
    /// SOURCE_DATE_EPOCH, else `Inventory.defaultTimestamp`; never the current time.
    package let created: Timestamp
    package let toolName: String
    package let toolVersion: String

    package init(created: Timestamp, toolName: String, toolVersion: String) {
        self.created = created
        self.toolName = toolName
        self.toolVersion = toolVersion
    }
}

/// The formats of an SBOM.
package enum SBOMFormat: String, Hashable, Sendable, CaseIterable {
    /// CycloneDX 1.6 JSON.
    case cycloneDX = "cyclonedx-json"
    /// SPDX 2.3 JSON.
    case spdx = "spdx-json"

    /// The artifact type of the format.
    package var mediaType: String {
        switch self {
        case .cycloneDX: "application/vnd.cyclonedx+json"
        case .spdx: "application/spdx+json"
        }
    }

    /// The in-toto predicate type of the format.
    package var predicateType: String {
        switch self {
        case .cycloneDX: "https://cyclonedx.org/bom"
        case .spdx: "https://spdx.dev/Document"
        }
    }
}

extension BillOfMaterials {
    /// The document as a value; see `bytes(as:stamp:)`.
    package func document(as format: SBOMFormat, stamp: DocumentStamp) -> JSONValue {
        switch format {
        case .cycloneDX: cycloneDXDocument(stamp: stamp)
        case .spdx: spdxDocument(stamp: stamp)
        }
    }

    /// The document on one line with a trailing newline. Equal inventories and stamps give equal
    /// bytes.
    package func bytes(as format: SBOMFormat, stamp: DocumentStamp) -> [UInt8] {
        Array((document(as: format, stamp: stamp).shownText(indented: false) + "\n").utf8)
    }
}

/// A UUID computed from the document without the UUID, so that equal content has an equal
/// identifier.
func contentUUID(of document: JSONObject, format: SBOMFormat) -> String {
    let digest = Digest(of: JSONValue.object(document).compactBytes, by: .sha256)
    return nameBasedUUID("urn:assay:\(format.rawValue):\(digest)")
}
