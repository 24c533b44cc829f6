// SPDX-License-Identifier: Apache-2.0
// Tags and referrers of one repository.
// Spec: distribution-spec 1.1, "Listing Tags", "Listing Referrers", "Referrers Tag Schema".

internal import HTTPTypes
package import OCI
package import Primitives

extension RegistryRepository {
    package func tags() async throws -> [Tag] {
        let call = call(.get, "tags/list", .pull, what: "cannot list the tags of \(name)")
        var found: Set<Tag> = []
        _ = try await pages(call, atMost: Limits.pagesPerList, accepts: { _, _ in true }) {
            (page) throws(Failure) in
            for item in try page.optional("tags")?.items(atMost: Limits.tagsPerRepository) ?? [] {
                found.insert(try Tag(parsing: try item.string()))
            }
            guard found.count <= Limits.tagsPerRepository else {
                throw Failure(
                    .overLimit, call.what, at: page.place,
                    because: "there are more than \(Limits.tagsPerRepository) tags")
            }
        }
        return found.sorted()
    }

    /// Asks the referrers API. If there is none, or it fails, reads the index under the referrers
    /// tag: some registries answer 401 to a path that they do not know.
    ///
    /// The API gets at most half of the time that the question has left, so that one that hangs
    /// leaves time for the other places. An entry that cannot be read hides no other: it is a failure
    /// beside them.
    package func referrers(of subject: Digest) async throws -> ReferrersResult {
        var call = call(
            .get, "referrers/\(subject)", .pull,
            what: "cannot list what refers to \(name)@\(subject)")
        call.fields[.accept] = MediaType.ociIndex.description
        // One deadline for all pages.
        call = session.timed(call, share: 2)
        var listed = ReferrersList()
        var tagged = ReferrersList()
        var failures: [ReferrersResult.UnreadList] = []
        do {
            let hasAPI = try await pages(
                call, atMost: Limits.referrersPages, accepts: isReferrersAnswer
            ) { (page) throws(Failure) in
                let list = try ReferrersList(reading: page)
                listed.add(list)
                try checkCount(listed.descriptors.count, call)
                try refuseOtherMembers(of: page)
            }
            if hasAPI { return answer(listed, tagged, failures) }
        } catch let failure as Failure {
            failures.append(.init(discovery: .referrersAPI, failure: failure))
            // A list beyond a limit exists; the tag does not replace it.
            guard failure.kind != .overLimit else { return answer(listed, tagged, failures) }
        }
        var discovery = ReferrersResult.Discovery.referrersTag
        if !listed.descriptors.isEmpty { discovery = .referrersAPI }
        do {
            let found = try await listUnderTag(for: subject)
            try checkCount(found.descriptors.count, call)
            tagged = found
        } catch let failure as Failure {
            failures.append(.init(discovery: .referrersTag, failure: failure))
        }
        return answer(listed, tagged, failures, discovery: discovery)
    }

    /// What both lists name, each referrer once, and why some could not be read. An entry that could not
    /// be read may repeat a secret.
    private func answer(
        _ listed: ReferrersList, _ tagged: ReferrersList, _ failures: [ReferrersResult.UnreadList],
        discovery: ReferrersResult.Discovery = .referrersAPI
    ) -> ReferrersResult {
        var seen: Set<Digest> = []
        let entries: [(ReferrersResult.Discovery, Failure?)] = [
            (.referrersAPI, listed.failure), (.referrersTag, tagged.failure),
        ]
        let unread = entries.compactMap { discovery, failure in
            failure.map {
                ReferrersResult.UnreadList(
                    discovery: discovery, failure: session.cache.sent.hidden(in: $0))
            }
        }
        return ReferrersResult(
            descriptors: (listed.descriptors + tagged.descriptors).filter {
                seen.insert($0.digest).inserted
            }, discovery: discovery, failures: failures + unread)
    }

    /// The index under the referrers tag, entry by entry; empty when there is none, or an image.
    private func listUnderTag(for subject: Digest) async throws -> ReferrersList {
        let tag = ManifestReference.tag(Tag(for: subject))
        do {
            let (answer, bytes) = try await manifestDocument(tag)
            return try list(bytes, under: tag, in: answer)
        } catch let failure as Failure where failure.kind == .notFound {
            return ReferrersList()
        }
    }

    private func list(
        _ bytes: [UInt8], under tag: ManifestReference, in answer: RegistryResponse
    ) throws(Failure) -> ReferrersList {
        let found: Result<Manifest, Failure> = Result { () throws(Failure) in
            try manifest(tag, bytes, in: answer)
        }
        switch found {
        case .success(let manifest):
            return ReferrersList(descriptors: manifest.children)
        case .failure(let failure):
            guard let json = try? JSONReader(parsing: bytes, named: "the index under the tag"),
                let read = try? ReferrersList(reading: json)
            else { throw failure }
            return ReferrersList(descriptors: read.descriptors, failure: failure)
        }
    }

    /// The manifest under the referrers tag, whatever it is; nil when there is none.
    func referrersIndex(_ tag: Tag) async throws -> Manifest? {
        do {
            return try await manifest(.tag(tag))
        } catch let failure as Failure where failure.kind == .notFound {
            return nil
        }
    }
}

private func checkCount(_ count: Int, _ call: RegistryRequest) throws(Failure) {
    guard count <= Limits.referrersPerDigest else {
        throw Failure(
            .overLimit, call.what, at: .url(call.address.description),
            because: "there are more than \(Limits.referrersPerDigest)")
    }
}

/// Whether the first answer comes from a referrers API. Registries without one answer 404, 400, 405,
/// 406 or 501 in a few bytes, and say nothing about access, rates or faults; any other answer is a
/// list or a failure, not an absence.
private func isReferrersAnswer(_ answer: RegistryResponse, _ body: [UInt8]) throws(Failure) -> Bool
{
    guard answer.mayMeanAbsence else { return true }
    try answer.refuseWebPage(body)
    let said = RegistryErrorText(body, in: answer)
    guard said.kind == nil else { throw answer.failure(reading: body) }
    guard said.saysAbsent else {
        throw answer.noAnswer(
            "the registry answered \(answer.status) and says \(said.text ?? "nothing"), which does "
                + "not tell whether there is a list")
    }
    return false
}

/// Refuses members that no index has, and the type of another document: the list may be cut, and the
/// other members say why.
///
/// Spec: image-spec 1.1, image-index.md.
private func refuseOtherMembers(of list: JSONReader) throws(Failure) {
    try list.refuseFields(otherThan: [
        "schemaVersion", "mediaType", "artifactType", "manifests", "subject", "annotations",
    ])
    guard let text = try list.optional("mediaType")?.string() else { return }
    guard try MediaType(parsing: text).isIndex else {
        throw list.broken("it says that it is \(quoted(text)), not an index")
    }
}

/// A referrer that a list names. Its digest is enough to read it: where another field cannot be read,
/// the rest of the entry, which is only a hint, is left out.
private func referrer(_ entry: JSONReader) throws(Failure) -> Descriptor {
    do {
        return try Descriptor(reading: entry)
    } catch {
        guard error.kind != .overLimit,
            let digest = (try? entry.required("digest").string()).flatMap({
                try? Digest(parsing: $0)
            }),
            let size = try? entry.required("size").integer(), size >= 0
        else { throw error }
        return Descriptor(mediaType: .ociManifest, digest: digest, size: size)
    }
}

/// The readable entries of one or several lists of referrers.
private struct ReferrersList {
    var descriptors: [Descriptor] = []
    /// Why the first entry that cannot be read cannot be read; nil if all entries were read.
    var failure: Failure?

    init(descriptors: [Descriptor] = [], failure: Failure? = nil) {
        self.descriptors = descriptors
        self.failure = failure
    }

    /// - Throws: `malformed` for a document that is no list.
    init(reading page: JSONReader) throws(Failure) {
        try page.refuseOtherSpellings(of: ["manifests"])
        for entry in try page.required("manifests").items(atMost: Limits.manifestsPerIndex) {
            do {
                descriptors.append(try referrer(entry))
            } catch {
                failure = failure ?? error
            }
        }
    }

    mutating func add(_ page: ReferrersList) {
        descriptors += page.descriptors
        failure = failure ?? page.failure
    }
}
