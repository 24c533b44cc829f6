// SPDX-License-Identifier: Apache-2.0
// What one layer (or folder) holds: a list of entries, with the bytes of the few that are evidence.

package import Primitives

/// One layer as a list of changes; laid over others by `FileTree`.
///
/// Spec: OCI image-spec 1.1, layer.md, "Representing Changes".
package struct LayerContents: Hashable, Sendable {
    /// What an entry puts at its path, or takes away from there.
    package enum Kind: Hashable, Sendable {
        case file(FileContent)
        case directory
        /// The target is kept as it was written, in the escaped form of `TreePath`.
        case symbolicLink(to: String)
        case hardLink(to: TreePath)
        /// Devices, pipes and sockets.
        case other
        /// A character device 0/0, which overlay file systems treat as a whiteout.
        case zeroDevice
        /// A whiteout: removes the entry of the layers below.
        case whiteout
        /// An opaque whiteout: removes the directory's content in the layers below.
        case opaque
        /// A global header of this name; some unpackers remove what they find under it.
        case globalHeader
    }

    package struct Entry: Hashable, Sendable {
        package let path: TreePath
        package let kind: Kind
        /// Bytes of a file; 0 for everything else.
        package let size: Int
        /// Permission bits.
        package let mode: UInt16
    }

    /// A path that was there and could not be read, and why.
    package struct Unreadable: Hashable, Sendable {
        package let path: TreePath
        package let reason: String
    }

    /// In the order of the archive.
    package fileprivate(set) var entries: [Entry] = []
    package fileprivate(set) var unreadable: [Unreadable] = []
    /// Bytes of all files that were kept.
    package fileprivate(set) var keptBytes = 0
    /// Bytes of all paths and link targets.
    package fileprivate(set) var pathBytes = 0

    fileprivate init() {}
}

/// The bytes of a file, or why we do not have them.
package enum FileContent: Hashable, Sendable {
    case kept([UInt8])
    /// The path is not one whose content is kept.
    case passedOver
    /// The content was wanted; the text says why it is missing.
    case notKept(String)
}

/// Builds `LayerContents` from a tar archive's events or from a walk over a folder.
///
/// Every entry comes through one of the `add` functions, which hold the limits.
package struct LayerContentsBuilder: Sendable {
    private let matcher: PathMatcher
    private let name: String
    private var contents = LayerContents()
    private var pending: (path: TreePath, size: Int, mode: UInt16, bytes: [UInt8])?

    /// - Parameter name: what the layer or folder is called in failures.
    package init(matcher: PathMatcher, named name: String) {
        self.matcher = matcher
        self.name = name
    }

    /// Whether the content of a file at that path would be kept, if it is not larger than that.
    package func wants(_ path: TreePath, size: Int) -> Bool {
        matcher.wants(path) && size <= limit(path)
    }

    // MARK: From a folder

    /// Takes in what a walk found. `path` is relative to the folder, `linkTarget` is as read.
    package mutating func addDirectory(_ path: TreePath, mode: UInt16) throws(Failure) {
        try append(path, .directory, mode: mode)
    }

    package mutating func addSymbolicLink(_ path: TreePath, to target: [UInt8]) throws(Failure) {
        try append(path, .symbolicLink(to: escaped(target)), mode: 0o777)
    }

    /// - Parameter bytes: the content if `wants` said so, nil otherwise.
    package mutating func addFile(_ path: TreePath, bytes: [UInt8]?, size: Int, mode: UInt16)
        throws(Failure)
    {
        if let bytes {
            try appendKept(path, bytes, mode: mode)
        } else {
            try append(path, .file(left(path, size: size)), size: size, mode: mode)
        }
    }

    package mutating func addOther(_ path: TreePath) throws(Failure) {
        try append(path, .other, mode: 0)
    }

    /// Notes that something is there and could not be read.
    package mutating func addUnreadable(_ path: TreePath, because reason: String) {
        contents.unreadable.append(LayerContents.Unreadable(path: path, reason: reason))
    }

    // MARK: From an archive

    /// Takes in one entry of an archive; true when its content is wanted.
    ///
    /// - Throws: `malformed` for what containerd and umoci refuse (a path that leaves the tree, a type
    ///   they do not know, an empty link), `overLimit` at a limit.
    package mutating func add(_ entry: TarEntry) throws(Failure) -> Bool {
        let path = try TreePath(cleaning: entry.path, of: name)
        guard let (parent, last) = path.split else {
            // "./" is the root itself, which is always there.
            guard [.directory, .globalHeader].contains(entry.kind) else {
                throw broken("an entry that is not a folder has no name")
            }
            return false
        }
        if last.utf8.starts(with: whiteoutPrefix.utf8) {
            try addWhiteout(parent, last)
            return false
        }
        guard !entry.hasOverlayAttribute else {
            throw broken("\(quoted(path.description)) has an attribute of overlay file systems")
        }
        switch entry.kind {
        case .directory: try append(path, .directory, mode: entry.mode)
        case .symbolicLink:
            guard !entry.linkTarget.isEmpty else {
                throw broken("the link \(quoted(path.description)) has no target")
            }
            try append(path, .symbolicLink(to: escaped(entry.linkTarget)), mode: entry.mode)
        case .hardLink:
            let target = try TreePath(cleaning: entry.linkTarget, of: name)
            try append(path, .hardLink(to: target), mode: entry.mode)
        case .special:
            try append(path, entry.isZeroDevice ? .zeroDevice : .other, mode: entry.mode)
        case .globalHeader: try append(path, .globalHeader, mode: 0)
        case .file where entry.typeFlag == 0 || entry.typeFlag == UInt8(ascii: "0"):
            if wants(path, size: entry.size) {
                pending = (path, entry.size, entry.mode, [])
                return true
            }
            try append(
                path, .file(left(path, size: entry.size)), size: entry.size, mode: entry.mode)
        case .file, .unknown:
            throw broken(
                "the entry \(quoted(path.description)) has the type "
                    + "\(quoted(String(decoding: [entry.typeFlag], as: UTF8.self))), "
                    + "which no runtime unpacks")
        }
        return false
    }

    package mutating func addContent(_ bytes: ArraySlice<UInt8>) { pending?.bytes += bytes }

    package mutating func endContent() throws(Failure) {
        guard let file = pending else { return }
        pending = nil
        try appendKept(file.path, file.bytes, mode: file.mode)
    }

    /// All that was taken in.
    package func finish() -> LayerContents { contents }

    // MARK: Inside

    /// Spec: layer.md, "Whiteouts": "an empty file with a special filename"; "Opaque Whiteout".
    private mutating func addWhiteout(_ parent: TreePath, _ marker: String) throws(Failure) {
        guard !isSame(marker, opaqueMarker) else {
            return try append(parent, .opaque, mode: 0)
        }
        // Other names with the prefix twice are notes that AUFS left for itself.
        guard !marker.utf8.starts(with: (whiteoutPrefix + whiteoutPrefix).utf8) else { return }
        let hidden = String(Substring(marker.utf8.dropFirst(whiteoutPrefix.utf8.count)))
        guard !["", ".", ".."].contains(hidden) else {
            throw broken(
                "the whiteout \(quoted(parent.appending(marker).description)) hides no name")
        }
        try append(parent.appending(hidden), .whiteout, mode: 0)
    }

    private mutating func appendKept(_ path: TreePath, _ bytes: [UInt8], mode: UInt16)
        throws(Failure)
    {
        contents.keptBytes += bytes.count
        guard contents.keptBytes <= Limits.keptFilesBytes else {
            throw overLimit(
                "its package databases have more than \(Limits.keptFilesBytes) bytes together")
        }
        try append(path, .file(.kept(bytes)), size: bytes.count, mode: mode)
    }

    private mutating func append(
        _ path: TreePath, _ kind: LayerContents.Kind, size: Int = 0, mode: UInt16
    ) throws(Failure) {
        guard contents.entries.count < Limits.treeNodes else {
            throw overLimit("it has more than \(Limits.treeNodes) entries")
        }
        var bytes = path.description.utf8.count
        if case .symbolicLink(let target) = kind { bytes += target.utf8.count }
        if case .hardLink(let target) = kind { bytes += target.description.utf8.count }
        try count(bytes)
        contents.entries.append(
            LayerContents.Entry(path: path, kind: kind, size: size, mode: mode))
    }

    private mutating func count(_ bytes: Int) throws(Failure) {
        contents.pathBytes += bytes
        guard contents.pathBytes <= Limits.treePathBytes else {
            throw overLimit("its paths have more than \(Limits.treePathBytes) bytes together")
        }
    }

    private func left(_ path: TreePath, size: Int) -> FileContent {
        let limit = limit(path)
        guard matcher.wants(path), size > limit else { return .passedOver }
        return .notKept("it has \(size) bytes, the limit is \(limit)")
    }

    private func limit(_ path: TreePath) -> Int {
        matcher.isBelow(path) ? Limits.copyrightFileBytes : Limits.packageDatabaseBytes
    }

    private func broken(_ why: String) -> Failure {
        Failure(.malformed, "cannot read \(name)", because: why)
    }

    private func overLimit(_ why: String) -> Failure {
        Failure(.overLimit, "cannot read \(name)", because: why)
    }
}

private let whiteoutPrefix = ".wh."
private let opaqueMarker = ".wh..wh..opq"
