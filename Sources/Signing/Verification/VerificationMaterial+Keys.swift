// SPDX-License-Identifier: Apache-2.0
// Verifies signatures with keys; if no trusted key made a signature, finds the reason.
// Spec: sigstore client-spec §4, "Verify the signature"; sigstore's algorithm registry.

internal import Keys
internal import Primitives

extension VerificationMaterial {
    /// The scheme in which a trusted key made the signature; nil if it did not.
    ///
    /// The verifier chose the key, so all schemes of the key are tried, none of which is weaker
    /// than SHA-256. If a hash is required, only its schemes are tried.
    ///
    /// - Throws: `bytesNeeded` if only a digest is known, and it does not suffice.
    func scheme(
        by trusted: TrustedKey, over message: inout HashedMessage
    ) throws(VerificationError) -> SignatureScheme? {
        let key = trusted.key
        if let found = key.scheme(of: signature, over: &message, among: trusted.schemes) {
            return found
        }
        let customary = trusted.hash.map { key.algorithm.schemes(with: $0) }
        try requireAnswer(customary ?? key.algorithm.messageSchemes, of: key, over: &message)
        return nil
    }

    /// Whether the key of the evidence's certificate made the signature.
    ///
    /// For bundles, Sigstore's registry defines the schemes of the key. Legacy signatures do not
    /// name a scheme, so all schemes are tried.
    ///
    /// - Throws: `bytesNeeded` if only a digest is known, and it does not suffice.
    func isSigned(
        byCertificate key: PublicKey, over message: inout HashedMessage
    ) throws(VerificationError) -> Bool {
        let schemes: [SignatureScheme] =
            switch (version, self.message) {
            case (nil, _): key.algorithm.allSchemes
            case (_, .envelope): key.algorithm.customarySchemes
            case (_, .bytes), (_, .digests): key.algorithm.messageSchemes
            }
        if key.scheme(of: signature, over: &message, among: schemes) != nil { return true }
        try requireAnswer(key.algorithm.messageSchemes, of: key, over: &message)
        return false
    }

    /// Checks that the usual schemes could be tried. Otherwise a signature that does not verify
    /// with the known digests could be over the message itself, or with another hash.
    private func requireAnswer(
        _ schemes: [SignatureScheme], of key: PublicKey, over message: inout HashedMessage
    ) throws(VerificationError) {
        guard case .digests = self.message else { return }
        for scheme in schemes where key.isValid(signature, over: &message, scheme: scheme) == nil {
            throw VerificationError(
                .bytesNeeded,
                "a signature by \(key.summary) is checked over the bytes themselves, and only "
                    + "their digest was given")
        }
    }

    /// The reason why no trusted key made the signature, as far as the evidence shows: the content
    /// was changed, or another key made it.
    ///
    /// Hints are not authenticated; they only decide which failure is reported.
    func problem(ofNone keys: [TrustedKey], over message: inout HashedMessage) -> VerificationError
    {
        otherAlgorithm(keys, over: &message) ?? changedContent(keys) ?? otherKey(keys, &message)
            ?? undecided(keys, message)
    }

    private func otherAlgorithm(
        _ keys: [TrustedKey], over message: inout HashedMessage
    ) -> VerificationError? {
        for trusted in keys {
            guard let hash = trusted.hash,
                let scheme = trusted.key.scheme(
                    of: signature, over: &message, among: trusted.key.algorithm.allSchemes)
            else { continue }
            return VerificationError(
                .otherAlgorithm,
                "the key \(plain(trusted.label)) made it in \(scheme), and \(hash.title) is demanded"
            )
        }
        return nil
    }

    /// Whether the evidence names one of the keys, or shows that its owner made the signature.
    private func changedContent(_ keys: [TrustedKey]) -> VerificationError? {
        if let own = keys.first(where: { $0.key.signedSomething(with: signature) == true }) {
            return VerificationError(
                .signatureInvalid,
                "the key \(plain(own.label)) made the signature over other bytes: the content was "
                    + "changed")
        }
        guard let own = keys.first(where: names) else { return nil }
        return VerificationError(
            .signatureInvalid,
            "it names the key \(plain(own.label)), and its bytes are not what that key signed")
    }

    private func names(_ trusted: TrustedKey) -> Bool {
        if case .publicKey(let hint) = signer, !hint.isEmpty { return trusted.answers(to: hint) }
        if let keyID, !keyID.isEmpty, trusted.answers(to: keyID) { return true }
        return namedKeys.contains(trusted.key)
    }

    /// Whether the evidence names another key, or contains one that made the signature over this
    /// content.
    private func otherKey(
        _ keys: [TrustedKey], _ message: inout HashedMessage
    ) -> VerificationError? {
        if case .publicKey(let hint) = signer, let fingerprint = fingerprint(hint: hint) {
            return VerificationError(
                .keyMismatch, "it names another key (\(fingerprint)), not \(expected(keys))")
        }
        for key in namedKeys {
            guard
                key.scheme(of: signature, over: &message, among: key.algorithm.allSchemes) != nil
            else { continue }
            return VerificationError(
                .keyMismatch, "another key (\(key.fingerprint)) made it, not \(expected(keys))")
        }
        return nil
    }

    private func undecided(_ keys: [TrustedKey], _ message: HashedMessage) -> VerificationError {
        var tried: [String] = []
        for scheme in keys.flatMap(\.schemes)
        where message.canTell(scheme) && !tried.contains(scheme.description) {
            tried.append(scheme.description)
        }
        return VerificationError(
            .signatureMismatch,
            "the signature does not verify with the key \(expected(keys)): the content was changed, "
                + "or another key made it (tried \(tried.joined(separator: ", ")))")
    }

    private func expected(_ keys: [TrustedKey]) -> String {
        keys.map { plain($0.label) }.joined(separator: " or ")
    }

    /// The keys with a legacy signature: in its log entry, if that is about this signature, in its
    /// certificate, or in place of the certificate.
    private var namedKeys: [PublicKey] {
        var keys = [namedKey].compactMap(\.self)
        if case .certificate(let chain) = signer, let leaf = chain.first,
            let key = try? PublicKey(ofCertificate: leaf)
        {
            keys.append(key)
        }
        guard version == nil, case .success(let entries) = logEntries else { return keys }
        for entry in entries.prefix(Limits.proofsPerBundle) {
            keys += entry.keys(of: signature)
        }
        return keys
    }
}

extension TransparencyLogEntry {
    /// The public keys of the entry's body, if it has this signature.
    fileprivate func keys(of signature: [UInt8]) -> [PublicKey] {
        let signers: [LogEntryBody.Signer] =
            switch try? LogEntryBody(parsing: body, as: kind) {
            case .hashedRecord(_, let signer): [signer]
            case .envelope(_, let signers): signers
            case .unsignedEnvelope, .hashedRecordVersion2, nil: []
            }
        return signers.filter { $0.signature == signature }.compactMap { signer in
            guard let blocks = try? PEMBlock.list(in: signer.verifier), let block = blocks.first
            else { return nil }
            return switch block.label {
            case "PUBLIC KEY": try? PublicKey(derBytes: block.bytes)
            case "CERTIFICATE": try? PublicKey(ofCertificate: block.bytes)
            default: nil
            }
        }
    }
}

extension PublicKey.Algorithm {
    /// The usual schemes of signatures over a message, not over an envelope.
    ///
    /// cosign signs messages with Ed25519ph since 2.6, and with pure Ed25519 before. They sign
    /// different bytes, so one never verifies as the other.
    fileprivate var messageSchemes: [SignatureScheme] {
        self == .ed25519 ? [.ed25519ph, .ed25519] : customarySchemes
    }
}

/// The fingerprint in a hint, in cosign's or Assay's form; nil for a name, which could be of any
/// key.
private func fingerprint(hint: String) -> String? {
    let prefix = "sha256:".utf8
    let hex =
        hint.utf8.starts(with: prefix)
        ? String(decoding: hint.utf8.dropFirst(prefix.count), as: UTF8.self) : hint
    guard let hash = bytes(fromBase64: hint) ?? bytes(fromHex: hex), hash.count == 32 else {
        return bytes(fromHex: hex).flatMap { $0.count == 32 ? "sha256:\(hex)" : nil }
    }
    return "sha256:\(hexText(hash))"
}
