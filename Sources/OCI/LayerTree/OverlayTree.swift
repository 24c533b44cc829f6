// SPDX-License-Identifier: Apache-2.0
// The root file system of an image in an overlay file system. Spec: Linux,
// Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories", "Merging"; OCI
// image-spec 1.1, layer.md.

package import Primitives

extension FileTree {
    /// The root file system of a runtime that unpacks each layer into a separate directory and
    /// stacks the directories, as containerd and Docker do on overlay.
    ///
    /// It differs from a tree of layers applied in place where an entry's path contains a link of a
    /// lower layer, and where one layer removes a directory and creates it again. Both are rare;
    /// compare the two trees if `overlayDoubt` is not nil.
    ///
    /// - Throws: `malformed` where such a runtime rejects the image.
    package static func overlay(of layers: [LayerContents]) throws(Failure) -> FileTree {
        var merged = FileTree()
        for layer in layers {
            var upper = FileTree(isOverlayLayer: true)
            try upper.applyLayer(layer)
            try merged.merge(upper)
        }
        return merged
    }

    private mutating func merge(_ upper: FileTree) throws(Failure) {
        if upper.nodes[0].isOpaque { nodes[0].children = [:] }
        var waiting = [(upper: 0, merged: 0)]
        while let (from, into) = waiting.popLast() {
            for (name, child) in upper.nodes[from].children {
                var node = upper.nodes[child.node]
                switch node.kind {
                case .whiteout: nodes[into].children[name] = nil
                case .directory:
                    if !node.isOpaque, let below = nodes[into].children[name]?.node,
                        nodes[below].isDirectory
                    {
                        waiting.append((child.node, below))
                        continue
                    }
                    node.children = [:]
                    waiting.append((child.node, try add(node, name, to: into)))
                default: _ = try add(node, name, to: into)
                }
            }
        }
        unreadable += upper.unreadable
        layerCount += 1
    }

    private mutating func add(_ node: Node, _ name: String, to parent: Int) throws(Failure) -> Int {
        var node = node
        (node.layer, node.isOpaque) = (layerCount, false)
        let place = try newNode(node)
        nodes[parent].children[name] = Child(node: place, layer: layerCount, isWritten: true)
        return place
    }
}
