// SPDX-License-Identifier: Apache-2.0
// Streams of content, which the reader pulls in chunks.

internal import Primitives

/// A stream of chunks. The reader pulls each chunk, so only one chunk is in memory. A stream can be
/// read once.
package struct ByteStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let pull: @Sendable () async throws -> [UInt8]?

        package mutating func next() async throws -> [UInt8]? { try await pull() }
    }

    private let pull: @Sendable () async throws -> [UInt8]?

    /// Creates a stream that calls `pull` for each chunk until it returns nil.
    package init(_ pull: @escaping @Sendable () async throws -> [UInt8]?) { self.pull = pull }

    /// Creates a stream of one chunk.
    package init(_ bytes: [UInt8]) {
        let once = Once(bytes)
        self.init { await once.take() }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pull: pull) }

    /// The whole content. Throws `overLimit` if it has more than `limit` bytes.
    package func collect(atMost limit: Int, named name: String) async throws -> [UInt8] {
        var content: [UInt8] = []
        for try await chunk in self {
            guard content.count + chunk.count <= limit else {
                throw Primitives.Failure(
                    .overLimit, "cannot read \(name)", because: "it has more than \(limit) bytes")
            }
            content += chunk
        }
        return content
    }
}

/// Returns its value once. It is an actor because any task can pull a stream.
private actor Once {
    private var bytes: [UInt8]?

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func take() -> [UInt8]? {
        defer { bytes = nil }
        return bytes
    }
}
