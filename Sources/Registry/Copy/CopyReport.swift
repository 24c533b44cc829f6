// SPDX-License-Identifier: Apache-2.0
// What a copy did, and what it could not do.

package import OCI
package import Primitives

/// One piece of evidence that belongs to an image.
package struct EvidenceItem: Hashable, Sendable {
    package enum Kind: Hashable, Sendable, CustomStringConvertible {
        /// A `.sig` tag.
        case signatureTag
        /// An `.att` tag.
        case attestationTag
        /// An `.sbom` tag.
        case inventoryTag
        /// A manifest with a subject, and what it says it is.
        case referrer(MediaType?)

        init(_ tag: Tag) {
            let ending = tag.description.utf8.split(separator: ".").last
            self =
                ending == "sig"
                ? .signatureTag : ending == "att" ? .attestationTag : .inventoryTag
        }

        package var description: String {
            switch self {
            case .signatureTag: "signatures (.sig)"
            case .attestationTag: "attestations (.att)"
            case .inventoryTag: "inventory (.sbom)"
            case .referrer(let type): type.map { "referrer \($0)" } ?? "referrer"
            }
        }
    }

    package let kind: Kind
    package let digest: Digest
    /// What it is about.
    package let subject: Digest

    init?(_ node: ArtifactGraph.Node) {
        self.init(node.role, node.manifest.digest, type: node.manifest.artifactType)
    }

    init?(_ role: GraphRole, _ digest: Digest, type: MediaType?) {
        switch role {
        case .root, .child: return nil
        case .referrer(let subject):
            kind = .referrer(type)
            self.subject = subject
        case .legacy(let tag, let subject):
            self.subject = subject
            kind = Kind(tag)
        }
        self.digest = digest
    }
}

/// Something that should be at the destination and is not.
package struct MissingItem: Hashable, Sendable, CustomStringConvertible {
    /// What it is, in words: "referrer application/vnd.…", "image manifest".
    package let what: String
    package let digest: Digest
    /// What it is about or part of, when it is.
    package let belongsTo: Digest?
    package let why: String

    package var description: String {
        "\(what) \(digest)" + (belongsTo.map { " of \($0)" } ?? "") + ": \(why)"
    }
}

/// Evidence that may belong to the image and could not be looked for.
package struct UnreadItem: Hashable, Sendable, CustomStringConvertible {
    /// A description of what was not read: "referrers API", "tag sha256-….sig", "referrer".
    package let what: String
    /// The manifest that could not be read; nil for a list or tag.
    package let digest: Digest?
    /// What it is about.
    package let belongsTo: Digest?
    package let failure: Failure

    package var description: String {
        what + (digest.map { " \($0)" } ?? "") + (belongsTo.map { " of \($0)" } ?? "")
            + ": \(failure.why)"
    }
}

/// The result of a copy; a missing piece is a line in it, not an error.
package struct CopyReport: Hashable, Sendable {
    /// What was asked for, by digest.
    package let root: Descriptor
    /// The tag that was written; nil when none was wanted, or when something is missing and the
    /// tag was therefore not moved.
    package internal(set) var tag: Tag?
    package internal(set) var manifestsCopied = 0
    package internal(set) var manifestsSkipped = 0
    package internal(set) var blobsCopied = 0
    /// Blobs the registry took from the source repository itself.
    package internal(set) var blobsMounted = 0
    package internal(set) var blobsSkipped = 0
    /// Bytes of content that went through us.
    package internal(set) var bytes = 0
    /// All evidence the source has, copied or there before.
    package internal(set) var evidence: [EvidenceItem] = []
    /// What the destination does not have after the copy, found by asking it again.
    package internal(set) var missing: [MissingItem] = []

    /// What could not be read at the source, or not asked of the destination afterwards: evidence that
    /// may be missing.
    package internal(set) var unread: [UnreadItem] = []

    /// Whether everything is known to have arrived.
    package var isComplete: Bool { missing.isEmpty && unread.isEmpty }

    init(root: Descriptor) { self.root = root }
}

/// What happens during a copy, for whoever draws it.
package enum CopyEvent: Hashable, Sendable {
    /// The work is known: so many manifests, blobs, and bytes of blobs.
    case discovered(manifests: Int, blobs: Int, bytes: Int)
    case blobStarted(Descriptor)
    /// So many further bytes of a blob went through.
    case moved(Digest, bytes: Int)
    /// The blob is at the destination.
    case blobDone(Descriptor, BlobOutcome)
    case manifestDone(Digest, skipped: Bool)
    /// The destination is being asked again.
    case comparing
}

/// How a blob came to be at the destination.
package enum BlobOutcome: Hashable, Sendable {
    case copied, mounted, alreadyThere
}
