// SPDX-License-Identifier: Apache-2.0
// The root file system of an image, as a container sees it. Spec: OCI image-spec 1.1, layer.md,
// "Applying Changesets".

package import Primitives

/// A root file system in memory: all names, kinds and links, and the content of selected files.
///
/// It is built by applying the layers to an empty tree, entry by entry in the order of the archive,
/// as containerd and umoci do. Links are followed inside the tree only: `..` stops at the root, and
/// an absolute target starts there, as inside a container.
package struct FileTree: Sendable {
    /// A file and its path after all links are followed.
    package struct File: Hashable, Sendable {
        package let path: TreePath
        package let content: FileContent
        package let size: Int
        /// The index of the layer with the content, lowest first.
        package let layer: Int
        /// The index of the entry with the content in that layer. Its path differs from `path` for
        /// hard links, and in directories that the layer reaches through links.
        package let entry: Int
    }

    /// The result of a lookup of a path.
    package enum Finding: Hashable, Sendable {
        case file(File)
        case directory(TreePath)
        case other
        case missing
        /// The target of a link does not exist in the tree.
        case danglingLink
        /// The links form a loop, or there are too many of them.
        case endlessLink
    }

    enum Kind: Sendable {
        case directory
        case file(FileContent)
        case symbolicLink(String)
        case other
        /// A whiteout of one overlay layer, which hides the entry of the layers below.
        case whiteout
    }

    struct Node: Sendable {
        var kind: Kind
        var size = 0
        var mode: UInt16
        var layer: Int
        /// The index of its entry in the layer; -1 for a directory without its own entry.
        var entry = -1
        /// Whether it is opaque in one overlay layer, which hides the content of the layers below.
        var isOpaque = false
        var children: [String: Child] = [:]

        var isDirectory: Bool {
            if case .directory = kind { true } else { false }
        }
    }

    /// A name inside a directory.
    struct Child: Sendable {
        var node: Int
        /// The last layer with an entry for this name or below it.
        var layer: Int
        /// Whether that layer has an entry for this name itself.
        var isWritten: Bool
    }

    /// A name in the directory of a node.
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
    /// Whether the tree is a single overlay layer, in which whiteouts are nodes.
    let isOverlayLayer: Bool
    /// The number of applied layers.
    package internal(set) var layerCount = 0
    /// The unreadable paths of all layers.
    package internal(set) var unreadable: [LayerContents.Unreadable] = []
    /// The first path at which an overlay file system may differ from this tree.
    package internal(set) var overlayDoubt: TreePath?
    /// The paths at which the current layer removed entries of the layers below.
    var emptied: Set<Edge> = []

    /// Creates an empty tree.
    package init() { isOverlayLayer = false }

    init(isOverlayLayer: Bool) { self.isOverlayLayer = isOverlayLayer }

    /// Creates the tree of one folder.
    package init(directory contents: LayerContents) throws(Failure) {
        self.init()
        try applyLayer(contents)
    }

    // MARK: Looking

    /// Looks up a path such as `etc/os-release`; links are followed inside the tree.
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

    /// The names in the directory at a path, sorted; empty if it is not a directory.
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
        // The number of names left after each link; names above it are of the link's target.
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
                .overLimit, "cannot apply the layers",
                because: "their paths take more than \(Limits.treeSteps) steps to follow")
        }
    }

    func broken(_ path: TreePath, _ why: String) -> Failure {
        Failure(
            .malformed, "cannot apply layer \(layerCount + 1)",
            at: .named(path.description), because: why)
    }
}
