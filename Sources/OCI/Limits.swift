// SPDX-License-Identifier: Apache-2.0
// The limits of OCI and their sources.

package import Primitives

extension Limits {
    // MARK: Manifests and names

    /// Bytes of one manifest or index. Spec: distribution-spec 1.1 requires at least 4 MiB.
    package static let manifestBytes = 8 * mebibyte
    /// Layers of one manifest, as in cosign.
    package static let layersPerManifest = 1_000
    /// Entries of one index.
    package static let manifestsPerIndex = 10_000
    /// Bytes of one image configuration.
    package static let imageConfigBytes = 8 * mebibyte
    /// Entries in the history of one image configuration, with empty layers.
    package static let historySteps = 10_000
    /// URLs of one descriptor; they are kept and never requested.
    package static let addressesPerDescriptor = 100
    /// Nesting of indexes in indexes, and of referrers of referrers.
    package static let graphDepth = 8
    /// Indexes read to choose one image, the outer one included. Real images nest one or two.
    package static let indexesPerIndex = 100
    /// Bytes of a name, with the registry host. Spec: distribution reference grammar, 255.
    package static let repositoryNameLength = 255
    /// Bytes that one descriptor can claim: the same as the limit of an uncompressed layer. The sum
    /// of a million such descriptors does not overflow.
    package static let descriptorBytes = layerBytes
    /// Connections to one registry.
    package static let connectionsPerRegistry = 16

    // MARK: Evidence

    /// Manifests or blobs of evidence that are read in parallel: half of the connections to a
    /// registry.
    package static let parallelEvidenceReads = connectionsPerRegistry / 2

    // MARK: Archives and SBOMs

    /// Entries of one layer or archive. The largest real layers have about one million.
    package static let archiveEntries = 4_000_000
    /// Bytes of one path. Linux's limit is 4,096.
    package static let pathBytes = 4_096
    /// Bytes of one name in a path. Linux's limit is 255.
    package static let nameBytes = 255
    /// Uncompressed bytes of one layer.
    package static let layerBytes = 64 * 1024 * mebibyte
    /// The maximum compression ratio, after the first `ratioFloor` bytes of a layer. Real layers
    /// are below 20; gzip's maximum is about 1,032, zstd has none.
    package static let compressionRatio = 200
    /// Uncompressed bytes of all layers of one image. The largest CUDA images have about 20 GiB.
    package static let imageBytes = layerBytes
    /// Uncompressed bytes below which the ratio is not checked.
    package static let ratioFloor = 64 * mebibyte
    /// Bytes of one package database file.
    package static let packageDatabaseBytes = 128 * mebibyte
    /// Bytes of all kept files of one image in memory.
    package static let keptFilesBytes = 256 * mebibyte
    /// Links followed for one path. Linux's limit is 40.
    package static let symbolicLinks = 40
    /// Bytes of one extended tar header (pax or GNU long name), as in Go's archive/tar.
    package static let extendedHeaderBytes = mebibyte
    /// Bytes of all paths and link targets of one image or folder. A million files need about 80
    /// MB.
    package static let treePathBytes = 512 * mebibyte
    /// Files, links and folders of one image or folder, with implied folders.
    package static let treeNodes = 8_000_000
    /// Path components resolved while layers are applied. A million files need 10 million.
    package static let treeSteps = 200_000_000
    /// Window of one zstd frame as a power of two: 128 MiB, the default limit of the zstd tool.
    package static let zstandardWindowLog = 27
    /// Bytes of one copyright file of a package. The largest of Debian have about 2 MiB.
    package static let copyrightFileBytes = 8 * mebibyte
}
