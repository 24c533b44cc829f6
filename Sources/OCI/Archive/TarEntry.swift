// SPDX-License-Identifier: Apache-2.0
// Entries of tar archives. Spec: POSIX.1-2017 pax, "ustar Interchange Format".

/// The header of one entry, which precedes its content.
package struct TarEntry: Hashable, Sendable {
    /// The kind of an entry.
    package enum Kind: Hashable, Sendable {
        case file
        case directory
        case symbolicLink
        case hardLink
        /// A device or a pipe.
        case special
        /// A `g` header. Go's reader returns it as an entry and applies its records to no file.
        case globalHeader
        /// A type that runtimes do not support.
        case unknown
    }

    package let kind: Kind
    /// The original path, which is not validated.
    package let path: [UInt8]
    /// The original target of a symbolic or hard link; empty for other entries.
    package let linkTarget: [UInt8]
    /// The size of the file in bytes. It is not verified until the content has been read.
    package let size: Int
    /// The size of the content in the archive in bytes, without padding.
    package internal(set) var storedSize: Int
    /// Permission bits.
    package let mode: UInt16
    /// Seconds since 1970.
    package let modified: Int
    /// Whether the archive omits the holes of the file.
    package let isSparse: Bool
    /// The type flag of the header.
    package let typeFlag: UInt8
    /// Whether it is a character device 0/0, which overlay file systems treat as a whiteout.
    package let isZeroDevice: Bool
    /// Whether it sets an extended attribute of overlay file systems, such as
    /// `trusted.overlay.redirect`.
    package let hasOverlayAttribute: Bool
}
