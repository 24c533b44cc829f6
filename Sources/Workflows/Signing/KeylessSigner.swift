// SPDX-License-Identifier: Apache-2.0
// Keyless signing, and countersigning by logs and timestamp authorities.
// Spec: sigstore client-spec §2, "Signing"; fulcio.proto v2; rekor openapi.yaml;
// sigstore/architecture-docs rekor-v2-spec.md; RFC 3161.

internal import Keys
package import Primitives
internal import Registry
package import Signing

/// A bundle and what it was made from, each part verified when it came.
///
/// Whoever stores it verifies the whole bundle once more, as a reader will.
package struct FinishedBundle: Sendable {
    package let bundleBytes: [UInt8]
    package let parts: SignedParts
    /// Nil when a key signed.
    package let certificate: IssuedCertificate?
    package let logEntries: [TransparencyLogEntry]
    package let timestamps: [VerifiedTimestamp]
}

/// Returns `count` bytes from a cryptographically secure source.
package typealias RandomBytes = @Sendable (_ count: Int) -> [UInt8]

/// Shows somebody what will leave the machine; throws when it must not.
package typealias UploadConsent = @Sendable (UploadConsentRequest) async throws -> Void

/// Signs with a key that is made for one signature and certified for whoever a token names.
package struct KeylessSigner: Sendable {
    private let services: ServiceSelection
    private let authority: SigningService
    private let client: ServiceClient
    private let trust: TrustedRoot
    private let random: RandomBytes

    /// - Throws: `usage` when the services cannot make a signature that anybody will believe.
    package init(
        services: ServiceSelection, client: ServiceClient, trust: TrustedRoot,
        random: @escaping RandomBytes
    ) throws(Failure) {
        self.random = random
        authority = try services.forShortLivedCertificate()
        self.services = services
        self.client = client
        self.trust = trust
    }

    /// The bundle of one signature.
    ///
    /// Nothing leaves the machine before `approve` has returned. The token goes to the certificate
    /// authority only.
    package func sign(
        _ content: ContentToSign, as token: IdentityToken, approve: UploadConsent
    ) async throws -> FinishedBundle {
        let digest = try content.signedDigest()
        try token.check(at: client.clock.now())
        try await approve(
            UploadConsentRequest(
                services: services, content: try content.notice(),
                signer: .identity(token.proofSubject)))
        let key = try EphemeralKey(from: random)
        let answer = try await client.certificateAnswer(
            from: authority, for: key.publicKey,
            proof: try key.sign(Array(token.proofSubject.utf8)), token: token)
        let certificate = try IssuedCertificate(
            answer: answer, for: key.publicKey, shown: token, trust: trust,
            at: client.clock.now())
        let parts = try SignedParts(
            content.signed(with: try key.sign(hash: digest)),
            by: .certificate(derBytes: certificate.leaf.derBytes, key: key.publicKey))
        let countersigner = Countersigner(
            services: services, client: client, trust: trust, random: random)
        return try await countersigner.countersigned(parts, certificate)
    }
}

/// Has a finished signature logged and its time signed, as far as services are chosen.
///
/// A key's owner chooses none by default (`ServiceSelection.none`), and nothing leaves the machine.
package struct Countersigner: Sendable {
    private let services: ServiceSelection
    private let client: ServiceClient
    private let trust: TrustedRoot
    private let random: RandomBytes

    package init(
        services: ServiceSelection, client: ServiceClient, trust: TrustedRoot,
        random: @escaping RandomBytes
    ) {
        self.random = random
        self.services = ServiceSelection(
            certificateAuthority: nil, logs: services.logs,
            timestampAuthorities: services.timestampAuthorities)
        self.client = client
        self.trust = trust
    }

    /// The bundle of a signature that a key made.
    ///
    /// `approve` is asked only when something would leave the machine.
    package func bundle(
        of parts: SignedParts, approve: UploadConsent
    ) async throws -> FinishedBundle {
        let notice = UploadConsentRequest(
            services: services, content: parts.notice, signer: parts.consentSigner)
        // A key that a log will refuse is told before anything is published anywhere.
        for log in services.logs {
            _ = try LogUpload.request(for: parts, version: log.majorVersion)
        }
        if !notice.isEmpty { try await approve(notice) }
        return try await countersigned(parts, nil)
    }

    /// Timestamps come first: they are quick, publish nothing, and show a clock that is wrong before
    /// anything stands in a log.
    fileprivate func countersigned(
        _ parts: SignedParts, _ certificate: IssuedCertificate?
    ) async throws -> FinishedBundle {
        var builder = BundleBuilder(parts)
        var timestamps: [VerifiedTimestamp] = []
        for authority in services.timestampAuthorities {
            let (answer, timestamp) = try await stamp(parts, by: authority)
            if let certificate { try check(timestamp, of: authority, within: certificate) }
            builder.timestamps.append(answer)
            timestamps.append(timestamp)
        }
        for log in services.logs {
            let answer = try await client.logAnswer(of: log, to: parts)
            builder.logEntries.append(try trust.entry(inAnswer: answer, of: log, for: parts))
        }
        return FinishedBundle(
            bundleBytes: try builder.bundleBytes(), parts: parts, certificate: certificate,
            logEntries: builder.logEntries, timestamps: timestamps)
    }

    private func stamp(
        _ parts: SignedParts, by authority: SigningService
    ) async throws -> ([UInt8], VerifiedTimestamp) {
        let nonce = try TimestampNonce(randomBytes: random(16))
        let request = try TimestampRequest(
            over: parts.signature, hash: .sha256, nonce: nonce, wantsCertificates: true)
        let answer = try await client.timestampAnswer(from: authority, to: request.derBytes)
        let timestamp = try trust.timestamp(
            inAnswer: answer, to: request, of: authority, for: parts)
        return (answer, timestamp)
    }

    private func check(
        _ timestamp: VerifiedTimestamp, of authority: SigningService,
        within certificate: IssuedCertificate
    ) throws(Failure) {
        let validity = certificate.leaf.validity
        guard validity.contains(timestamp.time) else {
            throw Failure(
                .rejected, "will not use the timestamp of \(plain(authority.host))",
                because: "it says \(timestamp.time), and the certificate is for \(validity)",
                next: "the clocks of the two services disagree; try again")
        }
    }
}
