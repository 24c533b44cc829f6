// SPDX-License-Identifier: Apache-2.0
// Which files of a tree say what is installed.

package import OCI
internal import Primitives

/// The files that this version reads, as a tree holds them at one moment.
struct PackageEvidence: Hashable {
    struct Database: Hashable {
        let kind: PackageKind
        let path: String
        let bytes: [UInt8]
        /// A file of `status.d`.
        let isFragment: Bool
    }

    private(set) var operatingSystem: OperatingSystem?
    private(set) var databases: [Database] = []
    private(set) var unknowns: [Inventory.Unknown] = []

    init(in tree: FileTree) {
        findOperatingSystem(tree)
        find(.debian, at: "var/lib/dpkg/status", in: tree)
        for name in tree.names(in: statusFolder) where !name.utf8.hasSuffix(".md5sums") {
            find(.debian, at: "\(statusFolder)/\(name)", in: tree, isFragment: true)
        }
        for path in ["lib/apk/db/installed", "usr/lib/apk/db/installed"] {
            find(.alpine, at: path, in: tree)
        }
        for (path, what) in unreadDatabases where tree.look(at: path) != .missing {
            unknowns.append(
                Inventory.Unknown(path: path, reason: "it is \(what), which is not read yet"))
        }
    }

    private mutating func findOperatingSystem(_ tree: FileTree) {
        for path in ["etc/os-release", "usr/lib/os-release"] {
            guard let (file, bytes) = content(at: path, in: tree) else { continue }
            guard bytes.count <= Limits.operatingSystemFileBytes else {
                unknowns.append(
                    Inventory.Unknown(
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
            !databases.contains(where: { $0.path == file && !isFragment })
        else { return }
        databases.append(
            Database(kind: kind, path: file, bytes: bytes, isFragment: isFragment))
    }

    /// The file a path leads to; notes why when something is there and its bytes are not.
    private mutating func content(at path: String, in tree: FileTree) -> (String, [UInt8])? {
        let reason: String
        switch tree.look(at: path) {
        case .missing: return nil
        case .endlessLink: reason = "its links do not end"
        case .directory, .other: reason = "it is no file"
        case .file(let file):
            switch file.content {
            case .kept(let bytes): return (file.path.description, bytes)
            case .passedOver:
                reason = "it leads to \(plain(file.path.description)), which was not read"
            case .notKept(let why): reason = why
            }
        }
        unknowns.append(Inventory.Unknown(path: path, reason: reason))
        return nil
    }
}

extension PathMatcher {
    /// The files that an inventory is made from.
    package static let packageEvidence = PathMatcher(
        files: ["lib/dpkg/status", "lib/apk/db/installed"], folders: ["lib/dpkg/status.d"],
        namePrefixes: ["os-release"])
}

private let statusFolder = "var/lib/dpkg/status.d"

/// Package databases whose presence means that packages are installed which we do not list.
private let unreadDatabases = [
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
