// SPDX-License-Identifier: Apache-2.0
// The cost of calls in steps, charged before a call. A step is about 150 ns of work.

/// The cost of a call without the evaluation of its arguments.
package struct FunctionPrice: Sendable {
    package let base: Int
    /// For each 64 bytes of text among the arguments.
    package let perText: Int

    package init(base: Int, perText: Int) {
        self.base = base
        self.perText = perText
    }

    /// Text is compared or copied.
    package static let plain = FunctionPrice(base: 0, perText: 1)
    /// Each character is looked up.
    package static let characters = FunctionPrice(base: 4, perText: 48)
    /// Text is parsed, and quoted in the error if it is invalid.
    package static let reader = FunctionPrice(base: 12, perText: 64)

    func steps(_ bytes: Int) -> Int { base + bytes * perText / 64 }
}
