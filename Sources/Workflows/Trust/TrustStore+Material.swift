// SPDX-License-Identifier: Apache-2.0
// Reading, importing and updating the trusted material of a store.

package import Primitives
internal import Signing
package import TUF

extension TrustStore {
    /// What the store says is trusted, however old it is; the shipped data where it says nothing.
    /// Nothing is fetched.
    package func material(at now: Timestamp) async throws -> TrustedMaterial {
        switch try source() {
        case .repository(let repository): return try await kept(repository, at: now)
        case .imported(let path, let time):
            return try .configuration(
                try storage.read(.importedConfiguration), named: "\(name)/trust_config.json",
                .imported(from: path, at: time, home: name))
        case nil:
            try checkUnnamed()
            return try .shipped()
        }
    }

    private func kept(_ repository: UpdateRepository, at now: Timestamp) async throws
        -> TrustedMaterial
    {
        let cache = try cache(of: repository, creating: false)
        do {
            let (documents, expired) = try await read(cache, at: now)
            return try TrustedMaterial(
                documents, mirror: repository.mirror, expired: expired, home: name)
        } catch let problem as MetadataProblem {
            throw problem.failure.during("cannot use the trust folder", at: .named(name))
        } catch let failure as Failure where failure.kind == .notFound {
            throw Failure(
                .notFound, "cannot use the trust folder", at: .named(name),
                because: "\(failure.what): \(failure.why)", next: "assay trust update")
        }
    }

    /// What is kept, and why it is too old where it is.
    ///
    /// An update writes one file after the other. Where they do not fit together, an update may be
    /// under way: what is there once nobody updates is the answer.
    private func read(_ cache: Storage.Cache, at now: Timestamp) async throws
        -> (documents: TrustDocuments, expired: String?)
    {
        do {
            return try await readOnce(cache, at: now)
        } catch is MetadataProblem {
            return try await cache.whileLocked { try await readOnce(cache, at: now) }
        }
    }

    private func readOnce(_ cache: Storage.Cache, at now: Timestamp) async throws
        -> (documents: TrustDocuments, expired: String?)
    {
        do {
            return (try await TrustDocuments(in: cache, freshAt: now), nil)
        } catch let problem as MetadataProblem where problem.code == .expired {
            let documents = try await TrustDocuments(in: cache, freshAt: nil)
            return (documents, "\(problem.subject) \(problem.why)")
        }
    }

    /// Trusts a client trust configuration from now on.
    ///
    /// - Parameter path: where it came from, for people.
    package func importConfiguration(
        _ content: [UInt8], from path: String, at now: Timestamp
    ) throws(Failure) -> TrustedMaterial {
        let material = try TrustedMaterial.configuration(
            content, named: path, .imported(from: path, at: now, home: name))
        try storage.write(content, as: .importedConfiguration)
        try keep(.imported(from: path, at: now))
        return material
    }

    /// Fetches, keeps, and only then lets the store name the repository.
    ///
    /// - Parameters:
    ///   - root: where trust starts; nil for what is kept.
    ///   - fetcher: asks the repository.
    package func update(
        _ repository: UpdateRepository, from root: [UInt8]?, by fetcher: some TrustFetcher,
        at now: Timestamp
    ) async throws -> TrustUpdate {
        let cache = try cache(of: repository, creating: root != nil)
        do {
            return try await cache.whileLocked {
                let before = await known(cache)
                var updater = TrustUpdater(
                    root: root, from: .repository(fetcher, now: now), cache: cache)
                let after = try await TrustDocuments(by: &updater)
                // What cannot be read is not put in the place of what can.
                let material = try TrustedMaterial(
                    after, mirror: repository.mirror, expired: nil, home: name)
                try keep(.repository(repository))
                return TrustUpdate(before: before, state: after.state, material: material)
            }
        } catch let problem as MetadataProblem {
            throw problem.failure.during(
                "cannot update the trust material", at: .url(repository.mirror))
        }
    }

    /// What was kept before, however old; nil when there was nothing, or nothing that still holds.
    private func known(_ cache: Storage.Cache) async -> TrustUpdate.Before? {
        guard let documents = try? await TrustDocuments(in: cache, freshAt: nil) else { return nil }
        return TrustUpdate.Before(
            state: documents.state, root: try? TrustedRoot(parsing: documents.root))
    }
}
