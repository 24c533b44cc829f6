// SPDX-License-Identifier: Apache-2.0
// The contents of one layer or folder: a list of entries, with the content of selected files.

package import Primitives

/// One layer as a list of changes, which `FileTree` applies.
///
/// Spec: OCI image-spec 1.1, layer.md, "Representing Changes".
package struct LayerContents: Hashable, Sendable {
    /// The change at an entry's path.
    package enum Kind: Hashable, Sendable {
        case file(FileContent)
        case directory
        /// A symbolic link with its original target, in the escaped form of `TreePath`.
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
        /// A global header with this name; some unpackers remove an entry of that name.
        case globalHeader
    }

    package struct Entry: Hashable, Sendable {
        package let path: TreePath
        package let kind: Kind
        /// The size of a file in bytes; 0 for other entries.
        package let size: Int
        /// Permission bits.
        package let mode: UInt16
    }

    /// An unreadable path, with the reason.
    package struct Unreadable: Hashable, Sendable {
        package let path: TreePath
        package let reason: String
    }

    /// The entries in the order of the archive.
    package fileprivate(set) var entries: [Entry] = []
    package fileprivate(set) var unreadable: [Unreadable] = []
    /// The bytes of all kept files.
    package fileprivate(set) var keptBytes = 0
    /// The bytes of all paths and link targets.
    package fileprivate(set) var pathBytes = 0

    fileprivate init() {}
}

/// The content of a file, or the reason why it is not available.
package enum FileContent: Hashable, Sendable {
    case kept([UInt8])
    /// The content of files at this path is not kept.
    case passedOver
    /// The content should be kept and is not available, with the reason.
    case notKept(String)
}

/// Builds `LayerContents` from the entries of a tar archive or a folder.
///
/// The `add` functions enforce the limits.
package struct LayerContentsBuilder: Sendable {
    private let matcher: PathMatcher
    private let name: String
    private var contents = LayerContents()
    private var pending: (path: TreePath, size: Int, mode: UInt16, bytes: [UInt8])?

    /// - Parameter name: the name of the layer or folder in failures.
    package init(matcher: PathMatcher, named name: String) {
        self.matcher = matcher
        self.name = name
    }

    /// Whether the content of a file at a path is kept; its size must be within the limits.
    package func wants(_ path: TreePath, size: Int) -> Bool {
        matcher.wants(path) && size <= limit(path)
    }

    // MARK: From a folder

    /// Adds an entry of a folder. `path` is relative to the folder; `linkTarget` is the original
    /// target.
    package mutating func addDirectory(_ path: TreePath, mode: UInt16) throws(Failure) {
        try append(path, .directory, mode: mode)
    }

    package mutating func addSymbolicLink(_ path: TreePath, to target: [UInt8]) throws(Failure) {
        try append(path, .symbolicLink(to: escaped(target)), mode: 0o777)
    }

    /// Adds a file of a folder.
    ///
    /// - Parameter bytes: the content if `wants` returned true, else nil.
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

    /// Adds a path that could not be read.
    package mutating func addUnreadable(_ path: TreePath, because reason: String) {
        contents.unreadable.append(LayerContents.Unreadable(path: path, reason: reason))
    }

    // MARK: From an archive

    /// Adds one entry of an archive. Returns true if its content is wanted.
    ///
    /// - Throws: `malformed` for entries that containerd and umoci reject (a path outside the tree,
    ///   an unknown type, an empty link), `overLimit` at a limit.
    package mutating func add(_ entry: TarEntry) throws(Failure) -> Bool {
        let path = try TreePath(cleaning: entry.path, of: name)
        guard let (parent, last) = path.split else {
            // "./" is the root itself, which always exists.
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

    /// The contents of all added entries.
    package func finish() -> LayerContents { contents }

    // MARK: Inside

    /// Spec: layer.md, "Whiteouts": "an empty file with a special filename"; "Opaque Whiteout".
    private mutating func addWhiteout(_ parent: TreePath, _ marker: String) throws(Failure) {
        guard !isSame(marker, opaqueMarker) else {
            return try append(parent, .opaque, mode: 0)
        }
        // Other names with the doubled prefix are AUFS metadata.
        guard !marker.utf8.starts(with: (whiteoutPrefix + whiteoutPrefix).utf8) else { return }
        let hidden = String(Substring(marker.utf8.dropFirst(whiteoutPrefix.utf8.count)))
        guard !["", ".", ".."].contains(hidden) else {
            throw broken(
                "the whiteout \(quoted(parent.appending(marker).description)) has no name to hide")
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
