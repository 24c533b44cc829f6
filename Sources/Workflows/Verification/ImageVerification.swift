// SPDX-License-Identifier: Apache-2.0
// One question about one image: is there proof of that type, by that signer?

package import OCI
internal import Primitives
package import Signing
internal import Synchronization

/// The question, without the image: the type of proof and how evidence is judged.
package struct ImageVerification<Proof: Sendable>: Sendable {
    package let type: PredicateType
    private let judge: @Sendable (Evidence) -> VerificationReport<Proof>

    /// - Parameter judge: verifies the evidence; pure, and called once for what was collected so far.
    package init(
        of type: PredicateType,
        judgedBy judge: @escaping @Sendable (Evidence) -> VerificationReport<Proof>
    ) {
        self.type = type
        self.judge = judge
    }

    /// Resolves the reference once, and looks until there is proof or nothing is left to look at.
    ///
    /// - Parameter origin: the repository that the image was copied from. It is asked only where
    ///   nothing is here, to tell evidence that was lost on the way from evidence that never was.
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
            // If the origin does not answer, it stays open whether anything was lost.
            if case .proven(let proofs) = try there.answer(unless: found.obstacle(to: type)) {
                answer = .lostAtMirror(origin: origin.name.description, proofs)
            }
        }
        return ImageVerificationResult(
            subject: subject, searches: evidence.searches, answer: answer)
    }

    /// The evidence and its report; no candidate is verified twice.
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

/// What an image name meant, and whether there is proof.
package struct ImageVerificationResult<Proof: Sendable>: Sendable {
    /// The digest that was judged, and whether it is an index.
    package let subject: Descriptor
    /// The places that were searched at the image's repository.
    package let searches: [EvidenceSearch]
    package let answer: EvidenceAnswer<Proof>
}
