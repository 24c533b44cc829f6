// SPDX-License-Identifier: Apache-2.0
// Applies a layer to a tree, entry by entry. Spec: OCI image-spec 1.1, layer.md, "Applying
// Changesets"; upstream containerd 1.7 pkg/archive/tar.go and umoci 0.4.7 oci/layer/tar_extract.go,
// where the specification leaves the behaviour open.

package import Primitives

extension FileTree {
    /// Applies a layer.
    ///
    /// Spec: layer.md: whiteouts "MUST only apply to resources in lower/parent layers".
    /// - Throws: `malformed` where unpackers fail too (an entry below a file, a hard link without a
    ///   target, a loop of links), and where unpackers differ (a whiteout after an entry at its
    ///   path). `overLimit` at a limit.
    package mutating func applyLayer(_ contents: LayerContents) throws(Failure) {
        emptied = []
        for (number, entry) in contents.entries.enumerated() {
            switch entry.kind {
            case .whiteout: try whiteOut(entry.path)
            case .opaque: try makeOpaque(entry.path)
            case .globalHeader: try refuseRemoval(by: entry.path)
            default: try place(entry, number)
            }
        }
        unreadable += contents.unreadable
        layerCount += 1
    }

    private mutating func place(_ entry: LayerContents.Entry, _ number: Int) throws(Failure) {
        guard let (parentPath, name) = entry.path.split else { return }
        let parent = try makeDirectory(parentPath, for: entry.path)
        let old = nodes[parent].children[name]
        let kind: Kind
        switch entry.kind {
        case .directory:
            kind = .directory
            if let old, nodes[old.node].isDirectory {
                nodes[old.node].mode = entry.mode
                nodes[parent].children[name] = Child(
                    node: old.node, layer: layerCount, isWritten: true)
                return
            }
            noteDirectory(name, in: parent, for: entry.path)
        case .hardLink(let target):
            // The old entry is removed first, so a hard link to itself has no target any more.
            remove(name, from: parent)
            let node = try linkedNode(target, from: entry.path)
            nodes[parent].children[name] = Child(node: node, layer: layerCount, isWritten: true)
            return
        case .file(let content): kind = .file(content)
        case .symbolicLink(let target): kind = .symbolicLink(target)
        case .zeroDevice:
            note(entry.path)
            kind = isOverlayLayer ? .whiteout : .other
        case .other, .whiteout, .opaque, .globalHeader: kind = .other
        }
        if old != nil { remove(name, from: parent) }
        let node = try newNode(
            Node(
                kind: kind, size: entry.size, mode: entry.mode, layer: layerCount, entry: number))
        nodes[parent].children[name] = Child(node: node, layer: layerCount, isWritten: true)
    }

    private mutating func remove(_ name: String, from parent: Int) {
        guard let old = nodes[parent].children.removeValue(forKey: name) else { return }
        if nodes[old.node].isDirectory { emptied.insert(Edge(parent: parent, name: name)) }
    }

    /// Handles a directory at a path that the same layer removed: overlay merges it with the old
    /// one.
    private mutating func noteDirectory(_ name: String, in parent: Int, for path: TreePath) {
        if emptied.contains(Edge(parent: parent, name: name)) { note(path) }
    }

    private mutating func note(_ path: TreePath) { overlayDoubt = overlayDoubt ?? path }

    /// The target of a hard link. Links in its path are followed; a link at its end is not.
    private mutating func linkedNode(_ target: TreePath, from path: TreePath) throws(Failure) -> Int
    {
        if case .found(let node, _) = try walk(target.components, followingLast: false),
            !nodes[node].isDirectory
        {
            return node
        }
        throw broken(
            path, "it is a hard link to \(quoted(target.description)), which is not a file")
    }

    // MARK: Removing

    private mutating func whiteOut(_ path: TreePath) throws(Failure) {
        guard let (parentPath, name) = path.split else { return }
        if isOverlayLayer {
            let parent = try makeDirectory(parentPath, for: path)
            guard nodes[parent].children[name] == nil else { throw lateWhiteout(path) }
            let node = try newNode(Node(kind: .whiteout, mode: 0, layer: layerCount))
            nodes[parent].children[name] = Child(node: node, layer: layerCount, isWritten: true)
            return
        }
        guard let parent = try directory(parentPath, for: path),
            let child = nodes[parent].children[name]
        else { return }
        guard child.layer < layerCount else { throw lateWhiteout(path) }
        remove(name, from: parent)
    }

    /// Removes the content of a directory, except entries that this layer wrote.
    private mutating func makeOpaque(_ path: TreePath) throws(Failure) {
        if isOverlayLayer {
            nodes[try makeDirectory(path, for: path)].isOpaque = true
            return
        }
        guard let start = try directory(path, for: path) else { return }
        var waiting = [start]
        while let parent = waiting.popLast() {
            try step()
            for (name, child) in nodes[parent].children {
                if child.layer < layerCount {
                    remove(name, from: parent)
                } else if !child.isWritten {
                    throw lateWhiteout(path)
                } else if nodes[child.node].isDirectory {
                    waiting.append(child.node)
                }
            }
        }
    }

    /// Rejects a global header with the name of an entry, which some unpackers remove.
    private mutating func refuseRemoval(by path: TreePath) throws(Failure) {
        guard let (parentPath, name) = path.split,
            let parent = try directory(parentPath, for: path), nodes[parent].children[name] != nil
        else { return }
        throw broken(path, "a global header has the name of a file")
    }

    /// The directory of the entry to remove, with links followed; nil if there is none.
    private mutating func directory(_ path: TreePath, for entry: TreePath) throws(Failure) -> Int? {
        switch try walk(path.components, followingLast: true) {
        case .missing, .danglingLink: return nil
        case .endlessLink: throw broken(entry, "its path has too many levels of symbolic links")
        case .found(let node, let names):
            if names != path.components { note(entry) }
            return node
        }
    }

    private func lateWhiteout(_ path: TreePath) -> Failure {
        broken(
            path,
            "a whiteout follows an entry of the same layer at its path; unpackers differ in this case"
        )
    }

    // MARK: Parent directories

    /// The directory at a path. Missing directories are created, as unpackers do.
    private mutating func makeDirectory(_ path: TreePath, for entry: TreePath) throws(Failure)
        -> Int
    {
        var way: [(edge: Edge, node: Int)] = []
        var waiting: [String] = path.components.reversed()
        var links = 0
        while let name = waiting.popLast() {
            try step()
            if name == "." { continue }
            if name == ".." {
                _ = way.popLast()
                continue
            }
            let here = way.last?.node ?? 0
            guard let child = nodes[here].children[name] else {
                noteDirectory(name, in: here, for: entry)
                let made = try newNode(Node(kind: .directory, mode: 0o755, layer: layerCount))
                nodes[here].children[name] = Child(node: made, layer: layerCount, isWritten: false)
                way.append((Edge(parent: here, name: name), made))
                continue
            }
            switch nodes[child.node].kind {
            case .directory: way.append((Edge(parent: here, name: name), child.node))
            case .symbolicLink(let target):
                links += 1
                guard links <= Limits.symbolicLinks else {
                    throw broken(entry, "its path has too many levels of symbolic links")
                }
                note(entry)
                if target.utf8.first == UInt8(ascii: "/") { way = [] }
                waiting += linkComponents(target).reversed()
            case .file, .other, .whiteout:
                throw broken(entry, "\(quoted(name)) in its path is not a folder")
            }
        }
        for (edge, node) in way {
            guard let child = nodes[edge.parent].children[edge.name], child.layer < layerCount
            else { continue }
            nodes[edge.parent].children[edge.name] = Child(
                node: node, layer: layerCount, isWritten: false)
        }
        return way.last?.node ?? 0
    }

    mutating func newNode(_ node: Node) throws(Failure) -> Int {
        guard nodes.count < Limits.treeNodes else {
            throw Failure(
                .overLimit, "cannot apply the layers",
                because: "they have more than \(Limits.treeNodes) files")
        }
        nodes.append(node)
        return nodes.count - 1
    }
}
