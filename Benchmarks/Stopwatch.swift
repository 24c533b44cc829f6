// SPDX-License-Identifier: Apache-2.0
// How long work takes in processor time, and how much memory the process has needed.

internal import FoundationEssentials
internal import Glibc
internal import Primitives

/// What one piece of work costs.
struct Cost {
    /// Microseconds of processor time for one run: the median of the rounds, and the least of them.
    let median: Double
    let least: Double

    /// Runs a second on one processor.
    var perSecond: Double { 1_000_000 / median }
}

/// Measures the processor time of this process: what other processes do hardly counts.
struct Stopwatch {
    /// Microseconds that one round should take at least.
    let roundLength: Double

    private static let rounds = 9

    /// Runs `work` some times unmeasured, then in rounds. It must fail when it did not do its work.
    func measure(_ work: () throws -> Void) throws -> Cost {
        let count = try warmUp(work)
        var costs: [Double] = []
        for _ in 0..<Stopwatch.rounds {
            let begun = Stopwatch.processorTime
            for _ in 0..<count { try work() }
            costs.append((Stopwatch.processorTime - begun) / Double(count))
        }
        return Stopwatch.cost(costs)
    }

    /// The same for work that waits for other tasks.
    func measure(_ work: () async throws -> Void) async throws -> Cost {
        var costs: [Double] = []
        try await work()
        for _ in 0..<Stopwatch.rounds {
            let begun = Stopwatch.processorTime
            var count = 0
            repeat {
                try await work()
                count += 1
            } while Stopwatch.processorTime - begun < roundLength
            costs.append((Stopwatch.processorTime - begun) / Double(count))
        }
        return Stopwatch.cost(costs)
    }

    /// How often the work fits into one round.
    private func warmUp(_ work: () throws -> Void) throws -> Int {
        var count = 1
        while true {
            let begun = Stopwatch.processorTime
            for _ in 0..<count { try work() }
            if Stopwatch.processorTime - begun >= roundLength { return count }
            count *= 2
        }
    }

    private static func cost(_ costs: [Double]) -> Cost {
        let sorted = costs.sorted()
        return Cost(median: sorted[sorted.count / 2], least: sorted[0])
    }

    /// Microseconds that all threads of this process have worked.
    static var processorTime: Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1_000_000 + Double(time.tv_nsec) / 1_000
    }
}

/// The most memory this process had resident, in KiB; 0 where the system does not say.
func peakMemory() -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else {
        return 0
    }
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line.flatMap { Int($0.filter { $0.isASCII && $0.isNumber }) } ?? 0
}

/// Makes the peak start again from what is resident now. Spec: proc(5), clear_refs, value 5.
func forgetPeakMemory() {
    try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
}
