// SPDX-License-Identifier: Apache-2.0
// Which manifests may be deleted as evidence about an image.

internal import OCI
package import Primitives
package import Registry

/// Whether a manifest that is listed as a referrer of an image may be deleted.
package enum ReferrerDeletability: Sendable {
    case deletable
    /// The manifest is listed and does not exist.
    case gone
    case refused(Failure)
}

extension RegistryRepository {
    /// Whether a manifest that is listed as a referrer of `subject` may be deleted.
    ///
    /// Anyone who may push decides what a referrers tag lists: the image itself, another image, or
    /// another image's signature. Only the manifest's own subject says that it belongs to the image.
    package func deletability(
        of digest: Digest, about subject: Digest
    ) async throws -> ReferrerDeletability {
        let why: String
        do {
            let manifest = try await manifest(.digest(digest))
            guard manifest.subject?.digest != subject else { return .deletable }
            why = "it is listed as a referrer of \(subject), and its subject is not that image"
        } catch let failure as Failure where failure.kind == .notFound {
            return .gone
        } catch let failure as Failure where failure.isAboutContent {
            why = "it cannot be read, so it is unknown whether it is a referrer of \(subject)"
        }
        return .refused(
            Failure(
                .rejected, "will not delete \(name)@\(digest)", because: why,
                next: "look at what lists it: without a referrers API that is the tag "
                    + "\(name):\(Tag(for: subject))"))
    }
}
