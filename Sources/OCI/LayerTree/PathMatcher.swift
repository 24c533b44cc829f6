// SPDX-License-Identifier: Apache-2.0
// Which files of a tree are evidence whose bytes are kept.

internal import Primitives

/// Decides for each path, while an archive streams by, whether its content is kept.
///
/// Rules are ends of paths and not whole paths, because a link may lead to a file from elsewhere:
/// `usr/lib/os-release` is often a link, and `var` sometimes is.
package struct PathMatcher: Hashable, Sendable {
    /// Ends of file paths by their last name.
    private let files: [String: [[String]]]
    /// Ends of folder paths by their last name; every file right inside is kept.
    private let folders: [String: [[String]]]
    /// Starts of names.
    private let namePrefixes: [String]
    /// Names of files by the folder two levels up: `share/doc/ANY/copyright`.
    private let filesBelow: [String: [[String]]]
    /// Whole paths.
    private var paths: Set<TreePath> = []

    /// - Parameters:
    ///   - files: ends of paths of single files: `lib/dpkg/status`.
    ///   - folders: ends of paths of folders whose own files are kept: `lib/dpkg/status.d`.
    ///   - namePrefixes: what a file's name may start with, wherever it is.
    ///   - filesBelow: ends of paths of folders, and the name of a file that is kept in each of their
    ///     own folders.
    package init(
        files: [String], folders: [String], namePrefixes: [String],
        filesBelow: [(folder: String, name: String)] = []
    ) {
        self.files = byLastName(files)
        self.folders = byLastName(folders)
        self.namePrefixes = namePrefixes
        self.filesBelow = Dictionary(
            filesBelow.map { ($0.name, [linkComponents($0.folder)]) }, uniquingKeysWith: +)
    }

    /// The same rules, and files at those very paths.
    package func adding(_ paths: Set<TreePath>) -> PathMatcher {
        var matcher = self
        matcher.paths.formUnion(paths)
        return matcher
    }

    /// Whether the content of the file at that path is to be kept.
    package func wants(_ path: TreePath) -> Bool {
        if paths.contains(path) { return true }
        guard let (parent, name) = path.split else { return false }
        if let ends = files[name], fits(path, ends) { return true }
        if let folder = parent.split?.name, let ends = folders[folder], fits(parent, ends) {
            return true
        }
        if isBelow(path) { return true }
        return namePrefixes.contains { name.utf8.starts(with: $0.utf8) }
    }

    /// Whether the path is one of `filesBelow`.
    func isBelow(_ path: TreePath) -> Bool {
        guard let (parent, name) = path.split, let ends = filesBelow[name],
            let above = parent.split?.parent
        else { return false }
        return fits(above, ends)
    }

    private func fits(_ path: TreePath, _ ends: [[String]]) -> Bool {
        let components = path.components
        return ends.contains { components.suffix($0.count).elementsEqual($0) }
    }
}

private func byLastName(_ paths: [String]) -> [String: [[String]]] {
    var ends: [String: [[String]]] = [:]
    for path in paths {
        let components = linkComponents(path)
        if let name = components.last { ends[name, default: []].append(components) }
    }
    return ends
}
