// SPDX-License-Identifier: Apache-2.0
// Evidence about files: bundles, and cosign's legacy files.
// Spec: sigstore client-spec §4.1.1, §5 (FILE.sigstore.json, .sigstore.jsonl); cosign v3.1.2,
// pkg/cosign/bundle/rekor.go.

internal import Keys
package import Primitives

/// One unverified piece of evidence about a file.
package enum BlobEvidence: Hashable, Sendable {
    case bundle(SignatureBundle)
    /// cosign's legacy bundle file, or a signature with the user's certificate and timestamp.
    case signature([UInt8], LegacyAnnotations)

    /// Whether it is a statement, not a signature over the file itself.
    package var isAttestation: Bool {
        if case .bundle(let bundle) = self, case .envelope = bundle.content { true } else { false }
    }

    /// Parses one document: a bundle, or cosign's legacy bundle.
    package init(parsing bytes: [UInt8]) throws(Failure) {
        let json = try JSONReader(parsing: bytes, named: "the bundle")
        guard try json.optional("base64Signature") != nil, try json.optional("mediaType") == nil
        else {
            self = .bundle(try SignatureBundle(parsing: bytes))
            return
        }
        try json.refuseFields(otherThan: ["base64Signature", "cert", "rekorBundle"])
        let text = try json.required("base64Signature")
        let signature = try text.base64()
        guard !signature.isEmpty else { throw text.broken("it is not base64") }
        let signer = try json.optional("cert").map(signerText) ?? nil
        let isKey = signer.map(holdsPublicKey) ?? false
        self = .signature(
            signature,
            LegacyAnnotations(
                certificate: isKey ? nil : signer, chain: nil,
                logEntry: try json.optional("rekorBundle")?.value.compactText, timestamp: nil
            ).naming(isKey ? signer.flatMap { try? PublicKey(pem: $0) } : nil))
    }

    /// All documents of a file, in order; a malformed one is its problem. Duplicate lines are
    /// dropped.
    ///
    /// - Parameter isLines: one document on each line, as in `.jsonl` files.
    package static func list(
        parsing bytes: [UInt8], isLines: Bool
    ) throws(Failure) -> [Result<BlobEvidence, VerificationError>] {
        guard isLines else { return [read(bytes)] }
        var lines: [ArraySlice<UInt8>] = []
        var seen: Set<Digest> = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let line = rest.prefix { $0 != UInt8(ascii: "\n") }
            rest = rest.dropFirst(line.count + 1)
            guard line.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r") }),
                seen.insert(Digest(of: line, by: .sha256)).inserted
            else { continue }
            guard lines.count < Limits.bundlesPerFile else {
                throw Failure(
                    .overLimit, "cannot read the bundles",
                    because: "there are more than \(Limits.bundlesPerFile), which is the limit")
            }
            lines.append(line)
        }
        return lines.map { read(Array($0)) }
    }

    private static func read(_ bytes: [UInt8]) -> Result<BlobEvidence, VerificationError> {
        do {
            return .success(try BlobEvidence(parsing: bytes))
        } catch {
            return .failure(
                VerificationError(error.kind == .unsupported ? .unsupported : .malformed, error))
        }
    }
}

extension SignatureVerifier {
    /// Verifies that `evidence` is about `artifact`.
    ///
    /// - Parameter type: the predicate type a statement must have; nil for any.
    package func verify(
        _ evidence: BlobEvidence, about artifact: SignedArtifact, type: PredicateType?
    ) -> ArtifactVerificationResult {
        switch evidence {
        case .bundle(let bundle): verify(bundle, about: artifact, type: type)
        case .signature(let signature, let legacyAnnotations):
            verify(signature, with: legacyAnnotations, about: artifact)
        }
    }
}

private func holdsPublicKey(_ pem: String) -> Bool {
    ((try? PEMBlock.list(in: pem.utf8)) ?? []).contains { $0.label == "PUBLIC KEY" }
}

/// Decodes the base64 of a PEM certificate, or of the public key that cosign writes into the same
/// field.
private func signerText(_ json: JSONReader) throws(Failure) -> String? {
    let text = try json.string()
    guard !text.isEmpty else { return nil }
    guard let bytes = bytes(fromBase64: text), let pem = String(validating: bytes, as: UTF8.self)
    else { throw json.broken("it is not base64 of PEM") }
    return pem
}
