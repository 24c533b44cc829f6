// SPDX-License-Identifier: Apache-2.0
// Uploads in chunks, each of which can be sent again.
// Spec: distribution-spec 1.1, "Pushing a blob in chunks" and "Resuming an upload".

internal import HTTPTypes
internal import OCI
internal import Primitives

extension RegistryRepository {
    func uploadChunks(
        _ blob: Descriptor, _ content: ByteStream, from start: UploadStart, wanted: Int
    ) async throws {
        guard start.smallestChunk <= Limits.largestMinimumChunkBytes else {
            throw Failure(
                .overLimit, uploadWhat(blob), at: session.place(start.address),
                because: "the registry wants chunks of \(start.smallestChunk) bytes or more, "
                    + "the limit is \(Limits.largestMinimumChunkBytes)")
        }
        let chunkBytes = max(wanted, start.smallestChunk, 1)
        var location = start.address
        var offset = 0
        var pending: [UInt8] = []
        for try await piece in content {
            pending += piece
            while pending.count >= chunkBytes {
                let chunk = Array(pending.prefix(chunkBytes))
                location = try await upload(chunk, of: blob, at: offset, to: location)
                offset += chunk.count
                pending.removeFirst(chunk.count)
            }
        }
        if !pending.isEmpty {
            location = try await upload(pending, of: blob, at: offset, to: location)
        }
        let close = call(
            .put, at: location.adding("digest", "\(blob.digest)"), .push, what: uploadWhat(blob))
        try await finish(blob, try await session.send(close))
    }

    /// Sends one chunk until the registry has all of it.
    ///
    /// - Returns: where the next one goes.
    private func upload(
        _ chunk: [UInt8], of blob: Descriptor, at offset: Int, to start: HTTPURL
    ) async throws -> HTTPURL {
        var location = start
        var sent = 0
        for attempt in 1...Limits.requestAttempts {
            let rest = Array(chunk[sent...])
            var call = call(.patch, at: location, .push, what: uploadWhat(blob))
            call.fields[.contentType] = MediaType.octets.description
            call.fields[.contentRange] = "\(offset + sent)-\(offset + chunk.count - 1)"
            call.transferredBytes = rest.count
            // Sent once: after a broken request the registry tells how much of it arrived.
            call.body = .stream(ByteStream(rest), length: rest.count)
            do {
                let answer = try await session.send(call)
                if answer.status == 202 {
                    location = try uploadLocation(in: answer)
                    sent = try receivedBytes(answer, of: chunk, from: offset, sent: chunk.count)
                    if sent == chunk.count { return location }
                } else if ![416, 408, 429, 500, 502, 503, 504].contains(answer.status) {
                    throw await answer.failure()
                }
            } catch let failure as Failure
                where failure.kind == .unavailable && attempt < Limits.requestAttempts
            {
                // The offset is asked for below.
            }
            try await session.clock.wait(milliseconds: backOff(attempt))
            (location, sent) = try await uploadState(
                location, of: blob, chunk: chunk, from: offset)
            if sent == chunk.count { return location }
        }
        throw Failure(
            .unavailable, uploadWhat(blob), at: session.place(location),
            because:
                "the chunk at byte \(offset) did not arrive in \(Limits.requestAttempts) attempts"
        )
    }

    /// Asks the registry how much it has.
    private func uploadState(
        _ location: HTTPURL, of blob: Descriptor, chunk: [UInt8], from offset: Int
    ) async throws -> (HTTPURL, Int) {
        let answer = try await session.send(
            call(.get, at: location, .push, what: uploadWhat(blob)))
        guard [202, 204].contains(answer.status) else { throw await answer.failure() }
        let next =
            answer.fields[.location] == nil ? location : try uploadLocation(in: answer)
        return (next, try receivedBytes(answer, of: chunk, from: offset, sent: 0))
    }

    /// How many bytes of this chunk the registry has, from its `Range: 0-<last byte>`.
    private func receivedBytes(
        _ answer: RegistryResponse, of chunk: [UInt8], from offset: Int, sent: Int
    ) throws(Failure) -> Int {
        guard let text = answer.fields[.range] else { return sent }
        let range = text.utf8.removingPrefix("bytes=") ?? text[...]
        let ends = range.utf8.split(separator: "-").map { Int($0) }
        guard ends.count == 2, ends[0] == 0, let last = ends[1],
            (0..<Limits.descriptorBytes).contains(last)
        else {
            throw Failure(
                .malformed, answer.call.what, at: answer.place,
                because:
                    "the Range \(quoted(answer.sent.hidden(in: text))) is not written like 0-99")
        }
        // An empty upload has no last byte; registries write 0-0 for it.
        let count = last == 0 && sent == 0 ? 0 : last + 1
        guard (offset...offset + chunk.count).contains(count) else {
            throw Failure(
                .rejected, answer.call.what, at: answer.place,
                because: "the registry says it has \(count) bytes; we sent \(offset) for certain "
                    + "and at most \(offset + chunk.count)")
        }
        return count - offset
    }
}
