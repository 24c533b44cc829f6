// SPDX-License-Identifier: Apache-2.0
// The way in: one client for all registries of a run.

package import OCI
internal import Primitives

/// Speaks the distribution protocol with any registry, over a transport.
///
/// One client shares what it learns (tokens, habits) between all its repositories, so a program
/// makes one and keeps it.
package struct RegistryClient: Sendable {
    package let options: RegistryOptions
    private let transport: any Transport
    private let clock: any WallClock
    private let credentials: any CredentialSource
    private let cache = AuthorizationCache()
    /// The deadline of this client's question; nil without one.
    private var deadline: QuestionDeadline?

    package init(
        transport: any Transport, clock: any WallClock, credentials: any CredentialSource,
        options: RegistryOptions
    ) {
        self.transport = transport
        self.clock = clock
        self.credentials = credentials
        self.options = options
    }

    /// One repository; nothing is asked yet.
    package func repository(_ repository: Repository) -> RegistryRepository {
        RegistryRepository(
            session: RegistrySession(
                repository: repository, base: options.address(of: repository.registry),
                transport: transport, clock: clock, credentials: credentials, options: options,
                cache: cache, deadline: deadline))
    }

    /// The same client for one question with a deadline `seconds` from now: all requests of its
    /// repositories, with their attempts, redirects, tokens and waits, end by then. A request that
    /// is cut off fails with `unavailable`.
    package func forQuestion(of seconds: Int) -> RegistryClient {
        var client = self
        client.deadline = QuestionDeadline(
            end: Timestamp(seconds: clock.now().seconds + seconds), seconds: seconds)
        return client
    }
}
