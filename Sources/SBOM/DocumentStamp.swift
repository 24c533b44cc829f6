// SPDX-License-Identifier: Apache-2.0
// What a document says that is not in the image: when it was written, and by what.

package import Primitives

/// When and by what a document is made; part of its content and so of its identifier.
package struct DocumentStamp: Hashable, Sendable {
    /// SOURCE_DATE_EPOCH, else `Inventory.defaultTimestamp`; never a clock.
    package let created: Timestamp
    package let toolName: String
    package let toolVersion: String

    package init(created: Timestamp, toolName: String, toolVersion: String) {
        self.created = created
        self.toolName = toolName
        self.toolVersion = toolVersion
    }
}

/// The formats an inventory is written in.
package enum InventoryFormat: String, Hashable, Sendable, CaseIterable {
    /// CycloneDX 1.6 JSON.
    case cycloneDX = "cyclonedx-json"
    /// SPDX 2.3 JSON.
    case spdx = "spdx-json"

    /// What an artifact that holds such a document is.
    package var mediaType: String {
        switch self {
        case .cycloneDX: "application/vnd.cyclonedx+json"
        case .spdx: "application/spdx+json"
        }
    }

    /// What an in-toto statement calls it.
    package var predicateType: String {
        switch self {
        case .cycloneDX: "https://cyclonedx.org/bom"
        case .spdx: "https://spdx.dev/Document"
        }
    }
}

extension Inventory {
    /// The document as a value; see `bytes(as:stamp:)`.
    package func document(as format: InventoryFormat, stamp: DocumentStamp) -> JSONValue {
        switch format {
        case .cycloneDX: cycloneDXDocument(stamp: stamp)
        case .spdx: spdxDocument(stamp: stamp)
        }
    }

    /// The document on one line with a newline at its end: the same bytes for the same inventory
    /// and stamp, always.
    package func bytes(as format: InventoryFormat, stamp: DocumentStamp) -> [UInt8] {
        Array((document(as: format, stamp: stamp).shownText(indented: false) + "\n").utf8)
    }
}

/// A UUID that follows from the document it will stand in (everything but the UUID itself), so
/// that the same content has the same identifier and other content another.
func contentUUID(of document: JSONObject, format: InventoryFormat) -> String {
    let digest = Digest(of: JSONValue.object(document).compactBytes, by: .sha256)
    return nameBasedUUID("urn:assay:\(format.rawValue):\(digest)")
}
