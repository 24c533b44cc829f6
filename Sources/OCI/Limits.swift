// SPDX-License-Identifier: Apache-2.0
// The limits of OCI, with where their numbers come from.

package import Primitives

extension Limits {
    // MARK: Manifests and names

    /// Bytes of one manifest or index. Spec: distribution-spec 1.1 asks for at least 4 MiB.
    package static let manifestBytes = 8 * mebibyte
    /// Layers of one manifest. cosign stops at 1,000 too.
    package static let layersPerManifest = 1_000
    /// Entries of one index.
    package static let manifestsPerIndex = 10_000
    /// Bytes of one image configuration.
    package static let imageConfigBytes = 8 * mebibyte
    /// Steps in the history of one image configuration, empty layers counted too.
    package static let historySteps = 10_000
    /// Addresses of one descriptor; they are kept and never followed.
    package static let addressesPerDescriptor = 100
    /// Nesting of indexes in indexes, and of referrers of referrers.
    package static let graphDepth = 8
    /// Indexes read to choose one image, the outer one counted too. Real images nest one or two.
    package static let indexesPerIndex = 100
    /// Bytes of a name, registry host included. Spec: distribution reference grammar, 255.
    package static let repositoryNameLength = 255
    /// Bytes one descriptor may claim: the same as a layer may inflate to. A million such
    /// descriptors can still be summed.
    package static let descriptorBytes = layerBytes
    /// Connections to one registry.
    package static let connectionsPerRegistry = 16

    // MARK: Evidence

    /// Manifests or blobs of evidence that are read at a time. Half of the connections to a registry.
    package static let parallelEvidenceReads = connectionsPerRegistry / 2

    // MARK: Archives and inventories

    /// Entries of one layer or archive. The largest real layers have about one million.
    package static let archiveEntries = 4_000_000
    /// Bytes of one path. Linux stops at 4,096.
    package static let pathBytes = 4_096
    /// Bytes of one name in a path. Linux stops at 255.
    package static let nameBytes = 255
    /// Bytes a layer may inflate to.
    package static let layerBytes = 64 * 1024 * mebibyte
    /// How many bytes one compressed byte may become, once a layer is past `ratioFloor`.
    /// Real layers stay under 20; gzip ends at about 1,032, zstd has no end.
    package static let compressionRatio = 200
    /// Bytes all layers of one image may inflate to. The largest CUDA images have about 20 GiB.
    package static let imageBytes = layerBytes
    /// Bytes under which the ratio is not looked at.
    package static let ratioFloor = 64 * mebibyte
    /// Bytes of one package database file that is read whole.
    package static let packageDatabaseBytes = 128 * mebibyte
    /// Bytes of all evidence files of one image that are kept in memory.
    package static let keptFilesBytes = 256 * mebibyte
    /// Links followed for one path. Linux stops at 40.
    package static let symbolicLinks = 40
    /// Bytes of one extended tar header (pax or GNU long name). Go's archive/tar stops at 1 MiB too.
    package static let extendedHeaderBytes = mebibyte
    /// Bytes of all paths and link targets of one image or folder. A million files need about 80 MB.
    package static let treePathBytes = 512 * mebibyte
    /// Files, links and folders of one image or folder, implied folders counted too.
    package static let treeNodes = 8_000_000
    /// Path components walked while layers are laid over each other. A million files need 10 million.
    package static let treeSteps = 200_000_000
    /// Window of one zstd frame as a power of two: 128 MiB, as the zstd tool's own default.
    package static let zstandardWindowLog = 27
    /// Bytes of one copyright file of a package. The largest of Debian have about 2 MiB.
    package static let copyrightFileBytes = 8 * mebibyte
}
