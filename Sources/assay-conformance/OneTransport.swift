// SPDX-License-Identifier: Apache-2.0
// One connection pool for one command of a suite.

import Host

/// Lends a transport to `work` and closes it, whatever came of it.
func withTransport<Found>(
    _ work: (HTTPTransport) async throws -> Found
) async throws -> Found {
    let transport = try HTTPTransport(extraCertificates: nil, timeouts: .standard)
    do {
        let found = try await work(transport)
        try await transport.shutdown()
        return found
    } catch {
        try? await transport.shutdown()
        throw error
    }
}
