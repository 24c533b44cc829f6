// SPDX-License-Identifier: Apache-2.0
// --output-signature and --output-certificate.

import ArgumentParser
import Files
import Host
import Primitives
import Signing
import Workflows

/// Files for a signature and a certificate alone, as scripts for cosign 1 and 2 read them.
struct DetachedSignatureOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A file for the signature alone, base64.", visibility: .hidden))
    var outputSignature: String?

    @Option(
        help: ArgumentHelp(
            "A file for the certificate alone, base64 of its PEM.", visibility: .hidden))
    var outputCertificate: String?

    var isEmpty: Bool { outputSignature == nil && outputCertificate == nil }

    /// Refuses what cannot be written, before anything is signed.
    func check(beside signing: SigningOptions) throws {
        guard outputCertificate == nil || signing.key == nil else {
            throw ValidationError(
                "--output-certificate cannot be used with --key: a signature by a key has no "
                    + "certificate")
        }
    }

    func write(_ signature: FinishedSignature) throws {
        guard !isEmpty else { return }
        let bundle = try SignatureBundle(parsing: signature.bundleBytes)
        if let path = outputSignature {
            let bytes: [UInt8]? =
                switch bundle.content {
                case .messageSignature(_, let signature): signature
                case .envelope(let envelope): envelope.signatures.first?.bytes
                }
            try writeFile(Array(base64Text(bytes ?? []).utf8), at: path, permissions: 0o644)
            StandardOutput.did("wrote the signature \(path)")
        }
        guard let path = outputCertificate else { return }
        guard case .certificate(let chain) = bundle.signer, let leaf = chain.first else {
            throw Failure(
                .bug, "cannot write \(quoted(path))", because: "the signature has no certificate")
        }
        let pem = try Certificate(derBytes: leaf).pem
        try writeFile(Array(base64Text(Array(pem.utf8)).utf8), at: path, permissions: 0o644)
        StandardOutput.did("wrote the certificate \(path)")
    }
}
