// SPDX-License-Identifier: Apache-2.0
// Measures verification and trust updates in one process; scripts/bench runs it.

import Foundation
import Primitives

let usage = """
    Usage: assay-benchmarks [--suite FOLDER] [--seconds N] [--write FOLDER]
           assay-benchmarks --once FOLDER
           assay-benchmarks expressions
           assay-benchmarks hostile [NAME]
           assay-benchmarks documents [FILE]
           assay-benchmarks policies

    Measures the verification of bundles, its steps, batches, and trust updates, in processor time;
    or what expressions of policies take to compile and to evaluate, and how often they ask for
    memory; or tries hostile expressions (those with NAME in their name), none of which may take
    more than 50 ms; or how fast a list of Pods is read, which FILE then holds for another program;
    or what policies cost when every fact is known.

      --suite FOLDER   bundles of sigstore-conformance's bundle-verify folder, besides the stand-ins
      --seconds N      how long one round of a measurement takes (0.1)
      --write FOLDER   only whole verifications; each bundle and its cost are written there too,
                       for another program to verify the same
      --once FOLDER    verifies one bundle that --write wrote, once, and exits: for timing a process
    """

do {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch arguments.first {
    case "hostile": try HostileRun(only: arguments.dropFirst().first).run()
    case "documents": try DocumentBenchmarks().run(writingTo: arguments.dropFirst().first)
    case "policies": try await PolicyBenchmarks().run()
    case "expressions": try ExpressionBenchmarks(roundLength: 50_000).run()
    default: try await BenchmarkOptions(arguments).run()
    }
} catch let failure as Failure {
    complain("\(failure.what): \(failure.why)" + (failure.next.map { "\n\($0)" } ?? ""))
} catch {
    complain("\(error)")
}

func complain(_ text: String) -> Never {
    FileHandle.standardError.write(Data("assay-benchmarks: \(text)\n".utf8))
    exit(1)
}
