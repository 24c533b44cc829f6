// SPDX-License-Identifier: Apache-2.0
// Version ranges. Spec: blang/semver v4, "Ranges".

import Primitives

/// A range such as `>=1.2.0 <2.0.0 || 3.x`: a space means "and", `||` means "or".
struct VersionRange: Sendable {
    private let alternatives: [[VersionTest]]

    init?(_ text: String) {
        guard text.utf8.count <= 1_000 else { return nil }
        var alternatives: [[VersionTest]] = []
        for alternative in text.utf8.split(separator: "||", omittingEmptySubsequences: false) {
            guard let words = comparators(alternative), !words.isEmpty else { return nil }
            var list: [VersionTest] = []
            for word in words {
                guard let tests = tests(word) else { return nil }
                list += tests
            }
            alternatives.append(list)
        }
        self.alternatives = alternatives
    }

    func holds(_ version: SemanticVersion) -> Bool {
        alternatives.contains { $0.allSatisfy { $0.holds(version) } }
    }
}

private struct VersionTest: Sendable {
    enum Relation: Sendable { case equal, different, less, lessOrEqual, greater, greaterOrEqual }
    let relation: Relation
    let version: SemanticVersion

    func holds(_ other: SemanticVersion) -> Bool {
        switch relation {
        case .equal: !(other < version) && !(version < other)
        case .different: other < version || version < other
        case .less: other < version
        case .lessOrEqual: !(version < other)
        case .greater: version < other
        case .greaterOrEqual: !(other < version)
        }
    }
}

private let relations: [(String, VersionTest.Relation)] = [
    (">=", .greaterOrEqual), ("<=", .lessOrEqual), ("==", .equal), ("!=", .different),
    (">", .greater), ("<", .less), ("=", .equal), ("!", .different), ("", .equal),
]

/// Splits at spaces; a space is allowed between an operator and its version.
private func comparators(_ text: Substring) -> [String]? {
    var words: [String] = []
    var open = ""
    for word in text.utf8.split(separator: " ") {
        open += word
        if let last = word.utf8.last, "<>=!".utf8.contains(last) { continue }
        words.append(open)
        open = ""
    }
    return open.isEmpty ? words : nil
}

/// The tests of one comparator, which must all hold.
///
/// Deviation kept from Kyverno: `!1.2.x` requires a version below and above the range at once, so
/// no version matches.
private func tests(_ word: String) -> [VersionTest]? {
    guard let (sign, relation) = relations.first(where: { word.utf8.hasPrefix($0.0) }) else {
        return nil
    }
    let text = Substring(word.utf8.dropFirst(sign.utf8.count))
    if let version = SemanticVersion(text) {
        return [VersionTest(relation: relation, version: version)]
    }
    guard let (first, next) = wildcard(text) else { return nil }
    func test(_ relation: VersionTest.Relation, _ version: SemanticVersion) -> VersionTest {
        VersionTest(relation: relation, version: version)
    }
    switch relation {
    case .greater: return [test(.greaterOrEqual, next)]
    case .greaterOrEqual: return [test(.greaterOrEqual, first)]
    case .less: return [test(.less, first)]
    case .lessOrEqual: return [test(.less, next)]
    case .equal: return [test(.greaterOrEqual, first), test(.less, next)]
    case .different: return [test(.less, first), test(.greaterOrEqual, next)]
    }
}

/// The first version of `1.2.x` or `1.x`, and the first version after the range.
///
/// Deviation kept from Kyverno: `1.x.x` is `1.0.x`, not `1.x`.
private func wildcard(_ text: Substring) -> (first: SemanticVersion, next: SemanticVersion)? {
    let parts = text.utf8.split(separator: ".", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), parts[parts.count - 1] == "x",
        let major = plainNumber(parts[0]), major < .max
    else { return nil }
    if parts.count == 2 {
        return (
            SemanticVersion(major: major, minor: 0, patch: 0),
            SemanticVersion(major: major + 1, minor: 0, patch: 0)
        )
    }
    guard let minor = parts[1] == "x" ? 0 : plainNumber(parts[1]), minor < .max else { return nil }
    return (
        SemanticVersion(major: major, minor: minor, patch: 0),
        SemanticVersion(major: major, minor: minor + 1, patch: 0)
    )
}

private func plainNumber(_ text: Substring) -> UInt64? {
    guard !text.isEmpty, text.utf8.allSatisfy(isDigitByte),
        text == "0" || !text.utf8.hasPrefix("0")
    else { return nil }
    return UInt64(text)
}
