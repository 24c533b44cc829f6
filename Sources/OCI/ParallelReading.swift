// SPDX-License-Identifier: Apache-2.0
// Several reads from one place at a time, with a bounded width and answers in order.

package import Primitives

extension ArtifactSource {
    /// The manifests of these digests, in their order; one that could not be read is a failure in
    /// its place. At most `Limits.parallelEvidenceReads` are asked for at a time.
    ///
    /// - Throws: only errors other than `Failure`, such as cancellation.
    package func manifests(_ digests: [Digest]) async throws -> [Result<Manifest, Failure>] {
        try await inParallel(digests) { try await manifest(.digest($0)) }
    }

    /// The contents of these descriptors, as `read(_:atMost:)` gives them, in their order.
    ///
    /// - Throws: only errors other than `Failure`, such as cancellation.
    package func contents(
        _ descriptors: [Descriptor], atMost limit: Int
    ) async throws -> [ReceivedContent] {
        let contents = try await inParallel(descriptors) { descriptor in
            let counter = ByteCounter()
            do {
                let content = try await read(descriptor, atMost: limit, counting: counter)
                return ReceivedContent(result: .success(content), received: content.count)
            } catch let failure as Failure {
                return ReceivedContent(result: .failure(failure), received: counter.count)
            }
        }
        return try contents.map { try $0.get() }
    }
}

/// The content of one descriptor, or why there is none, and what the attempt cost.
package struct ReceivedContent: Sendable {
    package let result: Result<[UInt8], Failure>
    /// Bytes that arrived, those of refused content too.
    package let received: Int
}

/// Structured tasks only: all of them have ended when this returns.
private func inParallel<Item: Sendable, Answer: Sendable>(
    _ items: [Item], _ ask: @escaping @Sendable (Item) async throws -> Answer
) async throws -> [Result<Answer, Failure>] {
    try await withThrowingTaskGroup(of: (Int, Result<Answer, Failure>).self) { group in
        var answers: [Int: Result<Answer, Failure>] = [:]
        for (index, item) in items.enumerated() {
            if index >= Limits.parallelEvidenceReads, let (done, answer) = try await group.next() {
                answers[done] = answer
            }
            group.addTask {
                do {
                    return (index, .success(try await ask(item)))
                } catch let failure as Failure {
                    return (index, .failure(failure))
                }
            }
        }
        while let (done, answer) = try await group.next() { answers[done] = answer }
        return items.indices.compactMap { answers[$0] }
    }
}
