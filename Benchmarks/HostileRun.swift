// SPDX-License-Identifier: Apache-2.0
// Hostile expressions in both languages: none may take more than 50 ms of processor time.

internal import Glibc
internal import HostileExpressions
internal import Primitives

/// Ten thousand changed and ten thousand grown expressions of each language, those built by hand,
/// and each function in a loop.
struct HostileRun {
    /// Milliseconds from the text to the written value.
    static let limit = 50.0

    /// Part of the name of those to try; nil for all.
    private let wanted: String?

    init(only wanted: String? = nil) { self.wanted = wanted }

    private struct Trial: Sendable {
        let name: String
        let source: String
        let milliseconds: Double
        let hasValue: Bool
    }

    /// Tells the slowest of each kind; a failure when one of them was too slow.
    func run() throws {
        var slow = 0
        for language in HostileLanguage.allCases {
            let count = wanted == nil ? 10_000 : 0
            slow += tell(
                "\(language.rawValue): changed", language,
                unnamed(language.mutations(count, seed: 4)))
            slow += tell(
                "\(language.rawValue): grown", language, unnamed(language.grown(count, seed: 11)))
            slow += tell("\(language.rawValue): built by hand", language, language.attacks)
            slow += tell(
                "\(language.rawValue): functions in loops", language, language.functionAttacks)
        }
        guard slow == 0 else {
            throw Failure(
                .rejected, "not every expression was stopped in time",
                because: "\(slow) took more than \(Int(HostileRun.limit)) ms")
        }
    }

    private func unnamed(_ sources: [String]) -> [HostileAttack] {
        sources.map { HostileAttack(name: "", source: $0) }
    }

    private func tell(_ title: String, _ language: HostileLanguage, _ attacks: [HostileAttack])
        -> Int
    {
        let trials = TrialList()
        let attacks = attacks.filter { wanted.map($0.name.contains) ?? true }
        onSmallStack {
            for attack in attacks { trials.all.append(HostileRun.trial(attack, language)) }
        }
        let sorted = trials.all.sorted { $0.milliseconds > $1.milliseconds }
        let total = sorted.reduce(0) { $0 + $1.milliseconds }
        print(
            "\n\(title): \(sorted.count) expressions, "
                + "\(sorted.count { $0.hasValue }) with a value, \(Int(total)) ms")
        for trial in sorted.prefix(5) {
            let shown = trial.name.isEmpty ? "" : trial.name + ": "
            print(
                "  \(hundredths(trial.milliseconds)) ms  \(shown)\(plain(trial.source, atMost: 120))"
            )
        }
        // A pipe may be read while this goes on.
        fflush(nil)
        return sorted.count { $0.milliseconds > HostileRun.limit }
    }

    /// The better of two times where the first was bad: other work of the machine does not count.
    private static func trial(_ attack: HostileAttack, _ language: HostileLanguage) -> Trial {
        var (least, hasValue) = (Double.infinity, false)
        for _ in 0..<2 where least > limit / 2 {
            let start = threadMilliseconds()
            hasValue = language.attempt(attack.source).hasValue
            least = min(least, threadMilliseconds() - start)
        }
        return Trial(
            name: attack.name, source: attack.source, milliseconds: least, hasValue: hasValue)
    }

    /// Filled by the one thread that works while this one waits.
    private final class TrialList: @unchecked Sendable { var all: [Trial] = [] }
}
