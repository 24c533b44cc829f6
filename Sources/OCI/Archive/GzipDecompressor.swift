// SPDX-License-Identifier: Apache-2.0
// Decompresses gzip with zlib. Spec: RFC 1952 (gzip), concatenated members.

internal import CZlib
internal import Primitives

/// The decompressor of one gzip stream. It is a class because zlib's state must not move in memory.
@safe final class GzipDecompressor {
    private let stream: UnsafeMutablePointer<z_stream>
    private let name: String
    /// Whether all members so far are complete, with valid checksums.
    private(set) var isWhole = false
    /// Whether zlib has more output than the last call had room for.
    private(set) var hasMore = false

    init(named name: String) throws(Failure) {
        self.name = name
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // 15 is the largest window; 16 selects the gzip format only.
        let status = unsafe inflateInit2_(
            stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            throw Failure(.bug, "cannot unpack \(name)", because: "zlib gave status \(status)")
        }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deinitialize(count: 1)
        unsafe stream.deallocate()
    }

    /// Decompresses `input` from `position`, which it advances, into at most `room` bytes.
    func unpack(_ input: [UInt8], at position: inout Int, room: Int) throws(Failure) -> [UInt8] {
        if isWhole {
            guard position < input.count else { return [] }
            unsafe inflateReset(stream)
            isWhole = false
        }
        var status = Z_OK
        var used = 0
        let start = position
        let output = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            unsafe input.withUnsafeBufferPointer { source in
                let offered = min(source.count - start, Int(UInt32.max))
                unsafe stream.pointee.next_in = unsafe source.baseAddress.map {
                    unsafe UnsafeMutablePointer(mutating: $0 + start)
                }
                unsafe stream.pointee.avail_in = UInt32(offered)
                unsafe stream.pointee.next_out = buffer.baseAddress
                unsafe stream.pointee.avail_out = UInt32(room)
                status = unsafe inflate(stream, Z_NO_FLUSH)
                used = unsafe offered - Int(stream.pointee.avail_in)
                unsafe count = room - Int(stream.pointee.avail_out)
            }
        }
        position += used
        hasMore = output.count == room
        switch status {
        case Z_STREAM_END:
            isWhole = true
            hasMore = false
        case Z_OK, Z_BUF_ERROR: break
        default: throw broken(status)
        }
        return output
    }

    private func broken(_ status: Int32) -> Failure {
        let text = unsafe stream.pointee.msg.map { unsafe String(cString: $0) }
        return Failure(
            .malformed, "cannot unpack \(name)",
            because: "its gzip data is broken: \(text ?? "zlib gave status \(status)")")
    }
}
