// SPDX-License-Identifier: Apache-2.0
// Kyverno's wildcards: `*` is any run of characters, `/` included, and `?` is exactly one.
// Spec: reference kyverno.md §1.5, §1.8.

/// A pattern over a whole text; never a search inside one.
package struct Wildcard: Hashable, Sendable, CustomStringConvertible {
    package let description: String
    private let scalars: [Unicode.Scalar]

    package init(_ pattern: String) {
        description = pattern
        scalars = Array(pattern.unicodeScalars)
    }

    /// Whether any character of the pattern stands for others.
    package var isPattern: Bool { scalars.contains { $0 == "*" || $0 == "?" } }

    /// Compares in time proportional to pattern times text, and stops at `Limits.wildcardSteps`.
    package func matches(_ text: String) throws(Failure) -> Bool {
        let text = Array(text.unicodeScalars)
        var (patternPlace, textPlace) = (0, 0)
        var star: (pattern: Int, text: Int)?
        var steps = 0
        while textPlace < text.count {
            steps += 1
            guard steps <= Limits.wildcardSteps else { throw tooLong }
            if patternPlace < scalars.count, scalars[patternPlace] == "*" {
                star = (patternPlace, textPlace)
                patternPlace += 1
            } else if patternPlace < scalars.count,
                scalars[patternPlace] == "?" || scalars[patternPlace] == text[textPlace]
            {
                patternPlace += 1
                textPlace += 1
            } else if let last = star {
                // The last star takes one character more.
                star = (last.pattern, last.text + 1)
                patternPlace = last.pattern + 1
                textPlace = last.text + 1
            } else {
                return false
            }
        }
        return scalars[patternPlace...].allSatisfy { $0 == "*" }
    }

    private var tooLong: Failure {
        Failure(
            .overLimit, "cannot compare with the pattern \(quoted(description))",
            because: "it takes more than \(Limits.wildcardSteps) steps",
            next: "write a pattern with fewer stars")
    }
}

/// Whether one of several patterns fits the whole text.
package func anyWildcard(of patterns: [String], matches text: String) throws(Failure) -> Bool {
    for pattern in patterns where try Wildcard(pattern).matches(text) { return true }
    return false
}
