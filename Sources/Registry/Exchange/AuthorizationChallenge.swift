// SPDX-License-Identifier: Apache-2.0
// What a 401 answer asks for. Spec: RFC 9110 §11.3 (challenges), §5.6.4 (quoted strings).

internal import Primitives

/// One way to prove who we are, as the server names it.
struct AuthorizationChallenge: Hashable, Sendable {
    /// `basic`, `bearer`, …: in lower case.
    let scheme: String
    /// Names in lower case; the first of two equal names counts.
    var parameters: [String: String] = [:]

    /// All challenges of one `WWW-Authenticate` field, in order; several schemes may share a field.
    static func list(parsing text: String) throws(Failure) -> [AuthorizationChallenge] {
        guard text.utf8.count <= Limits.addressBytes else {
            throw malformed("it has more than \(Limits.addressBytes) bytes")
        }
        var scanner = ChallengeScanner(text: Array(text.utf8))
        return try scanner.challenges()
    }
}

private func malformed(_ why: String) -> Failure {
    Failure(.malformed, "cannot read the registry's WWW-Authenticate header", because: why)
}

private struct ChallengeScanner {
    let text: [UInt8]
    var place = 0

    init(text: [UInt8]) { self.text = text }

    mutating func challenges() throws(Failure) -> [AuthorizationChallenge] {
        var found: [AuthorizationChallenge] = []
        while true {
            skip { $0 == comma || isBlank($0) }
            guard place < text.count else { return found }
            let name = take(isTokenByte)
            guard !name.isEmpty else {
                throw malformed("byte \(place) starts neither a scheme nor a parameter")
            }
            let hadBlank = place < text.count && isBlank(text[place])
            skip(isBlank)
            if !found.isEmpty, place < text.count, text[place] == equals {
                place += 1
                skip(isBlank)
                let value = try value()
                let last = found.count - 1
                if found[last].parameters[name.utf8.lowercased()] == nil {
                    found[last].parameters[name.utf8.lowercased()] = value
                }
            } else {
                guard found.count < Limits.challengesPerAnswer else {
                    throw malformed("it has more than \(Limits.challengesPerAnswer) challenges")
                }
                found.append(AuthorizationChallenge(scheme: name.utf8.lowercased()))
                if hadBlank { skipToken68() }
            }
        }
    }

    /// A scheme may carry one opaque word instead of parameters: `Negotiate dG9rZW4=`.
    private mutating func skipToken68() {
        let start = place
        skip(isToken68Byte)
        guard place > start else { return }
        skip { $0 == equals }
        let end = place
        skip(isBlank)
        let isWord = place == text.count || text[place] == comma
        place = isWord ? end : start
    }

    private mutating func value() throws(Failure) -> String {
        guard place < text.count, text[place] == quote else { return take(isTokenLikeByte) }
        place += 1
        var value: [UInt8] = []
        while place < text.count {
            let byte = text[place]
            place += 1
            if byte == quote { return String(decoding: value, as: UTF8.self) }
            if byte == backslash, place < text.count {
                value.append(text[place])
                place += 1
            } else {
                value.append(byte)
            }
        }
        throw malformed("a quoted value has no end")
    }

    private mutating func take(_ belongs: (UInt8) -> Bool) -> String {
        let start = place
        skip(belongs)
        return String(decoding: text[start..<place], as: UTF8.self)
    }

    private mutating func skip(_ belongs: (UInt8) -> Bool) {
        while place < text.count, belongs(text[place]) { place += 1 }
    }
}

private let comma = UInt8(ascii: ",")
private let equals = UInt8(ascii: "=")
private let quote = UInt8(ascii: "\"")
private let backslash = UInt8(ascii: "\\")

private func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == 9 }

private func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default: false
    }
}

/// Spec: RFC 9110 §5.6.2, tchar.
private func isTokenByte(_ byte: UInt8) -> Bool {
    isWord(byte) || Array("!#$%&'*+-.^_`|~".utf8).contains(byte)
}

/// Unquoted values in the field hold `:` and `/` too, although no token does.
private func isTokenLikeByte(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7f && byte != comma && byte != quote
}

/// Spec: RFC 9110 §11.2, token68 without its trailing `=`.
private func isToken68Byte(_ byte: UInt8) -> Bool {
    isWord(byte) || Array("-._~+/".utf8).contains(byte)
}
