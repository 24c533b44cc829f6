// SPDX-License-Identifier: Apache-2.0
// Decompresses layers as they arrive, with limits against decompression bombs.

package import Primitives

/// Decompresses chunks of a stream.
///
/// Call `add` with each chunk and `end` after the last one; after each, call `next` until it
/// returns nil. It holds one compressed chunk, one uncompressed chunk, and the window of the format
/// in memory.
package struct Inflater {
    /// The limits of the output.
    package struct Caps: Hashable, Sendable {
        /// The maximum output in bytes.
        let bytes: Int
        /// The maximum output for each input byte, after the first `ratioFloor` bytes of output.
        let ratio: Int
        let ratioFloor: Int

        package init(bytes: Int, ratio: Int, ratioFloor: Int) {
            self.bytes = bytes
            self.ratio = ratio
            self.ratioFloor = ratioFloor
        }

        package static let layer = layer(atMost: Limits.layerBytes)

        /// The limits of a layer with this maximum output.
        package static func layer(atMost bytes: Int) -> Caps {
            Caps(
                bytes: min(bytes, Limits.layerBytes), ratio: Limits.compressionRatio,
                ratioFloor: Limits.ratioFloor)
        }
    }

    private enum Engine {
        case unknown
        case none
        case gzip(GzipDecompressor)
        case zstandard(ZstandardDecompressor)
    }

    private let name: String
    private let caps: Caps
    private var engine = Engine.unknown
    private var chunk: [UInt8] = []
    private var position = 0
    private var isAtEnd = false
    private var bytesIn = 0
    /// The number of output bytes so far.
    private(set) var bytesOut = 0

    /// Creates an inflater of a stream with a name for failures.
    package init(named name: String, caps: Caps) {
        self.name = name
        self.caps = caps
    }

    /// The compression of the stream; nil until enough bytes have been read.
    package var compression: Compression? {
        switch engine {
        case .unknown: nil
        case .none: Compression.none
        case .gzip: .gzip
        case .zstandard: .zstandard
        }
    }

    /// Adds the next chunk. All earlier chunks must have been read.
    package mutating func add(_ bytes: [UInt8]) {
        bytesIn += bytes.count
        if case .unknown = engine {
            chunk += bytes
        } else {
            chunk = bytes
            position = 0
        }
    }

    /// Ends the stream.
    package mutating func end() { isAtEnd = true }

    /// The next decompressed bytes, never empty; nil if more input is needed, or, after `end`, at
    /// the end of the stream.
    ///
    /// - Throws: `malformed` for invalid or truncated data, `overLimit` at a limit, `unsupported`
    ///   for a compression that layers do not have.
    package mutating func next() throws(Failure) -> [UInt8]? {
        guard try isRecognised() else { return nil }
        while true {
            let output: [UInt8]
            let before = position
            switch engine {
            case .unknown: return nil
            case .none:
                guard position < chunk.count else { return nil }
                output = chunk
                position = chunk.count
            case .gzip(let stream):
                guard position < chunk.count || stream.hasMore else {
                    return try drained(stream.isWhole)
                }
                output = try stream.unpack(chunk, at: &position, room: outputChunkBytes)
            case .zstandard(let stream):
                guard position < chunk.count || stream.hasMore else {
                    return try drained(stream.isWhole)
                }
                output = try stream.unpack(chunk, at: &position, room: outputChunkBytes)
            }
            bytesOut += output.count
            try checkCaps()
            if !output.isEmpty { return output }
            guard position > before || position == chunk.count else { throw stuck() }
        }
    }

    private mutating func isRecognised() throws(Failure) -> Bool {
        guard case .unknown = engine else { return true }
        guard chunk.count >= Compression.recognitionBytes || isAtEnd else { return false }
        switch try Compression(recognising: chunk, of: name) {
        case .none: engine = .none
        case .gzip: engine = .gzip(try GzipDecompressor(named: name))
        case .zstandard: engine = .zstandard(try ZstandardDecompressor(named: name))
        }
        return true
    }

    private func drained(_ isWhole: Bool) throws(Failure) -> [UInt8]? {
        guard isAtEnd, !isWhole else { return nil }
        throw Failure(
            .malformed, "cannot unpack \(name)", at: .bytes(of: name, offset: bytesIn),
            because: "its compressed data is truncated")
    }

    private func stuck() -> Failure {
        Failure(
            .malformed, "cannot unpack \(name)", at: .bytes(of: name, offset: bytesIn),
            because: "its compressed data cannot be continued")
    }

    private func checkCaps() throws(Failure) {
        guard bytesOut <= caps.bytes else {
            throw overLimit("it unpacks to more than \(caps.bytes) bytes")
        }
        guard bytesOut <= caps.ratioFloor || bytesOut / caps.ratio <= bytesIn else {
            throw overLimit(
                "its first \(bytesIn) bytes unpack to \(bytesOut), more than \(caps.ratio) for one")
        }
    }

    private func overLimit(_ why: String) -> Failure {
        Failure(.overLimit, "will not unpack \(name)", because: why)
    }
}

private let outputChunkBytes = 256 * 1024
