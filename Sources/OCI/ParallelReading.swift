// SPDX-License-Identifier: Apache-2.0
// Parallel reads from one source, with a maximum width and ordered results.

package import Primitives

extension ArtifactSource {
    /// The manifests of these digests, in their order, or the failure of each. At most
    /// `Limits.parallelEvidenceReads` are read in parallel.
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

    /// The verified contents of these descriptors, in their order, or the failure of each.
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

/// The content of one descriptor or its failure, and the number of received bytes.
package struct ReceivedContent: Sendable {
    package let result: Result<[UInt8], Failure>
    /// The number of received bytes, also of rejected content.
    package let received: Int
}

/// The results of `work` for each item, in order, with at most `width` tasks in parallel.
///
/// All tasks have ended when the function returns or throws. The first error cancels the others.
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
