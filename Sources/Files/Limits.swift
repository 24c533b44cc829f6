// SPDX-License-Identifier: Apache-2.0
// The limits of Files, with where their numbers come from.

package import Primitives

extension Limits {
    /// Seconds that a pipe named as a file may stay silent; as long as a question may take.
    package static let pipeSeconds = 180
    /// Seconds without a write after which an unfinished file counts as left behind: a day.
    package static let partialFileSeconds = 24 * 3_600
}
