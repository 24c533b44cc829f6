// SPDX-License-Identifier: Apache-2.0
// One repository on one registry: reading manifests. Spec: distribution-spec 1.1, "Pull".

internal import HTTPTypes
package import OCI
internal import Primitives

/// A repository behind the distribution protocol.
///
/// Failures: `notFound` only when the registry said so, `denied`, `rateLimited`, `unavailable` when
/// it could not be asked or answered something else, `rejected` when it did not tell the truth.
package struct RegistryRepository: ArtifactDestination {
    let session: RegistrySession

    package var name: Repository { session.repository }
    package var mountSource: Repository? { name }
    package var sourceName: String { session.repository.description }

    /// What stands in front of every path.
    func address(_ rest: String) -> HTTPURL {
        session.base.at("/v2/\(session.repository.path)/\(rest)")
    }

    func call(
        _ method: HTTPRequest.Method, _ rest: String, _ actions: AccessActions, what: String
    ) -> RegistryRequest {
        call(method, at: address(rest), actions, what: what)
    }

    func call(
        _ method: HTTPRequest.Method, at address: HTTPURL, _ actions: AccessActions, what: String
    ) -> RegistryRequest {
        var call = RegistryRequest(method, address, what: what)
        call.scopes = ["repository:\(session.repository.path):\(actions.rawValue)"]
        return call
    }

    /// The image name this reference has here, for failures.
    func shown(_ reference: ManifestReference) -> String {
        switch reference {
        case .tag(let tag): "\(name):\(tag)"
        case .digest(let digest): "\(name)@\(digest)"
        }
    }

    package func manifest(_ reference: ManifestReference) async throws -> Manifest {
        let (answer, bytes) = try await manifestDocument(reference)
        return try manifest(reference, bytes, in: answer)
    }

    /// The bytes that the registry has under that name, unread.
    func manifestDocument(
        _ reference: ManifestReference
    ) async throws -> (RegistryResponse, [UInt8]) {
        var call = call(
            .get, "manifests/\(reference)", .pull, what: "cannot read \(shown(reference))")
        call.fields[.accept] = manifestTypes
        let (answer, bytes) = try await session.document(call, atMost: Limits.manifestBytes)
        try answer.refuseWebPage(bytes)
        guard answer.status == 200 else { throw answer.failure(reading: bytes) }
        guard !bytes.isEmpty else { throw answer.noAnswer("the answer 200 is empty") }
        return (answer, bytes)
    }

    /// The manifest of these bytes.
    ///
    /// - Throws: `unavailable` for what is no manifest and may come from somebody else than the registry.
    ///   What it holds itself is content, readable or not: bytes that a digest names, in the reference or
    ///   in `Docker-Content-Digest`.
    func manifest(
        _ reference: ManifestReference, _ bytes: [UInt8], in answer: RegistryResponse
    ) throws(Failure) -> Manifest {
        let isHeld =
            switch reference {
            case .tag: answer.names(bytes)
            case .digest(let digest): Digest(of: bytes, by: digest.algorithm) == digest
            }
        if !isHeld { try answer.refuseOtherDocument(bytes) }
        do {
            return try read(bytes, as: reference, in: answer)
        } catch {
            guard case .tag = reference, !isHeld, error.kind != .overLimit else { throw error }
            throw answer.noManifest(bytes, because: error.why)
        }
    }

    private func read(
        _ bytes: [UInt8], as reference: ManifestReference, in answer: RegistryResponse
    ) throws(Failure) -> Manifest {
        let content: HashedContent
        switch reference {
        case .tag: content = HashedContent(bytes, by: .sha256)
        case .digest(let wanted):
            content = HashedContent(bytes, by: wanted.algorithm)
            guard content.digest == wanted else {
                throw Failure(
                    .rejected, answer.call.what, at: answer.place,
                    because: "what the registry sent is \(content.digest)",
                    next:
                        "ask again; if it repeats, the registry does not hold what it says it holds"
                )
            }
        }
        return try answer.reading { () throws(Failure) in
            try Manifest(
                parsing: content, as: try answer.mediaType(), named: shown(reference))
        }
    }

    /// Reads the manifest and hashes it: the digest in an answer to HEAD is not verified. Both take
    /// one request.
    package func resolve(_ reference: ManifestReference) async throws -> Descriptor {
        try await manifest(reference).plainDescriptor
    }

    /// Asks with HEAD; if the answer is neither yes nor no, reads the manifest.
    package func hasManifest(_ reference: ManifestReference) async throws -> Bool {
        var call = call(
            .head, "manifests/\(reference)", .pull, what: "cannot find \(shown(reference))")
        call.fields[.accept] = manifestTypes
        let answer = try await session.send(call)
        if !answer.isWebPage {
            if answer.status == 200, try answer.mayHold(reference) { return true }
            // Without a body, only the header can tell another reason.
            if answer.status == 404, RegistryErrorText([], in: answer).saysAbsent { return false }
        }
        // An answer to HEAD has no body to tell more; and some registries do not know HEAD.
        guard [200, 400, 404, 405, 501].contains(answer.status) else {
            throw await answer.failure()
        }
        return try await canRead(reference)
    }
}

extension RegistryResponse {
    /// Whether the digest it claims, if any, is the one that was asked for.
    fileprivate func mayHold(_ reference: ManifestReference) throws(Failure) -> Bool {
        guard case .digest(let wanted) = reference, let claimed = try claimedDigest() else {
            return true
        }
        return claimed == wanted
    }
}

/// What a token must allow.
///
/// Spec: distribution docs, "Token Scope Documentation".
enum AccessActions: String, Sendable {
    case pull
    case push = "pull,push"
    case delete = "pull,push,delete"
}

extension Manifest {
    /// Type, digest and size: what the place can say without reading the document.
    var plainDescriptor: Descriptor {
        Descriptor(mediaType: mediaType, digest: digest, size: bytes.count)
    }
}

/// All four types in one field: a registry that looks only at the first field would convert or
/// refuse.
private let manifestTypes = [
    MediaType.ociIndex, .ociManifest, .dockerManifestList, .dockerManifest,
].map(\.description).joined(separator: ", ")
