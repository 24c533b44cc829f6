// SPDX-License-Identifier: Apache-2.0
// Errors of the system and of libraries, for people.

import Foundation
import Primitives

/// The message for an error that is not a `Failure`. Descriptions by libraries name their types and
/// source files, so they are not displayed.
func errorWords(_ error: any Error) -> String {
    switch error {
    case let error as Failure: error.why
    case is CancellationError: "it was interrupted"
    case is CocoaError, is POSIXError: plain(error.localizedDescription)
    default: "something failed that has no description; if it happens again, please report it"
    }
}
