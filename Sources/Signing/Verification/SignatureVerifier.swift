// SPDX-License-Identifier: Apache-2.0
// One signature against the requirements: every check, in order, and what each found.
// Spec: sigstore client-spec §4, "Verification".

package import Keys
package import Primitives

/// Verifies signatures against what a policy or a command demands. Pure: no network, no clock.
package struct SignatureVerifier: Sendable {
    package let demand: VerificationDemand
    /// Whom to believe; nil where a key of one's own is enough.
    package let root: TrustedRoot?
    /// Promises of certificate logs that stand beside the certificates, in TLS or JSON form. Each
    /// speaks about one certificate, so for others it is nothing.
    private let detachedTimestamps: [[UInt8]]

    /// - Throws: `Failure` of kind `notFound` when the root lacks what the demand needs.
    package init(demand: VerificationDemand, root: TrustedRoot?) throws(Failure) {
        try self.init(demand: demand, root: root, detachedTimestamps: [])
    }

    /// - Throws: `Failure` of kind `notFound` when the root lacks what the demand needs.
    package init(
        demand: VerificationDemand, root: TrustedRoot?, detachedTimestamps: [[UInt8]]
    ) throws(Failure) {
        try demand.check(against: root)
        self.demand = demand
        self.root = root
        self.detachedTimestamps = detachedTimestamps
    }

    private init(keys: [TrustedKey]) {
        demand = .key(.keys(keys))
        root = nil
        detachedTimestamps = []
    }

    /// A verifier for keys of one's own: no log, no timestamps, nothing that could be missing.
    package static func keys(_ keys: [TrustedKey]) -> SignatureVerifier {
        SignatureVerifier(keys: keys)
    }

    package static func key(_ key: PublicKey) -> SignatureVerifier {
        SignatureVerifier(keys: [TrustedKey(key: key)])
    }

    /// Makes every check that can be made. The first that failed is the most basic one.
    package func verify(_ material: SignatureMaterial) -> SignatureFinding {
        var message = material.message.hashed
        return verify(material, over: &message)
    }

    /// The same for one of several signatures of a message, which keeps its hashes from one to the
    /// next.
    package func verify(
        _ material: SignatureMaterial, over message: inout HashedMessage
    ) -> SignatureFinding {
        var examination = Examination()
        let signer = examine(material, over: &message, &examination)
        return SignatureFinding(
            signer: examination.failed ? nil : signer, checks: examination.checks)
    }

    /// One of several signatures of the same content; the finding of the one that holds, or of the
    /// one that came furthest.
    func verifyAny(_ materials: [SignatureMaterial]) -> SignatureFinding {
        var best = SignatureFinding(signer: nil, checks: [])
        guard var message = materials.first?.message.hashed else { return best }
        for material in materials {
            let finding = verify(material, over: &message)
            if finding.signer != nil { return finding }
            guard let problem = finding.checks.problem else { continue }
            if best.checks.problem.map({ $0 < problem }) ?? true { best = finding }
        }
        return best
    }

    private func examine(
        _ material: SignatureMaterial, over message: inout HashedMessage, _ exam: inout Examination
    ) -> VerifiedSigner? {
        switch (demand.signer, material.signer) {
        case (.keys(let keys), .publicKey(let hint)):
            return examine(material, over: &message, by: keys, hint: hint, &exam)
        case (.certificates(let identities), .certificate(let chain)):
            return examine(material, over: &message, by: identities, chain: chain, &exam)
        // Older layouts may carry a certificate beside a key's signature. Anybody can make one for
        // that key, so it says nothing: an entry under it is none that the key's owner would find.
        case (.keys(let keys), .certificate) where material.version == nil:
            return examine(material, over: &message, by: keys, hint: "", &exam)
        case (.keys, .certificate):
            exam.fail(
                .signature,
                EvidenceProblem(.otherSignerKind, "a certificate signed it, and a key is expected"))
        case (.certificates, .publicKey):
            exam.fail(
                .signature,
                EvidenceProblem(.otherSignerKind, "a key signed it, and a certificate is expected"))
        }
        return nil
    }

    // MARK: Keys

    private func examine(
        _ material: SignatureMaterial, over message: inout HashedMessage, by keys: [TrustedKey],
        hint: String, _ exam: inout Examination
    ) -> VerifiedSigner? {
        let found = exam.check(.signature) { () throws(EvidenceProblem) in
            // A key that cannot tell from what is at hand must not hide one that can.
            var unable: EvidenceProblem?
            for trusted in keys.ordered(hint: hint) {
                do throws(EvidenceProblem) {
                    guard try material.scheme(by: trusted, over: &message) != nil else { continue }
                    return (trusted, says: "made by \(trusted.label)")
                } catch { unable = unable ?? error }
            }
            throw unable ?? material.problem(ofNone: keys, over: &message)
        }
        guard let trusted = found else { return nil }
        let times = times(of: material, by: .key(trusted.key), &exam)
        if let period = trusted.validFor {
            exam.verify(.signingTime) { () throws(EvidenceProblem) in
                let known = try self.times(times)
                guard let outside = known.first(where: { !period.contains($0) }) else {
                    return "inside the key's period, \(period)"
                }
                throw EvidenceProblem(
                    .keyOutsideValidity,
                    "the key is for \(period), and the signature was made at \(outside)")
            }
        }
        return .key(trusted)
    }

    // MARK: Certificates

    private func examine(
        _ material: SignatureMaterial, over message: inout HashedMessage,
        by identities: [CertificateIdentity], chain: [[UInt8]], _ exam: inout Examination
    ) -> VerifiedSigner? {
        let read = exam.check(.format) { () throws(EvidenceProblem) in
            let certificates = try certificates(chain, version: material.version)
            return (certificates, says: "the signing certificate is readable")
        }
        guard let certificates = read, let leaf = certificates.first else { return nil }
        exam.verify(.signature) { () throws(EvidenceProblem) in
            guard try material.isSigned(byCertificate: leaf.publicKey, over: &message) else {
                throw EvidenceProblem(
                    .signatureInvalid,
                    "the signature is not over these bytes by the key of its certificate")
            }
            return "made by the certificate's key"
        }
        let times = times(
            of: material, by: .certificate(leaf.derBytes, key: leaf.publicKey), &exam)
        let path = exam.check(.certificateChain) { () throws(EvidenceProblem) in
            let known = try self.times(times)
            let paths = try CertificateChains(
                from: leaf, helpedBy: Array(certificates.dropFirst()),
                to: root?.certificateAuthorities ?? [], for: .codeSigning
            ).paths(at: known)
            guard let path = paths.first else {
                throw EvidenceProblem(.signedTimeMissing, "nobody signed when it was made")
            }
            let moments = known.map(\.description).joined(separator: ", ")
            return (path, says: "valid up to \(path.anchorName) at \(moments)")
        }
        if demand.certificateLogs > 0 {
            exam.verify(.certificateTransparency) { () throws(EvidenceProblem) in
                let logs = try CertificateTransparency.verify(
                    leaf, issuer: path?.issuer, detached: detachedTimestamps,
                    by: root?.certificateTransparencyLogs ?? [], threshold: demand.certificateLogs)
                return "the certificate is in \(logs.map(\.origin).joined(separator: ", "))"
            }
        } else {
            exam.skip(.certificateTransparency, "it is not asked for")
        }
        return exam.check(.identity) { () throws(EvidenceProblem) in
            let signer = try match(leaf, identities)
            return (.certificate(signer), says: "\(signer.subject) from \(signer.issuer)")
        }
    }

    /// Spec: bundles never hold roots; version 0.3 holds the leaf alone; old annotations hold whole
    /// chains, whose roots are simply not believed.
    private func certificates(
        _ chain: [[UInt8]], version: SignatureBundle.Version?
    ) throws(EvidenceProblem) -> [Certificate] {
        guard chain.count <= Limits.certificatesPerChain else {
            throw EvidenceProblem(
                .overLimit,
                "it brings \(chain.count) certificates, the limit is "
                    + "\(Limits.certificatesPerChain)")
        }
        if let version, version >= .v03, chain.count > 1, !demand.acceptsChains {
            throw EvidenceProblem(
                .malformed,
                "a bundle of version 0.3 holds one certificate, and it has \(chain.count)")
        }
        var certificates: [Certificate] = []
        for (place, bytes) in chain.enumerated() {
            do {
                certificates.append(try Certificate(derBytes: bytes))
            } catch {
                throw EvidenceProblem(.certificateMalformed, error).at("certificate \(place + 1)")
            }
        }
        if version != nil, let root = certificates.dropFirst().first(where: \.isSelfIssued) {
            throw EvidenceProblem(
                .embeddedRoot,
                "it brings the root certificate \(plain(root.subjectText)); roots come from the "
                    + "verifier alone")
        }
        return certificates
    }

    private func match(
        _ leaf: Certificate, _ identities: [CertificateIdentity]
    ) throws(EvidenceProblem) -> CertificateSigner {
        var problems: [EvidenceProblem] = []
        for identity in identities {
            do throws(EvidenceProblem) {
                return try identity.signer(of: leaf)
            } catch { problems.append(error) }
        }
        throw problems.max() ?? EvidenceProblem(.identityMismatch, "no identity is trusted")
    }

    // MARK: Times

    /// The moments that somebody else signed: timestamps and log promises. Nil after a failure.
    private func times(
        of material: SignatureMaterial, by verifier: SignedContent.Verifier,
        _ exam: inout Examination
    ) -> [Timestamp]? {
        let stamps = stamps(of: material, &exam)
        let logged = logged(material, by: verifier, stamped: stamps, &exam)
        guard let stamps, let logged else { return nil }
        return stamps + logged
    }

    private func stamps(
        of material: SignatureMaterial, _ exam: inout Examination
    ) -> [Timestamp]? {
        let authorities = root?.timestampAuthorities ?? []
        if demand.timestamps == 0, material.timestamps.isEmpty || authorities.isEmpty {
            exam.skip(
                .timestamp,
                material.timestamps.isEmpty
                    ? "there is none, and none is asked for" : "no timestamp authority is trusted")
            return []
        }
        return exam.check(.timestamp) { () throws(EvidenceProblem) in
            let found = try VerifiedTimestamps(
                responses: material.timestamps, over: material.stampedBytes, by: authorities,
                threshold: demand.timestamps)
            // Beside a stamp that counts, one of somebody unknown is nothing; alone it was put there
            // to be taken for one.
            if found.timestamps.isEmpty, let foreign = found.uncounted.max() { throw foreign }
            let times = found.timestamps.map(\.time)
            let unknown = found.uncounted.count
            let told = unknown == 0 ? [] : ["\(unknown) of unknown authorities, not counted"]
            return (
                times, says: (times.map(\.description) + told).joined(separator: ", ")
            )
        }
    }

    private func logged(
        _ material: SignatureMaterial, by verifier: SignedContent.Verifier,
        stamped stamps: [Timestamp]?, _ exam: inout Examination
    ) -> [Timestamp]? {
        guard case .logged(let wanted) = demand.transparency else {
            exam.skip(.transparencyLog, "log entries are not looked at")
            return []
        }
        return exam.check(.transparencyLog) { () throws(EvidenceProblem) in
            let entries: [TransparencyLogEntry]
            switch material.logEntries {
            case .success(let found): entries = found
            case .failure(let failure): throw EvidenceProblem(.logEntryMalformed, failure)
            }
            try requireProofs(of: entries, version: material.version)
            let verdict = try entries.verified(
                for: material.content(by: verifier), by: root?.logs ?? [], demand: wanted)
            let promised = verdict.entries.compactMap(\.integratedTime)
            // After a stamp that failed, the times are not known, and that was told.
            if let stamps {
                for entry in verdict.entries { try entry.requireLogValid(at: stamps + promised) }
            }
            let places = verdict.entries.map { "\($0.log.origin) at index \($0.logIndex)" }
            return (promised, says: places.joined(separator: ", "))
        }
    }

    /// Spec: sigstore_bundle.proto: 0.1 needs a promise, later versions a proof. A version only ever
    /// adds to what is demanded.
    private func requireProofs(
        of entries: [TransparencyLogEntry], version: SignatureBundle.Version?
    ) throws(EvidenceProblem) {
        guard let version else { return }
        for entry in entries {
            if version >= .v02, entry.proofs.inclusion == nil {
                throw EvidenceProblem(
                    .inclusionProofMissing,
                    "a bundle of version \(version) proves inclusion, and this one does not")
            }
            if version < .v02, entry.proofs.signedEntryTimestamp == nil {
                throw EvidenceProblem(
                    .entryPromiseMissing, "a bundle of version \(version) needs the log's promise")
            }
        }
    }

    /// The signing times to judge by.
    private func times(_ signed: [Timestamp]?) throws(EvidenceProblem) -> [Timestamp] {
        guard let signed else {
            throw EvidenceProblem(
                .signedTimeMissing,
                "the time of signing is not known, because a check before failed")
        }
        if !signed.isEmpty { return signed }
        guard case .signedOrNow(let now) = demand.time else {
            throw EvidenceProblem(
                .signedTimeMissing,
                "nobody signed when it was made: no timestamp, and no log's promise")
        }
        return [now]
    }
}

/// What a verifier found out about one signature.
package struct SignatureFinding: Sendable {
    /// Who signed; nil unless every check held.
    package let signer: VerifiedSigner?
    package let checks: [VerificationCheck]

    fileprivate init(signer: VerifiedSigner?, checks: [VerificationCheck]) {
        self.signer = signer
        self.checks = checks
    }
}

extension CertificatePath {
    fileprivate var anchorName: String {
        certificates.last.map { plain($0.subjectText) } ?? "nobody"
    }
}
