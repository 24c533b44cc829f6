// SPDX-License-Identifier: Apache-2.0
// Signatures in cosign's older layout, with certificate and log entry in annotations.

import Keys
import OCI
import Primitives
import Signing
import StandIns

/// One signature by a certificate of the stand-ins, and what lies beside it.
struct LegacySample {
    let key: StandInKey
    let leaf: [UInt8]
    let payload: [UInt8]
    let signature: [UInt8]
    let entry: StandInLogEntry

    /// A signature on a digest by `StandInIdentity.person`; another key makes it another signer.
    init(on digest: Digest, by key: StandInKey, leaf: [UInt8]? = nil) throws {
        let instance = try StandIn.instance.get()
        self.key = key
        self.leaf =
            try leaf
            ?? instance.certificate(for: .person, publicKey: key.publicDER, at: StandIn.time)
        payload = SimpleSigning.payload(
            for: digest, in: try Repository(parsing: "registry.example.com/shop/backend"),
            annotations: [:])
        signature = try key.sign(payload)
        entry = try instance.entry(
            for: LoggedSignature(
                signature, by: .certificate(self.leaf), over: .artifact(payload), key: key),
            in: .rekor1, as: .hashedrekord001, at: Timestamp(seconds: StandIn.time.seconds + 6))
    }

    /// The layer's annotations, some of them replaced or taken away.
    func annotations(_ changes: [String: String?] = [:]) -> ByteStringMap<String> {
        var all: ByteStringMap<String> = [
            signatureAnnotation: base64Text(signature),
            "dev.sigstore.cosign/certificate": pemText("CERTIFICATE", leaf),
            "dev.sigstore.cosign/bundle": LegacySample.annotation(entry),
        ]
        for (name, value) in changes { all[name] = value }
        return all
    }

    static func annotation(_ entry: StandInLogEntry) -> String {
        let document: JSONValue = [
            "SignedEntryTimestamp": .string(base64Text(entry.promise ?? [])),
            "Payload": [
                "body": .string(base64Text(entry.body)),
                "integratedTime": .number(JSONNumber(entry.integratedTime ?? 0)),
                "logIndex": .number(JSONNumber(entry.index)),
                "logID": .string(hexText(entry.logIdentifier)),
            ],
        ]
        return document.compactText
    }

    /// What a verifier of the person says about this signature beside that digest.
    func outcome(
        about digest: Digest, _ changes: [String: String?] = [:], payload other: [UInt8]? = nil
    ) throws -> String {
        let form: SignedEntity.Form
        do throws(Failure) {
            form = .simpleSigning(
                try SimpleSigning(payload: other ?? payload, annotations: annotations(changes)))
        } catch {
            form = .unreadable(error)
        }
        let candidate = SignedEntity(
            location: .signatureTag, manifest: digest, digest: digest, position: 0, form: form)
        let attempt = try Attempt.byPerson(.artifact([]))
        let verifier = try SignatureVerifier(
            requirements: .sigstore(attempt.signer),
            root: TrustedRoot(parsing: attempt.instance.trustedRoot().compactBytes))
        let report = Evidence(subject: digest, candidates: [candidate]).signatures(by: verifier)
        guard report.proofs.isEmpty else { return "accepted" }
        return report.mostSpecific?.problem.code.rawValue ?? "nothing"
    }
}
