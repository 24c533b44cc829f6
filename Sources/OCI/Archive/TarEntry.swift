// SPDX-License-Identifier: Apache-2.0
// One entry of a tar archive, as a value. Spec: POSIX.1-2017 pax, "ustar Interchange Format".

/// What an archive says about one file, before its content.
package struct TarEntry: Hashable, Sendable {
    /// What an entry is.
    package enum Kind: Hashable, Sendable {
        case file
        case directory
        case symbolicLink
        case hardLink
        /// Devices, pipes and vendor types: nothing with content we could read.
        case other
    }

    package let kind: Kind
    /// The path as it stands in the archive, neither cleaned nor trusted.
    package let path: [UInt8]
    /// Where a symbolic or hard link points, as it stands in the archive; empty otherwise.
    package let linkTarget: [UInt8]
    /// Bytes of the unpacked file; a claim until the content has passed.
    package let size: Int
    /// Permission bits.
    package let mode: UInt16
    /// Seconds since 1970.
    package let modified: Int
    /// The content in the archive has holes cut out, so it is never handed over.
    package let isSparse: Bool
}
