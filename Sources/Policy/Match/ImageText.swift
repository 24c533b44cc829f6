// SPDX-License-Identifier: Apache-2.0
// What makes a text the name of an image. Spec: distribution reference grammar (image names).

import Primitives

typealias TextBytes = ArraySlice<UInt8>

/// A field whose name says that it names an image: `image`, `proxyImage`, `IMAGE_URL`, `img`.
///
/// What is before the last slash or dot is a group (`sidecar.istio.io/proxyImage`), but in the
/// parameters of charts (`image.repository`).
func isImageName(_ name: TextBytes) -> Bool {
    let last = lastPart(of: name)
    let isParameter = ["repository", "name"].contains(inLowerCase(last))
    let text = inLowerCase(isParameter ? name : last)
    guard text.utf8.contains("image") || text.utf8.contains("img") else { return false }
    return isExactImageName(name) || !otherWords.contains { text.utf8.contains($0) }
}

/// A name that ends with the word, as those of images do: `image`, but not `imageScan`.
func isExactImageName(_ name: TextBytes) -> Bool {
    let text = inLowerCase(name.suffix(6))
    return ["image", "images", "img", "imgs"].contains { text.utf8.hasSuffix($0) }
}

private func inLowerCase(_ text: TextBytes) -> String {
    String(decoding: text, as: UTF8.self).utf8.lowercased()
}

private func lastPart(of name: TextBytes) -> TextBytes {
    name[(name.lastIndex { $0 == 0x2F || $0 == 0x2E }.map { $0 + 1 } ?? name.startIndex)...]
}

/// Fields about images that name none.
private let otherWords = [
    "pull", "policy", "policies", "secret", "digest", "format", "type", "size", "version", "verif",
    "scan", "credential", "schedule", "count", "limit", "interval", "automation", "update",
    "reflect",
    "extract", "data", "imageid", "certificate", "maxim",
]

/// The parts of a mapping under an image's name that name none.
func isOtherPart(_ name: TextBytes) -> Bool {
    let text = inLowerCase(name)
    return isSame(text, "tag") || otherWords.contains { text.utf8.contains($0) }
}

/// Whether a text, in a field whose name promises an image, may be one.
func mayBeImage(_ text: TextBytes) -> Bool {
    let text = withoutBlanks(text)
    let (scheme, rest) = withoutScheme(text)
    if let scheme, inLowerCase(scheme).utf8.hasPrefix("http") { return isFullReference(text) }
    if holdsTemplate(rest) { return !rest.contains(where: isWhitespaceByte) }
    // Patterns, paths and expressions name no image; what else is no image is left to its reader.
    guard let first = rest.first, !"/.-#".utf8.contains(first),
        !rest.contains(where: { isWhitespaceByte($0) || "*?!<>|&=;\"'`\\()%".utf8.contains($0) })
    else { return false }
    let isNumber = rest.allSatisfy { isDigitByte($0) || $0 == 0x2E }
    return !isNumber && !["true", "false", "null", "none", "yes", "no"].contains(inLowerCase(rest))
}

/// Whether a text is a registry with a dot, a port or `localhost`, a path, and a tag or digest;
/// blanks around it and a scheme before it change nothing.
func isFullReference(_ text: TextBytes) -> Bool {
    let text = withoutScheme(withoutBlanks(text)).rest
    guard let slash = text.firstIndex(of: 0x2F), isRegistry(text[..<slash]) else { return false }
    var path = text[(slash + 1)...]
    var isPinned = false
    if let at = path.firstIndex(of: 0x40) {
        guard isDigest(path[(at + 1)...]) else { return false }
        isPinned = true
        path = path[..<at]
    }
    let end = path.lastIndex(of: 0x2F).map { $0 + 1 } ?? path.startIndex
    if let colon = path[end...].firstIndex(of: 0x3A) {
        guard isTag(path[(colon + 1)...]) else { return false }
        isPinned = true
        path = path[..<colon]
    }
    return isPinned && isPath(path)
}

/// Whether Flux, envsubst or Helm replaces a part of the text before it is posted.
func holdsTemplate(_ text: TextBytes) -> Bool {
    guard text.contains(where: { $0 == 0x24 || $0 == 0x7B }) else { return false }
    for index in text.indices.dropLast() {
        let next = text[index + 1]
        if text[index] == 0x24,
            next == 0x7B || next == 0x28 || next == 0x5F || isLetterByte(next)
        {
            return true
        }
        if text[index] == 0x7B, next == 0x7B { return true }
    }
    return false
}

/// Whether `${` begins and ends in different values: the replacement changes what is between.
func holdsOpenSubstitution(_ text: TextBytes) -> Bool {
    guard let start = text.lastIndex(of: 0x24), text[start...].starts(with: "${".utf8) else {
        return false
    }
    return !text[start...].contains(0x7D)
}

func withoutBlanks(_ text: TextBytes) -> TextBytes {
    let start = text.drop(while: isWhitespaceByte)
    return start[..<(start.lastIndex { !isWhitespaceByte($0) }.map { $0 + 1 } ?? start.startIndex)]
}

private func withoutScheme(_ text: TextBytes) -> (scheme: TextBytes?, rest: TextBytes) {
    guard let colon = text.firstIndex(of: 0x3A), text[colon...].starts(with: "://".utf8),
        text[..<colon].allSatisfy({ isLetterByte($0) || $0 == 0x2D })
    else { return (nil, text) }
    return (text[..<colon], text[(colon + 3)...])
}

private func isRegistry(_ text: TextBytes) -> Bool {
    if text.first == 0x5B {
        guard let end = text.firstIndex(of: 0x5D) else { return false }
        return text[end...].dropFirst().allSatisfy { $0 == 0x3A || isDigitByte($0) }
    }
    if text.starts(with: "${".utf8), text.last == 0x7D { return true }
    guard let first = text.first, isLetterByte(first) || isDigitByte(first) else { return false }
    let parts = text.split(separator: 0x3A, omittingEmptySubsequences: false)
    guard parts.count <= 2,
        parts[0].allSatisfy({ isLetterByte($0) || isDigitByte($0) || $0 == 0x2E || $0 == 0x2D })
    else { return false }
    if parts.count == 2 { return !parts[1].isEmpty && parts[1].allSatisfy(isDigitByte) }
    return parts[0].contains(0x2E) || inLowerCase(parts[0]) == "localhost"
}

private func isPath(_ text: TextBytes) -> Bool {
    text.split(separator: 0x2F, omittingEmptySubsequences: false).allSatisfy { part in
        holdsTemplate(part)
            || (!part.isEmpty
                && part.allSatisfy {
                    (0x61...0x7A).contains($0) || isDigitByte($0) || "._-".utf8.contains($0)
                })
    }
}

private func isTag(_ text: TextBytes) -> Bool {
    if holdsTemplate(text) { return !text.contains(where: isWhitespaceByte) }
    guard let first = text.first, first != 0x2E, first != 0x2D, text.count <= 128 else {
        return false
    }
    return text.allSatisfy { isLetterByte($0) || isDigitByte($0) || "._-".utf8.contains($0) }
}

private func isDigest(_ text: TextBytes) -> Bool {
    if holdsTemplate(text) { return !text.contains(where: isWhitespaceByte) }
    guard let colon = text.firstIndex(of: 0x3A), colon > text.startIndex else { return false }
    let value = text[(colon + 1)...]
    return value.count >= 32 && value.allSatisfy(isHexByte)
}

/// The images that a text of several words names: full references, and what follows `image:` in
/// YAML or JSON inside it, `--image=`, or the path of a patch to an image.
func imagesInside(_ text: TextBytes, atMost limit: Int) -> [String] {
    guard text.contains(where: isDelimiter) else { return [] }
    var found: [String] = []
    var words = TextWords(text)
    // The word before, whether it may be a name, and whether a value of an image comes next.
    var last: TextBytes = []
    var wantsImage = false
    var isPatch = false
    while found.count < limit, let (word, beginsEntry) = words.next() {
        if word.elementsEqual(":".utf8) {
            wantsImage = names(last, isPatch) && words.lastBeganEntry
            continue
        }
        if wantsImage, let first = word.first, "&!|>*".utf8.contains(first) { continue }
        if isFullReference(word) || (wantsImage && mayBeImage(word)) {
            found.append(String(decoding: word, as: UTF8.self))
            (wantsImage, isPatch) = (false, false)
        } else if let sign = word.firstIndex(of: 0x3D) {
            let value = word[(sign + 1)...]
            if isFullReference(value) || (isExactImageName(word[..<sign]) && mayBeImage(value)) {
                found.append(String(decoding: value, as: UTF8.self))
            }
            wantsImage = false
        } else {
            wantsImage = false
            if word.last == 0x3A {
                wantsImage = beginsEntry && names(word.dropLast(), isPatch)
            } else if word.suffix(6).elementsEqual("/image".utf8) {
                isPatch = true
            }
        }
        if word.elementsEqual("-".utf8) || word.elementsEqual("?".utf8) { continue }
        words.lastBeganEntry = beginsEntry
        last = word
    }
    return found
}

private func names(_ word: TextBytes, _ isPatch: Bool) -> Bool {
    isExactImageName(word) || (isPatch && word.elementsEqual("value".utf8))
}

private func isDelimiter(_ byte: UInt8) -> Bool {
    isWhitespaceByte(byte) || "\"'`,;{}[]()<>\\=".utf8.contains(byte)
}

/// The words of a text, and whether each may be the first of an entry of a mapping.
private struct TextWords {
    private var rest: TextBytes
    private var beginsEntry = true
    var lastBeganEntry = false

    init(_ text: TextBytes) { rest = text }

    mutating func next() -> (word: TextBytes, beginsEntry: Bool)? {
        while let byte = rest.first, byte != 0x3D, isDelimiter(byte), !opensTemplate {
            if byte != 0x20, byte != 0x09 { beginsEntry = true }
            rest = rest.dropFirst()
        }
        guard !rest.isEmpty else { return nil }
        var end = rest.startIndex
        var depth = 0
        while end < rest.endIndex {
            let byte = rest[end]
            if byte == 0x7B, end == rest.startIndex || rest[end - 1] == 0x24 || depth > 0 {
                depth += 1
            } else if byte == 0x7D, depth > 0 {
                depth -= 1
            } else if isWhitespaceByte(byte) || (depth == 0 && byte != 0x3D && isDelimiter(byte)) {
                break
            }
            end += 1
        }
        if end == rest.startIndex { end += 1 }
        let word = rest[..<end]
        rest = rest[end...]
        let began = beginsEntry
        beginsEntry = word.elementsEqual("-".utf8) || word.elementsEqual("?".utf8)
        return (word, began)
    }

    private var opensTemplate: Bool { rest.starts(with: "${".utf8) || rest.starts(with: "{{".utf8) }
}
