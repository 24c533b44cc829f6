// SPDX-License-Identifier: Apache-2.0
// The files of a tree that list installed packages.

package import OCI
internal import Primitives

/// The package databases and the os-release file of a tree.
struct PackageDatabaseFiles: Hashable {
    struct DatabaseFile: Hashable {
        let kind: PackageKind
        let path: String
        let bytes: [UInt8]
        /// Whether it is a file of `status.d`.
        let isFragment: Bool
        /// dpkg's journal: changes that are not in the database yet, in order.
        var journal: [JournalFile] = []
    }

    /// One file of `var/lib/dpkg/updates`.
    struct JournalFile: Hashable {
        let path: String
        let bytes: [UInt8]
    }

    /// A file and the kind of database it is parsed as. The path determines the kind, so with links
    /// one file can be parsed as several kinds, once as each.
    private struct Reading: Hashable {
        let kind: PackageKind
        let path: ByteString
        let isFragment: Bool
    }

    private(set) var operatingSystem: OperatingSystem?
    private(set) var databases: [DatabaseFile] = []
    private(set) var unknowns: [BillOfMaterials.Unknown] = []
    private var readings: Set<Reading> = []
    /// Files behind links, whose content was not kept.
    private(set) var unread: [FileTree.File] = []

    init(in tree: FileTree) {
        findOperatingSystem(tree)
        find(.debian, at: statusFile, in: tree)
        findJournal(tree)
        for name in names(in: statusDirectory, of: tree) {
            find(.debian, at: "\(statusDirectory)/\(name)", in: tree, isFragment: true)
        }
        for path in ["lib/apk/db/installed", "usr/lib/apk/db/installed"] {
            find(.alpine, at: path, in: tree)
        }
        for (path, what) in unreadDatabases {
            switch tree.look(at: path) {
            case .missing: continue
            case .danglingLink: note(path, danglingLink)
            case .file, .directory, .other, .endlessLink:
                note(path, "it is \(what), which is not read yet")
            }
        }
    }

    private mutating func findOperatingSystem(_ tree: FileTree) {
        for path in ["etc/os-release", "usr/lib/os-release"] {
            guard let (file, bytes) = content(at: path, in: tree) else { continue }
            guard bytes.count <= Limits.operatingSystemFileBytes else {
                unknowns.append(
                    BillOfMaterials.Unknown(
                        path: path,
                        reason: "it has \(bytes.count) bytes, the limit is "
                            + "\(Limits.operatingSystemFileBytes)"))
                continue
            }
            operatingSystem = OperatingSystem(parsing: bytes, path: file)
            return
        }
    }

    private mutating func find(
        _ kind: PackageKind, at path: String, in tree: FileTree, isFragment: Bool = false
    ) {
        guard let (file, bytes) = content(at: path, in: tree),
            !isFragment || !isListOfSums(path, bytes),
            readings.insert(Reading(kind: kind, path: ByteString(file), isFragment: isFragment))
                .inserted
        else { return }
        databases.append(
            DatabaseFile(kind: kind, path: file, bytes: bytes, isFragment: isFragment))
    }

    /// Spec: dpkg 1.22, lib/dpkg/dbmodify.c, "ulist_select": names of digits, all of the same
    /// length of at most ten; dpkg fails at other names of digits.
    private mutating func findJournal(_ tree: FileTree) {
        let names = names(in: journalDirectory, of: tree).filter { name in
            !name.isEmpty
                && name.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
        guard let length = names.first?.utf8.count else { return }
        guard names.allSatisfy({ $0.utf8.count == length }), length <= 10 else {
            unknowns.append(
                BillOfMaterials.Unknown(
                    path: journalDirectory,
                    reason: "its files have names of different length, or too long ones; dpkg does "
                        + "not apply them"))
            return
        }
        let files = names.compactMap { name in
            content(at: "\(journalDirectory)/\(name)", in: tree).map(JournalFile.init)
        }
        if databases.isEmpty {
            databases.append(
                DatabaseFile(kind: .debian, path: statusFile, bytes: [], isFragment: false))
        }
        databases[0].journal = files
    }

    /// Whether two trees have the same packages, regardless of the paths of the files.
    func showsSame(as other: PackageDatabaseFiles) -> Bool {
        func known(_ evidence: PackageDatabaseFiles) -> [[[UInt8]]] {
            evidence.databases.map { database in
                [Array(database.kind.rawValue.utf8), database.bytes] + database.journal.map(\.bytes)
            }
        }
        func system(_ evidence: PackageDatabaseFiles) -> [String?] {
            let system = evidence.operatingSystem
            return [system?.distribution, system?.identifier, system?.prettyName]
        }
        return known(self) == known(other) && system(self) == system(other)
            && Set(unknowns.map(\.reason)) == Set(other.unknowns.map(\.reason))
    }

    /// The names in a folder; notes an unknown if the path is not a folder.
    private mutating func names(in directory: String, of tree: FileTree) -> [String] {
        switch tree.look(at: directory) {
        case .directory: return tree.names(in: directory)
        case .missing: return []
        case .danglingLink: note(directory, danglingLink)
        case .endlessLink: note(directory, endlessLink)
        case .file, .other: note(directory, "it is not a folder")
        }
        return []
    }

    /// The file at a path; notes an unknown if something is there and its bytes are not available.
    private mutating func content(at path: String, in tree: FileTree) -> (String, [UInt8])? {
        switch tree.look(at: path) {
        case .missing: break
        case .danglingLink: note(path, danglingLink)
        case .endlessLink: note(path, endlessLink)
        case .directory: note(path, "it is a folder, not a file")
        case .other: note(path, "it is not a regular file")
        case .file(let file):
            switch file.content {
            case .kept(let bytes): return (file.path.description, bytes)
            case .passedOver:
                unread.append(file)
                note(path, "the content of \(plain(file.path.description)) was not read")
            case .notKept(let why): note(path, why)
            }
        }
        return nil
    }

    private mutating func note(_ path: String, _ reason: String) {
        unknowns.append(BillOfMaterials.Unknown(path: path, reason: reason))
    }
}

private let danglingLink = "a link on its path leads to something that is not there"
private let endlessLink = "its path has too many levels of symbolic links"

/// The package databases behind links whose content was not kept. Read the folder again with
/// `PathMatcher.packageDatabases.adding` before you list its packages.
package func packageFilesBehindLinks(in tree: FileTree) -> Set<TreePath> {
    Set(PackageDatabaseFiles(in: tree).unread.map(\.path))
}

extension PathMatcher {
    /// The files that an SBOM is made from.
    package static let packageDatabases = PathMatcher(
        files: ["lib/dpkg/status", "lib/apk/db/installed"],
        directories: ["lib/dpkg/status.d", "lib/dpkg/updates"], namePrefixes: ["os-release"],
        filesBelow: [("share/doc", "copyright")])
}

private let statusFile = "var/lib/dpkg/status"
private let statusDirectory = "var/lib/dpkg/status.d"
private let journalDirectory = "var/lib/dpkg/updates"

/// Whether a file of `status.d` contains the checksums of a package's files. The content decides,
/// because a package could have such a name.
private func isListOfSums(_ path: String, _ bytes: [UInt8]) -> Bool {
    path.utf8.reversed().starts(with: ".md5sums".utf8.reversed())
        && !bytes.split(separator: UInt8(ascii: "\n")).contains { line in
            line.prefix(8).map { $0 | 0x20 }.elementsEqual("package:".utf8.map { $0 | 0x20 })
        }
}

/// Package databases that Assay does not support. If one is there, packages are missing in the
/// SBOM.
private let unreadDatabases = [
    ("var/lib/chisel/manifest.wall", "a chisel manifest"),
    ("var/lib/rpm/rpmdb.sqlite", "an rpm database"),
    ("var/lib/rpm/Packages", "an rpm database"),
    ("var/lib/rpm/Packages.db", "an rpm database"),
    ("usr/lib/sysimage/rpm/rpmdb.sqlite", "an rpm database"),
    ("usr/lib/sysimage/rpm/Packages.db", "an rpm database"),
    ("usr/share/rpm/rpmdb.sqlite", "an rpm database"),
    ("var/lib/rpmmanifest/container-manifest-2", "an rpm manifest"),
    ("var/lib/pacman/local", "a pacman database"),
    ("usr/lib/opkg/status", "an opkg database"),
    ("var/db/pkg", "a Portage database"),
    ("nix/store", "a Nix store"),
]
