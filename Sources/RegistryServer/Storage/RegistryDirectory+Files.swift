// SPDX-License-Identifier: Apache-2.0
// Taking a registry's folder, sweeping it, and writing files into it that are whole or not there.

internal import Files
internal import Primitives

extension RegistryDirectory {
    /// Makes the folder when it is not there, keeps other processes out, and removes rests.
    func take(named path: String) throws(Failure) -> FileLock {
        try makeDirectory(at: root)
        try checkLayout(named: path)
        let directoryLock = try FileLock(file: lock)
        guard try directoryLock.takeIfFree() else {
            throw Failure(
                .unavailable, "cannot serve the folder \(quoted(path))",
                because: "another process serves it",
                next: "stop that process, or serve another folder")
        }
        for place in [temporary, uploads, repositories] { try makeDirectory(at: place) }
        for name in try Disk.names(in: temporary) {
            try removeFile(at: "\(temporary)/\(name)")
        }
        try sweepContent()
        try markLayout()
        return directoryLock
    }

    private func checkLayout(named path: String) throws(Failure) {
        if let found = try Disk.read(layout, atMost: 1_024) {
            guard found == Array(currentLayout.utf8) else {
                throw Failure(
                    .unsupported, "cannot serve the folder \(quoted(path))",
                    because: "its layout is \(quoted(String(decoding: found, as: UTF8.self)))",
                    next: "serve it with the version of assay that made it")
            }
            return
        }
        let names = try Disk.names(in: root).filter { $0 != "lock" && $0 != "lost+found" }
        guard names.isEmpty || Set(names).isSubset(of: ownNames) else {
            throw Failure(
                .unsupported, "cannot serve the folder \(quoted(path))",
                because: "it holds other things, \(quoted(names[0])) among them",
                next: "name an empty folder, or one that does not exist yet")
        }
    }

    /// Removes content that a process was killed over before any repository named it.
    private func sweepContent() throws(Failure) {
        var named: Set<String> = []
        for repository in try allRepositories() {
            for kind in ["_blobs", "_manifests"] {
                for algorithm in HashAlgorithm.registered {
                    let place = "\(repository.path)/\(kind)/\(algorithm.rawValue)"
                    named.formUnion(try Disk.names(in: place))
                }
            }
        }
        for algorithm in HashAlgorithm.registered {
            let place = contents(algorithm)
            for part in try Disk.names(in: place) {
                for name in try Disk.names(in: "\(place)/\(part)") where !named.contains(name) {
                    try removeFile(at: "\(place)/\(part)/\(name)")
                }
            }
        }
    }

    private func markLayout() throws(Failure) {
        if try Disk.exists(layout) { return }
        try write(Array(currentLayout.utf8), to: layout)
    }

    // MARK: Small files

    /// Writes a small file so that readers see all of it or nothing, and a crash cannot lose it
    /// after this returns.
    func write(_ bytes: [UInt8], to path: String) throws(Failure) {
        try Disk.finish(try writeAside(bytes), at: path)
    }

    /// Writes bytes to a temporary file; they are on the disk, not yet visible. The file is removed
    /// when it is released without a place.
    func writeAside(_ bytes: [UInt8]) throws(Failure) -> PartialFile {
        let file = try PartialFile(in: try DirectoryHandle(at: temporary))
        try file.append(bytes)
        try file.synchronize()
        return file
    }

    /// All repositories, with their names, sorted by name.
    func allRepositories() throws(Failure) -> [(name: String, path: String)] {
        var found: [(name: String, path: String)] = []
        var waiting = [(name: "", path: repositories)]
        while let place = waiting.popLast() {
            for name in try Disk.names(in: place.path) {
                if name.utf8.hasPrefix("_") {
                    if found.last?.name != place.name { found.append(place) }
                } else {
                    let whole = place.name.isEmpty ? name : "\(place.name)/\(name)"
                    waiting.append((whole, "\(place.path)/\(name)"))
                }
            }
        }
        return found.sorted { $0.name < $1.name }
    }
}

private let currentLayout = "assay-registry 1\n"
private let ownNames: Set<String> = ["temporary", "uploads", "repositories", "blobs"]
