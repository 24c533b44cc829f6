// SPDX-License-Identifier: Apache-2.0
// How a file of manifests divides into documents.
// Spec: k8s.io/apimachinery v0.32, util/yaml/decoder.go (`YAMLOrJSONDecoder`, `YAMLReader`).

/// The text of a file as kubectl hands it to its YAML reader: without a byte order mark, with LF for
/// every CR LF, and with a line break at its end.
func manifestText(_ bytes: [UInt8]) -> [UInt8] {
    let bytes = bytes.starts(with: byteOrderMark) ? bytes[3...] : bytes[...]
    guard bytes.contains(carriageReturn) else {
        return bytes.last == lineFeed ? Array(bytes) : bytes + [lineFeed]
    }
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count + 1)
    for byte in bytes {
        if byte == lineFeed, text.last == carriageReturn { text.removeLast() }
        text.append(byte)
    }
    if text.last != lineFeed { text.append(lineFeed) }
    return text
}

/// Refuses everything that YAML takes for the border of a document and kubectl does not, or the
/// other way round.
///
/// kubectl cuts a text at each line that begins with `---`, even inside a string, and reads one
/// document of each piece. What follows `...` in a piece is never read.
func refuseOtherBorders(_ text: [UInt8], named name: String) throws(Failure) {
    var line = 0
    var isBeforeDocument = true
    var isAfterEnd = false
    var start = text.startIndex
    while start < text.endIndex {
        let end = text[start...].firstIndex(of: lineFeed) ?? text.endIndex
        let content = text[start..<end]
        line += 1
        start = end < text.endIndex ? end + 1 : end
        func refuse(_ why: String) -> Failure {
            Failure(
                .unsupported, "cannot read \(name) as YAML",
                at: .file(name, line: line, column: 1), because: why)
        }
        if holdsByteOrderMark(content) {
            throw refuse("a byte order mark (U+FEFF) is allowed only at the beginning")
        }
        if hidesBorder(content) {
            throw refuse("a document separator follows a line break that is not LF")
        }
        if content.starts(with: "---".utf8) {
            guard isBlankOrComment(content.dropFirst(3)) else {
                throw refuse("a line that begins with --- may hold a comment and nothing else")
            }
            (isBeforeDocument, isAfterEnd) = (false, false)
        } else if isBlankOrComment(content) || content.first == UInt8(ascii: "#") {
            continue
        } else if isAfterEnd {
            throw refuse("only --- may follow the end of a document (...)")
        } else if content.first == UInt8(ascii: "%"), isBeforeDocument {
            throw refuse("directives are not read")
        } else {
            isBeforeDocument = false
            isAfterEnd =
                content.starts(with: "...".utf8) && isBlankOrComment(content.dropFirst(3))
        }
    }
}

/// Whether a line holds, after a CR, NEL, LS or PS, what would be a separator after LF.
private func hidesBorder(_ line: ArraySlice<UInt8>) -> Bool {
    for index in line.indices where breaksLine(line, at: index) {
        let rest = line[(index + 1)...]
        if rest.starts(with: "---".utf8) || rest.starts(with: "...".utf8)
            || rest.first == UInt8(ascii: "%")
        {
            return true
        }
    }
    return false
}

/// Some readers skip the mark at the beginning of a line, and others take it for text.
private func holdsByteOrderMark(_ line: ArraySlice<UInt8>) -> Bool {
    line.indices.contains {
        line[$0] == byteOrderMark[0] && line[$0...].starts(with: byteOrderMark)
    }
}

/// Spec: YAML 1.1, "Line Break Characters", without LF: the last byte of CR, NEL, LS or PS.
private func breaksLine(_ line: ArraySlice<UInt8>, at index: Int) -> Bool {
    switch line[index] {
    case carriageReturn: true
    case 0x85: index > line.startIndex && line[index - 1] == 0xC2
    case 0xA8, 0xA9:
        index > line.startIndex + 1 && line[index - 1] == 0x80 && line[index - 2] == 0xE2
    default: false
    }
}

/// Blanks, or a comment after at least one blank.
private func isBlankOrComment(_ text: ArraySlice<UInt8>) -> Bool {
    let rest = text.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    return rest.isEmpty || (rest.first == UInt8(ascii: "#") && rest.count < text.count)
}

private let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
private let lineFeed = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")
