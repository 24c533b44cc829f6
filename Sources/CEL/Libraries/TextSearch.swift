// SPDX-License-Identifier: Apache-2.0
// Looking for texts in texts, in linear time whatever they are, and what patterns cost.

internal import Primitives

/// Something to look for. Knuth, Morris and Pratt's way: no place is looked at again.
struct TextSearch<Element: Equatable> {
    private let part: [Element]
    /// For each place, how much of the start stands before it once more.
    private let borders: [Int]

    init(_ part: some Sequence<Element>) {
        let part = Array(part)
        var borders = [Int](repeating: 0, count: part.count)
        var length = 0
        for place in part.indices.dropFirst() {
            while length > 0, part[place] != part[length] { length = borders[length - 1] }
            if part[place] == part[length] { length += 1 }
            borders[place] = length
        }
        self.part = part
        self.borders = borders
    }

    var count: Int { part.count }

    /// The first place at or after `start`; nil when there is none. Nothing is found everywhere.
    func first(in text: [Element], from start: Int = 0) -> Int? {
        guard let first = part.first else { return start <= text.count ? start : nil }
        var place = start
        var matched = 0
        while place < text.count {
            if matched == 0, text[place] != first {
                place += 1
                continue
            }
            while matched > 0, text[place] != part[matched] { matched = borders[matched - 1] }
            if text[place] == part[matched] { matched += 1 }
            place += 1
            if matched == part.count { return place - matched }
        }
        return nil
    }
}

/// Compiles a pattern while an expression runs.
func compiled(_ pattern: String, _ meter: inout CostMeter) throws(Stop) -> RegularExpression {
    try meter.charge(800 + 20 * RegularExpression.effort(of: pattern))
    return try regularExpression(pattern)
}

/// What looking once through so many bytes costs.
func matchCost(_ bytes: Int, _ pattern: RegularExpression) -> Int {
    (bytes / 10 + 1) * (pattern.effort / 4 + 1)
}
