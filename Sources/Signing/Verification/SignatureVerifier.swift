// SPDX-License-Identifier: Apache-2.0
// Verifies one signature against requirements.
//
// 1. All checks that are possible run, in a fixed order; the first failure is the most basic one.
// 2. Requirements come from the caller and the trusted root, never from the evidence.
// 3. Verification is pure: no network, no files, no clock.
//
// Spec: sigstore client-spec §4, "Verification".

package import Keys
package import Primitives

/// Verifies signatures against the requirements of a policy or a command.
package struct SignatureVerifier: Sendable {
    package let requirements: VerificationRequirements
    /// The trusted root; nil if the caller's keys suffice.
    package let root: TrustedRoot?
    /// Detached SCTs, in TLS or JSON form. Each is for one certificate and ignored for others.
    private let detachedTimestamps: [[UInt8]]

    /// - Throws: `Failure` of kind `notFound` when the root lacks what the demand needs.
    package init(requirements: VerificationRequirements, root: TrustedRoot?) throws(Failure) {
        try self.init(requirements: requirements, root: root, detachedTimestamps: [])
    }

    /// - Throws: `Failure` of kind `notFound` when the root lacks what the demand needs.
    package init(
        requirements: VerificationRequirements, root: TrustedRoot?, detachedTimestamps: [[UInt8]]
    ) throws(Failure) {
        try requirements.check(against: root)
        self.requirements = requirements
        self.root = root
        self.detachedTimestamps = detachedTimestamps
    }

    private init(keys: [TrustedKey]) {
        requirements = .key(.keys(keys))
        root = nil
        detachedTimestamps = []
    }

    /// Creates a verifier for the caller's keys, without logs and timestamps. It cannot fail.
    package static func keys(_ keys: [TrustedKey]) -> SignatureVerifier {
        SignatureVerifier(keys: keys)
    }

    /// Creates a verifier for one key.
    package static func key(_ key: PublicKey) -> SignatureVerifier {
        SignatureVerifier(keys: [TrustedKey(key: key)])
    }

    /// Verifies a signature with all possible checks.
    package func verify(_ material: VerificationMaterial) -> SignatureVerificationResult {
        var message = material.message.hashed
        return verify(material, over: &message)
    }

    /// Verifies one of several signatures of a message, which keeps its hashes between calls.
    package func verify(
        _ material: VerificationMaterial, over message: inout HashedMessage
    ) -> SignatureVerificationResult {
        var collector = CheckCollector()
        let signer = examine(material, over: &message, &collector)
        return SignatureVerificationResult(
            signer: collector.failed ? nil : signer, checks: collector.checks)
    }

    /// Verifies several signatures of the same content. The result is that of the first valid one,
    /// or that of the most specific failure.
    func verifyAny(_ materials: [VerificationMaterial]) -> SignatureVerificationResult {
        var best = SignatureVerificationResult(signer: nil, checks: [])
        guard var message = materials.first?.message.hashed else { return best }
        for material in materials {
            let result = verify(material, over: &message)
            if result.signer != nil { return result }
            guard let problem = result.checks.problem else { continue }
            if best.checks.problem.map({ $0 < problem }) ?? true { best = result }
        }
        return best
    }

    private func examine(
        _ material: VerificationMaterial, over message: inout HashedMessage,
        _ collector: inout CheckCollector
    ) -> VerifiedSigner? {
        switch (requirements.signer, material.signer) {
        case (.keys(let keys), .publicKey(let hint)):
            return examine(material, over: &message, by: keys, hint: hint, &collector)
        case (.certificates(let identities), .certificate(let chain)):
            return examine(material, over: &message, by: identities, chain: chain, &collector)
        // A legacy signature by a key can have a certificate. Anyone can create one for the key, so
        // it is ignored, also in log entries, where the key's owner would not find it.
        case (.keys(let keys), .certificate) where material.version == nil:
            return examine(material, over: &message, by: keys, hint: "", &collector)
        case (.keys, .certificate):
            collector.fail(
                .signature,
                VerificationError(
                    .otherSignerKind, "a certificate signed it, and a key is expected"))
        case (.certificates, .publicKey):
            collector.fail(
                .signature,
                VerificationError(
                    .otherSignerKind, "a key signed it, and a certificate is expected"))
        }
        return nil
    }

    // MARK: Keys

    private func examine(
        _ material: VerificationMaterial, over message: inout HashedMessage, by keys: [TrustedKey],
        hint: String, _ collector: inout CheckCollector
    ) -> VerifiedSigner? {
        let found = collector.check(.signature) { () throws(VerificationError) in
            // A key that the known digests do not suffice for must not hide another key.
            var unable: VerificationError?
            for trusted in keys.ordered(hint: hint) {
                do throws(VerificationError) {
                    guard try material.scheme(by: trusted, over: &message) != nil else { continue }
                    return (trusted, says: "made by \(trusted.label)")
                } catch { unable = unable ?? error }
            }
            throw unable ?? material.problem(ofNone: keys, over: &message)
        }
        guard let trusted = found else { return nil }
        let times = times(of: material, by: .key(trusted.key), &collector)
        if let period = trusted.validFor {
            collector.verify(.signingTime) { () throws(VerificationError) in
                let known = try self.times(times)
                guard let outside = known.first(where: { !period.contains($0) }) else {
                    return "inside the key's period, \(period)"
                }
                throw VerificationError(
                    .keyOutsideValidity,
                    "the key is for \(period), and the signature was made at \(outside)")
            }
        }
        return .key(trusted)
    }

    // MARK: Certificates

    private func examine(
        _ material: VerificationMaterial, over message: inout HashedMessage,
        by identities: [CertificateIdentity], chain: [[UInt8]], _ collector: inout CheckCollector
    ) -> VerifiedSigner? {
        let read = collector.check(.format) { () throws(VerificationError) in
            let certificates = try certificates(chain, version: material.version)
            return (certificates, says: "the signing certificate is readable")
        }
        guard let certificates = read, let leaf = certificates.first else { return nil }
        collector.verify(.signature) { () throws(VerificationError) in
            guard try material.isSigned(byCertificate: leaf.publicKey, over: &message) else {
                throw VerificationError(
                    .signatureInvalid,
                    "the signature is not over these bytes by the key of its certificate")
            }
            return "made by the certificate's key"
        }
        let times = times(
            of: material, by: .certificate(leaf.derBytes, key: leaf.publicKey), &collector)
        let path = collector.check(.certificateChain) { () throws(VerificationError) in
            let known = try self.times(times)
            let paths = try CertificateChains(
                from: leaf, helpedBy: Array(certificates.dropFirst()),
                to: root?.certificateAuthorities ?? [], for: .codeSigning
            ).paths(at: known)
            guard let path = paths.first else {
                throw VerificationError(.signedTimeMissing, "it has no signed time")
            }
            let moments = known.map(\.description).joined(separator: ", ")
            return (path, says: "valid up to \(path.anchorName) at \(moments)")
        }
        if requirements.sctThreshold > 0 {
            collector.verify(.certificateTransparency) { () throws(VerificationError) in
                let logs = try CertificateTransparency.verify(
                    leaf, issuer: path?.issuer, detached: detachedTimestamps,
                    by: root?.certificateTransparencyLogs ?? [],
                    threshold: requirements.sctThreshold)
                return "the certificate is in \(logs.map(\.origin).joined(separator: ", "))"
            }
        } else {
            collector.skip(.certificateTransparency, "it is not required")
        }
        return collector.check(.identity) { () throws(VerificationError) in
            let signer = try match(leaf, identities)
            return (.certificate(signer), says: "\(signer.subject) from \(signer.issuer)")
        }
    }

    /// Parses the certificates. Spec: sigstore_bundle.proto: bundles contain no root, and version
    /// 0.3 only the leaf. Legacy annotations contain whole chains, whose roots are ignored.
    private func certificates(
        _ chain: [[UInt8]], version: SignatureBundle.Version?
    ) throws(VerificationError) -> [Certificate] {
        guard chain.count <= Limits.certificatesPerChain else {
            throw VerificationError(
                .overLimit,
                "it brings \(chain.count) certificates, the limit is "
                    + "\(Limits.certificatesPerChain)")
        }
        if let version, version >= .v03, chain.count > 1, !requirements.acceptsChains {
            throw VerificationError(
                .malformed,
                "a bundle of version 0.3 holds one certificate, and it has \(chain.count)")
        }
        var certificates: [Certificate] = []
        for (index, bytes) in chain.enumerated() {
            do {
                certificates.append(try Certificate(derBytes: bytes))
            } catch {
                throw VerificationError(.certificateMalformed, error).at("certificate \(index + 1)")
            }
        }
        if version != nil, let root = certificates.dropFirst().first(where: \.isSelfIssued) {
            throw VerificationError(
                .embeddedRoot,
                "it brings the root certificate \(plain(root.subjectText)); roots come from the "
                    + "verifier alone")
        }
        return certificates
    }

    private func match(
        _ leaf: Certificate, _ identities: [CertificateIdentity]
    ) throws(VerificationError) -> CertificateSigner {
        var problems: [VerificationError] = []
        for identity in identities {
            do throws(VerificationError) {
                return try identity.signer(of: leaf)
            } catch { problems.append(error) }
        }
        throw problems.max() ?? VerificationError(.identityMismatch, "no identity is trusted")
    }

    // MARK: Times

    /// The signed times, of timestamps and log entries; nil after a failed check.
    private func times(
        of material: VerificationMaterial, by verifier: SignedContent.Verifier,
        _ collector: inout CheckCollector
    ) -> [Timestamp]? {
        let stamps = stamps(of: material, &collector)
        let logged = logged(material, by: verifier, stamped: stamps, &collector)
        guard let stamps, let logged else { return nil }
        return stamps + logged
    }

    private func stamps(
        of material: VerificationMaterial, _ collector: inout CheckCollector
    ) -> [Timestamp]? {
        let authorities = root?.timestampAuthorities ?? []
        if requirements.signedTimestampThreshold == 0,
            material.timestamps.isEmpty || authorities.isEmpty
        {
            collector.skip(
                .timestamp,
                material.timestamps.isEmpty
                    ? "there is none, and none is required" : "no timestamp authority is trusted")
            return []
        }
        return collector.check(.timestamp) { () throws(VerificationError) in
            let found = try VerifiedTimestamps(
                responses: material.timestamps, over: material.stampedBytes, by: authorities,
                threshold: requirements.signedTimestampThreshold)
            // A timestamp of an unknown authority is ignored beside a trusted one; alone it is an
            // error, because it would pass for a trusted one.
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
        _ material: VerificationMaterial, by verifier: SignedContent.Verifier,
        stamped stamps: [Timestamp]?, _ collector: inout CheckCollector
    ) -> [Timestamp]? {
        guard case .logged(let wanted) = requirements.transparency else {
            collector.skip(.transparencyLog, "log entries are ignored")
            return []
        }
        return collector.check(.transparencyLog) { () throws(VerificationError) in
            let entries: [TransparencyLogEntry]
            switch material.logEntries {
            case .success(let found): entries = found
            case .failure(let failure): throw VerificationError(.logEntryMalformed, failure)
            }
            try requireProofs(of: entries, version: material.version)
            let verdict = try entries.verified(
                for: material.content(by: verifier), by: root?.logs ?? [], requirements: wanted)
            let promised = verdict.entries.compactMap(\.integratedTime)
            // After a failed timestamp the times are unknown, and the failure has been reported.
            if let stamps {
                for entry in verdict.entries { try entry.requireLogValid(at: stamps + promised) }
            }
            let places = verdict.entries.map { "\($0.log.origin) at index \($0.logIndex)" }
            return (promised, says: places.joined(separator: ", "))
        }
    }

    /// Spec: sigstore_bundle.proto: version 0.1 requires an inclusion promise (SET), later versions
    /// an inclusion proof. A version only adds to the requirements.
    private func requireProofs(
        of entries: [TransparencyLogEntry], version: SignatureBundle.Version?
    ) throws(VerificationError) {
        guard let version else { return }
        for entry in entries {
            if version >= .v02, entry.proofs.inclusion == nil {
                throw VerificationError(
                    .inclusionProofMissing,
                    "a bundle of version \(version) proves inclusion, and this one does not")
            }
            if version < .v02, entry.proofs.signedEntryTimestamp == nil {
                throw VerificationError(
                    .signedEntryTimestampMissing,
                    "a bundle of version \(version) needs the log's promise")
            }
        }
    }

    /// The times for the checks of certificates and keys.
    private func times(_ signed: [Timestamp]?) throws(VerificationError) -> [Timestamp] {
        guard let signed else {
            throw VerificationError(
                .signedTimeMissing,
                "the time of signing is not known, because a check before failed")
        }
        if !signed.isEmpty { return signed }
        guard case .signedOrNow(let now) = requirements.time else {
            throw VerificationError(
                .signedTimeMissing,
                "it has no signed time: no timestamp, and no signed entry timestamp")
        }
        return [now]
    }
}

/// The result of verifying one signature.
package struct SignatureVerificationResult: Sendable {
    /// The verified signer; nil unless all checks passed.
    package let signer: VerifiedSigner?
    /// All checks, in order.
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
