// SPDX-License-Identifier: Apache-2.0
// Gzip with a header that never changes. Spec: RFC 1952.

internal import CZlib
internal import Primitives

/// Compresses one stream at level 6. A class because zlib's state must not move in memory.
///
/// The header has no name and no time, so the same content gives the same bytes with the same zlib.
@safe final class GzipWriter {
    private let stream: UnsafeMutablePointer<z_stream>

    init() throws(Failure) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // 15 bits of window, and 16 for the gzip form.
        let result = unsafe deflateInit2_(
            stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else {
            unsafe stream.deallocate()
            throw Failure(.bug, "cannot compress", because: "zlib answered \(result)")
        }
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// What the next bytes become; often nothing yet.
    func write(_ bytes: [UInt8]) throws(Failure) -> [UInt8] { try deflate(bytes, Z_NO_FLUSH) }

    /// The rest of the stream.
    func finish() throws(Failure) -> [UInt8] { try deflate([], Z_FINISH) }

    private func deflate(_ bytes: [UInt8], _ flush: Int32) throws(Failure) -> [UInt8] {
        var input = bytes
        var packed: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 64 * 1024)
        let result = unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe stream.pointee.next_in = input.baseAddress
            unsafe stream.pointee.avail_in = UInt32(input.count)
            while true {
                let (result, left) = unsafe room.withUnsafeMutableBufferPointer { room in
                    unsafe stream.pointee.next_out = room.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(room.count)
                    let result = unsafe CZlib.deflate(stream, flush)
                    return (result, Int(unsafe stream.pointee.avail_out))
                }
                packed += room[..<(room.count - left)]
                if result == Z_STREAM_ERROR || left > 0 || result == Z_STREAM_END { return result }
            }
        }
        let isGood =
            flush == Z_FINISH ? result == Z_STREAM_END : result == Z_OK || result == Z_BUF_ERROR
        guard isGood else {
            throw Failure(.bug, "cannot compress", because: "zlib answered \(result)")
        }
        return packed
    }
}
