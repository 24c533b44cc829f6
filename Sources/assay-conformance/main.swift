// SPDX-License-Identifier: Apache-2.0
// The client that outside conformance suites drive. It only tells the protocols apart.

import Foundation

let arguments = Array(CommandLine.arguments.dropFirst())

let status: Int32 =
    if let command = SigstoreCommand(arguments) {
        await command.run()
    } else if let command = TUFCommand(arguments) {
        await command.run()
    } else {
        complain("no command of a conformance suite's protocol was given")
    }

exit(status)

/// Says on standard error why there is nothing to do; the suites' protocols call that failure 1.
func complain(_ why: String) -> Int32 {
    FileHandle.standardError.write(Data("assay-conformance: \(why)\n".utf8))
    return 1
}
