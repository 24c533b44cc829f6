// SPDX-License-Identifier: Apache-2.0
// The limits of Workflows, with where their numbers come from.

package import Primitives

extension Limits {
    /// Images that one run of policies asks about at a time.
    package static let parallelImages = 4
    /// Draws of random bytes for one key. One in 2^32 is outside the curve P-256.
    package static let keyDraws = 8
}
