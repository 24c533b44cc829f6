// SPDX-License-Identifier: Apache-2.0
// Facts from where they are: images in repositories, keys in the files that were given.

package import OCI
package import Policy
package import Primitives
internal import Signing

/// Opens the repositories that a policy run reads.
package protocol RepositoryProvider: Sendable {
    /// The same repositories for one question: all its requests share one deadline, which begins
    /// now.
    func forOneQuestion() -> Self
    /// One repository, for reading.
    func repository(_ name: Repository) -> any ArtifactSource
}

/// Loads facts and evaluates nothing. Each call of `facts` is one question, with its own deadline.
package struct FactLoader<Provider: RepositoryProvider>: FactSource {
    private let provider: Provider
    private let material: KeyMaterial
    private let history: TagHistory?
    private let mirrors: [MirrorRule]

    /// - Parameters:
    ///   - keys: the Secrets and ConfigMaps that were given.
    ///   - history: the digests of tags when their images last passed; nil if none is kept.
    ///   - mirrors: where the content of mirrors comes from; the first rule that matches decides.
    package init(
        provider: Provider, keys: KeyMaterial, history: TagHistory? = nil,
        mirrors: [MirrorRule] = []
    ) {
        self.provider = provider
        material = keys
        self.history = history
        self.mirrors = mirrors
    }

    package func keys(_ key: StoredKey) async -> KeyLookup {
        do throws(Failure) {
            return try material.keys(of: key)
        } catch {
            return .missing("\(error.what): \(error.why)")
        }
    }

    package func facts(about image: ImageQuery) async -> ImageFacts {
        let provider = provider.forOneQuestion()
        let source = provider.repository(image.name.repository)
        do {
            let subject = try await source.resolve(image.name.reference)
            var found = await evidence(image.types, about: subject.digest, in: source)
            var origin: KnownImage?
            do {
                origin = try await self.origin(of: image, digest: subject.digest, from: provider)
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
        _ types: Set<PredicateType>, about digest: Digest, in source: any ArtifactSource
    ) async -> EvidenceLookup {
        do {
            return .looked(try await collect(types, about: digest, in: source))
        } catch {
            return .couldNotLook(asFailure(error, "cannot look at \(digest)"))
        }
    }

    private func collect(
        _ types: Set<PredicateType>, about digest: Digest, in source: any ArtifactSource
    ) async throws -> Evidence {
        let collector = EvidenceCollector(source: source)
        guard let type = types.first else { return Evidence(subject: digest) }
        guard types.count == 1 else { return try await collector.everything(about: digest) }
        return try await collector.collect(.only(type), about: digest) { _ in false }
    }

    /// The digest that the tag had when its image last passed, if it is another one. It explains a
    /// result and never changes one.
    private func remembered(
        _ image: ImageQuery, now digest: Digest, in source: any ArtifactSource
    ) async -> KnownImage? {
        guard image.name.digest == nil, let before = history?.digest(of: image.name),
            before != digest,
            let evidence = try? await collect(image.types, about: before, in: source)
        else { return nil }
        return KnownImage(repository: image.name.repository, digest: before, evidence: evidence)
    }

    private func origin(
        of image: ImageQuery, digest: Digest, from provider: Provider
    ) async throws -> KnownImage? {
        for mirror in mirrors {
            guard let repository = try mirror.origin(of: image.name.repository) else { continue }
            let evidence = try await collect(
                image.types, about: digest, in: provider.repository(repository))
            return KnownImage(repository: repository, digest: digest, evidence: evidence)
        }
        return nil
    }

    private func asFailure(_ error: any Error, _ what: String) -> Failure {
        if let failure = error as? Failure { return failure }
        return Failure(
            .unavailable, what,
            because: error is CancellationError ? "it was cancelled" : plain("\(error)"))
    }
}

/// A repository prefix, and the one its content comes from.
package struct MirrorRule: Hashable, Sendable {
    private let mirror: String
    private let origin: String

    /// - Parameters:
    ///   - mirror: `HOST[/PATH]` without a slash at its end.
    ///   - origin: the same, of the place the mirror copies from.
    package init(mirror: String, origin: String) {
        self.mirror = mirror
        self.origin = origin
    }

    /// Where the repository's content comes from; nil if the rule does not match it. A prefix
    /// matches whole path components: `ghcr.io/acme` does not match `ghcr.io/acme-evil/x`.
    package func origin(of repository: Repository) throws(Failure) -> Repository? {
        let name = repository.description
        guard let below = name.utf8.removingPrefix(mirror),
            below.isEmpty || below.utf8.hasPrefix("/")
        else { return nil }
        return try Repository(parsing: origin + below)
    }
}
