// SPDX-License-Identifier: Apache-2.0
// The key and scheme of a signature; and if no trusted key made it, the reason.
// Spec: sigstore client-spec §4, "Verify the signature"; sigstore's algorithm registry.

internal import Keys
internal import Primitives

extension SignatureMaterial {
    /// The scheme in which a trusted key made the signature; nil when it did not.
    ///
    /// The verifier chose the key, so every scheme that the key can have is tried: the evidence
    /// cannot choose anything weaker than SHA-256. Where a hash is demanded by name, only that one.
    ///
    /// - Throws: `bytesNeeded` when only a digest is known, and it is not enough to decide.
    func scheme(
        by trusted: TrustedKey, over message: inout HashedMessage
    ) throws(EvidenceProblem) -> SignatureScheme? {
        let key = trusted.key
        if let found = key.scheme(of: signature, over: &message, among: trusted.schemes) {
            return found
        }
        let customary = trusted.hash.map { key.algorithm.schemes(with: $0) }
        try requireAnswer(customary ?? key.algorithm.messageSchemes, of: key, over: &message)
        return nil
    }

    /// Whether the key of the certificate that the evidence brings made the signature.
    ///
    /// A bundle's certificate says which key, and Sigstore's registry says which schemes belong to
    /// it. Older layouts say nothing about schemes, so every one is tried.
    ///
    /// - Throws: `bytesNeeded` when only a digest is known, and it is not enough to decide.
    func isSigned(
        byCertificate key: PublicKey, over message: inout HashedMessage
    ) throws(EvidenceProblem) -> Bool {
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

    /// A signature that none of the known digests fits may still be over the message itself, or with
    /// another hash: only when the usual schemes were tried is the answer no.
    private func requireAnswer(
        _ schemes: [SignatureScheme], of key: PublicKey, over message: inout HashedMessage
    ) throws(EvidenceProblem) {
        guard case .digests = self.message else { return }
        for scheme in schemes where key.isValid(signature, over: &message, scheme: scheme) == nil {
            throw EvidenceProblem(
                .bytesNeeded,
                "a signature by \(key.summary) is checked over the bytes themselves, and only "
                    + "their digest was given")
        }
    }

    /// Why none of the trusted keys made the signature, as far as the evidence can tell: the content
    /// was changed, or another key made it.
    ///
    /// Hints are not authenticated; they only decide which failure is reported.
    func problem(ofNone keys: [TrustedKey], over message: inout HashedMessage) -> EvidenceProblem {
        otherAlgorithm(keys, over: &message) ?? changedContent(keys) ?? otherKey(keys, &message)
            ?? undecided(keys, message)
    }

    private func otherAlgorithm(
        _ keys: [TrustedKey], over message: inout HashedMessage
    ) -> EvidenceProblem? {
        for trusted in keys {
            guard let hash = trusted.hash,
                let scheme = trusted.key.scheme(
                    of: signature, over: &message, among: trusted.key.algorithm.allSchemes)
            else { continue }
            return EvidenceProblem(
                .otherAlgorithm,
                "the key \(plain(trusted.label)) made it in \(scheme), and \(hash.title) is demanded"
            )
        }
        return nil
    }

    /// The evidence names one of the keys, or only its owner can have made the signature.
    private func changedContent(_ keys: [TrustedKey]) -> EvidenceProblem? {
        if let own = keys.first(where: { $0.key.signedSomething(with: signature) == true }) {
            return EvidenceProblem(
                .signatureInvalid,
                "the key \(plain(own.label)) made the signature over other bytes: the content was "
                    + "changed")
        }
        guard let own = keys.first(where: names) else { return nil }
        return EvidenceProblem(
            .signatureInvalid,
            "it names the key \(plain(own.label)), and its bytes are not what that key signed")
    }

    private func names(_ trusted: TrustedKey) -> Bool {
        if case .publicKey(let hint) = signer, !hint.isEmpty { return trusted.answers(to: hint) }
        if let keyID, !keyID.isEmpty, trusted.answers(to: keyID) { return true }
        return namedKeys.contains(trusted.key)
    }

    /// The evidence names another key, or brings one that made the signature over this very content.
    private func otherKey(
        _ keys: [TrustedKey], _ message: inout HashedMessage
    ) -> EvidenceProblem? {
        if case .publicKey(let hint) = signer, let fingerprint = fingerprint(hint: hint) {
            return EvidenceProblem(
                .keyMismatch, "it names another key (\(fingerprint)), not \(expected(keys))")
        }
        for key in namedKeys {
            guard
                key.scheme(of: signature, over: &message, among: key.algorithm.allSchemes) != nil
            else { continue }
            return EvidenceProblem(
                .keyMismatch, "another key (\(key.fingerprint)) made it, not \(expected(keys))")
        }
        return nil
    }

    private func undecided(_ keys: [TrustedKey], _ message: HashedMessage) -> EvidenceProblem {
        var tried: [String] = []
        for scheme in keys.flatMap(\.schemes)
        where message.canTell(scheme) && !tried.contains(scheme.description) {
            tried.append(scheme.description)
        }
        return EvidenceProblem(
            .signatureMismatch,
            "the signature does not verify with the key \(expected(keys)): the content was changed, "
                + "or another key made it (tried \(tried.joined(separator: ", ")))")
    }

    private func expected(_ keys: [TrustedKey]) -> String {
        keys.map { plain($0.label) }.joined(separator: " or ")
    }

    /// The keys given with a signature of the older layouts: in its log entry, if that is about
    /// this signature, in its certificate, or in place of the certificate.
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
    /// The public keys that the entry's body names beside that signature.
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
    /// The usual schemes of signatures over a message itself, not over an envelope.
    ///
    /// Spec: cosign signs messages with Ed25519ph since 2.6, and with pure Ed25519 before; the two
    /// are made over different bytes, so one never verifies as the other.
    fileprivate var messageSchemes: [SignatureScheme] {
        self == .ed25519 ? [.ed25519ph, .ed25519] : customarySchemes
    }
}

/// The fingerprint in a hint, in cosign's form or Assay's; nil for a name, which could name any
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
