// SPDX-License-Identifier: Apache-2.0
// The documents that an update repository of a Sigstore instance hands out.
// Spec: sigstore root-signing, targets of the repository.

internal import Primitives
internal import TUF

/// What an update repository hands out, with the metadata that proves it.
struct TrustDocuments: Sendable {
    /// `trusted_root.json`.
    let root: [UInt8]
    /// `signing_config.v0.2.json`; nil where the repository lists none.
    let signingConfiguration: [UInt8]?
    let state: TrustState

    /// Brings the updater up to date and takes the documents.
    ///
    /// - Throws: `MetadataProblem` for what the repository says, `Failure` when it cannot be asked.
    init(by updater: inout TrustUpdater) async throws {
        try await updater.refresh()
        root = try await updater.target("trusted_root.json")
        signingConfiguration = try await TrustDocuments.configuration(by: &updater)
        guard let state = updater.state else {
            throw Failure(.bug, "cannot read the trust folder", because: "there is no metadata")
        }
        self.state = state
    }

    /// What a cache holds.
    ///
    /// - Parameter now: when the metadata must be fresh; nil if any age will do.
    init(in cache: some TrustCache, freshAt now: Timestamp?) async throws {
        var updater = TrustUpdater(root: nil, from: .cache(now: now), cache: cache)
        self = try await TrustDocuments(by: &updater)
    }

    private static func configuration(by updater: inout TrustUpdater) async throws -> [UInt8]? {
        do {
            return try await updater.target("signing_config.v0.2.json")
        } catch let problem as MetadataProblem where problem.code == .targetUnknown {
            return nil
        }
    }
}
