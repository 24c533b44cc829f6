// SPDX-License-Identifier: Apache-2.0
// Kyverno's wildcards: `*` is any run of characters, `/` included, and `?` is exactly one.
// Spec: docs/kyverno.md, "Wildcards".

/// A pattern over a whole text; never a search inside one.
package struct Wildcard: Hashable, Sendable, CustomStringConvertible {
    private enum Step: Hashable, Sendable {
        case anyRun
        case anyOne
        case scalar(Unicode.Scalar)
    }

    package let description: String
    private let steps: [Step]
    /// Whether any character of the pattern stands for others.
    package let isPattern: Bool

    package init(_ pattern: String) {
        self.init([(pattern, isPattern: true)])
    }

    /// A pattern put together from patterns and from texts that mean only themselves.
    package init(_ parts: [(text: String, isPattern: Bool)]) {
        description = parts.map(\.text).joined()
        steps = parts.flatMap { part in
            part.text.unicodeScalars.map { scalar in
                switch scalar {
                case "*" where part.isPattern: .anyRun
                case "?" where part.isPattern: .anyOne
                default: .scalar(scalar)
                }
            }
        }
        isPattern = steps.contains { $0 == .anyRun || $0 == .anyOne }
    }

    /// Compares in time proportional to pattern times text, and stops at `Limits.wildcardSteps`.
    package func matches(_ text: String) throws(Failure) -> Bool {
        guard isPattern else { return isSame(text, description) }
        if steps == [.anyRun] { return true }
        let text = Array(text.unicodeScalars)
        var (patternPlace, textPlace) = (0, 0)
        var star: (pattern: Int, text: Int)?
        var work = 0
        while textPlace < text.count {
            work += 1
            guard work <= Limits.wildcardSteps else { throw tooLong }
            if patternPlace < steps.count, steps[patternPlace] == .anyRun {
                star = (patternPlace, textPlace)
                patternPlace += 1
            } else if patternPlace < steps.count,
                steps[patternPlace] == .anyOne || steps[patternPlace] == .scalar(text[textPlace])
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
        return steps[patternPlace...].allSatisfy { $0 == .anyRun }
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
