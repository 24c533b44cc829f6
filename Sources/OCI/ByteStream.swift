// SPDX-License-Identifier: Apache-2.0
// Content on its way, pulled a chunk at a time.

internal import Primitives

/// Bytes that arrive in chunks. The reader pulls, so a slow reader slows the sender and memory
/// stays at one chunk. A stream is read once.
package struct ByteStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let pull: @Sendable () async throws -> [UInt8]?

        package mutating func next() async throws -> [UInt8]? { try await pull() }
    }

    private let pull: @Sendable () async throws -> [UInt8]?

    /// A stream that asks `pull` for each chunk until it answers nil.
    package init(_ pull: @escaping @Sendable () async throws -> [UInt8]?) { self.pull = pull }

    /// A stream of bytes that are all here, in one chunk.
    package init(_ bytes: [UInt8]) {
        let once = Once(bytes)
        self.init { await once.take() }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pull: pull) }

    /// The whole content; more than `limit` bytes is a failure before they are kept.
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

/// Hands its value out once; an actor because a stream may be pulled from any task.
private actor Once {
    private var bytes: [UInt8]?

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func take() -> [UInt8]? {
        defer { bytes = nil }
        return bytes
    }
}
