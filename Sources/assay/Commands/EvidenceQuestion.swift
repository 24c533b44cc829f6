// SPDX-License-Identifier: Apache-2.0
// Asking a place, and the place before it, whether there is proof.

import OCI
import Policy
import Primitives
import Signing
import Synchronization

/// "Is there proof of that type, by that signer, for this image?"
struct EvidenceQuestion<Proof: Sendable>: Sendable {
    let type: PredicateType
    let verifier: SignatureVerifier
    /// Whom the verifier believes; nil where keys are enough.
    let trust: TrustMaterial?
    let image: ImageLocation
    let origin: RepositoryArgument?
    let judge: @Sendable (Evidence) -> VerificationReport<Proof>

    /// Looks until there is proof or nothing is left to look at. With `json`, a place that cannot be
    /// asked is an answer too: result `unknown`, exit 2.
    func ask(_ access: RegistryAccessOptions, output: OutputForm) async throws -> EvidenceFinding<
        Proof
    > {
        try await image.answeringUnknown(as: output) {
            try await Connections.using(access, for: image) { connections in
                try await ask(connections)
            }
        }
    }

    private func ask(_ connections: Connections) async throws -> EvidenceFinding<Proof> {
        let source = try await connections.source(image)
        let subject = try await source.resolve(try await image.reference(in: source))
        let (evidence, report) = try await look(in: source, for: subject.digest)
        var answer = try report.answer(unless: evidence.obstacle(to: type))
        if answer.mayBeLost, let origin {
            let place = connections.repository(origin.repository)
            let (found, there) = try await look(in: place, for: subject.digest)
            // If the origin does not answer, it stays open whether anything was lost.
            if case .proven(let proofs) = try there.answer(unless: found.obstacle(to: type)) {
                answer = .lostAtMirror(origin: origin.repository.description, proofs)
            }
        }
        return EvidenceFinding(
            image: image, subject: subject, type: type, signer: verifier.demand.signer,
            trust: trust, searches: evidence.searches, answer: answer)
    }

    /// The evidence and its verification; no candidate is verified twice.
    private func look(
        in source: any ArtifactSource, for digest: Digest
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

extension ImageLocation {
    /// Runs `work`; with `json`, what could not be found out is an answer too: result `unknown`,
    /// exit 2.
    ///
    /// - Parameter reason: the reason of that answer, where the kind of the failure does not say it.
    func answeringUnknown<Result>(
        as output: OutputForm, because reason: ReasonCode? = nil,
        _ work: () async throws -> Result
    ) async throws -> Result {
        do {
            return try await work()
        } catch let failure as Failure where output == .json && ExitStatus(failure) == .unknown {
            Answer.print([
                "image": .string(description), "result": "unknown",
                "reason": .string((reason ?? failure.lookupReason).rawValue),
                "failure": failure.json,
            ])
            Talk.say(failure.description)
            try ExitStatus.unknown.end()
            throw failure
        }
    }
}

/// What was asked and what came of it.
struct EvidenceFinding<Proof: Sendable>: Sendable {
    let image: ImageLocation
    /// What the name means: the digest that was judged, and whether it is an index.
    let subject: Descriptor
    let type: PredicateType
    let signer: TrustedSigner
    let trust: TrustMaterial?
    let searches: [EvidenceSearch]
    let answer: EvidenceAnswer<Proof>
}

extension Failure {
    /// The failure for programs: the same parts as in its text.
    var json: JSONValue {
        var object: JSONObject = ["kind": .string(kind.rawValue), "what": .string(what)]
        if let place { object["where"] = .string(place.description) }
        object["why"] = .string(why)
        if let next { object["next"] = .string(next) }
        return .object(object)
    }
}
