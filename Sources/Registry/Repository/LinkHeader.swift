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
        _ first: RegistryCall, atMost limit: Int,
        accepts: (RegistryAnswer, [UInt8]) throws(Failure) -> Bool,
        read: (JSONReader) throws(Failure) -> Void
    ) async throws -> Bool {
        var call = first
        var seen: Set<WebAddress> = [call.address]
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
            guard let next = try nextPage(after: answer) else { return true }
            guard seen.insert(next).inserted else {
                throw Failure(
                    .unavailable, call.what, at: session.place(next),
                    because: "page \(page) leads back to a page that was read before")
            }
            var following = RegistryCall(.get, next, what: call.what)
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
    private func nextPage(after answer: RegistryAnswer) throws(Failure) -> WebAddress? {
        for field in answer.fields[values: .link] {
            guard let reference = nextReference(in: field) else { continue }
            let next: WebAddress
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

/// The target of `rel="next"` in a `Link` field.
///
/// Spec: RFC 8288 §3: links are separated by commas, and a target may hold commas between its
/// marks.
func nextReference(in field: String) -> String? {
    var rest = field[...]
    while let opened = rest.utf8.split(atFirst: "<")?.after,
        let (target, after) = opened.utf8.split(atFirst: ">")
    {
        let parameters = after.utf8.prefix(before: "<")
        let isNext = parameters.utf8.split(whereSeparator: ";,".utf8.contains).contains {
            let text = String(decoding: $0.filter { !" \"\t".utf8.contains($0) }, as: UTF8.self)
            return text.utf8.lowercased() == "rel=next"
        }
        if isNext { return String(target) }
        rest = after[parameters.endIndex...]
    }
    return nil
}
