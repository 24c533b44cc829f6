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
    /// Whether the body says, in words that are known, that something is not there or that the
    /// request is not known; so does an empty one. Any other body leaves it open.
    let saysAbsent: Bool

    init(_ body: some Collection<UInt8>, hiding secrets: SentSecrets) {
        // Storage that a registry redirects to answers in XML.
        isWebPage = startsMarkup(body) && !startsXML(body)
        guard !body.isEmpty else {
            text = nil
            kind = nil
            saysAbsent = true
            return
        }
        let json = try? JSONValue(parsing: Array(body), named: "the error")
        let plainBody = String(decoding: body, as: UTF8.self)
        let said = json.map(ErrorDocument.init)
        let isKnown = said?.saysAbsent ?? isAbsence(plainBody, isXML: startsXML(body))
        // A path behind a known sentence means nothing.
        kind = said.map(\.kind) ?? (isKnown ? nil : failureKind(ofText: plainBody))
        saysAbsent = kind == nil && isKnown && !isWebPage
        let errors = json?["errors"]?.array?.prefix(3) ?? []
        let parts = errors.map { error in
            [error["code"]?.string, error["message"]?.string].compactMap { $0 }
                .joined(separator: ": ")
        }
        let plainText =
            json?["details"]?.string ?? json?["message"]?.string ?? json?["error"]?.string
            ?? plainBody
        // Before it is cut: the first half of a secret would not be found any more.
        let shown = secrets.hidden(in: parts.isEmpty ? plainText : parts.joined(separator: "; "))
        let lines = shown.utf8.split(whereSeparator: "\r\n".utf8.contains)
        let line = lines.first.map { String(Substring($0)) } ?? shown
        text = line.isEmpty ? nil : quoted(line)
    }
}

// MARK: Meaning

/// What an error document in JSON says. A code decides; where no code of the specification is known,
/// the sentences count too. Beside `NAME_UNKNOWN` they do not, because names and digests in them mean
/// nothing.
private struct ErrorDocument {
    private(set) var kind: Failure.Kind?
    private(set) var saysAbsent = false

    init(_ document: JSONValue) {
        var codes: [String] = []
        var isRegistrys = false
        var sentences: [String] = []
        var statuses: [Int] = []
        document.eachMember(depth: 5) { name, value in
            let isCode = codeMembers.contains(letters(of: name))
            if isCode, let number = value.integer ?? value.string.flatMap({ Int($0) }) {
                statuses.append(number)
            } else if let text = value.string {
                if isCode { codes.append(text) } else { sentences.append(text) }
                isRegistrys =
                    isRegistrys || (name == "code" && unknownNames.contains(letters(of: text)))
            }
        }
        kind =
            statuses.lazy.compactMap(failureKind(ofStatus:)).first
            ?? codes.lazy.compactMap(failureKind(ofText:)).first
        let names = codes.map(letters(of:))
        if kind == nil, !isRegistrys {
            kind = sentences.lazy.compactMap(failureKind(ofText:)).first
        }
        saysAbsent =
            names.contains { unknownNames.contains($0) || absences.contains($0) }
            || statuses.contains { [404, 405, 501].contains($0) }
            || sentences.contains { absences.contains(letters(of: $0)) }
    }
}

/// Members that hold codes: the specification's, and those of clouds and of RFC 9457.
private let codeMembers: Set = [
    "code", "error", "status", "statuscode", "errorcode", "httpcode", "type", "reason", "title",
]

/// Codes for what a registry does not have: the specification's, and Harbor's `NOT_FOUND`.
private let unknownNames: Set = [
    "nameunknown", "manifestunknown", "manifestblobunknown", "blobunknown", "notfound",
]

/// Codes and sentences, as letters and digits, that say that something is not there, or that the
/// request is not known.
private let absences: Set = [
    "nameinvalid", "manifestinvalid", "digestinvalid", "unsupported", "theoperationisunsupported",
    "notfound", "404notfound", "pagenotfound", "404pagenotfound", "resourcenotfound",
    "methodnotallowed", "405methodnotallowed", "notimplemented", "501notimplemented",
    "unimplemented", "badrequest", "400badrequest", "notacceptable", "406notacceptable",
    "manifestunknown", "repositorynamenotknowntoregistry", "404",
]

/// Whether a body that is no JSON says so. Storage that a registry redirects to names the missing key
/// in XML (S3, Azure, Google).
private func isAbsence(_ text: String, isXML: Bool) -> Bool {
    let letters = letters(of: text)
    guard !isXML else {
        return ["nosuchkey", "blobnotfound", "nosuchbucket"].contains { letters.utf8.contains($0) }
    }
    // Some servers name the path behind the sentence.
    return absences.contains(letters) || letters.utf8.hasPrefix("404pagenotfound")
}

private func failureKind(ofStatus status: Int) -> Failure.Kind? {
    switch status {
    case 401, 403, 407: .denied
    case 429: .rateLimited
    case 500, 502...599: .unavailable
    default: nil
    }
}

/// What a code or sentence says about access or the state of the service, in any case and with any
/// separators.
///
/// Spec: distribution-spec 1.1, "Error Codes"; gRPC status codes; error codes of AWS and Azure.
private func failureKind(ofText text: String) -> Failure.Kind? {
    let letters = letters(of: text)
    return meanings.first { meaning in
        meaning.parts.contains { letters.utf8.contains($0) }
    }?.kind
}

private let meanings: [(parts: [String], kind: Failure.Kind)] = [
    (
        ["toomany", "throttl", "ratelimit", "resourceexhausted", "quota", "slowdown"],
        .rateLimited
    ),
    (
        [
            "unauthori", "unauthenti", "notauthori", "authenticationrequired", "authrequired",
            "denied", "forbidden", "permission", "invalidtoken", "expiredtoken", "tokenexpired",
            "credential", "blocked", "login", "signin",
        ], .denied
    ),
    (
        [
            "unavailable", "internal", "servererror", "timeout", "timedout", "deadline", "overload",
            "temporar", "maintenance", "tryagain", "badgateway",
        ], .unavailable
    ),
]

/// The letters and digits of a text, in lower case.
private func letters(of text: String) -> String {
    let bytes = text.utf8.lowercased().utf8.filter { isLetterByte($0) || isDigitByte($0) }
    return String(decoding: bytes, as: UTF8.self)
}

extension JSONValue {
    /// Calls `body` with every member that is no list or object, and with its name in lower case; an
    /// item of a list has the name of the list.
    fileprivate func eachMember(
        depth: Int, name: String = "", _ body: (_ name: String, _ value: JSONValue) -> Void
    ) {
        guard depth >= 0 else { return }
        if let items = array {
            for item in items { item.eachMember(depth: depth - 1, name: name, body) }
        } else if let object {
            for member in object {
                member.value.eachMember(
                    depth: depth - 1, name: member.name.utf8.lowercased(), body)
            }
        } else {
            body(name, self)
        }
    }
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
