// SPDX-License-Identifier: Apache-2.0
// What the body of an error says, whoever wrote it: the registry, a proxy, a cloud.
// Spec: distribution-spec 1.1, "Error Codes".

internal import Primitives

/// What a registry says is wrong.
struct RegistryErrorText: Sendable {
    /// In quotes, cut; nil when there is nothing to show.
    let text: String?
    /// Whether the body is a page for people, whatever the answer says about its type.
    let isWebPage: Bool
    /// What the body says beyond the status: no access, a rate limit, a fault. Nil when it says
    /// nothing of the kind.
    let kind: Failure.Kind?
    /// Whether the answer says that something is not there, or that the request is not known, and says
    /// nothing else; so does an empty body. The header must not tell another reason. Any other answer
    /// leaves it open.
    let saysAbsent: Bool

    init(_ body: some Collection<UInt8>, in answer: RegistryResponse) {
        // The address of a redirect is the registry's own words, and names nothing that was asked for.
        let words = ErrorWords(namesIn: answer.call.address)
        let header = HeaderReason(answer.fields, words)
        // Storage that a registry redirects to answers in XML.
        isWebPage = startsMarkup(body) && !startsXML(body)
        let plainText = String(decoding: body, as: UTF8.self)
        let json = try? JSONValue(parsing: Array(body), named: "the error")
        text = shownText(of: json, or: plainText, hiding: answer.sent)
        let said: (isAbsent: Bool, kind: Failure.Kind?)
        if let document = json ?? (startsXML(body) ? storageError(plainText) : nil) {
            let error = ErrorDocument(document, words)
            said = (error.saysAbsent, error.kind)
        } else {
            // Half a document is no sentence.
            let isSentence = !"{[<".utf8.contains(firstBytes(of: body).first ?? 0)
            let isAbsent = isSentence && words.meaning(of: plainText) == .absent
            // A page elsewhere that is not there, such as that of a login, is another question.
            let isOfRequest = isSame(
                String(answer.address.target.utf8.prefix(before: "?")),
                String(answer.call.address.target.utf8.prefix(before: "?")))
            said = (
                isOfRequest && (body.isEmpty || isAbsent), words.failureKind(of: plainText)
            )
        }
        saysAbsent = said.isAbsent && header.allowsAbsence && !isWebPage
        kind = saysAbsent ? nil : header.kind ?? said.kind
    }
}

/// What an error says, in quotes and cut; nil when there is nothing to show.
private func shownText(
    of json: JSONValue?, or plainText: String, hiding secrets: SentSecrets
) -> String? {
    let errors = json?["errors"]?.array?.prefix(3) ?? []
    let parts = errors.map { error in
        [error["code"]?.string, error["message"]?.string].compactMap { $0 }.joined(separator: ": ")
    }
    let sentence =
        json?["details"]?.string ?? json?["message"]?.string ?? json?["error"]?.string ?? plainText
    // Before it is cut: the first half of a secret would not be found any more.
    let shown = secrets.hidden(in: parts.isEmpty ? sentence : parts.joined(separator: "; "))
    let lines = shown.utf8.split(whereSeparator: "\r\n".utf8.contains)
    let line = lines.first.map { String(Substring($0)) } ?? shown
    return line.isEmpty ? nil : quoted(line)
}

// MARK: Markup

/// Whether a body begins as HTML or XML does: no registry answers so. Spec: MIME Sniffing Standard,
/// section 7.1.
func startsMarkup(_ body: some Collection<UInt8>) -> Bool {
    firstBytes(of: body).first == UInt8(ascii: "<")
}

private func startsXML(_ body: some Collection<UInt8>) -> Bool {
    let start = String(decoding: firstBytes(of: body).prefix(6), as: UTF8.self).utf8.lowercased()
    return start.utf8.hasPrefix("<?xml") || start == "<error"
}

/// What follows a byte order mark and white space.
private func firstBytes(of body: some Collection<UInt8>) -> [UInt8] {
    let start = Array(body.prefix(512))
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    return Array(
        start.dropFirst(start.starts(with: mark) ? mark.count : 0)
            .drop { " \t\r\n\u{C}".utf8.contains($0) })
}
