// SPDX-License-Identifier: Apache-2.0
// Finding referrers in an image layout whose index does not list them.
// Spec: OCI image-spec 1.1, image-layout.md: "The blobs directory MAY contain blobs which are not
// referenced by any of the refs." `cosign save` 3 stores bundles that way (pkg/oci/layout/write.go).

internal import OCI
internal import Primitives
internal import Synchronization

/// Reads each blob of one layout that may be a manifest once, and remembers its subject.
///
/// Blobs that are not manifests are skipped. If a blob cannot be read, or the search ends at a
/// limit, the result is incomplete: it lists what was found, and a failure with it.
final class ReferrerSearch: Sendable {
    private struct State {
        /// The referrer that a blob is; nil for all other blobs.
        var known: [Digest: Referrer?] = [:]
        var bytesLeft: Int
    }

    private struct Referrer {
        let subject: Digest
        let descriptor: Descriptor
    }

    private let files: any LayoutFiles
    private let maximumBlobs: Int
    private let maximumBytes: Int
    private let state: Mutex<State>

    init(
        files: any LayoutFiles, maximumBlobs: Int = Limits.blobsPerLayoutSearch,
        maximumBytes: Int = Limits.layoutSearchBytes
    ) {
        self.files = files
        self.maximumBlobs = maximumBlobs
        self.maximumBytes = maximumBytes
        state = Mutex(State(bytesLeft: maximumBytes))
    }

    /// The referrers of `subject` among the blobs.
    ///
    /// - Parameter listed: what the index of the layout names; it is read first, so that a limit
    ///   never hides what an index lists.
    func referrers(of subject: Digest, listed: [Digest]) throws(Failure) -> ReferrersResult {
        var (blobs, incomplete) = try self.blobs()
        let isThere = Set(blobs)
        blobs = listed.filter(isThere.contains) + blobs
        var found: [Digest: Descriptor] = [:]
        for blob in blobs {
            do {
                guard let referrer = try referrer(in: blob), referrer.subject == subject else {
                    continue
                }
                found[blob] = referrer.descriptor
            } catch  where error.kind == .notFound || error.kind == .malformed {
                // It vanished, or is not a regular file.
                continue
            } catch {
                incomplete = incomplete ?? error
            }
        }
        return ReferrersResult(
            descriptors: found.values.sorted { $0.digest < $1.digest }, discovery: .layout,
            failures: incomplete.map { [.init(discovery: .layout, failure: $0)] } ?? [])
    }

    private func blobs() throws(Failure) -> ([Digest], Failure?) {
        var blobs: [Digest] = []
        for algorithm in HashAlgorithm.registered {
            let some = try files.blobs(algorithm, atMost: maximumBlobs - blobs.count)
            blobs += some.digests
            guard some.isCut else { continue }
            return (blobs, overLimit("it holds more than \(maximumBlobs) blobs"))
        }
        return (blobs, nil)
    }

    private func referrer(in blob: Digest) throws(Failure) -> Referrer? {
        if let known = state.withLock({ $0.known[blob] }) { return known }
        let path = "blobs/\(blob.algorithm.rawValue)/\(blob.hex)"
        let head = try files.head(of: path, count: Limits.blobHeadBytes)
        var referrer: Referrer?
        if head.size <= Limits.manifestBytes, mayBeObject(head.bytes) {
            let isAffordable = state.withLock { state in
                guard head.size <= state.bytesLeft else { return false }
                state.bytesLeft -= head.size
                return true
            }
            guard isAffordable else {
                throw overLimit("it holds more than \(maximumBytes) bytes of JSON documents")
            }
            let bytes = try files.read(path, atMost: Limits.manifestBytes)
            referrer = Self.referrer(bytes, named: blob)
        }
        state.withLock { $0.known[blob] = .some(referrer) }
        return referrer
    }

    /// The descriptor carries the name of the file: if the content is something else, reading the
    /// manifest says so.
    private static func referrer(_ bytes: [UInt8], named blob: Digest) -> Referrer? {
        if let manifest = try? Manifest(parsing: bytes, as: nil, named: "\(blob)") {
            guard let subject = manifest.subject?.digest else { return nil }
            var descriptor = manifest.descriptor
            descriptor.digest = blob
            return Referrer(subject: subject, descriptor: descriptor)
        }
        // A manifest that Assay does not accept is evidence that cannot be read, not its absence.
        guard let json = try? JSONReader(parsing: bytes, named: "\(blob)"),
            let type = try? MediaType(parsing: json.required("mediaType").string()),
            type.isImageManifest || type.isIndex || type.isArtifactManifest,
            let text = try? json.required("subject").required("digest").string(),
            let subject = try? Digest(parsing: text)
        else { return nil }
        let descriptor = Descriptor(mediaType: type, digest: blob, size: bytes.count)
        return Referrer(subject: subject, descriptor: descriptor)
    }

    private func overLimit(_ why: String) -> Failure {
        Failure(
            .overLimit, "cannot search the image layout for referrers", at: .named(files.name),
            because: why)
    }
}

/// Whether a document of these first bytes can be a JSON object; only white space leaves it open.
private func mayBeObject(_ head: [UInt8]) -> Bool {
    let first = head.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    return first == nil ? !head.isEmpty : first == UInt8(ascii: "{")
}

extension MediaType {
    /// The artifact manifest of the release candidates of image-spec 1.1.
    fileprivate var isArtifactManifest: Bool {
        isSame(description, "application/vnd.oci.artifact.manifest.v1+json")
    }
}
