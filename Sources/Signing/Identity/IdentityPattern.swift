// SPDX-License-Identifier: Apache-2.0
// How an identity in a certificate is compared with the one that is trusted.

package import Primitives

/// A pattern over one text of a certificate: a subject, an issuer.
package enum IdentityPattern: Hashable, Sendable {
    /// The very text.
    case exact(String)
    /// Kyverno's wildcards over the whole text: `*` any run, `?` one character.
    case wildcard(Wildcard)
    /// A regular expression (RE2) that speaks about the whole text.
    case expression(RegularExpression)
    /// A regular expression as cosign and Kyverno read it: found anywhere in the text.
    case unanchored(RegularExpression)

    /// A regular expression of ours: it must fit the whole text, whether or not it says so.
    package static func wholeExpression(_ pattern: String) throws(Failure) -> IdentityPattern {
        .expression(try RegularExpression(anchored: pattern))
    }

    /// A pattern of somebody else's policy; `lint` tells when it trusts more than it seems to.
    package static func importedExpression(_ pattern: String) throws(Failure) -> IdentityPattern {
        .unanchored(try RegularExpression(pattern))
    }

    /// Whether `text` is one that is meant. Linear in the text; a wildcard that takes too many
    /// steps is a failure, never an answer.
    package func matches(_ text: String) throws(Failure) -> Bool {
        switch self {
        // By bytes: two texts that look alike in Unicode are two identities.
        case .exact(let wanted): isSame(wanted, text)
        case .wildcard(let pattern): try pattern.matches(text)
        case .expression(let pattern), .unanchored(let pattern): pattern.matches(text)
        }
    }

    /// Whether it is an expression for the whole text that only a part of `text` matches. cosign, which
    /// looks for a match anywhere, would accept `text`.
    package func matchesPart(of text: String) -> Bool {
        guard case .expression(let whole) = self, !whole.matches(text),
            whole.pattern.utf8.starts(with: "^(?:".utf8), whole.pattern.utf8.count >= 6
        else { return false }
        let part = Substring(whole.pattern.utf8.dropFirst(4).dropLast(2))
        return (try? RegularExpression(String(part)))?.matches(text) == true
    }

    /// What to warn about: an expression that is found anywhere also fits what an attacker puts
    /// around it, as `https://github.com/acme` fits `https://evil.example/?https://github.com/acme`.
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

    /// The pattern as a person reads it.
    package var shown: String {
        switch self {
        case .exact(let text): plain(text)
        case .wildcard(let pattern): plain(pattern.description)
        case .expression(let pattern), .unanchored(let pattern): "/\(plain(pattern.pattern))/"
        }
    }
}
