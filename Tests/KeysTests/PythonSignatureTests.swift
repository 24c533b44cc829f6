// SPDX-License-Identifier: Apache-2.0
// Signatures and keys across Python's cryptography, a second opinion beside openssl's commands.

import Foundation
import Keys
import Primitives
import TestSupport
import Testing

/// A Python that can import cryptography.
private let python: String? = {
    let peers = SharedSuites.interop?.appendingPathComponent("../../.build-peers/bin/python3")
    return [peers?.standardizedFileURL.path, "python3"].compactMap { $0 }.first { python in
        (try? shellOutput("'\(python)' -c 'import cryptography'")) ?? nil != nil
    }
}()

@Suite(
    "keys and Python's cryptography",
    .enabled(
        if: python != nil, "no python3 here can import cryptography; scripts/peers installs it"))
struct PythonSignatureTests {
    @Test("each verifies the other's signatures", arguments: SchemeCase.all)
    func bothWays(_ trial: SchemeCase) throws {
        guard trial.scheme != .ed25519ph else { return }  // It has no Ed25519ph.
        let message = Array("the message".utf8)
        let theirs = try #require(
            try shellOutput(
                "'\(python ?? "")' peer.py '\(trial.scheme)'",
                files: [
                    "peer.py": Array(script.utf8), "message": message,
                    "private": trial.key.pkcs8, "public": trial.key.publicKey.derBytes,
                    "signature": try trial.key.sign(message),
                ]))
        let key = trial.key.publicKey
        #expect(key.isValid(theirs, over: message, scheme: trial.scheme))
    }
}

/// Verifies our signature, refuses it over another message, and prints its own.
private let script = """
    import sys
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding
    read = lambda name: open(name, "rb").read()
    scheme = sys.argv[1]
    algorithm = getattr(hashes, scheme[-7:].replace("-", ""), None)
    if scheme == "Ed25519":
        how = []
    elif scheme.startswith("ECDSA"):
        how = [ec.ECDSA(algorithm())]
    elif scheme.startswith("RSA PSS"):
        how = [padding.PSS(padding.MGF1(algorithm()), algorithm.digest_size), algorithm()]
    else:
        how = [padding.PKCS1v15(), algorithm()]
    public = serialization.load_der_public_key(read("public"))
    public.verify(read("signature"), read("message"), *how)
    try:
        public.verify(read("signature"), b"another", *how)
        sys.exit(1)
    except InvalidSignature:
        pass
    private = serialization.load_der_private_key(read("private"), None)
    sys.stdout.buffer.write(private.sign(read("message"), *how))
    """
