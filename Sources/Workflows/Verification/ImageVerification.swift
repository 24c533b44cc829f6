// SPDX-License-Identifier: Apache-2.0
// One question about one image: is there proof of that type, by that signer?

package import OCI
internal import Primitives
package import Signing
internal import Synchronization

/// A question without its image: the type of proof, and how evidence is verified.
package struct ImageVerification<Proof: Sendable>: Sendable {
    package let type: PredicateType
    private let judge: @Sendable (Evidence) -> VerificationReport<Proof>

    /// - Parameter judge: verifies evidence. It is called after each stage of the collection with
    ///   all that was found so far, until it gives a proof.
    package init(
        of type: PredicateType,
        judgedBy judge: @escaping @Sendable (Evidence) -> VerificationReport<Proof>
    ) {
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
            if case .proven(let proofs) = try there.answer(unless: found.obstacle(to: type)) {
                answer = .lostAtMirror(origin: origin.name.description, proofs)
            }
        }
        return ImageVerificationResult(
            subject: subject, searches: evidence.searches, answer: answer)
    }

    /// The evidence and its report. A report with a proof is kept and not made a second time.
    private func collect(
        from source: any ArtifactSource, about digest: Digest
    ) async throws -> (Evidence, VerificationReport<Proof>) {
        let proof = Mutex<VerificationReport<Proof>?>(nil)
        let evidence = try await EvidenceCollector(source: source)
            .collect(.only(type), about: digest) { evidence in
                let report = judge(evidence)
                guard !report.proofs.isEmpty else { return false }
                proof.withLock { $0 = report }
                return true
            }
        return (evidence, proof.withLock { $0 } ?? judge(evidence))
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
    package let answer: EvidenceAnswer<Proof>
}
