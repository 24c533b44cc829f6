// SPDX-License-Identifier: Apache-2.0
// Versions. Spec: Semantic Versioning 2.0.0.

/// `1.2.3-rc.1+build`. The build does not count when versions are compared.
package struct SemanticVersion: Sendable, Comparable {
    package enum Identifier: Hashable, Sendable {
        case number(UInt64)
        case word(String)
    }

    package let major: UInt64
    package let minor: UInt64
    package let patch: UInt64
    package let prerelease: [Identifier]
    package let text: String

    /// A version without a pre-release.
    package init(major: UInt64, minor: UInt64, patch: UInt64) {
        (self.major, self.minor, self.patch) = (major, minor, patch)
        prerelease = []
        text = "\(major).\(minor).\(patch)"
    }

    /// Reads the strict form: three numbers without leading zeros, no `v` before them. Nil for
    /// anything else, and for more than `Limits.versionBytes`.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        guard text.utf8.count <= Limits.versionBytes, text.utf8.allSatisfy({ $0 < 0x80 }) else {
            return nil
        }
        let (head, build) = cut(text[...], at: "+")
        let (core, tail) = cut(head, at: "-")
        let numbers = core.utf8.split(separator: ".", omittingEmptySubsequences: false)
            .map(wholeNumber)
        guard numbers.count == 3, let major = numbers[0], let minor = numbers[1],
            let patch = numbers[2], let prerelease = identifiers(tail, areNumbersStrict: true),
            identifiers(build, areNumbersStrict: false) != nil
        else { return nil }
        (self.major, self.minor, self.patch) = (major, minor, patch)
        self.prerelease = prerelease
        self.text = text
    }

    package static func == (left: SemanticVersion, right: SemanticVersion) -> Bool {
        !(left < right) && !(right < left)
    }

    package static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
        let core = (left.major, left.minor, left.patch)
        let other = (right.major, right.minor, right.patch)
        if core != other { return core < other }
        // Spec: SemVer 2.0.0 §11.3: a version without a pre-release comes after those with one.
        if left.prerelease.isEmpty || right.prerelease.isEmpty {
            return !left.prerelease.isEmpty && right.prerelease.isEmpty
        }
        for (a, b) in zip(left.prerelease, right.prerelease) where a != b {
            switch (a, b) {
            case (.number(let a), .number(let b)): return a < b
            case (.number, .word): return true
            case (.word, .number): return false
            case (.word(let a), .word(let b)): return a < b
            }
        }
        return left.prerelease.count < right.prerelease.count
    }
}

private func cut(_ text: Substring, at mark: String) -> (Substring, Substring?) {
    text.utf8.split(atFirst: mark).map { ($0.before, $0.after) } ?? (text, nil)
}

private func wholeNumber(_ text: Substring) -> UInt64? {
    guard !text.isEmpty, text.utf8.allSatisfy(isDigitByte), text == "0" || !text.utf8.hasPrefix("0")
    else {
        return nil
    }
    return UInt64(text)
}

private func identifiers(
    _ text: Substring?, areNumbersStrict: Bool
) -> [SemanticVersion.Identifier]? {
    guard let text else { return [] }
    var found: [SemanticVersion.Identifier] = []
    for part in text.utf8.split(separator: ".", omittingEmptySubsequences: false) {
        guard !part.isEmpty, part.utf8.allSatisfy(isNameByte) else { return nil }
        if areNumbersStrict, part.utf8.allSatisfy(isDigitByte) {
            guard let number = wholeNumber(part) else { return nil }
            found.append(.number(number))
        } else {
            found.append(.word(String(part)))
        }
    }
    return found
}

private func isNameByte(_ byte: UInt8) -> Bool {
    isDigitByte(byte) || isLetterByte(byte)
        || byte == UInt8(ascii: "-")
}
