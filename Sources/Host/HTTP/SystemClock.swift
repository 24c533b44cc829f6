// SPDX-License-Identifier: Apache-2.0
// The machine's clock, for those who must not read it themselves.

internal import FoundationEssentials
package import Primitives
internal import Registry

/// Waits in real time and knows what time it is.
package struct SystemClock: WallClock {
    package init() {}

    package func wait(milliseconds: Int) async throws {
        try await Task.sleep(for: .milliseconds(milliseconds))
    }

    package func now() -> Timestamp {
        Timestamp(seconds: Int(Date().timeIntervalSince1970))
    }
}
