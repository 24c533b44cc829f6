// SPDX-License-Identifier: Apache-2.0
// Taking blobs in, piece by piece. Spec: OCI distribution-spec 1.1, "Pushing blobs".

internal import Files
internal import OCI
internal import Primitives
internal import Synchronization

/// What came of asking for an upload to write to.
enum UploadClaim: Sendable {
    case claimed(Upload)
    /// Another request writes to it now.
    case busy
    /// There is none of that name in that repository.
    case unknown
}

extension RegistryStore {
    /// Begins an upload, or nil when `Limits.uploadSessions` are open.
    func beginUpload(in repository: Repository, algorithm: HashAlgorithm)
        throws(Failure) -> Upload?
    {
        let upload = Upload(id: UploadIdentifier(), repository: repository, algorithm: algorithm)
        let entered = uploads.withLock { (table) -> Bool in
            guard table.entries.count < Limits.uploadSessions else { return false }
            table.entries[upload.id] = .busy(upload)
            return true
        }
        guard entered else { return nil }
        do throws(Failure) {
            try keepSession(of: upload)
        } catch {
            discard(upload)
            throw error
        }
        return upload
    }

    /// Takes the upload out of the table; `release`, `finish` or `discard` must follow.
    func claimUpload(_ id: UploadIdentifier, in repository: Repository) -> UploadClaim {
        uploads.withLock { (table) -> UploadClaim in
            switch table.entries[id] {
            case .resting(let upload) where upload.repository == repository:
                table.entries[id] = .busy(upload)
                return .claimed(upload)
            case .busy(let upload) where upload.repository == repository: return .busy
            default: return .unknown
            }
        }
    }

    /// Puts a claimed upload back for the next request.
    func release(_ upload: Upload) {
        uploads.withLock { $0.entries[upload.id] = .resting(upload) }
    }

    /// Bytes that are here, or nil when there is no such upload.
    func progress(of id: UploadIdentifier, in repository: Repository) -> Int? {
        uploads.withLock { (table) -> Int? in
            switch table.entries[id] {
            case .resting(let upload), .busy(let upload):
                upload.repository == repository ? upload.size : nil
            case nil: nil
            }
        }
    }

    func openFile(of upload: Upload) throws(Failure) -> OpenFile {
        try OpenFile(writing: directory.uploadData(upload.id))
    }

    /// Makes the upload a blob when its bytes hash to `digest`; else removes it. Either way it is
    /// over. The answer is what the bytes hash to.
    func finish(_ upload: Upload, as digest: Digest) throws(Failure) -> Digest {
        do throws(Failure) {
            let found = try checkedDigest(of: upload, by: digest.algorithm)
            if found == digest {
                try adopt(directory.uploadData(upload.id), as: digest, in: upload.repository)
            }
            discard(upload)
            return found
        } catch {
            discard(upload)
            throw error
        }
    }

    /// Removes a claimed upload with its bytes.
    func discard(_ upload: Upload) {
        _ = try? removeFile(at: directory.uploadData(upload.id))
        _ = try? removeFile(at: directory.uploadSession(upload.id))
        uploads.withLock { $0.entries[upload.id] = nil }
    }

    private func checkedDigest(of upload: Upload, by algorithm: HashAlgorithm)
        throws(Failure) -> Digest
    {
        let file = try openFile(of: upload)
        try file.cut(at: upload.size)
        let found = try upload.digest(by: algorithm, in: file)
        try file.synchronize()
        return found
    }

    /// What another process needs to go on with the upload. Not synchronised: after a power cut the
    /// client begins again.
    private func keepSession(of upload: Upload) throws(Failure) {
        let session = try OpenFile(writing: directory.uploadSession(upload.id))
        try session.write(upload.session)
        _ = try openFile(of: upload)
    }
}
