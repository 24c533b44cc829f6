// SPDX-License-Identifier: Apache-2.0
// One question about one image: is there proof of that type, by that signer?

package import OCI
internal import Primitives
package import Signing
internal import Synchronization

/// A question without its image: the type of proof, and how evidence is verified.
package struct ImageVerification<Proof: Sendable>: Sendable {
    package let type: PredicateType
    private let judge: Judge

    /// Verifies evidence, and takes what that costs from the budget of the question.
    package typealias Judge =
        @Sendable (Evidence, inout VerificationWork) -> VerificationReport<Proof>

    /// - Parameter judge: pure. It is called after each stage of the search, with what that stage
    ///   found, so that no candidate is verified twice.
    package init(of type: PredicateType, judgedBy judge: @escaping Judge) {
        self.type = type
        self.judge = judge
    }

    /// Resolves the reference once, then collects evidence until there is proof or every place was
    /// searched.
    ///
    /// - Parameter origin: the repository that the image was copied from. It is read only if
    ///   there is no evidence here, or only names of evidence that is gone: to tell what is missing
    ///   at the mirror from what never existed.
    /// - Throws: a `Failure` when the image, or a place that may hold the proof, could not be read.
    package func result(
        for reference: ManifestReference, in source: any ArtifactSource,
        origin: ImageOrigin? = nil
    ) async throws -> ImageVerificationResult<Proof> {
        let subject = try await source.resolve(reference)
        let (evidence, report) = try await collect(from: source, about: subject.digest)
        var answer = try report.answer(unless: evidence.obstacle(to: type))
        if answer.mayBeLost, let origin {
            let (found, there) = try await collect(from: origin.source, about: subject.digest)
            // If the origin cannot be read, this throws: whether anything was lost stays open.
            if case .verified(let proofs) = try there.answer(unless: found.obstacle(to: type)) {
                answer = .missingAtMirror(origin: origin.name.description, proofs)
            }
        }
        return ImageVerificationResult(
            subject: subject, searches: evidence.searches, answer: answer)
    }

    /// The evidence and its report.
    private func collect(
        from source: any ArtifactSource, about digest: Digest
    ) async throws -> (Evidence, VerificationReport<Proof>) {
        let progress = Mutex(JudgingProgress<Proof>())
        let evidence = try await EvidenceCollector(source: source)
            .collect(.only(type), about: digest) { evidence in
                progress.withLock { !$0.judge(evidence, judge).proofs.isEmpty }
            }
        return (evidence, progress.withLock { $0.judge(evidence, judge) })
    }
}

/// What was judged until now, and what is left of the budget.
private struct JudgingProgress<Proof: Sendable>: Sendable {
    private var work = VerificationWork()
    private var judged = 0
    private var report = VerificationReport<Proof>()

    /// Judges the candidates that are new, and reports on all of them.
    mutating func judge(
        _ evidence: Evidence, _ judge: ImageVerification<Proof>.Judge
    ) -> VerificationReport<Proof> {
        guard judged < evidence.candidates.count else { return report }
        var news = evidence
        news.candidates.removeFirst(judged)
        report.add(judge(news, &work))
        judged = evidence.candidates.count
        return report
    }
}

/// The repository that an image was copied from.
package struct ImageOrigin: Sendable {
    package let name: Repository
    package let source: any ArtifactSource

    package init(name: Repository, source: any ArtifactSource) {
        self.name = name
        self.source = source
    }
}

/// The digest of an image reference, and whether there is proof about it.
package struct ImageVerificationResult<Proof: Sendable>: Sendable {
    /// The digest that was judged, and whether it is an index.
    package let subject: Descriptor
    /// The places that were searched at the image's repository.
    package let searches: [EvidenceSearch]
    package let answer: VerificationResult<Proof>
}
