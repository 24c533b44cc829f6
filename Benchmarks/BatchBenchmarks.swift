// SPDX-License-Identifier: Apache-2.0
// Many statements in one go: on one processor and on several, with the memory that takes.

internal import Primitives

/// What a batch took.
struct BatchCost {
    let seconds: Double
    let processorSeconds: Double
    /// KiB at the start, with the bundles in memory, and at the most.
    let memoryBefore: Int
    let memoryPeak: Int
}

/// Verifies every case with one verifier, spread over `tasks` tasks.
func measureBatch(_ cases: [BenchmarkCase], tasks: Int) async throws -> BatchCost {
    guard let first = cases.first else {
        throw Failure(.bug, "cannot measure a batch", because: "it is empty")
    }
    let verifier = try first.verifier()
    forgetPeakMemory()
    let before = peakMemory()
    let processorTime = Stopwatch.processorTime
    let duration = try await ContinuousClock().measure {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<tasks {
                group.addTask {
                    for index in stride(from: task, to: cases.count, by: tasks) {
                        try cases[index].verify(with: verifier)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
    return BatchCost(
        seconds: Double(duration.components.seconds)
            + Double(duration.components.attoseconds) / 1e18,
        processorSeconds: (Stopwatch.processorTime - processorTime) / 1_000_000,
        memoryBefore: before, memoryPeak: peakMemory())
}
