// SPDX-License-Identifier: Apache-2.0
// Lists in pages. Spec: distribution-spec 1.1, "Listing Tags" and "Listing Referrers"; RFC 8288.

internal import HTTPTypes
internal import OCI
internal import Primitives

extension RegistryRepository {
    /// Reads a paged list; `read` takes each page in.
    ///
    /// - Returns: false when the first page was refused by `accepts`: the list is not there.
    /// - Throws: `unavailable` for a page that is no list, or leads where it must not.
    func pages(
        _ first: RegistryRequest, atMost limit: Int,
        accepts: (RegistryResponse, [UInt8]) throws(Failure) -> Bool,
        read: (JSONReader) throws(Failure) -> Void
    ) async throws -> Bool {
        var call = first
        var seen: Set<HTTPURL> = [call.address]
        for page in 1...limit {
            let (answer, bytes) = try await session.document(call, atMost: Limits.manifestBytes)
            if page == 1, try !accepts(answer, bytes) { return false }
            guard answer.status == 200 else {
                let failure = answer.failure(reading: bytes)
                // A list that starts and does not go on is not a list that is not there.
                guard page > 1, failure.kind == .notFound else { throw failure }
                throw answer.noAnswer("page \(page) of the list: \(failure.why)")
            }
            guard !answer.isWebPage else {
                throw answer.noAnswer("the registry answered a web page instead of a list")
            }
            let name = "page \(page) of \(session.place(call.address))"
            do {
                try answer.reading { () throws(Failure) in
                    try read(try JSONReader(parsing: bytes, named: name))
                }
            } catch {
                guard error.kind != .overLimit else { throw error }
                throw answer.noAnswer(
                    "the registry answered something that is no such list: \(error.why)",
                    at: error.place)
            }
            if let why = answer.whyListIsPartial { throw answer.noAnswer(why) }
            guard let next = try nextPage(after: answer) else { return true }
            guard seen.insert(next).inserted else {
                throw Failure(
                    .unavailable, call.what, at: session.place(next),
                    because: "page \(page) leads back to a page that was read before")
            }
            var following = RegistryRequest(.get, next, what: call.what)
            following.fields = call.fields
            following.scopes = call.scopes
            following.deadline = call.deadline
            following.allotted = call.allotted
            call = following
        }
        throw Failure(
            .overLimit, call.what, at: session.place(call.address),
            because: "the list has more than \(limit) pages")
    }

    /// The address of the next page, which has to be on the registry itself.
    private func nextPage(after answer: RegistryResponse) throws(Failure) -> HTTPURL? {
        for field in answer.fields[values: .link] {
            let reference: String
            switch nextReference(in: field) {
            case .none: continue
            case .next(let found): reference = found
            case .unreadable:
                throw answer.noAnswer(
                    "the field Link cannot be read, so there may be another page of the list")
            }
            let next: HTTPURL
            do {
                next = try answer.reading { () throws(Failure) in
                    try answer.address.resolving(reference)
                }
            } catch {
                throw answer.noAnswer(
                    "the next page of the list: \(answer.sent.hidden(in: error.what)): \(error.why)"
                )
            }
            guard next.origin == session.base.origin else {
                throw Failure(
                    .unavailable, answer.call.what, at: session.place(next),
                    because: "the next page of the list is on another host than the registry")
            }
            return next
        }
        return nil
    }
}

/// What a `Link` field says about the page that follows.
enum NextReference: Hashable {
    case none
    case next(String)
    /// The field is not what RFC 8288 allows.
    case unreadable
}

/// The target of `rel="next"` in a `Link` field. A link without `rel` counts as the next page, as for
/// other clients of registries.
///
/// Spec: RFC 8288 §3: `<target>; name=value; name="value"`, links separated by commas; `rel` holds
/// relation types separated by spaces, and only its first occurrence counts.
func nextReference(in field: String) -> NextReference {
    var reader = LinkReader(rest: Array(field.utf8)[...])
    while true {
        reader.skip(" \t,")
        guard !reader.rest.isEmpty else { return .none }
        guard let target = reader.target() else { return .unreadable }
        var relation: String?
        while let parameter = reader.parameter() {
            if relation == nil, isSame(parameter.name.utf8.lowercased(), "rel") {
                relation = parameter.value
            }
        }
        guard reader.isAtEndOfLink else { return .unreadable }
        let types = (relation ?? "").utf8.lowercased().utf8.split(
            whereSeparator: { !isTypeByte($0) })
        if types.isEmpty || types.contains(where: { Array($0) == Array("next".utf8) }) {
            return .next(target)
        }
    }
}

/// Letters, digits and the marks of registered relation types and of addresses.
private func isTypeByte(_ byte: UInt8) -> Bool {
    isLetterByte(byte) || isDigitByte(byte) || "-._~:/?#@!$&*+=%".utf8.contains(byte)
}

/// Reads one `Link` field from left to right.
private struct LinkReader {
    var rest: ArraySlice<UInt8>

    mutating func skip(_ characters: String) {
        rest = rest.drop { characters.utf8.contains($0) }
    }

    /// What stands between `<` and `>`.
    mutating func target() -> String? {
        guard rest.first == UInt8(ascii: "<"), let end = rest.firstIndex(of: UInt8(ascii: ">"))
        else { return nil }
        defer { rest = rest[(end + 1)...] }
        return String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self)
    }

    /// The next `; name[=value]`; nil when the link has no more, or its quoted string has no end.
    mutating func parameter() -> (name: String, value: String)? {
        skip(" \t")
        guard rest.first == UInt8(ascii: ";") else { return nil }
        skip("; \t")
        let name = take { !"=;, \t".utf8.contains($0) }
        skip(" \t")
        guard rest.first == UInt8(ascii: "=") else { return (name, "") }
        rest = rest.dropFirst()
        skip(" \t")
        guard rest.first == UInt8(ascii: "\"") else {
            return (name, take { !" \t;,<\"".utf8.contains($0) })
        }
        return quotedValue().map { (name, $0) }
    }

    var isAtEndOfLink: Bool { rest.isEmpty || rest.first == UInt8(ascii: ",") }

    private mutating func take(while isTaken: (UInt8) -> Bool) -> String {
        let taken = rest.prefix(while: isTaken)
        rest = rest[taken.endIndex...]
        return String(decoding: taken, as: UTF8.self)
    }

    /// A quoted string, with `\` before a character that stands for itself; nil, and nothing read, when
    /// it has no end.
    private mutating func quotedValue() -> String? {
        var value: [UInt8] = []
        var unread = rest.dropFirst()
        while let byte = unread.popFirst() {
            guard byte != UInt8(ascii: "\"") else {
                rest = unread
                return String(decoding: value, as: UTF8.self)
            }
            value.append(byte == UInt8(ascii: "\\") ? unread.popFirst() ?? byte : byte)
        }
        return nil
    }
}
