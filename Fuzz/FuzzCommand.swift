// SPDX-License-Identifier: Apache-2.0
// `assay-fuzz PARSER [--seconds N] [--seed S] [--corpus DIR] [FILE…]`.

import Foundation

/// What one call asks for.
struct FuzzCommand: Sendable {
    let target: FuzzTarget
    let seconds: Int
    let seed: Int
    /// Where inputs that reach something new are kept, and where the examples are put first.
    let corpus: String?
    /// Inputs to run once, and words that the engine itself understands.
    let rest: [String]

    static let usage =
        "usage: assay-fuzz PARSER [--seconds N] [--seed S] [--corpus DIR] [FILE...]\n"
        + "PARSER is one of "
        + FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")

    /// Nil when the words are not of this form.
    init?(_ words: [String]) {
        guard let target = words.first.flatMap(FuzzTarget.init) else { return nil }
        self.target = target
        var (seconds, seed, corpus, rest) = (60, 1, String?.none, [String]())
        var words = words.dropFirst()
        while let word = words.popFirst() {
            switch word {
            case "--seconds":
                guard let number = words.popFirst().flatMap({ Int($0) }), number > 0 else {
                    return nil
                }
                seconds = number
            case "--seed":
                guard let number = words.popFirst().flatMap({ Int($0) }), number > 0 else {
                    return nil
                }
                seed = number
            case "--corpus":
                guard let directory = words.popFirst() else { return nil }
                corpus = directory
            default: rest.append(word)
            }
        }
        (self.seconds, self.seed, self.corpus, self.rest) = (seconds, seed, corpus, rest)
    }

    /// Puts the examples where the engine looks for them.
    func writeExamples(of world: FuzzWorld) throws {
        guard let corpus else { return }
        try FileManager.default.createDirectory(
            atPath: corpus, withIntermediateDirectories: true)
        for (number, bytes) in world.examples(for: target).enumerated() {
            try Data(bytes).write(
                to: URL(fileURLWithPath: corpus).appendingPathComponent("example-\(number)"))
        }
    }

    /// Runs the files, or the examples where there are none, once; answers how many.
    func replay(in world: FuzzWorld) throws -> Int {
        let inputs =
            rest.isEmpty
            ? world.examples(for: target)
            : try rest.map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: $0))) }
        for input in inputs { target.run(input, in: world) }
        return inputs.count
    }
}

/// Says why and ends.
func stop(_ why: String) -> Never {
    FileHandle.standardError.write(Data("\(why)\n".utf8))
    exit(64)
}
