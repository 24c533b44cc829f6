// SPDX-License-Identifier: Apache-2.0
// Detects the compression of a layer from its first bytes. Spec: RFC 1952 §2.3.1; RFC 8878 §3.1.

internal import Primitives

/// The compression of a layer.
///
/// It is detected from the bytes, not from the media type: registries have layers with a wrong
/// type, and runtimes go by the bytes.
package enum Compression: String, Hashable, Sendable {
    case none
    case gzip
    case zstandard

    /// The number of bytes that detection needs, if the stream has that many.
    static let recognitionBytes = 6

    /// - Throws: `unsupported` for bzip2 and xz, which image-spec 1.1 does not have.
    init(recognising start: [UInt8], of name: String) throws(Failure) {
        if start.starts(with: [0x1F, 0x8B]) {
            self = .gzip
        } else if start.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) || Self.isSkippableFrame(start) {
            self = .zstandard
        } else if start.starts(with: "BZh".utf8)
            || start.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A])
        {
            throw Failure(
                .unsupported, "cannot unpack \(name)",
                because: "it is compressed with bzip2 or xz; layers are uncompressed, gzip or zstd",
                next: "push the image again with gzip or zstd layers")
        } else {
            self = .none
        }
    }

    private static func isSkippableFrame(_ start: [UInt8]) -> Bool {
        start.count >= 4 && start[0] & 0xF0 == 0x50
            && start[1...3].elementsEqual([0x2A, 0x4D, 0x18])
    }
}
