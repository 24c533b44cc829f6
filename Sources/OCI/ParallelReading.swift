// SPDX-License-Identifier: Apache-2.0
// Several reads from one place at a time, with a bounded width and answers in order.

package import Primitives

extension ArtifactSource {
    /// The manifests of these digests, in their order; one that could not be read is a failure in
    /// its place. At most `Limits.parallelEvidenceReads` are asked for at a time.
    ///
    /// - Throws: only errors other than `Failure`, such as cancellation.
    package func manifests(_ digests: [Digest]) async throws -> [Result<Manifest, Failure>] {
        try await inParallel(digests, atMost: Limits.parallelEvidenceReads) { digest in
            do {
                return .success(try await manifest(.digest(digest)))
            } catch let failure as Failure {
                return .failure(failure)
            }
        }
    }

    /// The contents of these descriptors, as `read(_:atMost:)` gives them, in their order.
    ///
    /// - Throws: only errors other than `Failure`, such as cancellation.
    package func contents(
        _ descriptors: [Descriptor], atMost limit: Int
    ) async throws -> [ReceivedContent] {
        try await inParallel(descriptors, atMost: Limits.parallelEvidenceReads) { descriptor in
            let counter = ByteCounter()
            do {
                let content = try await read(descriptor, atMost: limit, counting: counter)
                return ReceivedContent(result: .success(content), received: content.count)
            } catch let failure as Failure {
                return ReceivedContent(result: .failure(failure), received: counter.count)
            }
        }
    }
}

/// The content of one descriptor, or why there is none, and what the attempt cost.
package struct ReceivedContent: Sendable {
    package let result: Result<[UInt8], Failure>
    /// Bytes that arrived, those of refused content too.
    package let received: Int
}

/// What `work` makes of each item, in the order of the items, with at most `width` at a time.
///
/// Structured tasks only: all of them have ended when this returns or throws. The first error cancels
/// the rest.
package func inParallel<Item: Sendable, Output: Sendable>(
    _ items: [Item], atMost width: Int, _ work: @escaping @Sendable (Item) async throws -> Output
) async throws -> [Output] {
    try await withThrowingTaskGroup(of: (Int, Output).self) { group in
        var outputs: [Int: Output] = [:]
        for (index, item) in items.enumerated() {
            if index >= width, let (done, output) = try await group.next() {
                outputs[done] = output
            }
            group.addTask { (index, try await work(item)) }
        }
        while let (done, output) = try await group.next() { outputs[done] = output }
        return items.indices.compactMap { outputs[$0] }
    }
}
