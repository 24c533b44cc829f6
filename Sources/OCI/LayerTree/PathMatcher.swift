// SPDX-License-Identifier: Apache-2.0
// Rules for the files of a tree whose content is kept.

internal import Primitives

/// Decides for each path of an archive whether the file's content is kept.
///
/// Rules match the ends of paths, because a file can be reached through links: `usr/lib/os-release`
/// is often a link, and `var` sometimes is.
package struct PathMatcher: Hashable, Sendable {
    /// The ends of file paths, by last name.
    private let files: [String: [[String]]]
    /// The ends of folder paths, by last name; the files directly in these folders are kept.
    private let directories: [String: [[String]]]
    /// Prefixes of file names.
    private let namePrefixes: [String]
    /// File names, by the folder two levels up: `share/doc/ANY/copyright`.
    private let filesBelow: [String: [[String]]]
    /// Whole paths.
    private var paths: Set<TreePath> = []

    /// - Parameters:
    ///   - files: ends of file paths: `lib/dpkg/status`.
    ///   - folders: ends of folder paths, whose direct files are kept: `lib/dpkg/status.d`.
    ///   - namePrefixes: prefixes of file names in any folder.
    ///   - filesBelow: ends of folder paths, with the name of a file that is kept in each direct
    ///     subfolder.
    package init(
        files: [String], directories: [String], namePrefixes: [String],
        filesBelow: [(directory: String, name: String)] = []
    ) {
        self.files = byLastName(files)
        self.directories = byLastName(directories)
        self.namePrefixes = namePrefixes
        self.filesBelow = Dictionary(
            filesBelow.map { ($0.name, [linkComponents($0.directory)]) }, uniquingKeysWith: +)
    }

    /// The same rules, with the files at exactly these paths.
    package func adding(_ paths: Set<TreePath>) -> PathMatcher {
        var matcher = self
        matcher.paths.formUnion(paths)
        return matcher
    }

    /// Whether the content of the file at a path is kept.
    package func wants(_ path: TreePath) -> Bool {
        if paths.contains(path) { return true }
        guard let (parent, name) = path.split else { return false }
        if let ends = files[name], fits(path, ends) { return true }
        if let directory = parent.split?.name, let ends = directories[directory], fits(parent, ends)
        {
            return true
        }
        if isBelow(path) { return true }
        return namePrefixes.contains { name.utf8.starts(with: $0.utf8) }
    }

    /// Whether a rule of `filesBelow` matches the path.
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
