// SPDX-License-Identifier: Apache-2.0
// The edge of the evaluator: finds out what it asked for, and says when it could not.

import OCI
import Policy
import Primitives
import Registry
import Signing

/// Fetches facts about images. It never judges, and never throws: what could not be found out is a
/// fact of its own.
struct ImageFactFinder: Sendable {
    let connections: Connections
    let memory: TagMemory?
    let mirrors: [MirrorArgument]

    /// One question: all requests about one image share its deadline.
    func facts(about image: NeededImage) async -> ImageFacts {
        await ImageFactFinder(
            connections: connections.forOneQuestion(), memory: memory, mirrors: mirrors
        ).found(about: image)
    }

    private func found(about image: NeededImage) async -> ImageFacts {
        let source = connections.repository(image.name.repository)
        do {
            let subject = try await source.resolve(image.name.reference)
            var found = await evidence(image.wishes, about: subject.digest, in: source)
            var origin: KnownImage?
            do {
                origin = try await self.origin(of: image, digest: subject.digest)
            } catch {
                // Nothing here, and the origin cannot be asked: it may have been lost on the way.
                if case .looked(let evidence) = found, evidence.candidates.isEmpty {
                    found = .couldNotLook(asFailure(error, "cannot read \(image.name)"))
                }
            }
            var facts = ImageFacts(resolution: .resolved(subject), evidence: found)
            facts.remembered = await remembered(image, now: subject.digest, in: source)
            facts.origin = origin
            return facts
        } catch {
            let failure = asFailure(error, "cannot read \(image.name)")
            return ImageFacts(resolution: .unresolved(failure), evidence: .couldNotLook(failure))
        }
    }

    private func evidence(
        _ wishes: Set<EvidenceCollector.Wish>, about digest: Digest, in source: any ArtifactSource
    ) async -> EvidenceLookup {
        do {
            return .looked(try await look(wishes, about: digest, in: source))
        } catch {
            return .couldNotLook(asFailure(error, "cannot look at \(digest)"))
        }
    }

    private func look(
        _ wishes: Set<EvidenceCollector.Wish>, about digest: Digest, in source: any ArtifactSource
    ) async throws -> Evidence {
        let collector = EvidenceCollector(source: source)
        switch wishes.count {
        case 0: return Evidence(subject: digest)
        case 1:
            return try await collector.collect(wishes.first ?? .everything, about: digest) { _ in
                false
            }
        default: return try await collector.everything(about: digest)
        }
    }

    /// What the tag meant when it last passed, when that is another digest; it only explains.
    private func remembered(
        _ image: NeededImage, now digest: Digest, in source: RegistryRepository
    ) async -> KnownImage? {
        guard image.name.digest == nil, let before = memory?.digest(of: image.name),
            before != digest,
            let evidence = try? await look(image.wishes, about: before, in: source)
        else { return nil }
        return KnownImage(repository: image.name.repository, digest: before, evidence: evidence)
    }

    private func origin(of image: NeededImage, digest: Digest) async throws -> KnownImage? {
        for mirror in mirrors {
            guard let repository = try mirror.origin(of: image.name.repository) else { continue }
            let place = connections.repository(repository)
            let evidence = try await look(image.wishes, about: digest, in: place)
            return KnownImage(repository: repository, digest: digest, evidence: evidence)
        }
        return nil
    }

    private func asFailure(_ error: any Error, _ what: String) -> Failure {
        (error as? Failure) ?? Failure(.unavailable, what, because: errorWords(error))
    }
}
