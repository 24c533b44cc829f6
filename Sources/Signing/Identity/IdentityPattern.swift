// SPDX-License-Identifier: Apache-2.0
// Patterns for identities in certificates.

package import Primitives

/// A pattern for one string of a certificate: a subject or an issuer.
package enum IdentityPattern: Hashable, Sendable {
    /// Equality by bytes.
    case exact(String)
    /// Kyverno's wildcards for the whole string: `*` matches any run, `?` one character.
    case wildcard(Wildcard)
    /// A regular expression (RE2) that must match the whole string.
    case expression(RegularExpression)
    /// A regular expression (RE2) that matches anywhere in the string, as in cosign and Kyverno.
    case unanchored(RegularExpression)

    /// Creates a pattern from an expression that must match the whole string.
    package static func wholeExpression(_ pattern: String) throws(Failure) -> IdentityPattern {
        .expression(try RegularExpression(anchored: pattern))
    }

    /// Creates a pattern from an unanchored expression of a policy; `lint` warns about it.
    package static func importedExpression(_ pattern: String) throws(Failure) -> IdentityPattern {
        .unanchored(try RegularExpression(pattern))
    }

    /// Whether `text` matches, in linear time. Throws if a wildcard takes too many steps.
    package func matches(_ text: String) throws(Failure) -> Bool {
        switch self {
        // By bytes: canonically equivalent strings are different identities.
        case .exact(let wanted): isSame(wanted, text)
        case .wildcard(let pattern): try pattern.matches(text)
        case .expression(let pattern), .unanchored(let pattern): pattern.matches(text)
        }
    }

    /// Whether it is an expression for the whole string that matches only a part of `text`, which
    /// cosign would accept.
    package func matchesPart(of text: String) -> Bool {
        guard case .expression(let whole) = self, !whole.matches(text),
            whole.pattern.utf8.starts(with: "^(?:".utf8), whole.pattern.utf8.count >= 6
        else { return false }
        let part = Substring(whole.pattern.utf8.dropFirst(4).dropLast(2))
        return (try? RegularExpression(String(part)))?.matches(text) == true
    }

    /// A warning for an unanchored expression, which also matches inside a string of an attacker:
    /// `https://github.com/acme` matches `https://evil.example/?https://github.com/acme`.
    package var lint: String? {
        guard case .unanchored(let expression) = self else { return nil }
        let pattern = expression.pattern
        let begins = ["^", "\\A", "(?i)^"].contains { pattern.utf8.hasPrefix($0) }
        let ends =
            (pattern.utf8.hasSuffix("$") && !pattern.utf8.hasSuffix("\\$"))
            || pattern.utf8.hasSuffix("\\z")
        switch (begins, ends) {
        case (true, true): return nil
        case (false, true): return "the expression \(quoted(pattern)) does not begin with ^"
        case (true, false): return "the expression \(quoted(pattern)) does not end with $"
        case (false, false):
            return "the expression \(quoted(pattern)) has neither ^ nor $: it fits any text that "
                + "contains it"
        }
    }

    /// The pattern in messages.
    package var shown: String {
        switch self {
        case .exact(let text): plain(text)
        case .wildcard(let pattern): plain(pattern.description)
        case .expression(let pattern), .unanchored(let pattern): "/\(plain(pattern.pattern))/"
        }
    }
}
