// SPDX-License-Identifier: Apache-2.0
// The digests that tags had when their images last passed.

package import OCI
package import Policy
package import Primitives

/// Maps `REPOSITORY:TAG` to a digest. It never makes an image pass; it explains why one fails.
package struct TagHistory: Sendable {
    private var tags: [String: Digest] = [:]

    package init() {}

    /// Reads the document that `document(at:)` writes.
    ///
    /// - Parameter name: what it is called in a failure.
    package init(parsing content: [UInt8], named name: String) throws(Failure) {
        let json = try JSONReader(parsing: content, named: name)
        let format = try json.required("format")
        guard try format.string() == tagHistoryFormat else {
            throw format.broken("it is not \(tagHistoryFormat)")
        }
        for (name, digest) in try json.required("tags").stringMap() {
            tags[name] = try Digest(parsing: digest)
        }
    }

    package func digest(of name: ImageName) -> Digest? { tags[key(name)] }

    /// The tags whose image passed in all of these decisions, and whose digest is not in this
    /// history yet.
    package func news(in decisions: [Decision]) -> TagHistory {
        var passed = TagHistory()
        var refused: Set<String> = []
        for decision in decisions {
            guard let name = try? ImageName(parsing: decision.image.use.written), name.digest == nil
            else { continue }
            if decision.result == .pass, let digest = decision.image.digest {
                passed.tags[key(name)] = digest
            } else {
                refused.insert(key(name))
            }
        }
        passed.tags = passed.tags.filter { !refused.contains($0.key) && tags[$0.key] != $0.value }
        return passed
    }

    package var isEmpty: Bool { tags.isEmpty }

    /// This history with newer entries.
    package func adding(_ news: TagHistory) -> TagHistory {
        var all = self
        all.tags.merge(news.tags) { _, new in new }
        return all
    }

    /// The document that is kept.
    package func document(at now: Timestamp) -> JSONValue {
        [
            "format": .string(tagHistoryFormat), "written": .string(now.description),
            "tags": JSONValue(sorted: ByteStringMap(tags.mapValues(\.description))),
        ]
    }

    private func key(_ name: ImageName) -> String {
        "\(name.repository):\(name.tag?.description ?? "latest")"
    }
}

private let tagHistoryFormat = "assay/tag-memory/v1"
