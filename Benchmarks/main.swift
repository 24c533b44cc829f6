// SPDX-License-Identifier: Apache-2.0
// Measures verification and trust updates in one process; scripts/bench runs it.

import Foundation
import Primitives

let usage = """
    Usage: assay-benchmarks [--suite FOLDER] [--seconds N] [--write FOLDER]
           assay-benchmarks --once FOLDER

    Measures the verification of bundles, its steps, batches, and trust updates, in processor time.

      --suite FOLDER   bundles of sigstore-conformance's bundle-verify folder, besides the stand-ins
      --seconds N      how long one round of a measurement takes (0.1)
      --write FOLDER   only whole verifications; each bundle and its cost are written there too,
                       for another program to verify the same
      --once FOLDER    verifies one bundle that --write wrote, once, and exits: for timing a process
    """

do {
    let options = try BenchmarkOptions(Array(CommandLine.arguments.dropFirst()))
    try await options.run()
} catch let failure as Failure {
    complain("\(failure.what): \(failure.why)" + (failure.next.map { "\n\($0)" } ?? ""))
} catch {
    complain("\(error)")
}

func complain(_ text: String) -> Never {
    FileHandle.standardError.write(Data("assay-benchmarks: \(text)\n".utf8))
    exit(1)
}
