// SPDX-License-Identifier: Apache-2.0
// Versions. Spec: Semantic Versioning 2.0.0; Kubernetes, library/semverlib.

/// `1.2.3-rc.1+build`. The build does not count when versions are compared.
struct SemanticVersion: Sendable, Comparable {
    enum Identifier: Hashable, Sendable {
        case number(UInt64)
        case word(String)
    }

    let major: UInt64
    let minor: UInt64
    let patch: UInt64
    let prerelease: [Identifier]
    let text: String

    /// Reads the strict form.
    init?(_ text: String) {
        guard text.utf8.count <= longestVersion, isASCII(text) else { return nil }
        let (head, build) = cut(text[...], at: "+")
        let (core, tail) = cut(head, at: "-")
        let numbers = core.split(separator: ".", omittingEmptySubsequences: false).map(wholeNumber)
        guard numbers.count == 3, let major = numbers[0], let minor = numbers[1],
            let patch = numbers[2], let prerelease = identifiers(tail, areNumbersStrict: true),
            identifiers(build, areNumbersStrict: false) != nil
        else { return nil }
        (self.major, self.minor, self.patch) = (major, minor, patch)
        self.prerelease = prerelease
        self.text = text
    }

    /// Reads `v1.2`, `01.2.3` and the strict form.
    ///
    /// Spec: Kubernetes: a leading v is cut, missing parts are 0, leading zeros fall.
    init?(normalizing text: String) {
        guard text.utf8.count <= longestVersion, isASCII(text) else { return nil }
        let body = text.hasPrefix("v") ? text.dropFirst() : text[...]
        let end = body.firstIndex { $0 == "-" || $0 == "+" } ?? body.endIndex
        var parts = body[..<end].split(separator: ".", omittingEmptySubsequences: false).map {
            part in
            let stripped = part.drop { $0 == "0" }
            return stripped.isEmpty && !part.isEmpty ? "0" : String(stripped)
        }
        guard parts.count <= 3 else { return nil }
        while parts.count < 3 { parts.append("0") }
        self.init(parts.joined(separator: ".") + body[end...])
    }

    static func == (left: SemanticVersion, right: SemanticVersion) -> Bool {
        !(left < right) && !(right < left)
    }

    static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
        let core = (left.major, left.minor, left.patch)
        let other = (right.major, right.minor, right.patch)
        if core != other { return core < other }
        // Spec: §11.3: a version without a pre-release comes after those with one.
        if left.prerelease.isEmpty || right.prerelease.isEmpty {
            return !left.prerelease.isEmpty && right.prerelease.isEmpty
        }
        for (a, b) in zip(left.prerelease, right.prerelease) where a != b {
            switch (a, b) {
            case (.number(let a), .number(let b)): return a < b
            case (.number, .word): return true
            case (.word, .number): return false
            case (.word(let a), .word(let b)): return isTextBefore(a, b)
            }
        }
        return left.prerelease.count < right.prerelease.count
    }
}

private func cut(_ text: Substring, at mark: Character) -> (Substring, Substring?) {
    guard let place = text.firstIndex(of: mark) else { return (text, nil) }
    return (text[..<place], text[text.index(after: place)...])
}

private func wholeNumber(_ text: Substring) -> UInt64? {
    guard !text.isEmpty, text.utf8.allSatisfy(isDigit), text == "0" || !text.hasPrefix("0") else {
        return nil
    }
    return UInt64(text)
}

private func identifiers(
    _ text: Substring?, areNumbersStrict: Bool
) -> [SemanticVersion.Identifier]? {
    guard let text else { return [] }
    var found: [SemanticVersion.Identifier] = []
    for part in text.split(separator: ".", omittingEmptySubsequences: false) {
        guard !part.isEmpty, part.utf8.allSatisfy(isNameByte) else { return nil }
        if areNumbersStrict, part.utf8.allSatisfy(isDigit) {
            guard let number = wholeNumber(part) else { return nil }
            found.append(.number(number))
        } else {
            found.append(.word(String(part)))
        }
    }
    return found
}

private func isNameByte(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
        || byte == UInt8(ascii: "-")
}

private let longestVersion = 256
