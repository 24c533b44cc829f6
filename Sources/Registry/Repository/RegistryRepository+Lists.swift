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
    package func referrers(of subject: Digest) async throws -> ReferrersAnswer {
        var call = call(
            .get, "referrers/\(subject)", .pull,
            what: "cannot list what refers to \(name)@\(subject)")
        call.fields[.accept] = MediaType.ociIndex.description
        // One deadline for all pages.
        call = session.timed(call)
        var found: [Descriptor] = []
        var failures: [ReferrersAnswer.UnreadList] = []
        do {
            let hasAPI = try await pages(
                call, atMost: Limits.referrersPages, accepts: isReferrersAnswer
            ) { (page) throws(Failure) in
                let listed = try ImageIndex(reading: page).manifests
                try checkCount(found.count + listed.count, call)
                found += listed
            }
            if hasAPI { return ReferrersAnswer(descriptors: once(found), door: .referrersAPI) }
        } catch let failure as Failure {
            failures.append(.init(door: .referrersAPI, failure: failure))
            // A list beyond a limit exists; the tag does not replace it.
            guard failure.kind != .overLimit else {
                return ReferrersAnswer(
                    descriptors: once(found), door: .referrersAPI, failures: failures)
            }
        }
        let isPartial = !found.isEmpty
        do {
            found += try await descriptorsUnderTag(for: subject, call)
        } catch let failure as Failure {
            failures.append(.init(door: .referrersTag, failure: failure))
        }
        return ReferrersAnswer(
            descriptors: once(found), door: isPartial ? .referrersAPI : .referrersTag,
            failures: failures)
    }

    private func descriptorsUnderTag(
        for subject: Digest, _ call: RegistryCall
    ) async throws -> [Descriptor] {
        guard let held = try await referrersIndex(Tag(for: subject)),
            case .index(let index) = held.kind
        else { return [] }
        try checkCount(index.manifests.count, call)
        return index.manifests
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
