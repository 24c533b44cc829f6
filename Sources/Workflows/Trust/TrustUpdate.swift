// SPDX-License-Identifier: Apache-2.0
// What an update of the trusted material changed.

package import Signing
package import TUF

/// The trusted material before and after an update.
package struct TrustUpdate: Sendable {
    package struct Before: Sendable {
        package let state: TrustState
        /// Nil when it cannot be read.
        package let root: TrustedRoot?
    }

    /// Nil when nothing was kept that still holds.
    package let before: Before?
    package let state: TrustState
    package let material: TrustedMaterial
}
