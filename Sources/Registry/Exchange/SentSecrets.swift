// SPDX-License-Identifier: Apache-2.0
// What was sent as a secret, and texts from outside without it.
// Spec: RFC 6750 §5.3 and RFC 7617 §4 (credentials are not to be disclosed).

package import HTTPTypes
internal import Primitives
internal import Synchronization

/// The secrets that a client has sent, to be redacted in texts from servers.
///
/// Servers repeat requests in error bodies, challenges and addresses, and messages end up in build
/// logs. A secret is found as it is, percent-encoded, escaped as in JSON or HTML, and in any case
/// of ASCII letters, because schemes and host names are made lower case.
package final class SentSecrets: Sendable {
    /// Each spelling in lower case, with the number of the note that named it last.
    private let spellings = Mutex((notes: 0, known: [[UInt8]: Int]()))

    package init() {}

    /// Remembers the credentials in the header of a request.
    package func note(_ fields: HTTPFields) {
        for field in fields where isSecret(field.name) {
            note(field.value)
            // `Basic dXNlcjpwYXNz`, `Bearer abc`; others have parameters: `Signature=0f1e`.
            for word in field.value.utf8.split(whereSeparator: " ,".utf8.contains).dropFirst() {
                note(String(Substring(word)))
                let value = Substring(word).utf8.split(atFirst: "=")?.after ?? ""
                if value.utf8.count >= shortestSignature { note(String(value)) }
            }
            if let word = field.value.utf8.split(atFirst: " ")?.after { noteBasic(word) }
        }
    }

    /// Remembers one secret: a password, or a token.
    package func note(_ secret: String) {
        guard !secret.isEmpty else { return }
        let written = [
            secret, percentEncoded(secret), JSONValue.string(secret).innerText,
            escapedForHTML(secret, quote: "&#34;"), escapedForHTML(secret, quote: "&quot;"),
            escapedByGo(secret),
        ]
        spellings.withLock { state in
            state.notes += 1
            for spelling in written {
                state.known[Array(spelling.utf8.lowercased().utf8)] = state.notes
            }
            guard state.known.count > 2 * Limits.secretSpellings else { return }
            let newest = state.known.sorted { $0.value > $1.value }.prefix(Limits.secretSpellings)
            state.known = Dictionary(uniqueKeysWithValues: Array(newest))
        }
    }

    /// Remembers the values in the query of a signed address: they give access to the content.
    /// Short values and digests are not secrets.
    func note(queryOf address: HTTPURL) {
        guard let query = address.target.utf8.split(atFirst: "?")?.after else { return }
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let value = String(Substring(pair).utf8.split(atFirst: "=")?.after ?? "")
            let decoded = leniently(percentDecoded: value)
            guard decoded.utf8.count >= shortestSignature, !decoded.utf8.hasPrefix("sha256:"),
                !decoded.utf8.hasPrefix("sha512:")
            else { continue }
            note(value)
            note(decoded)
        }
    }

    /// Outside text with each secret in it replaced. A text with a secret of under 4 bytes is
    /// replaced as a whole, because what is missing would tell the secret.
    package func hidden(in text: some StringProtocol) -> String {
        let secrets = spellings.withLock { Array($0.known.keys) }.sorted { $0.count > $1.count }
        let bytes = Array(text.utf8)
        let folded = Array(String(text).utf8.lowercased().utf8)
        var shown: [UInt8] = []
        var index = 0
        while index < bytes.count {
            guard let found = secrets.first(where: { folded[index...].starts(with: $0) }) else {
                shown.append(bytes[index])
                index += 1
                continue
            }
            guard found.count >= shortestHidden else { return replacement }
            shown += Array(replacement.utf8)
            index += found.count
        }
        return String(decoding: shown, as: UTF8.self)
    }

    /// An address from outside, for failures.
    func place(_ address: HTTPURL) -> Place { .url(hidden(in: address.description)) }

    /// A failure that quotes a document or address from outside.
    func hidden(in failure: Failure) -> Failure {
        Failure(
            failure.kind, hidden(in: failure.what), at: failure.place.map(hidden(in:)),
            because: hidden(in: failure.why), next: failure.next)
    }

    private func hidden(in place: Place) -> Place {
        switch place {
        case .file(let name, let line, let column):
            .file(hidden(in: name), line: line, column: column)
        case .document(let name, let pointer):
            .document(hidden(in: name), pointer: hidden(in: pointer))
        case .bytes(let name, let offset): .bytes(of: hidden(in: name), offset: offset)
        case .url(let address): .url(hidden(in: address))
        case .named(let name): .named(hidden(in: name))
        }
    }

    /// Spec: RFC 7617 §2: base64 of `user:password`.
    private func noteBasic(_ word: Substring) {
        guard let pair = bytes(fromAnyBase64: word),
            let text = String(validating: pair, as: UTF8.self),
            let secret = text.utf8.split(atFirst: ":")?.after
        else { return }
        note(text)
        note(String(secret))
        // The alphabet for addresses.
        let swapped = word.utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            default: byte
            }
        }
        note(String(decoding: swapped.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self))
    }
}

extension JSONValue {
    /// A string as it is written in a document, without its quotes.
    fileprivate var innerText: String { String(Substring(compactText.utf8.dropFirst().dropLast())) }
}

private func isSecret(_ name: HTTPField.Name) -> Bool {
    secretFields.contains(name.canonicalName)
}

/// Spec: RFC 9110 §11.6.2; AWS Signature Version 4; Vault's and Buildkite's APIs.
private let secretFields: Set<String> = [
    "authorization", "x-vault-token", "x-amz-security-token",
]

/// Spec: Go, encoding/json, `HTMLEscape`.
private func escapedByGo(_ text: String) -> String {
    var written = ""
    for scalar in JSONValue.string(text).innerText.unicodeScalars {
        switch scalar {
        case "&": written += "\\u0026"
        case "<": written += "\\u003c"
        case ">": written += "\\u003e"
        default: written.unicodeScalars.append(scalar)
        }
    }
    return written
}

private func escapedForHTML(_ text: String, quote: String) -> String {
    var written = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": written += "&amp;"
        case "<": written += "&lt;"
        case ">": written += "&gt;"
        case "\"": written += quote
        case "'": written += "&#39;"
        default: written.unicodeScalars.append(scalar)
        }
    }
    return written
}

/// A percent sign that starts no escape stands for itself, because the address is a server's.
private func leniently(percentDecoded text: String) -> String {
    var decoded: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        let digits = String(decoding: rest.prefix(2), as: UTF8.self).utf8.lowercased()
        if byte == UInt8(ascii: "%"), let value = bytes(fromHex: digits)?.first {
            decoded.append(value)
            rest = rest.dropFirst(2)
        } else {
            decoded.append(byte)
        }
    }
    return String(decoding: decoded, as: UTF8.self)
}

private let replacement = "[redacted]"
/// Bytes of a secret that is cut out; a shorter one hides the whole text.
private let shortestHidden = 4
/// Bytes of a query value that may be a signature or token. Signatures have 20 and more.
private let shortestSignature = 16
