// SPDX-License-Identifier: Apache-2.0
// The options of a command that verifies: checked, and made one choice.

import Host
import Primitives
import Signing

extension SignerOptions {
    /// - Throws: `Failure` of kind `usage` when the options do not name one way to trust.
    func validated() throws -> SignerRequest {
        try check()
        let isLogged = key.isEmpty || trust.trustedRoot != nil
        return SignerRequest(
            signer: key.isEmpty
                ? .certificate(
                    try identity(), insecureIgnoreSct ? .ignored : .required(detached: sct))
                : .keys(key, hash: signatureDigestAlgorithm),
            // A key's signature needs a log entry only where the command says whose log is believed:
            // what is believed in general (ASSAY_TRUSTED_ROOT, assay trust) is nothing that this
            // command demands.
            transparency: insecureIgnoreTlog || !isLogged
                ? .ignored : .logged(try logRequirements()),
            isTimed: useSignedTimestamps || authorities.timestampCertificateChain != nil,
            authorities: authorities, trust: trust, warnings: warnings)
    }

    private func check() throws(Failure) {
        func wrong(_ why: String) -> Failure {
            Failure(.usage, "cannot verify", because: why)
        }
        let names = [certificateIdentity, certificateIdentityRegexp].compactMap(\.self)
        let issuers = [certificateOidcIssuer, certificateOidcIssuerRegexp].compactMap(\.self)
        if !key.isEmpty, !names.isEmpty || !issuers.isEmpty || !claims.isEmpty {
            throw wrong("--key and --certificate-… cannot stand together")
        }
        if key.isEmpty, names.isEmpty, issuers.isEmpty {
            throw wrong(
                "nobody is named who must have signed; give --key, or --certificate-identity with "
                    + "--certificate-oidc-issuer")
        }
        if key.isEmpty, names.isEmpty || issuers.isEmpty {
            throw wrong(
                "a subject and its issuer belong together: any issuer can vouch for any subject; "
                    + "--certificate-oidc-issuer-regexp '.*' takes them all")
        }
        if (names + issuers + claimOptions.compactMap(\.1)).contains(where: \.isEmpty) {
            throw wrong("an empty text fits nobody")
        }
        if !key.isEmpty, authorities.areForCertificates {
            throw wrong("--certificate-chain and --ca-… are for certificates, and --key is a key")
        }
        if key.isEmpty, let hash = signatureDigestAlgorithm, hash != .sha256 {
            throw wrong(
                "--signature-digest-algorithm is for --key; a certificate says itself how its key "
                    + "signs")
        }
        if witness.isEmpty, witnessThreshold != nil {
            throw wrong("--witness-threshold counts witnesses, and none is named with --witness")
        }
        if !witness.isEmpty, insecureIgnoreTlog || (!key.isEmpty && trust.trustedRoot == nil) {
            throw wrong(
                "a witness cosigns what a log says, and no log is asked for; with --key name the "
                    + "log's --trusted-root")
        }
        if !sct.isEmpty, !key.isEmpty || insecureIgnoreSct {
            throw wrong("--sct is for certificates whose promise is looked at")
        }
    }

    /// What the log must show, where one is asked for.
    private func logRequirements() throws(Failure) -> LogRequirements {
        guard !witness.isEmpty else {
            return LogRequirements(proof: .inclusionProofOrSET, threshold: 1, witnesses: .none)
        }
        var witnesses: [Witness] = []
        for text in witness { witnesses.append(try Witness(verifierKey: text)) }
        let different = Set(witnesses.map(\.key)).count
        let threshold = witnessThreshold ?? different
        guard (1...different).contains(threshold) else {
            throw Failure(
                .usage, "cannot verify",
                because:
                    "--witness-threshold is \(threshold), and \(different) different witnesses "
                    + "are named")
        }
        // Only a checkpoint can be cosigned, and only a proof leads to one.
        return LogRequirements(
            proof: .inclusionProof, threshold: 1,
            witnesses: WitnessRequirements(witnesses: witnesses, atLeast: threshold))
    }

    private func identity() throws -> CertificateIdentity {
        CertificateIdentity(
            subjects: try patterns(certificateIdentity, certificateIdentityRegexp),
            issuers: try patterns(certificateOidcIssuer, certificateOidcIssuerRegexp),
            claims: claims)
    }

    private func patterns(_ exact: String?, _ expression: String?) throws -> [IdentityPattern] {
        do {
            return try [exact.map { .exact($0) }, expression.map { try .wholeExpression($0) }]
                .compactMap(\.self)
        } catch let failure as Failure where failure.kind == .malformed {
            throw Failure(.usage, failure.what, because: failure.why, next: failure.next)
        }
    }

    private var warnings: [String] {
        var warnings: [String] = []
        if insecureIgnoreTlog {
            warnings.append(
                "--insecure-ignore-tlog: nobody checks that this signature was made in public")
        }
        if insecureIgnoreSct {
            warnings.append(
                "--insecure-ignore-sct: nobody checks that the certificate was issued in public")
        }
        return warnings
    }
}
