// SPDX-License-Identifier: Apache-2.0
// Substring search in linear time, and the costs of patterns.

internal import Primitives

/// A substring to search for, with the table of Knuth, Morris and Pratt.
struct TextSearch<Element: Equatable> {
    private let part: [Element]
    /// For each index, the length of the longest proper prefix that ends there.
    private let borders: [Int]

    init(_ part: some Sequence<Element>) {
        let part = Array(part)
        var borders = [Int](repeating: 0, count: part.count)
        var length = 0
        for position in part.indices.dropFirst() {
            while length > 0, part[position] != part[length] { length = borders[length - 1] }
            if part[position] == part[length] { length += 1 }
            borders[position] = length
        }
        self.part = part
        self.borders = borders
    }

    var count: Int { part.count }

    /// The first match at or after `start`; nil if there is none. An empty pattern matches
    /// everywhere.
    func first(in text: [Element], from start: Int = 0) -> Int? {
        guard let first = part.first else { return start <= text.count ? start : nil }
        var position = start
        var matched = 0
        while position < text.count {
            if matched == 0, text[position] != first {
                position += 1
                continue
            }
            while matched > 0, text[position] != part[matched] { matched = borders[matched - 1] }
            if text[position] == part[matched] { matched += 1 }
            position += 1
            if matched == part.count { return position - matched }
        }
        return nil
    }
}

/// Compiles a pattern at run time.
func compiled(_ pattern: String, _ meter: inout CostMeter) throws(EvaluationInterruption)
    -> RegularExpression
{
    try meter.charge(800 + 20 * RegularExpression.effort(of: pattern))
    return try regularExpression(pattern)
}

/// The cost of one search through `bytes` bytes.
func matchCost(_ bytes: Int, _ pattern: RegularExpression) -> Int {
    (bytes / 10 + 1) * (pattern.effort / 4 + 1)
}
