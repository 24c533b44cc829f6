// SPDX-License-Identifier: Apache-2.0
// Uploads begun and not finished. Spec: OCI distribution-spec 1.1, "Pushing blobs".

internal import Files
internal import NIOCore
internal import OCI
internal import Primitives

/// One upload: how much of it is here, and the hash of that much.
///
/// A value: whoever writes takes it out of the table, so two requests cannot write to one upload.
struct Upload: Sendable {
    let id: UploadIdentifier
    let repository: Repository
    /// Bytes that are in the file and count; a rest after them is overwritten or cut.
    private(set) var size: Int
    /// Nil when the bytes came before this process did and must be read again.
    private var hasher: ContentHasher?
    private var algorithm: HashAlgorithm

    init(id: UploadIdentifier, repository: Repository, algorithm: HashAlgorithm) {
        self.id = id
        self.repository = repository
        self.algorithm = algorithm
        size = 0
        hasher = ContentHasher(algorithm)
    }

    /// One that an earlier process began.
    init(
        resuming id: UploadIdentifier, repository: Repository, algorithm: HashAlgorithm,
        size: Int
    ) {
        self.init(id: id, repository: repository, algorithm: algorithm)
        self.size = size
        if size > 0 { hasher = nil }
    }

    /// Says how the whole will be named, which saves reading it again when nothing is here yet.
    mutating func expect(_ algorithm: HashAlgorithm) {
        guard size == 0 else { return }
        self.algorithm = algorithm
        hasher = ContentHasher(algorithm)
    }

    /// Appends bytes to the file and the hash.
    mutating func append(_ pieces: [ByteBuffer], to file: OpenFile) throws(Failure) {
        var next = self
        for piece in pieces {
            try unsafe piece.withUnsafeReadableBytes { (bytes) throws(Failure) in
                unsafe next.hasher?.update(bytes)
                try unsafe file.write(bytes, at: next.size)
                next.size += bytes.count
            }
        }
        self = next
    }

    /// What all bytes hash to.
    func digest(by wanted: HashAlgorithm, in file: OpenFile) throws(Failure) -> Digest {
        if let hasher, wanted == algorithm { return hasher.finish() }
        var hasher = ContentHasher(wanted)
        var offset = 0
        while offset < size {
            let chunk = try file.buffer(
                at: offset, atMost: min(Limits.downloadChunkBytes, size - offset))
            guard chunk.readableBytes > 0 else { break }
            unsafe chunk.withUnsafeReadableBytes { unsafe hasher.update($0) }
            offset += chunk.readableBytes
        }
        return hasher.finish()
    }

    var session: [UInt8] { Array("\(repository.path)\n\(algorithm.rawValue)\n".utf8) }
}

/// All unfinished uploads of this process and those before it.
struct UploadTable: Sendable {
    enum Entry: Sendable {
        case resting(Upload)
        /// A request writes to it; how much was there when it began.
        case busy(Upload)
    }

    var entries: [UploadIdentifier: Entry] = [:]

    /// Reads what the folder holds and removes uploads that are too old or have lost a half.
    init(sweeping directory: RegistryDirectory, now: Timestamp) throws(Failure) {
        for name in try Disk.names(in: directory.uploads) {
            let stem = name.utf8.prefix(before: ".")
            guard let id = UploadIdentifier(parsing: stem) else {
                try removeFile(at: "\(directory.uploads)/\(name)")
                continue
            }
            if entries[id] != nil { continue }
            if let upload = try UploadTable.resume(id, directory, now) {
                entries[id] = .resting(upload)
            } else {
                try removeFile(at: directory.uploadData(id))
                try removeFile(at: directory.uploadSession(id))
            }
        }
    }

    private static func resume(
        _ id: UploadIdentifier, _ directory: RegistryDirectory, _ now: Timestamp
    )
        throws(Failure) -> Upload?
    {
        guard let changed = try Disk.lastChange(of: directory.uploadData(id)),
            now.seconds - changed < Limits.uploadLifetimeSeconds,
            let size = try Disk.size(of: directory.uploadData(id)),
            let record = try Disk.read(directory.uploadSession(id), atMost: 1_024)
        else { return nil }
        let lines = String(decoding: record, as: UTF8.self).utf8.split(separator: "\n")
        guard lines.count == 2, let algorithm = HashAlgorithm(registered: String(lines[1])),
            let repository = try? localRepository(lines[0])
        else { return nil }
        return Upload(resuming: id, repository: repository, algorithm: algorithm, size: size)
    }
}

/// A repository of this registry. The registry does not know under which host its clients see it.
func localRepository(_ path: some StringProtocol) throws(Failure) -> Repository {
    try Repository(registry: try RegistryHost(parsing: "localhost"), path: String(path))
}
