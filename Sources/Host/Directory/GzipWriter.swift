// SPDX-License-Identifier: Apache-2.0
// Gzip on all processors, with the same bytes whatever their number.
// Spec: RFC 1952; RFC 1951; zlib.h, "deflateSetDictionary", Z_SYNC_FLUSH, "crc32_combine".

internal import CZlib
internal import Dispatch
internal import FoundationEssentials
internal import Primitives
internal import Synchronization

/// Compresses one stream as a single gzip member.
///
/// The input is divided into blocks of `blockBytes`. Each block is compressed by itself, with the
/// last 32 KiB before it as its dictionary, and ends at a byte boundary; so the blocks can be
/// compressed at the same time and joined. The bytes depend on the content and the version of zlib,
/// not on the number of processors. The header has no name and no time.
struct GzipWriter {
    /// Bytes of input in one block: large enough that its dictionary and its end cost under 0.1 %.
    static let blockBytes = 1 << 20
    /// Level 4 takes half the time of level 6 for 4 % more bytes on program files.
    fileprivate static let level: Int32 = 4
    /// Blocks compressed at the same time: more would only need more memory.
    private let width: Int

    /// Complete blocks and the beginning of the next, not compressed yet.
    private var pending: [UInt8] = []
    /// The last 32 KiB of what has been compressed.
    private var dictionary: [UInt8] = []
    private var checksum: UInt = 0
    private var size = 0
    private var isStarted = false

    init(width: Int = min(ProcessInfo.processInfo.activeProcessorCount, 8)) {
        self.width = max(width, 1)
    }

    /// The compressed bytes that are complete; often none yet.
    mutating func write(_ bytes: [UInt8]) throws(Failure) -> [UInt8] {
        pending += bytes
        guard pending.count >= width * Self.blockBytes else { return [] }
        return try compress(upTo: pending.count / Self.blockBytes * Self.blockBytes, isLast: false)
    }

    /// The rest of the stream.
    mutating func finish() throws(Failure) -> [UInt8] {
        let rest = try compress(upTo: pending.count, isLast: true)
        return rest + littleEndian(UInt32(truncatingIfNeeded: checksum))
            + littleEndian(UInt32(truncatingIfNeeded: size))
    }

    /// Compresses the first `end` bytes of `pending`. The last call writes a block even without
    /// input.
    private mutating func compress(upTo end: Int, isLast: Bool) throws(Failure) -> [UInt8] {
        let starts = Array(stride(from: 0, to: max(end, isLast ? 1 : 0), by: Self.blockBytes))
        let blocks = starts.map { start in
            GzipBlock(
                content: pending[start..<min(start + Self.blockBytes, end)],
                dictionary: start == 0
                    ? dictionary[...] : pending[(start - GzipBlock.windowBytes)..<start],
                isLast: isLast && start == starts.last)
        }
        var output = isStarted ? [] : gzipHeader
        isStarted = true
        for compressed in try compressedTogether(blocks) {
            output += compressed.bytes
            checksum = crc32_combine(checksum, compressed.checksum, compressed.contentSize)
            size += compressed.contentSize
        }
        dictionary = Array(
            (dictionary + pending[..<end].suffix(GzipBlock.windowBytes))
                .suffix(GzipBlock.windowBytes))
        pending.removeFirst(end)
        return output
    }
}

/// The blocks in their order, compressed on all processors.
private func compressedTogether(_ blocks: [GzipBlock]) throws(Failure) -> [CompressedBlock] {
    let results = Mutex<[Result<CompressedBlock, Failure>?]>(
        Array(repeating: nil, count: blocks.count))
    DispatchQueue.concurrentPerform(iterations: blocks.count) { index in
        let result = Result { () throws(Failure) in try blocks[index].compressed() }
        results.withLock { $0[index] = result }
    }
    var compressed: [CompressedBlock] = []
    for result in results.withLock({ $0 }) {
        guard let result else {
            throw Failure(.bug, "cannot compress", because: "a block was not compressed")
        }
        compressed.append(try result.get())
    }
    return compressed
}

private struct CompressedBlock: Sendable {
    let bytes: [UInt8]
    /// CRC-32 of the content.
    let checksum: UInt
    let contentSize: Int
}

private struct GzipBlock: Sendable {
    /// How far back DEFLATE can refer. Spec: RFC 1951, section 2.
    static let windowBytes = 32 * 1024

    let content: ArraySlice<UInt8>
    let dictionary: ArraySlice<UInt8>
    let isLast: Bool

    func compressed() throws(Failure) -> CompressedBlock {
        let deflater = try Deflater(dictionary: Array(dictionary))
        var content = Array(content)
        let checksum = unsafe content.withUnsafeMutableBufferPointer {
            unsafe crc32(0, $0.baseAddress, UInt32($0.count))
        }
        let bytes = try deflater.deflate(&content, isLast ? Z_FINISH : Z_SYNC_FLUSH)
        return CompressedBlock(bytes: bytes, checksum: checksum, contentSize: content.count)
    }
}

/// One raw DEFLATE stream. A class because zlib's state must not move in memory.
@safe private final class Deflater {
    private let stream: UnsafeMutablePointer<z_stream>

    init(dictionary: [UInt8]) throws(Failure) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // 15 bits of window; negative: without zlib's or gzip's header and trailer.
        var result = unsafe deflateInit2_(
            stream, GzipWriter.level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        if result == Z_OK, !dictionary.isEmpty {
            result = unsafe deflateSetDictionary(stream, dictionary, UInt32(dictionary.count))
        }
        // `deinit` runs also where `init` throws from here on.
        guard result == Z_OK else { throw Self.failure(result) }
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    func deflate(_ content: inout [UInt8], _ flush: Int32) throws(Failure) -> [UInt8] {
        // Enough for a block of any content, its end included, so that one call does it all.
        let most = Int(unsafe deflateBound(stream, UInt(content.count))) + 64
        var result = Z_STREAM_ERROR
        let output = unsafe [UInt8](unsafeUninitializedCapacity: most) { output, count in
            unsafe content.withUnsafeMutableBufferPointer { input in
                unsafe stream.pointee.next_in = input.baseAddress
                unsafe stream.pointee.avail_in = UInt32(input.count)
                unsafe stream.pointee.next_out = output.baseAddress
                unsafe stream.pointee.avail_out = UInt32(most)
                result = unsafe CZlib.deflate(stream, flush)
            }
            count = most - Int(unsafe stream.pointee.avail_out)
        }
        let left = unsafe stream.pointee.avail_in
        guard left == 0, result == (flush == Z_FINISH ? Z_STREAM_END : Z_OK) else {
            throw Self.failure(result)
        }
        return output
    }

    private static func failure(_ result: Int32) -> Failure {
        Failure(.bug, "cannot compress", because: "zlib answered \(result)")
    }
}

/// Deflate, no flags, no time, no extra flags, Unix.
private let gzipHeader: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]

private func littleEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}
