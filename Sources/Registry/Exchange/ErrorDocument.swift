// SPDX-License-Identifier: Apache-2.0
// Errors that are documents: JSON of registries, clouds and frameworks, XML of storage.
// Spec: distribution-spec 1.1, "Error Codes"; RFC 9457; Amazon S3, "Error Responses".

internal import Primitives

/// What an error document says. It says an absence only if each code, each sentence and each item of
/// `errors` does, however deep it is, because an absence beside another word may be a guess.
struct ErrorDocument {
    /// What the document says about access, rates or faults: statuses first, then codes, then sentences.
    let kind: Failure.Kind?
    let saysAbsent: Bool

    init(_ document: JSONValue, _ words: ErrorWords) {
        let reader = ErrorDocumentReader(words: words)
        saysAbsent = reader.meaning(of: document, in: "") == .absent
        var kinds: [(order: Int, kind: Failure.Kind)] = []
        reader.eachMember(of: document, in: "") { name, value in
            let isCode = codeMembers.contains(name)
            let status = value.integer ?? value.string.flatMap { Int($0) }
            if isCode, let kind = status.flatMap(failureKind(ofStatus:)) {
                kinds.append((0, kind))
            } else if let kind = value.string.flatMap(words.failureKind) {
                kinds.append((isCode ? 1 : 2, kind))
            }
        }
        kind = kinds.min { $0.order < $1.order }?.kind
    }
}

private struct ErrorDocumentReader {
    let words: ErrorWords

    /// - Parameter name: the member that holds the value, as letters; an item of a list has the name of
    ///   the list.
    func meaning(of value: JSONValue, in name: String) -> ErrorMeaning {
        if let items = value.array {
            let meanings = items.map { meaning(of: $0, in: name) }
            let isErrors = name == "errors"
            guard !isErrors || meanings.allSatisfy({ $0 == .absent }) else { return .other }
            return meanings.reduce(.nothing, +)
        }
        if let object = value.object {
            return object.reduce(.nothing) { meaning, member in
                // Some services name the kind of failure here: `{"ThrottlingException":{…}}`.
                guard words.failureKind(of: member.name) == nil else { return .other }
                return meaning + self.meaning(of: member.value, in: letters(of: member.name))
            }
        }
        if let text = value.string {
            return identifiers.contains(name) ? .nothing : meaning(ofText: text, in: name)
        }
        if let flag = value.bool {
            return name == "error" || !flag && neutralFlags.contains(name) ? .nothing : .other
        }
        return value.isNull || identifiers.contains(name)
            ? .nothing : meaning(ofNumber: value, in: name)
    }

    private func meaning(ofText text: String, in name: String) -> ErrorMeaning {
        switch name {
        case "type" where text.utf8.contains("/") || isSame(text, "about:blank"):
            // Spec: RFC 9457 §3.1.1: an address that names the kind of problem; `about:blank`, and the
            // section of HTTP, say no more than the status.
            if isSame(text, "about:blank") || text.utf8.contains("/rfc9110#") { return .nothing }
            if text.utf8.contains("/rfc7231#") { return .nothing }
            let last = text.utf8.split(whereSeparator: "/#".utf8.contains).last
            return words.meaning(of: last.map { String(Substring($0)) } ?? "")
        case "trace", "stacktrace":
            // The frames name code, not reasons.
            let lines = text.utf8.split(whereSeparator: "\r\n".utf8.contains).map { Substring($0) }
            let said = lines.filter { !$0.utf8.trimmed().utf8.hasPrefix("at ") }
            return words.meaning(of: said.joined(separator: " "))
        case "type":
            return words.meaning(of: text.utf8.split(atLast: "#").map { String($0.after) } ?? text)
        default:
            return words.meaning(of: text)
        }
    }

    private func meaning(ofNumber value: JSONValue, in name: String) -> ErrorMeaning {
        guard codeMembers.contains(name) || name.isEmpty, let number = value.integer else {
            return .other
        }
        if [404, 405, 501].contains(number) { return .absent }
        return neutralCodes.contains(number) ? .nothing : .other
    }

    /// Calls `body` with every member that is no list or object, and with its name as letters.
    func eachMember(
        of value: JSONValue, in name: String, _ body: (_ name: String, _ value: JSONValue) -> Void
    ) {
        if let items = value.array {
            for item in items { eachMember(of: item, in: name, body) }
        } else if let object = value.object {
            for member in object {
                eachMember(of: member.value, in: letters(of: member.name), body)
            }
        } else if !identifiers.contains(name) {
            body(name, value)
        }
    }
}

/// Members that hold codes: the specification's, and those of clouds and of RFC 9457.
private let codeMembers: Set = [
    "code", "error", "status", "statuscode", "errorcode", "httpcode", "httpstatus", "type",
    "reason",
    "title",
]

/// Statuses 400 and 406, and gRPC's codes for "not found" and "unimplemented": no failure, and too little
/// to be an absence.
private let neutralCodes = [400, 406, 5, 12]

/// Flags that say nothing when they are false.
private let neutralFlags: Set = ["success", "ok", "retry", "retryable"]

/// Members that tell one request from the next, or name what storage does not have. They say nothing
/// about why.
private let identifiers: Set = [
    "timestamp", "time", "date", "requestid", "traceid", "spanid", "correlationid", "hostid",
    "domain", "key", "bucketname",
]

private func failureKind(ofStatus status: Int) -> Failure.Kind? {
    switch status {
    case 401, 403, 407: .denied
    case 429: .rateLimited
    case 500, 502...599: .unavailable
    default: nil
    }
}

/// The letters and digits of a member's name, in lower case.
private func letters(of name: String) -> String {
    let bytes = name.utf8.lowercased().utf8.filter { isLetterByte($0) || isDigitByte($0) }
    return String(decoding: bytes, as: UTF8.self)
}

// MARK: Storage

/// The error of a storage service as an object of its elements; nil for any other XML, and for an error
/// without a `Code` or with elements in elements.
func storageError(_ text: String) -> JSONValue? {
    var rest = text.utf8.trimmed()
    if rest.utf8.hasPrefix("<?xml"), let sides = rest.utf8.split(atFirst: "?>") {
        rest = sides.after.utf8.trimmed()
    }
    guard let start = rest.utf8.removingPrefix("<Error"), let root = start.utf8.split(atFirst: ">"),
        var rest = root.after.utf8.removingSuffix("</Error>")?.utf8.trimmed()
    else { return nil }
    var object = JSONObject()
    while !rest.isEmpty {
        guard let open = rest.utf8.removingPrefix("<")?.utf8.split(atFirst: ">"),
            let element = open.after.utf8.split(atFirst: "</\(open.before)>"),
            !element.before.utf8.contains("<"), object[String(open.before)] == nil
        else { return nil }
        object[String(open.before)] = .string(String(element.before))
        rest = element.after.utf8.trimmed()
    }
    return object["Code"] == nil ? nil : .object(object)
}
