// SPDX-License-Identifier: Apache-2.0
// Decompresses zstd with libzstd. Spec: RFC 8878, concatenated frames.

internal import CZstd
internal import Primitives

/// The decompressor of one zstd stream. It is a class because libzstd's state is a C allocation.
@safe final class ZstandardDecompressor {
    private let stream: OpaquePointer
    private let name: String
    /// Whether all frames so far are complete, with valid checksums.
    private(set) var isWhole = false
    /// Whether libzstd has more output than the last call had room for.
    private(set) var hasMore = false

    init(named name: String) throws(Failure) {
        self.name = name
        guard let stream = unsafe ZSTD_createDCtx() else {
            throw Failure(.bug, "cannot unpack \(name)", because: "libzstd gave no context")
        }
        unsafe self.stream = unsafe stream
        unsafe ZSTD_DCtx_setParameter(
            stream, ZSTD_d_windowLogMax, Int32(Limits.zstandardWindowLog))
    }

    deinit { unsafe ZSTD_freeDCtx(stream) }

    /// Decompresses `input` from `position`, which it advances, into at most `room` bytes.
    func unpack(_ input: [UInt8], at position: inout Int, room: Int) throws(Failure) -> [UInt8] {
        var status = 0
        var used = 0
        let start = position
        let output = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            unsafe input.withUnsafeBufferPointer { source in
                var taken = unsafe ZSTD_inBuffer(
                    src: source.baseAddress, size: source.count, pos: start)
                var made = unsafe ZSTD_outBuffer(dst: buffer.baseAddress, size: room, pos: 0)
                status = unsafe ZSTD_decompressStream(stream, &made, &taken)
                used = unsafe taken.pos - start
                unsafe count = made.pos
            }
        }
        guard ZSTD_isError(status) == 0 else { throw broken(status) }
        position += used
        hasMore = status != 0 && output.count == room
        isWhole = status == 0
        return output
    }

    private func broken(_ status: Int) -> Failure {
        let text = unsafe String(cString: ZSTD_getErrorName(status))
        return Failure(
            .malformed, "cannot unpack \(name)", because: "its zstd data is broken: \(text)")
    }
}
