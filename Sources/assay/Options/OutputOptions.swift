// SPDX-License-Identifier: Apache-2.0
// How an answer is shown.

import ArgumentParser

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
}

struct OutputOptions: ParsableArguments {
    @Option(name: [.customShort("o"), .long], help: "text for people, json for programs")
    var output: OutputFormat = .text
}
