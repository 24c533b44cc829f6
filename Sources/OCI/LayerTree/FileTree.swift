// SPDX-License-Identifier: Apache-2.0
// Layers laid over each other: what a container would see. Spec: OCI image-spec 1.1, layer.md,
// "Applying Changesets".

package import Primitives

/// A root file system in memory: names, kinds and links of everything, bytes of the evidence.
///
/// Built by applying one layer after the other to an empty tree, entry by entry in the order of the
/// archive, as containerd and umoci do. Links are followed inside the tree only: `..` stops at the
/// root and an absolute target starts there, as inside a container.
package struct FileTree: Sendable {
    /// A file that was found, with the path it has once all links are followed.
    package struct File: Hashable, Sendable {
        package let path: TreePath
        package let content: FileContent
        package let size: Int
        /// Counted from 0, bottom first: the layer that holds these bytes.
        package let layer: Int
        /// The index of the entry of that layer that holds them. Its path differs from `path` for
        /// hard links, and in directories that the layer reaches through links.
        package let entry: Int
    }

    /// What stands at a path.
    package enum Finding: Hashable, Sendable {
        case file(File)
        case directory(TreePath)
        case other
        case missing
        /// A link on the way leads to something that the tree does not hold.
        case danglingLink
        /// The links on the way go in a circle, or there are too many of them.
        case endlessLink
    }

    enum Kind: Sendable {
        case directory
        case file(FileContent)
        case symbolicLink(String)
        case other
        /// In one overlay layer: hides the entry of the layers below.
        case whiteout
    }

    struct Node: Sendable {
        var kind: Kind
        var size = 0
        var mode: UInt16
        var layer: Int
        /// The entry of the layer that it is from; -1 if no entry is for this very node.
        var entry = -1
        /// In one overlay layer: hides the content of the layers below.
        var isOpaque = false
        var children: [String: Child] = [:]

        var isDirectory: Bool {
            if case .directory = kind { true } else { false }
        }
    }

    /// A name inside a directory.
    struct Child: Sendable {
        var node: Int
        /// The last layer that wrote this name or something below it.
        var layer: Int
        /// That layer has an entry for this very name, and not only for something below it.
        var isWritten: Bool
    }

    /// A name inside a directory that is a node.
    struct Edge: Hashable, Sendable {
        let parent: Int
        let name: String
    }

    enum Walk {
        case found(node: Int, path: [String])
        case missing
        case danglingLink
        case endlessLink
    }

    var nodes = [Node(kind: .directory, mode: 0o755, layer: 0)]
    var steps = 0
    /// One layer on its own, as overlay keeps it: whiteouts are nodes.
    let isOverlayLayer: Bool
    /// How many layers were applied.
    package internal(set) var layerCount = 0
    /// What could not be read, of all layers.
    package internal(set) var unreadable: [LayerContents.Unreadable] = []
    /// The first path at which an overlay file system may show something else than this tree.
    package internal(set) var overlayDoubt: TreePath?
    /// The paths at which the layer that is being applied removed entries of the layers below.
    var emptied: Set<Edge> = []

    /// A tree with nothing in it but the root.
    package init() { isOverlayLayer = false }

    init(isOverlayLayer: Bool) { self.isOverlayLayer = isOverlayLayer }

    /// The tree of one folder.
    package init(folder contents: LayerContents) throws(Failure) {
        self.init()
        try lay(contents)
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
        case .danglingLink: return .danglingLink
        case .endlessLink: return .endlessLink
        case .found(let place, let names):
            let path = TreePath(known: names.joined(separator: "/"))
            let node = nodes[place]
            switch node.kind {
            case .directory: return .directory(path)
            case .file(let content):
                return .file(
                    File(
                        path: path, content: content, size: node.size, layer: node.layer,
                        entry: node.entry))
            case .other, .symbolicLink, .whiteout: return .other
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

    mutating func walk(_ components: [String], followingLast: Bool) throws(Failure) -> Walk {
        var found: [(node: Int, name: String)] = []
        var waiting: [String] = components.reversed()
        // How many names were left after each link: those above are of its target.
        var links: [Int] = []
        while let name = waiting.popLast() {
            try step()
            if name == "." { continue }
            if name == ".." {
                _ = found.popLast()
                continue
            }
            let here = found.last?.node ?? 0
            guard let child = nodes[here].children[name]?.node else {
                return links.contains { $0 <= waiting.count } ? .danglingLink : .missing
            }
            if case .symbolicLink(let target) = nodes[child].kind,
                followingLast || !waiting.isEmpty
            {
                links.append(waiting.count)
                guard links.count <= Limits.symbolicLinks else { return .endlessLink }
                if target.utf8.first == UInt8(ascii: "/") { found = [] }
                waiting += linkComponents(target).reversed()
            } else {
                found.append((child, name))
            }
        }
        return .found(node: found.last?.node ?? 0, path: found.map(\.name))
    }

    mutating func step() throws(Failure) {
        steps += 1
        guard steps <= Limits.treeSteps else {
            throw Failure(
                .overLimit, "cannot lay the layers over each other",
                because: "their paths take more than \(Limits.treeSteps) steps to follow")
        }
    }

    func broken(_ path: TreePath, _ why: String) -> Failure {
        Failure(
            .malformed, "cannot lay layer \(layerCount + 1) over those below",
            at: .named(path.description), because: why)
    }
}
