// SPDX-License-Identifier: Apache-2.0
// Layers laid over each other: what a container would see. Spec: OCI image-spec 1.1, layer.md,
// "Applying Changesets".

package import Primitives

/// A root file system in memory: names, kinds and links of everything, bytes of the evidence.
///
/// Built by laying one layer after the other over an empty tree. Links are followed inside the tree
/// only: `..` stops at the root and an absolute target starts there, as inside a container.
package struct FileTree: Sendable {
    /// A file that was found, with the path it has once all links are followed.
    package struct File: Hashable, Sendable {
        package let path: TreePath
        package let content: FileContent
        package let size: Int
        /// Counted from 0, bottom first: the layer that holds these bytes.
        package let layer: Int
    }

    /// What stands at a path.
    package enum Finding: Hashable, Sendable {
        case file(File)
        case directory(TreePath)
        case other
        case missing
        /// The links on the way go in a circle, or there are too many of them.
        case endlessLink
    }

    private enum Kind: Sendable {
        case directory
        case file(FileContent)
        case symbolicLink(String)
        case other
    }

    private struct Node: Sendable {
        var kind: Kind
        var size: Int
        var mode: UInt16
        var layer: Int
        var children: [String: Int] = [:]
    }

    private enum Walk {
        case found(node: Int, path: [String])
        case missing
        case endlessLink
    }

    private var nodes = [Node(kind: .directory, size: 0, mode: 0o755, layer: 0)]
    private var steps = 0
    /// How many layers were laid.
    package private(set) var layerCount = 0
    /// What could not be read, of all layers.
    package private(set) var unreadable: [LayerContents.Unreadable] = []

    /// A tree with nothing in it but the root.
    package init() {}

    /// The tree of one folder.
    package init(folder contents: LayerContents) throws(Failure) {
        self.init()
        try lay(contents)
    }

    // MARK: Laying layers

    /// Lays a layer over what is there: first it takes away, then it adds.
    ///
    /// Spec: layer.md: whiteouts "MUST only apply to resources in lower/parent layers".
    /// - Throws: `malformed` where an unpacker would stop too: an entry below a file, a hard link to
    ///   nothing, links in a circle. `overLimit` at a limit.
    package mutating func lay(_ contents: LayerContents) throws(Failure) {
        for path in contents.opaqueDirectories {
            if case .found(let node, _) = try walk(path.components, followingLast: true) {
                nodes[node].children = [:]
            }
        }
        for path in contents.whiteouts {
            guard let (parent, name) = path.split else { continue }
            if case .found(let node, _) = try walk(parent.components, followingLast: true) {
                nodes[node].children[name] = nil
            }
        }
        for entry in contents.entries { try place(entry) }
        unreadable += contents.unreadable
        layerCount += 1
    }

    private mutating func place(_ entry: LayerContents.Entry) throws(Failure) {
        guard let (parentPath, name) = entry.path.split else { return }
        let parent = try makeDirectory(parentPath, for: entry.path)
        let old = nodes[parent].children[name]
        let kind: Kind
        switch entry.kind {
        case .directory:
            if let old, case .directory = nodes[old].kind {
                nodes[old].mode = entry.mode
                return
            }
            kind = .directory
        case .hardLink(let target):
            nodes[parent].children[name] = try linkedNode(target, from: entry.path)
            return
        case .file(let content): kind = .file(content)
        case .symbolicLink(let target): kind = .symbolicLink(target)
        case .other: kind = .other
        }
        nodes[parent].children[name] = try newNode(
            Node(kind: kind, size: entry.size, mode: entry.mode, layer: layerCount))
    }

    /// The file a hard link names. Its folders are followed through links, the file itself is not.
    private mutating func linkedNode(_ target: TreePath, from path: TreePath) throws(Failure) -> Int
    {
        if case .found(let node, _) = try walk(target.components, followingLast: false) {
            if case .directory = nodes[node].kind {
            } else {
                return node
            }
        }
        throw broken(path, "it is a hard link to \(quoted(target.description)), which is no file")
    }

    /// The directory at that path; what is missing on the way is made, as unpackers do.
    private mutating func makeDirectory(_ path: TreePath, for entry: TreePath) throws(Failure)
        -> Int
    {
        var directories = [0]
        var waiting: [String] = path.components.reversed()
        var links = 0
        while let name = waiting.popLast() {
            try step()
            let here = directories[directories.count - 1]
            if name == "." { continue }
            if name == ".." {
                if directories.count > 1 { directories.removeLast() }
                continue
            }
            guard let child = nodes[here].children[name] else {
                let made = try newNode(
                    Node(kind: .directory, size: 0, mode: 0o755, layer: layerCount))
                nodes[here].children[name] = made
                directories.append(made)
                continue
            }
            switch nodes[child].kind {
            case .directory: directories.append(child)
            case .symbolicLink(let target):
                links += 1
                guard links <= Limits.symbolicLinks else {
                    throw broken(entry, "the links on its way do not end")
                }
                if target.utf8.first == UInt8(ascii: "/") { directories = [0] }
                waiting += linkComponents(target).reversed()
            case .file, .other:
                throw broken(entry, "\(quoted(name)) on its way is no folder")
            }
        }
        return directories[directories.count - 1]
    }

    private mutating func newNode(_ node: Node) throws(Failure) -> Int {
        guard nodes.count < Limits.treeNodes else {
            throw Failure(
                .overLimit, "cannot lay the layers over each other",
                because: "they have more than \(Limits.treeNodes) files")
        }
        nodes.append(node)
        return nodes.count - 1
    }

    // MARK: Looking

    /// What stands at a path such as `etc/os-release`, links followed inside the tree.
    package func look(at path: String) -> Finding {
        var tree = self
        tree.steps = 0
        guard let walked = try? tree.walk(linkComponents(path), followingLast: true) else {
            return .endlessLink
        }
        switch walked {
        case .missing: return .missing
        case .endlessLink: return .endlessLink
        case .found(let place, let names):
            let path = TreePath(known: names.joined(separator: "/"))
            let node = nodes[place]
            switch node.kind {
            case .directory: return .directory(path)
            case .file(let content):
                return .file(
                    File(path: path, content: content, size: node.size, layer: node.layer))
            case .other, .symbolicLink: return .other
            }
        }
    }

    /// The names inside the directory at that path, sorted; empty when it is none.
    package func names(in path: String) -> [String] {
        var tree = self
        tree.steps = 0
        guard case .found(let node, _) = try? tree.walk(linkComponents(path), followingLast: true)
        else { return [] }
        return nodes[node].children.keys.sorted()
    }

    private mutating func walk(_ components: [String], followingLast: Bool) throws(Failure) -> Walk
    {
        var found: [(node: Int, name: String)] = []
        var waiting: [String] = components.reversed()
        var links = 0
        while let name = waiting.popLast() {
            try step()
            if name == "." { continue }
            if name == ".." {
                _ = found.popLast()
                continue
            }
            let here = found.last?.node ?? 0
            guard let child = nodes[here].children[name] else { return .missing }
            if case .symbolicLink(let target) = nodes[child].kind,
                followingLast || !waiting.isEmpty
            {
                links += 1
                guard links <= Limits.symbolicLinks else { return .endlessLink }
                if target.utf8.first == UInt8(ascii: "/") { found = [] }
                waiting += linkComponents(target).reversed()
            } else {
                found.append((child, name))
            }
        }
        return .found(node: found.last?.node ?? 0, path: found.map(\.name))
    }

    private mutating func step() throws(Failure) {
        steps += 1
        guard steps <= Limits.treeSteps else {
            throw Failure(
                .overLimit, "cannot lay the layers over each other",
                because: "their paths take more than \(Limits.treeSteps) steps to follow")
        }
    }

    private func broken(_ path: TreePath, _ why: String) -> Failure {
        Failure(
            .malformed, "cannot lay layer \(layerCount + 1) over those below",
            at: .named(path.description), because: why)
    }
}
