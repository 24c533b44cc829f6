// SPDX-License-Identifier: Apache-2.0
// Debian's short names for licences as SPDX identifiers. Spec: Debian copyright-format 1.0,
// "License specification"; SPDX licence list.

internal import Primitives

extension LicenseExpression {
    /// Reads the short names of a License field; nil when one of them has no SPDX identifier.
    ///
    /// Spec: copyright-format 1.0, "Syntax": `and` binds tighter than `or`, a comma before either
    /// loosest. Exceptions ("with … exception") are free text and have no identifier.
    package init?(debianNames text: String) {
        guard text.utf8.count <= Limits.licenseExpressionBytes else { return nil }
        var words: [Substring] = []
        for word in text.utf8.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 }) {
            let hasComma = word.last == UInt8(ascii: ",")
            words.append(Substring(hasComma ? word.dropLast() : word))
            if hasComma { words.append(",") }
        }
        var rest = words[...]
        guard let expression = clauses(&rest), rest.isEmpty else { return nil }
        self = expression
    }
}

/// Splits at commas: `X or Y, and Z` is `(X or Y) and Z`.
private func clauses(_ words: inout ArraySlice<Substring>) -> LicenseExpression? {
    guard var whole = alternatives(&words) else { return nil }
    while takes(",", &words) {
        let isAnd = takes("and", &words)
        guard isAnd || takes("or", &words), let next = alternatives(&words) else { return nil }
        whole = isAnd ? .and([whole, next]) : .or([whole, next])
    }
    return whole
}

private func alternatives(_ words: inout ArraySlice<Substring>) -> LicenseExpression? {
    var parts: [LicenseExpression] = []
    repeat {
        var all: [LicenseExpression] = []
        repeat {
            guard let name = words.popFirst().flatMap(spdxName) else { return nil }
            all.append(.license(name))
        } while takes("and", &words)
        parts.append(all.count == 1 ? all[0] : .and(all))
    } while takes("or", &words)
    return parts.count == 1 ? parts[0] : .or(parts)
}

private func takes(_ word: String, _ words: inout ArraySlice<Substring>) -> Bool {
    guard let first = words.first,
        first.utf8.map({ $0 | 0x20 }).elementsEqual(word.utf8.map { $0 | 0x20 })
    else { return false }
    words.removeFirst()
    return true
}

/// One short name. A version without `.0` means the same as with it; GNU's licences say in SPDX
/// whether later versions may be chosen, others carry a `+`.
private func spdxName(_ word: Substring) -> String? {
    if word.utf8.elementsEqual("Expat".utf8) || word.utf8.elementsEqual("expat".utf8) {
        return "MIT"
    }
    let isOpen = word.utf8.last == UInt8(ascii: "+")
    let plain = isOpen ? Substring(word.utf8.dropLast()) : word
    for base in [String(plain), plain + ".0"] {
        if let name = LicenseList.license(base + (isOpen ? "-or-later" : "-only")) { return name }
        if let name = LicenseList.license(base) { return isOpen ? name + "+" : name }
    }
    return invariantName(plain, isOpen)
}

/// `GFDL-NIV-1.3`: the GNU Free Documentation License without invariant sections.
private func invariantName(_ word: Substring, _ isOpen: Bool) -> String? {
    let start = "GFDL-NIV-"
    guard word.utf8.starts(with: start.utf8) else { return nil }
    let version = String(Substring(word.utf8.dropFirst(start.utf8.count)))
    return LicenseList.license(
        "GFDL-\(version)-no-invariants-" + (isOpen ? "or-later" : "only"))
}
