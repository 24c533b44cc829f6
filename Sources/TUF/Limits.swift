// SPDX-License-Identifier: Apache-2.0
// The limits of TUF and their sources.

package import Primitives

extension Limits {
    /// Bytes of one root metadata file, as in python-tuf. Sigstore's has 6 KiB.
    package static let rootMetadataBytes = 512_000
    /// Bytes of one timestamp metadata file, as in python-tuf.
    package static let timestampMetadataBytes = 16_384
    /// Bytes of one snapshot metadata file, as in python-tuf.
    package static let snapshotMetadataBytes = 2_000_000
    /// Bytes of one targets metadata file, as in python-tuf.
    package static let targetsMetadataBytes = 5_000_000
    /// Root versions of one update, as in python-tuf. Spec: TUF 1.0.34 §5.3.3 requires a limit.
    package static let rootRotations = 256
    /// Delegated roles visited in one search, as in python-tuf. Spec: TUF 1.0.34 §5.6.7.1.
    package static let delegationsVisited = 32
    /// Keys of one metadata file, or of one role. Sigstore's root has 6.
    package static let keysPerMetadata = 1_024
    /// Signatures of one metadata file. Sigstore's root has 5.
    package static let signaturesPerMetadata = 1_024
    /// Roles one targets file delegates to by name; more of them use hash bins.
    package static let delegationsPerRole = 4_096
    /// Paths or hash prefixes of one delegation. PyPI's plan for hash bins had 16,384 in all.
    package static let pathsPerDelegation = 16_384
    /// Comparisons of the path patterns of one search: about a second.
    package static let patternSteps = 20_000_000
    /// Bytes of an encoded role name: with `.json` it fits in Linux's limit of 255.
    package static let roleFileNameBytes = 200
    /// Bytes of one target file, which is held in memory. Sigstore's largest has 12 KiB.
    package static let targetFileBytes = 64 * mebibyte
}
