// SPDX-License-Identifier: Apache-2.0
// Reading blobs, and going on where a transfer broke off.
// Spec: distribution-spec 1.1, "Pulling blobs"; RFC 9110 §14 (ranges).

internal import HTTPTypes
package import OCI
internal import Primitives

extension RegistryRepository {
    /// The blob as the registry sends it; a broken transfer is taken up again where it broke.
    package func unverifiedStream(of descriptor: Descriptor) async throws -> ByteStream {
        if let data = descriptor.data { return ByteStream(data) }
        let download = BlobDownload(descriptor: descriptor, repository: self)
        try await download.start()
        return ByteStream { try await download.next() }
    }
}

/// One blob on its way. An actor because its chunks may be pulled from any task.
private actor BlobDownload {
    private let descriptor: Descriptor
    private let repository: RegistryRepository
    private var body: ByteStream?
    /// Bytes handed out.
    private var offset = 0
    /// Bytes of the running answer that were handed out by an earlier one.
    private var overlap = 0
    private var resumes = 0

    init(descriptor: Descriptor, repository: RegistryRepository) {
        self.descriptor = descriptor
        self.repository = repository
    }

    func start() async throws { try await open() }

    func next() async throws -> [UInt8]? {
        while true {
            do {
                if let chunk = try await pull() { return chunk }
                if offset >= descriptor.size { return nil }
                guard resumes < Limits.transferResumes else {
                    throw Failure(
                        .unavailable, what, at: .named(repository.sourceName),
                        because: "the transfer ended after \(offset) of \(descriptor.size) bytes, "
                            + "again and again")
                }
            } catch let failure as Failure where failure.kind == .unavailable {
                guard resumes < Limits.transferResumes else { throw failure.during(what) }
            }
            resumes += 1
            try await repository.session.wait(milliseconds: backOff(resumes), before: call)
            try await open()
        }
    }

    private func pull() async throws -> [UInt8]? {
        while let body {
            var iterator = body.makeAsyncIterator()
            guard let chunk = try await iterator.next() else {
                self.body = nil
                return nil
            }
            let known = min(overlap, chunk.count)
            overlap -= known
            if chunk.count > known {
                offset += chunk.count - known
                return known == 0 ? chunk : Array(chunk[known...])
            }
        }
        return nil
    }

    private func open() async throws {
        body = nil
        var call = call
        if offset > 0 { call.fields[.range] = "bytes=\(offset)-" }
        let answer = try await repository.session.send(call)
        switch answer.status {
        case 206 where offset > 0:
            guard rangeStart(answer.fields[.contentRange]) == offset else {
                throw Failure(
                    .unavailable, what, at: answer.place,
                    because: "the answer does not go on at byte \(offset), where the last one broke"
                )
            }
            overlap = 0
        case 200:
            // A sign-in page instead of the blob does not mean that the blob is gone.
            if answer.isWebPage, answer.claimedLength != descriptor.size {
                throw answer.noAnswer("the registry answered with a web page instead of the blob")
            }
            if let claimed = answer.claimedLength, claimed != descriptor.size {
                throw Failure(
                    .rejected, what, at: answer.place,
                    because: "the answer claims \(claimed) bytes, the blob has \(descriptor.size)")
            }
            overlap = offset
        default:
            throw await answer.failure()
        }
        body = answer.body
    }

    private var call: RegistryRequest {
        var call = repository.call(.get, "blobs/\(descriptor.digest)", .pull, what: what)
        call.transferredBytes = descriptor.size
        return call
    }

    private var what: String { "cannot read the blob \(repository.name)@\(descriptor.digest)" }
}

/// `bytes 500-999/1000` starts at 500.
private func rangeStart(_ field: String?) -> Int? {
    let range = field?.utf8.lowercased().utf8.removingPrefix("bytes ")
    return range.flatMap { Int($0.utf8.prefix(before: "-")) }
}
