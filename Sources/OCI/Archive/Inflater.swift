// SPDX-License-Identifier: Apache-2.0
// Unpacking a layer as it arrives, with caps that stop archive bombs.

package import Primitives

/// Turns chunks of a packed stream into chunks of what was packed.
///
/// Feed with `add`, say `end` after the last chunk, and ask `next` until it answers nil each time.
/// Memory stays at one chunk in, one chunk out, and the window of the format.
package struct Inflater {
    /// How much may come out.
    package struct Caps: Hashable, Sendable {
        /// Bytes in all.
        let bytes: Int
        /// Bytes out for each byte in, once `ratioFloor` bytes are out.
        let ratio: Int
        let ratioFloor: Int

        package init(bytes: Int, ratio: Int, ratioFloor: Int) {
            self.bytes = bytes
            self.ratio = ratio
            self.ratioFloor = ratioFloor
        }

        package static let layer = layer(atMost: Limits.layerBytes)

        /// A layer of which so many bytes may come out.
        package static func layer(atMost bytes: Int) -> Caps {
            Caps(
                bytes: min(bytes, Limits.layerBytes), ratio: Limits.compressionRatio,
                ratioFloor: Limits.ratioFloor)
        }
    }

    private enum Engine {
        case unknown
        case none
        case gzip(GzipStream)
        case zstandard(ZstandardStream)
    }

    private let name: String
    private let caps: Caps
    private var engine = Engine.unknown
    private var chunk: [UInt8] = []
    private var position = 0
    private var isAtEnd = false
    private var bytesIn = 0
    /// Bytes that came out so far.
    private(set) var bytesOut = 0

    /// An inflater of something that is called `name` in failures.
    package init(named name: String, caps: Caps) {
        self.name = name
        self.caps = caps
    }

    /// How the stream is packed; nil until enough of it has been seen.
    package var compression: Compression? {
        switch engine {
        case .unknown: nil
        case .none: Compression.none
        case .gzip: .gzip
        case .zstandard: .zstandard
        }
    }

    /// The next bytes of the stream; all earlier ones must have been read.
    package mutating func add(_ bytes: [UInt8]) {
        bytesIn += bytes.count
        if case .unknown = engine {
            chunk += bytes
        } else {
            chunk = bytes
            position = 0
        }
    }

    /// No more bytes will come.
    package mutating func end() { isAtEnd = true }

    /// The next unpacked bytes, never empty; nil when more input is needed, or, after `end`, when
    /// all is unpacked.
    ///
    /// - Throws: `malformed` for broken or cut-off data, `overLimit` at a cap, `unsupported` for a
    ///   packing that layers do not have.
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
        case .gzip: engine = .gzip(try GzipStream(named: name))
        case .zstandard: engine = .zstandard(try ZstandardStream(named: name))
        }
        return true
    }

    private func drained(_ isWhole: Bool) throws(Failure) -> [UInt8]? {
        guard isAtEnd, !isWhole else { return nil }
        throw Failure(
            .malformed, "cannot unpack \(name)", at: .bytes(of: name, offset: bytesIn),
            because: "its packed data ends before what was packed does")
    }

    private func stuck() -> Failure {
        Failure(
            .malformed, "cannot unpack \(name)", at: .bytes(of: name, offset: bytesIn),
            because: "its packed data does not go on")
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
