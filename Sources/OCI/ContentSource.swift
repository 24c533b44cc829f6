// SPDX-License-Identifier: Apache-2.0
// Verified content: size and digest are checked while it is read.

internal import Primitives
internal import Synchronization

/// A source of blobs: a registry, an image layout, or a test double.
package protocol ContentSource: Sendable {
    /// The unverified bytes of a blob.
    ///
    /// Sources implement it; callers use `stream(of:)` or `read(_:atMost:)`.
    func unverifiedStream(of descriptor: Descriptor) async throws -> ByteStream

    /// The name of the source in failures.
    var sourceName: String { get }
}

extension ContentSource {
    /// The content in chunks. The last pull throws if size and digest do not match `descriptor`.
    package func stream(of descriptor: Descriptor) async throws -> ByteStream {
        try await unverifiedStream(of: descriptor).verified(against: descriptor, from: sourceName)
    }

    /// The verified content. Throws if it does not match `descriptor`.
    package func read(_ descriptor: Descriptor, atMost limit: Int) async throws -> [UInt8] {
        try await read(descriptor, atMost: limit, counting: nil)
    }

    /// Reads verified content; `counter` counts the received bytes, also if the read fails.
    func read(
        _ descriptor: Descriptor, atMost limit: Int, counting counter: ByteCounter?
    ) async throws -> [UInt8] {
        guard descriptor.size <= limit else {
            throw Failure(
                .overLimit, "will not read \(descriptor.digest)", at: .named(sourceName),
                because: "it claims \(descriptor.size) bytes, the limit here is \(limit)")
        }
        if let data = descriptor.data { return data }
        return try await unverifiedStream(of: descriptor).counted(by: counter)
            .verified(against: descriptor, from: sourceName)
            .collect(atMost: descriptor.size, named: descriptor.digest.description)
    }
}

/// Counts the bytes of one stream.
final class ByteCounter: Sendable {
    private let total = Atomic(0)

    var count: Int { total.load(ordering: .relaxed) }

    func add(_ bytes: Int) { total.add(bytes, ordering: .relaxed) }
}

extension ByteStream {
    fileprivate func counted(by counter: ByteCounter?) -> ByteStream {
        guard let counter else { return self }
        let chunks = self
        return ByteStream {
            var iterator = chunks.makeAsyncIterator()
            let chunk = try await iterator.next()
            counter.add(chunk?.count ?? 0)
            return chunk
        }
    }

    /// The same stream; the last pull throws if the content does not match `descriptor`.
    package func verified(against descriptor: Descriptor, from source: String) -> ByteStream {
        let check = ContentCheck(descriptor: descriptor, source: source)
        let chunks = self
        return ByteStream {
            var iterator = chunks.makeAsyncIterator()
            guard let chunk = try await iterator.next() else {
                try await check.finish()
                return nil
            }
            try await check.pass(chunk)
            return chunk
        }
    }
}

/// Counts and hashes one stream. It is an actor because any task can pull the chunks.
private actor ContentCheck {
    private let descriptor: Descriptor
    private let source: String
    private var hasher: ContentHasher
    private var count = 0

    init(descriptor: Descriptor, source: String) {
        self.descriptor = descriptor
        self.source = source
        hasher = ContentHasher(descriptor.digest.algorithm)
    }

    func pass(_ chunk: [UInt8]) throws(Failure) {
        count += chunk.count
        guard count <= descriptor.size else {
            throw mismatch("more than \(descriptor.size) bytes arrived")
        }
        hasher.update(chunk)
    }

    func finish() throws(Failure) {
        guard count == descriptor.size else {
            throw mismatch("\(count) of \(descriptor.size) bytes arrived")
        }
        let found = hasher.finish()
        guard found == descriptor.digest else { throw mismatch("the content is \(found)") }
    }

    private func mismatch(_ why: String) -> Failure {
        Failure(
            .rejected, "cannot accept \(descriptor.digest)", at: .named(source), because: why,
            next: "try again; if it repeats, the source's content is wrong")
    }
}
