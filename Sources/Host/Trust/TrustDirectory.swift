// SPDX-License-Identifier: Apache-2.0
// A folder that keeps update metadata and target files. One file for each role and target, its name
// percent-encoded, so that nothing a repository says becomes a path (CVE-2026-24137).

internal import Files
package import Primitives
internal import Registry
internal import TUF
internal import Workflows

/// Keeps what an update trusted. Every file is written whole or not at all.
package struct TrustDirectory: SharedTrustCache {
    private let metadata: DirectoryHandle
    private let targets: DirectoryHandle?

    /// Opens the folders, and makes the last step of each when it is not there.
    ///
    /// - Parameter targets: where target files go; nil when none will be kept.
    package init(metadata: String, targets: String?) throws(Failure) {
        self.metadata = try DirectoryHandle(creating: metadata)
        if let targets {
            self.targets = try DirectoryHandle(creating: targets)
        } else {
            self.targets = nil
        }
    }

    /// Runs `work` while no other process updates the same folder.
    ///
    /// - Throws: `unavailable` when another one still does after `Limits.trustLockSeconds`.
    package func whileLocked<Result>(_ work: () async throws -> Result) async throws -> Result {
        let lock = try FileLock(directory: metadata)
        var looksLeft = Limits.trustLockSeconds * 1_000 / Limits.trustLockMilliseconds
        while try !lock.takeIfFree() {
            looksLeft -= 1
            guard looksLeft > 0 else {
                throw Failure(
                    .unavailable, "cannot lock the folder", at: .named(metadata.path),
                    because: "another process has updated it for \(Limits.trustLockSeconds) seconds"
                )
            }
            try await SystemClock().wait(milliseconds: Limits.trustLockMilliseconds)
        }
        defer { lock.release() }
        metadata.removeStaleParts()
        targets?.removeStaleParts()
        return try await work()
    }

    package func metadata(of role: String) throws(Failure) -> [UInt8]? {
        try content(metadata, metadataName(role), atMost: Limits.targetsMetadataBytes)
    }

    package func keep(_ bytes: [UInt8], asMetadataOf role: String) throws(Failure) {
        try metadata.write(bytes, as: metadataName(role))
    }

    package func forgetMetadata(of role: String) throws(Failure) {
        try metadata.remove(metadataName(role))
    }

    package func root(version: Int) throws(Failure) -> [UInt8]? {
        guard let roots = try rootDirectory(creating: false) else { return nil }
        return try content(roots, "\(version).json", atMost: Limits.rootMetadataBytes)
    }

    package func keep(_ bytes: [UInt8], asRootVersion version: Int) throws(Failure) {
        try rootDirectory(creating: true)?.write(bytes, as: "\(version).json")
    }

    package func target(_ path: String) throws(Failure) -> [UInt8]? {
        guard let targets else { return nil }
        return try content(targets, targetName(path), atMost: Limits.targetFileBytes)
    }

    package func keep(_ bytes: [UInt8], asTarget path: String) throws(Failure) {
        guard let targets else { return }
        try targets.write(bytes, as: targetName(path))
    }

    /// Where roots are kept by version, beside the metadata of the roles.
    private func rootDirectory(creating: Bool) throws(Failure) -> DirectoryHandle? {
        do {
            return try metadata.directory("roots", creating: creating)
        } catch  where error.kind == .notFound {
            return nil
        }
    }

    /// What is too large, or no regular file, was not kept by us.
    private func content(
        _ directory: DirectoryHandle, _ name: String, atMost limit: Int
    ) throws(Failure) -> [UInt8]? {
        guard let size = directory.sizeOfFile(name), size <= limit else { return nil }
        return try directory.file(name).whole(atMost: limit, named: "the kept file \(quoted(name))")
    }

    private func metadataName(_ role: String) -> String { "\(percentEncoded(role)).json" }

    /// A dot at the start is encoded too: no hidden files, no `.` and no `..`.
    private func targetName(_ path: String) -> String {
        let encoded = percentEncoded(path)
        return encoded.utf8.hasPrefix(".") ? "%2E" + encoded.dropFirst() : encoded
    }
}
