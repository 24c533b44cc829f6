// SPDX-License-Identifier: Apache-2.0
// Whether a registry accepts a user. Spec: distribution-spec 1.1, "Determining Support" (GET /v2/).

internal import HTTPTypes
package import OCI
internal import Primitives

extension RegistryClient {
    /// Asks the registry of a repository whether it accepts the credentials.
    ///
    /// - Throws: `denied` when it does not; `unavailable` when it did not answer as a registry does.
    package func checkAccess(to registry: Repository) async throws {
        let session = repository(registry).session
        var call = RegistryRequest(
            .get, session.base.at("/v2/"), what: "cannot log in to \(registry.registry)")
        // A token without a scope: it only identifies the client.
        call.scopes = [""]
        let answer = try await session.send(call)
        guard answer.status == 200 else { throw await answer.failure() }
    }
}
