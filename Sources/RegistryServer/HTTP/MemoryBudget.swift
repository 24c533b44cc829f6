// SPDX-License-Identifier: Apache-2.0
// The limit on request bodies in memory at once.

internal import Synchronization

/// A number of bytes that requests share.
final class MemoryBudget: Sendable {
    private let left: Atomic<Int>

    init(bytes: Int) { left = Atomic(bytes) }

    /// The share of one request; it is returned when the value is released.
    final class Share: Sendable {
        private let budget: MemoryBudget
        private let taken = Atomic(0)

        fileprivate init(_ budget: MemoryBudget) { self.budget = budget }

        /// False when so many bytes are not left; then none are taken.
        func take(_ count: Int) -> Bool {
            let left = budget.left.subtract(count, ordering: .relaxed).newValue
            guard left >= 0 else {
                budget.left.add(count, ordering: .relaxed)
                return false
            }
            taken.add(count, ordering: .relaxed)
            return true
        }

        deinit { budget.left.add(taken.load(ordering: .relaxed), ordering: .relaxed) }
    }

    func share() -> Share { Share(self) }
}
