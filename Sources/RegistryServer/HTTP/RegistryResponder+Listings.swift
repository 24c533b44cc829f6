// SPDX-License-Identifier: Apache-2.0
// Lists of tags, repositories and referrers.
// Spec: OCI distribution-spec 1.1, "Content Discovery".

internal import HTTPTypes
internal import Hummingbird
internal import OCI
internal import Primitives

extension RegistryResponder {
    func tags(of repository: Repository, _ context: RegistryRequestContext) async throws -> Response
    {
        guard let tags = try await onDisk({ try $0.tags(of: repository) }) else {
            throw noName(repository)
        }
        let page = try NamePage(of: tags.map(\.description), context.target)
        return listing(
            ["name": .string(repository.path), "tags": page.json],
            next: page.next.map { "/v2/\(repository.path)/tags/list?\($0)" })
    }

    func catalog(_ context: RegistryRequestContext) async throws -> Response {
        let names = try await onDisk { try $0.repositoryNames() }
        let page = try NamePage(of: names, context.target)
        return listing(
            ["repositories": page.json], next: page.next.map { "/v2/_catalog?\($0)" })
    }

    /// Spec: distribution-spec 1.1, "Listing Referrers": an index, empty when nothing refers.
    func referrers(of subject: Digest, in repository: Repository, _ context: RegistryRequestContext)
        async throws -> Response
    {
        guard configuration.referrersAPI else {
            throw OCIError(
                .notFound, .unsupported, "this registry has no referrers endpoint")
        }
        let filter = context.target["artifactType"]
        let last = context.target["last"].flatMap { try? Digest(parsing: $0) }
        let limit = try pageSize(context.target) ?? Limits.namesPerPage
        let page = try await onDisk {
            try ReferrersPage(
                of: subject, in: repository, from: $0, after: last, filter: filter, atMost: limit)
        }
        var response = listing(
            [
                "schemaVersion": 2, "mediaType": .string(MediaType.ociIndex.description),
                "manifests": .array(page.descriptors),
            ],
            next: page.last.map { last in
                var query = "last=\(last)"
                if context.target["n"] != nil { query += "&n=\(limit)" }
                if let filter { query += "&artifactType=\(percentEncoded(filter))" }
                return "/v2/\(repository.path)/referrers/\(subject)?\(query)"
            })
        response.headers[.contentType] = MediaType.ociIndex.description
        if filter != nil { response.headers[.filtersApplied] = "artifactType" }
        return response
    }

    private func listing(_ document: JSONValue, next: String?) -> Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        if let next { headers[.nextPage] = "<\(next)>; rel=\"next\"" }
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: document.compactBytes)))
    }
}

/// Some of a sorted list of names.
private struct NamePage {
    let names: ArraySlice<String>
    /// The query of the next page, when there is one.
    let next: String?

    /// Spec: distribution-spec 1.1, "Listing Tags": after `last`, at most `n`; `n=0` is an empty list
    /// without a link.
    init(of all: [String], _ target: RequestTarget) throws(OCIError) {
        let asked = try pageSize(target)
        let limit = min(asked ?? Limits.namesPerPage, Limits.namesPerPage)
        let rest = target["last"].map { last in all.filter { $0 > last } } ?? all
        names = rest.prefix(limit)
        guard let last = names.last, names.count < rest.count else { next = nil; return }
        next = "n=\(limit)&last=\(percentEncoded(last))"
    }

    var json: JSONValue { .array(names.map { .string($0) }) }
}

/// Some referrers of a digest, as many as one answer may carry.
private struct ReferrersPage: Sendable {
    var descriptors: [JSONValue] = []
    /// The last one looked at, when there are more after it.
    var last: Digest?

    init(
        of subject: Digest, in repository: Repository, from store: RegistryStore,
        after start: Digest?, filter: String?, atMost limit: Int
    ) throws(Failure) {
        var bytes = 0
        var before: Digest?
        // Media types compare without case and are kept in lower case.
        let filter = filter?.utf8.lowercased()
        for digest in try store.referrers(of: subject, in: repository, after: start) {
            guard
                let (descriptor, size) = try store.referrer(digest, of: subject, in: repository)
            else { continue }
            let type = descriptor.object?["artifactType"]?.string
            guard filter == nil || type == filter else { continue }
            // One descriptor always fits, or the list would have no end.
            let fits = bytes + size <= Limits.referrersPageBytes || descriptors.isEmpty
            guard fits, descriptors.count < limit else {
                last = before
                return
            }
            descriptors.append(descriptor)
            bytes += size
            before = digest
        }
    }
}

private func pageSize(_ target: RequestTarget) throws(OCIError) -> Int? {
    guard let text = target["n"] else { return nil }
    guard let number = natural(text) else {
        throw OCIError(
            .badRequest, .pageInvalid, "n is \(quoted(text)), not a whole number from 0 up")
    }
    return number
}
