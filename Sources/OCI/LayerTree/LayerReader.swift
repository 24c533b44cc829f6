// SPDX-License-Identifier: Apache-2.0
// One pass over one layer: unpack, hash, read the archive, keep the evidence. Nothing touches a disk.

package import Primitives

/// Reads one packed layer as it arrives.
///
/// Memory: one chunk packed, one unpacked, the list of entries, and the files that are kept.
package struct LayerReader {
    private var inflater: Inflater
    private var tar: TarReader
    private var builder: LayerContentsBuilder
    private var hasher: ContentHasher

    /// - Parameters:
    ///   - name: what the layer is called in failures.
    ///   - limit: bytes it may unpack to.
    package init(
        matcher: PathMatcher, hashing algorithm: HashAlgorithm, named name: String,
        atMost limit: Int = Limits.layerBytes
    ) {
        inflater = Inflater(named: name, caps: .layer(atMost: limit))
        tar = TarReader(named: name)
        builder = LayerContentsBuilder(matcher: matcher, named: name)
        hasher = ContentHasher(algorithm)
    }

    /// Bytes that it unpacked to so far.
    package var unpackedBytes: Int { inflater.bytesOut }

    package mutating func add(_ chunk: [UInt8]) throws(Failure) {
        inflater.add(chunk)
        try drain()
    }

    /// What the layer holds, and the digest of what it unpacked to.
    package mutating func finish() throws(Failure) -> (contents: LayerContents, unpacked: Digest) {
        inflater.end()
        try drain()
        tar.end()
        try drainArchive()
        return (builder.finish(), hasher.finish())
    }

    private mutating func drain() throws(Failure) {
        while let unpacked = try inflater.next() {
            hasher.update(unpacked)
            tar.add(unpacked)
            try drainArchive()
        }
    }

    private mutating func drainArchive() throws(Failure) {
        while let event = try tar.next() {
            switch event {
            case .entry(let entry): if try builder.add(entry) { tar.requestContent() }
            case .content(let bytes): builder.addContent(bytes)
            case .endOfContent: try builder.endContent()
            }
        }
    }
}
