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

    /// Asks the referrers API; a registry without one is asked for the index under the tag.
    package func referrers(of subject: Digest) async throws -> ReferrersAnswer {
        var call = call(
            .get, "referrers/\(subject)", .pull,
            what: "cannot list what refers to \(name)@\(subject)")
        call.fields[.accept] = MediaType.ociIndex.description
        // One deadline for all pages.
        call = session.timed(call)
        var found: [Descriptor] = []
        let hasAPI = try await pages(
            call, atMost: Limits.referrersPages, accepts: isReferrersAnswer
        ) { (page) throws(Failure) in
            found += try ImageIndex(reading: page).manifests
            try checkCount(found.count, call)
        }
        guard !hasAPI else {
            return ReferrersAnswer(descriptors: once(found), door: .referrersAPI)
        }
        if let held = try await referrersIndex(Tag(for: subject)),
            case .index(let index) = held.kind
        {
            try checkCount(index.manifests.count, call)
            found = index.manifests
        }
        return ReferrersAnswer(descriptors: once(found), door: .referrersTag)
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

private func checkCount(_ count: Int, _ call: RegistryCall) throws(Failure) {
    guard count <= Limits.referrersPerDigest else {
        throw Failure(
            .overLimit, call.what, at: .url(call.address.description),
            because: "there are more than \(Limits.referrersPerDigest)")
    }
}

/// Whether the first answer comes from a referrers API. Registries without one answer 404, 400, 405,
/// 406 or 501, and say nothing about access; any other answer is a list or a failure, not an absence.
private func isReferrersAnswer(_ answer: RegistryAnswer, _ body: [UInt8]) throws(Failure) -> Bool {
    guard [404, 400, 405, 406, 501].contains(answer.status) else { return true }
    let failure = answer.failure(reading: body)
    guard failure.kind != .denied else { throw failure }
    return false
}

private func once(_ descriptors: [Descriptor]) -> [Descriptor] {
    var seen: Set<Digest> = []
    return descriptors.filter { seen.insert($0.digest).inserted }
}
