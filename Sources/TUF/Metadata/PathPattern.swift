// SPDX-License-Identifier: Apache-2.0
// Shell patterns for target paths. Spec: TUF 1.0.34 §4.5, PATHPATTERN; POSIX.1-2024 XCU §2.14.

internal import Primitives

/// A pattern in which `*`, `?` and `[…]` match characters of one path component. They do not match
/// `/`, so a pattern has as many components as the paths it matches.
struct PathPattern: Hashable, Sendable {
    private enum Piece: Hashable, Sendable {
        case exactly(Unicode.Scalar)
        case any
        case many
        case set([ClosedRange<Unicode.Scalar>], isNegated: Bool)

        func matches(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .exactly(let own): own == scalar
            case .any: true
            case .many: false
            case .set(let ranges, let isNegated):
                ranges.contains { $0.contains(scalar) } != isNegated
            }
        }
    }

    /// The text of the pattern. It is parsed when it is used, because a file can have many
    /// patterns.
    private let text: String

    init(_ text: String) { self.text = text }

    /// - Parameter work: the comparisons left in this search; parsing a pattern costs its length.
    func matches(_ path: String, _ work: inout Int) throws(MetadataProblem) -> Bool {
        try PathPattern.spend(text.utf8.count + 1, of: &work)
        let steps = text.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false)
        let found = path.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false)
        guard found.count == steps.count else { return false }
        for (pattern, step) in zip(steps, found) {
            let pieces = PathPattern.pieces(Array(pattern))
            guard try PathPattern.matches(pieces, Array(step), &work) else { return false }
        }
        return true
    }

    private static func spend(_ cost: Int, of work: inout Int) throws(MetadataProblem) {
        work -= cost
        guard work > 0 else {
            throw MetadataProblem(
                .overLimit, "the delegations",
                "their patterns need more than \(Limits.patternSteps) comparisons")
        }
    }

    /// An unclosed bracket is a literal character, as in shells.
    private static func pieces(_ text: [Unicode.Scalar]) -> [Piece] {
        var pieces: [Piece] = []
        var place = 0
        while place < text.count {
            switch text[place] {
            case "*": if pieces.last != .many { pieces.append(.many) }
            case "?": pieces.append(.any)
            case "[":
                if let (set, end) = set(text, from: place + 1) {
                    pieces.append(set)
                    place = end
                } else {
                    pieces.append(.exactly("["))
                }
            default: pieces.append(.exactly(text[place]))
            }
            place += 1
        }
        return pieces
    }

    /// The set after a `[`, and the position of its `]`. A `]` at the start is a member.
    private static func set(_ text: [Unicode.Scalar], from start: Int) -> (Piece, Int)? {
        var place = start
        let isNegated = place < text.count && text[place] == "!"
        if isNegated { place += 1 }
        let first = place
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while place < text.count, text[place] != "]" || place == first {
            let low = text[place]
            if place + 2 < text.count, text[place + 1] == "-", text[place + 2] != "]" {
                let high = text[place + 2]
                if low <= high { ranges.append(low...high) }
                place += 3
            } else {
                ranges.append(low...low)
                place += 1
            }
        }
        return place < text.count ? (.set(ranges, isNegated: isNegated), place) : nil
    }

    /// Matches with backtracking to the last star only: at worst the product of the lengths, which
    /// is charged to `work`.
    private static func matches(
        _ pieces: [Piece], _ text: [Unicode.Scalar], _ work: inout Int
    ) throws(MetadataProblem) -> Bool {
        var piece = 0
        var place = 0
        var star: (piece: Int, place: Int)?
        while place < text.count {
            try spend(1, of: &work)
            if piece < pieces.count, pieces[piece] == .many {
                star = (piece, place)
                piece += 1
            } else if piece < pieces.count, pieces[piece].matches(text[place]) {
                piece += 1
                place += 1
            } else if let last = star {
                star = (last.piece, last.place + 1)
                piece = last.piece + 1
                place = last.place + 1
            } else {
                return false
            }
        }
        return pieces[piece...].allSatisfy { $0 == .many }
    }
}
