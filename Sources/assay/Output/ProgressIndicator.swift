// SPDX-License-Identifier: Apache-2.0
// A sign of life on a terminal, for work that takes longer than a second.

import Foundation
import Synchronization

/// Draws "what … n s" once a second from the second second on, and wipes it at the end. On anything
/// but a terminal it draws nothing.
enum ProgressIndicator {
    static func whileWorking<Result: Sendable>(
        _ what: String, _ work: () async throws -> Result
    ) async throws -> Result {
        guard StandardError.isTerminal, ProcessInfo.processInfo.environment["CI"] == nil else {
            return try await work()
        }
        let drawn = Mutex(false)
        let clock = Task {
            for second in 1... {
                try await Task.sleep(for: .seconds(1))
                drawn.withLock { $0 = true }
                StandardError.draw("\(what) … \(second) s")
            }
        }
        defer {
            clock.cancel()
            if drawn.withLock({ $0 }) { StandardError.draw("") }
        }
        return try await work()
    }
}
