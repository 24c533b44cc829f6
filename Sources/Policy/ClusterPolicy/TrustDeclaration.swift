// SPDX-License-Identifier: Apache-2.0
// Logs, certificate authorities and timestamp authorities as a policy names them.
// Spec: docs/kyverno.md, "Logs and timestamps".

import Keys
import Primitives
import Signing

/// What an entry wants beside its signer, and whom it believes for it. What it does not name comes
/// from the trusted root that the evaluator is given.
struct TrustDeclaration: Hashable, Sendable {
    /// Which log entry is required. Static keys need one too, unless `ignoreTlog` is true: in the
    /// public Rekor, if no other log is named.
    ///
    /// Spec: docs/kyverno.md, "Logs and timestamps".
    enum LogDeclaration: Hashable, Sendable {
        /// `rekor.ignoreTlog: true`.
        case none
        /// A log at this address; with a key, that log and no other.
        case log(String, key: PublicKey?)
    }

    /// Whether the certificate must stand in a certificate transparency log.
    enum CertificateLogDeclaration: Hashable, Sendable {
        /// `ctlog.ignoreSCT: true`.
        case none
        case any
        case key(PublicKey)
    }

    let log: LogDeclaration
    let certificateLog: CertificateLogDeclaration
    /// Certificate authorities that take the place of the trusted root's; nil for those.
    let roots: [CertificateAuthority]?
    /// The timestamp authority whose stamp is demanded; nil for none.
    let timestampAuthority: CertificateAuthority?

    static let publicLog = "https://rekor.sigstore.dev"

    /// Reads `rekor`, `ctlog` and `roots` of an entry.
    init(reading node: YAMLNode) throws(Failure) {
        log = try TrustDeclaration.log(try node.optional("rekor"))
        let ctlog = try node.optional("ctlog")
        try ctlog?.refuseFields(otherThan: ["ignoreSCT", "pubkey", "tsaCertChain"])
        if try ctlog?.flag("ignoreSCT", default: false) == true {
            certificateLog = .none
        } else {
            certificateLog = try ctlog?.optional("pubkey").map(key).map { .key($0) } ?? .any
        }
        timestampAuthority = try ctlog?.optional("tsaCertChain").map(Policy.timestampAuthority)
        roots = try node.optional("roots").map(authorities)
    }

    private static func log(_ node: YAMLNode?) throws(Failure) -> LogDeclaration {
        guard let node else { return .log(publicLog, key: nil) }
        try node.refuseFields(otherThan: ["url", "pubkey", "ignoreTlog"])
        let address = try node.optional("url")?.string() ?? publicLog
        let key = try node.optional("pubkey").map(Policy.key)
        return try node.flag("ignoreTlog", default: false) ? .none : .log(address, key: key)
    }

    /// The demand and the trusted root that this entry's evidence is judged with.
    ///
    /// - Throws: `Failure` of kind `notFound` when something to believe is not there: the verdict is
    ///   then `unknown`, because nobody could tell.
    func requirements(
        of signer: TrustedSigner, with root: TrustedRoot?
    ) throws(Failure) -> (VerificationRequirements, TrustedRoot?) {
        let requirements = VerificationRequirements(
            signer: signer,
            transparency: log == .none ? .ignored : .oneLog,
            signedTimestampThreshold: timestampAuthority == nil ? 0 : 1,
            sctThreshold: certificateLog == .none ? 0 : 1, time: .signed, acceptsChains: true)
        let believed = TrustedRoot(
            logs: try logs(from: root),
            certificateAuthorities: roots ?? root?.certificateAuthorities ?? [],
            certificateTransparencyLogs: certificateLogs(from: root),
            timestampAuthorities: timestampAuthority.map { [$0] } ?? root?.timestampAuthorities
                ?? [])
        try requireTime(for: signer, from: believed)
        try requirements.check(against: believed)
        return (requirements, believed)
    }

    /// A certificate lives for minutes: without logs and timestamps nobody can tell whether it was
    /// alive.
    private func requireTime(
        for signer: TrustedSigner, from root: TrustedRoot
    ) throws(Failure) {
        guard case .certificates = signer, log == .none, root.timestampAuthorities.isEmpty else {
            return
        }
        throw Failure(
            .notFound, "cannot tell when it was signed",
            because: "rekor.ignoreTlog leaves log entries aside, and no timestamp authority is "
                + "trusted",
            next: "leave out rekor.ignoreTlog, write a chain into ctlog.tsaCertChain, or name a "
                + "trusted root with a timestamp authority (--trusted-root)")
    }

    private func logs(from root: TrustedRoot?) throws(Failure) -> [TransparencyLog] {
        switch log {
        case .none: return root?.logs ?? []
        case .log(let address, let key?): return [TransparencyLog(address, key)]
        case .log(let address, nil):
            return try logs(at: TransparencyLog.origin(of: address), from: root)
        }
    }

    private func logs(at origin: String, from root: TrustedRoot?) throws(Failure)
        -> [TransparencyLog]
    {
        // The public instance writes to more than one log; its root says which.
        let isPublic = origin == TransparencyLog.origin(of: TrustDeclaration.publicLog)
        let known = root?.logs ?? []
        let named = known.filter {
            $0.origin == origin || (isPublic && $0.origin.utf8.hasSuffix(".\(origin)"))
        }
        guard named.isEmpty else { return named }
        let others = known.map(\.origin).joined(separator: ", ")
        throw Failure(
            .notFound, "cannot verify entries of the log \(plain(origin))",
            because: root == nil
                ? "no trusted root was given"
                : "the trusted root has no key of that log, it knows "
                    + (others.isEmpty ? "none" : plain(others)),
            next: "write its key into rekor.pubkey, or name a trusted root that has it "
                + "(--trusted-root)")
    }

    private func certificateLogs(from root: TrustedRoot?) -> [TransparencyLog] {
        if case .key(let key) = certificateLog {
            return [TransparencyLog("the policy's ctlog", key)]
        }
        return root?.certificateTransparencyLogs ?? []
    }
}

extension ValidityPeriod {
    /// A policy names keys and certificates without dates; a certificate has its own.
    fileprivate static let always = ValidityPeriod(start: Timestamp(seconds: 0), end: nil)
}

extension TransparencyLog {
    /// A log that a policy names by key alone. Spec: Rekor v1 names a log by the SHA-256 of its
    /// key, v2 by the key's id in checkpoints.
    fileprivate init(_ address: String, _ key: PublicKey) {
        self.init(
            baseURL: address, publicKey: key, keyID: bytes(fromHex: key.fingerprint.hex) ?? [],
            checkpointKeyID: noteKeyID(name: TransparencyLog.origin(of: address), key: key),
            validFor: .always)
    }
}

private func key(_ node: YAMLNode) throws(Failure) -> PublicKey {
    do {
        return try PublicKey(pem: try node.string())
    } catch {
        throw error.during("cannot use the policy", at: node.place)
    }
}

private func certificates(_ node: YAMLNode) throws(Failure) -> [Certificate] {
    do {
        return try Certificate.list(pem: try node.string())
    } catch {
        throw error.during("cannot use the policy", at: node.place)
    }
}

/// The authorities of `roots`. Every certificate may be an issuer. Each is followed to its own
/// issuer as far as the text has it, so that an expired root is not passed over.
///
/// Spec: docs/kyverno.md, "Keyless".
private func authorities(_ node: YAMLNode) throws(Failure) -> [CertificateAuthority] {
    let known = try certificates(node)
    guard known.allSatisfy(\.isAuthority) else {
        throw node.broken("one of its certificates is no authority and cannot issue others")
    }
    var authorities: [CertificateAuthority] = []
    for certificate in known {
        authorities.append(try authority(chain(from: certificate, in: known), at: node))
    }
    return authorities
}

/// `tsaCertChain`: the leaf, if it is there, and the certificates above it, in any order.
///
/// Spec: docs/kyverno.md, "Logs and timestamps".
private func timestampAuthority(_ node: YAMLNode) throws(Failure) -> CertificateAuthority {
    let known = try certificates(node)
    let first = known.first { one in
        !known.contains { $0 != one && $0.isIssued(by: one) }
    }
    let ordered = first.map { chain(from: $0, in: known) } ?? []
    guard ordered.count == Set(known).count else {
        throw node.broken("its certificates are not one chain from a leaf up to a root")
    }
    return try authority(ordered, at: node)
}

private func chain(from first: Certificate, in known: [Certificate]) -> [Certificate] {
    var chain = [first]
    while let last = chain.last, !last.isSelfIssued,
        let issuer = known.first(where: { !chain.contains($0) && last.isIssued(by: $0) })
    {
        chain.append(issuer)
    }
    return chain
}

private func authority(
    _ chain: [Certificate], at node: YAMLNode
) throws(Failure) -> CertificateAuthority {
    do {
        return try CertificateAuthority(
            chain: chain, validFor: .always, uri: nil, operatorName: nil)
    } catch {
        throw error.during("cannot use the policy", at: node.place)
    }
}
