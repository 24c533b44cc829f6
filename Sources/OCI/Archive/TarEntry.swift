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
        /// A device or a pipe.
        case special
        /// A `g` header. Go's reader hands it over like an entry and applies its records to no file.
        case globalHeader
        /// A type that runtimes do not unpack.
        case unknown
    }

    package let kind: Kind
    /// The path as the archive writes it, neither cleaned nor trusted.
    package let path: [UInt8]
    /// The target of a symbolic or hard link as the archive writes it; empty otherwise.
    package let linkTarget: [UInt8]
    /// Bytes of the unpacked file; a claim until the content has passed.
    package let size: Int
    /// Bytes of it in the archive, without the filling.
    package internal(set) var storedSize: Int
    /// Permission bits.
    package let mode: UInt16
    /// Seconds since 1970.
    package let modified: Int
    /// The archive leaves out the holes of the file.
    package let isSparse: Bool
    /// The character that says what the entry is.
    package let typeFlag: UInt8
    /// A character device 0/0: overlay file systems treat it as a whiteout.
    package let isZeroDevice: Bool
    /// It sets an extended attribute that overlay file systems take for their own, such as
    /// `trusted.overlay.redirect`.
    package let hasOverlayAttribute: Bool
}
