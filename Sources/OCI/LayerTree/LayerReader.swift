// SPDX-License-Identifier: Apache-2.0
// Reads one layer in one pass: decompresses, hashes, parses the archive and keeps selected files.

package import Primitives

/// Reads one compressed layer as it arrives.
///
/// It holds one compressed chunk, one uncompressed chunk, the list of entries, and the kept files
/// in memory, and writes nothing to disk.
package struct LayerReader {
    private var inflater: Inflater
    private var tar: TarReader
    private var builder: LayerContentsBuilder
    private var hasher: ContentHasher

    /// - Parameters:
    ///   - name: the name of the layer in failures.
    ///   - limit: the maximum uncompressed size in bytes.
    package init(
        matcher: PathMatcher, hashing algorithm: HashAlgorithm, named name: String,
        atMost limit: Int = Limits.layerBytes
    ) {
        inflater = Inflater(named: name, caps: .layer(atMost: limit))
        tar = TarReader(named: name)
        builder = LayerContentsBuilder(matcher: matcher, named: name)
        hasher = ContentHasher(algorithm)
    }

    /// The number of uncompressed bytes so far.
    package var unpackedBytes: Int { inflater.bytesOut }

    package mutating func add(_ chunk: [UInt8]) throws(Failure) {
        inflater.add(chunk)
        try drain()
    }

    /// The contents of the layer, and the digest of its uncompressed content.
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
