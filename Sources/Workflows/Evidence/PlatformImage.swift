// SPDX-License-Identifier: Apache-2.0
// The one image of an index that is meant by a platform.

package import OCI
package import Primitives

extension ArtifactSource {
    /// The image of that platform in an index.
    ///
    /// - Parameter name: what the index is called, for failures.
    /// - Throws: `notFound` when the digest is no index, or the index lists none or several.
    package func image(
        for platform: Platform, in index: Digest, named name: String
    ) async throws -> Digest {
        let children = try await manifest(.digest(index)).children
        let found = children.filter { $0.platform?.satisfies(platform) == true }
        guard let child = found.first, found.count == 1 else {
            throw Failure(
                .notFound, "cannot find the image for \(platform)", at: .named(name),
                because: children.isEmpty
                    ? "it is not an index" : "the index lists \(found.count) images for it",
                next: "leave out --platform, or name the image by its digest")
        }
        return child.digest
    }
}
