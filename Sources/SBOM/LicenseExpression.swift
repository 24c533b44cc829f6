// SPDX-License-Identifier: Apache-2.0
// Licence expressions. Spec: SPDX 2.3, Annex D; Debian copyright-format 1.0, "License syntax".

internal import Primitives

/// A licence expression whose identifiers are all on the SPDX licence list.
///
/// References to texts (`LicenseRef-`) are not supported: the text is in the package, not here.
package indirect enum LicenseExpression: Hashable, Sendable, CustomStringConvertible {
    /// An identifier of the SPDX list, with `+` for later versions.
    case license(String)
    case with(String, exception: String)
    case and([LicenseExpression])
    case or([LicenseExpression])

    /// Reads an SPDX expression; nil when the text is none.
    ///
    /// Spec: SPDX 2.3, Annex D.2: operators are written in capitals, identifiers in any case.
    /// `WITH` binds tighter than `AND`, and that tighter than `OR`.
    package init?(parsing text: String) {
        var parser = LicenseParser(text)
        guard text.utf8.count <= Limits.licenseExpressionBytes,
            let expression = parser.alternatives(depth: 0), parser.isAtEnd
        else { return nil }
        self = expression
    }

    package var description: String {
        switch self {
        case .license(let name): name
        case .with(let name, let exception): "\(name) WITH \(exception)"
        case .and(let parts):
            parts.map { part in
                if case .or = part { "(\(part))" } else { part.description }
            }.joined(separator: " AND ")
        case .or(let parts): parts.map(\.description).joined(separator: " OR ")
        }
    }

    /// The identifier, if the expression is a single one.
    var identifier: String? {
        guard case .license(let name) = self else { return nil }
        return LicenseList.license(name)
    }
}

/// Parses `name`, `name WITH exception`, `AND`, `OR` and parentheses.
private struct LicenseParser {
    private var tokens: ArraySlice<Substring>

    init(_ text: String) {
        var tokens: [Substring] = []
        for word in text.utf8.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 }) {
            var rest = word[...]
            while let first = rest.first {
                let isBracket = first == UInt8(ascii: "(") || first == UInt8(ascii: ")")
                let token =
                    isBracket
                    ? rest.prefix(1)
                    : rest.prefix { $0 != UInt8(ascii: "(") && $0 != UInt8(ascii: ")") }
                tokens.append(Substring(token))
                rest = rest[token.endIndex...]
            }
        }
        self.tokens = tokens[...]
    }

    var isAtEnd: Bool { tokens.isEmpty }

    private mutating func take(_ word: String) -> Bool {
        guard let first = tokens.first, first.utf8.elementsEqual(word.utf8) else { return false }
        tokens.removeFirst()
        return true
    }

    mutating func alternatives(depth: Int) -> LicenseExpression? {
        guard depth < Limits.documentDepth, let first = conjunction(depth) else { return nil }
        var parts = [first]
        while take("OR") {
            guard let next = conjunction(depth) else { return nil }
            parts.append(next)
        }
        return parts.count == 1 ? first : .or(parts)
    }

    private mutating func conjunction(_ depth: Int) -> LicenseExpression? {
        guard let first = simple(depth) else { return nil }
        var parts = [first]
        while take("AND") {
            guard let next = simple(depth) else { return nil }
            parts.append(next)
        }
        return parts.count == 1 ? first : .and(parts)
    }

    private mutating func simple(_ depth: Int) -> LicenseExpression? {
        if take("(") {
            guard let inner = alternatives(depth: depth + 1), take(")") else { return nil }
            return inner
        }
        guard let word = tokens.popFirst(), let name = licenseName(word) else { return nil }
        guard take("WITH") else { return .license(name) }
        guard let exception = tokens.popFirst().flatMap({ LicenseList.exception($0) }) else {
            return nil
        }
        return .with(name, exception: exception)
    }
}

/// An identifier, or an identifier and `+`.
private func licenseName(_ word: Substring) -> String? {
    if let name = LicenseList.license(word) { return name }
    guard word.utf8.last == UInt8(ascii: "+") else { return nil }
    return LicenseList.license(Substring(word.utf8.dropLast())).map { $0 + "+" }
}
