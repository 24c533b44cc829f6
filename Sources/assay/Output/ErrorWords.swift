// SPDX-License-Identifier: Apache-2.0
// Errors of the system and of libraries, for people.

import Foundation
import Primitives

/// What an error means that is none of ours. Other libraries' descriptions name their types and
/// source files, so they are not shown.
func errorWords(_ error: any Error) -> String {
    switch error {
    case let error as Failure: error.why
    case is CancellationError: "it was interrupted"
    case is CocoaError, is POSIXError: plain(error.localizedDescription)
    default: "something failed that has no description; if it happens again, please report it"
    }
}
