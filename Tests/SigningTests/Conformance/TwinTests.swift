// SPDX-License-Identifier: Apache-2.0
// Stronger twins of cases of sigstore-conformance whose own data breaks before the named check: in a
// twin everything is right, and then only the named thing is wrong.

import Keys
import Primitives
import Signing
import StandIns
import TestSupport
import Testing

/// A sound attempt, and the one thing that makes it another.
struct Twin: Sendable, CustomTestStringConvertible {
    /// The suite's case.
    let name: String
    let sound: @Sendable () throws -> Attempt
    let expected: String
    let bend: @Sendable (inout Attempt) throws -> Void

    var testDescription: String { "\(name) \(expected)" }

    init(
        _ name: String, _ expected: String, sound: @escaping @Sendable () throws -> Attempt,
        bend: @escaping @Sendable (inout Attempt) throws -> Void
    ) {
        (self.name, self.sound, self.expected, self.bend) = (name, sound, expected, bend)
    }

    /// A twin that is bent by one of the stand-ins' faults.
    init(
        _ name: String, _ fault: StandInFault, _ expected: String,
        sound: @escaping @Sendable () throws -> Attempt
    ) {
        self.init(name, expected, sound: sound) { $0.recipe.faults.insert(fault) }
    }
}

@Suite("stronger twins of conformance cases")
struct TwinTests {
    @Test(
        "everything right is accepted, the one thing wrong is refused for itself", arguments: all,
        [false, true])
    func behaves(_ twin: Twin, byDigest: Bool) throws {
        let sound = try twin.sound()
        #expect(try sound.outcome(byDigest: byDigest) == "accepted")
        let outcome = try sound.with(twin.bend).outcome(byDigest: byDigest)
        #expect(outcome.hasPrefix(twin.expected), "\(outcome)")
    }

    @Test("every twin has a case of the suite, where the suite is here")
    func names() {
        for twin in Self.all {
            #expect(expectedOutcomes[twin.name] != nil, "\(twin.name) is no case")
        }
    }

    static let all: [Twin] = bundles + keys + logs + times + statements

    private static func message(_ version: StandInRecipe.Version) -> @Sendable () throws -> Attempt
    {
        { try .byPerson(.artifact(StandIn.artifact)) { $0.version = version } }
    }

    private static let bundles: [Twin] = [
        Twin(
            "bundle-empty-certificate-chain_fail", .bundleEmptyChain,
            "cannot read: malformed: it holds no certificate", sound: message(.v2)),
        Twin(
            "bundle-negative-log-index_fail", .logNegativeIndex,
            "cannot read: malformed: ", sound: message(.v3)),
        Twin(
            "bundle-unknown-version_fail", .bundleUnknownVersion,
            "cannot read: unsupported: its version", sound: message(.v3)),
        Twin(
            "bundle-with-root-cert_fail", .bundleRootInChain, "embedded-root", sound: message(.v2)),
        Twin(
            "bundle-with-root-cert_fail", .bundleRootInChain, "embedded-root", sound: message(.v1)),
        Twin(
            "bundle-invalid-base64-signature_fail", "cannot read: malformed: it is not base64",
            sound: message(.v3)
        ) {
            $0.change = { made in
                let text = base64Text(made.signature)
                let broken = text.prefix(8) + "\n" + text.dropFirst(8)
                return made.json.replacing(
                    "messageSignature/signature", with: .string(String(broken))
                ).compactBytes
            }
        },
        Twin("bundle-malformed-json_fail", "cannot read: malformed", sound: message(.v3)) {
            $0.change = { $0.bytes.dropLast() }
        },
    ]

    private static let keys: [Twin] = [
        Twin(
            "managed-key-wrong-key_fail", "key-mismatch",
            sound: { try .byKey(try StandInKey(.p256), .artifact(StandIn.artifact)) }
        ) { $0.signer = .key(try StandInKey(.p256).publicKey) },
        // The same where the bundle says that it is by the key which the verifier knows.
        Twin(
            "managed-key-wrong-key_fail", "signature-invalid",
            sound: { try .byKey(try StandInKey(.p256), .artifact(StandIn.artifact)) }
        ) {
            let other = try StandInKey(.p256).publicKey
            $0.signer = .key(other)
            $0.change = {
                $0.json.replacing(
                    "verificationMaterial/publicKey/hint", with: .string(other.hint)
                ).compactBytes
            }
        },
        Twin(
            "managed-key-no-key_fail", "other-signer-kind",
            sound: { try .byKey(try StandInKey(.p256), .artifact(StandIn.artifact)) }
        ) { $0.signer = try Attempt.byPerson(.artifact(StandIn.artifact)).signer },
        // Logged for another key, promise and proof included: the suite's own case breaks the
        // promise.
        Twin(
            "incorrect-public-key_fail", .logOtherSigner, "entry-key-mismatch", sound: message(.v3)),
    ]

    private static let logs: [Twin] = [
        // An older proof of the same log, whole, with its own signed checkpoint.
        Twin("invalid-inclusion-proof_fail", "inclusion-proof-invalid", sound: message(.v3)) {
            let older = try $0.instance.rekor1.entry(at: 4).json["inclusionProof"]
            $0.change = {
                $0.json.replacing(
                    "verificationMaterial/tlogEntries/0/inclusionProof", with: older
                ).compactBytes
            }
        },
        // The right proof, beside a checkpoint which the log signed for the tree before.
        Twin("checkpoint-wrong-roothash_fail", "checkpoint-mismatch", sound: message(.v3)) {
            let older = try $0.instance.rekor1.checkpoint(at: StandIn.time).envelope
            $0.change = {
                $0.json.replacing(
                    "verificationMaterial/tlogEntries/0/inclusionProof/checkpoint/envelope",
                    with: .string(older)
                ).compactBytes
            }
        },
        Twin(
            "inclusion-proof-corrupted-hash_fail", .proofBrokenHash, "inclusion-proof-invalid",
            sound: message(.v3)),
    ]

    private static let times: [Twin] = [
        Twin(
            "rekor2-timestamp-with-incorrect-time_fail", .timestampLate,
            "certificate-outside-validity",
            sound: {
                try .byPerson(.artifact(StandIn.artifact)) { $0.log = .rekor2 }
            }),
        Twin(
            "rekor2-timestamp-with-incorrect-time_fail", .timestampLate,
            "certificate-outside-validity",
            sound: { try .byPerson(Attempt.statement) { $0.log = .rekor2 } }),
        Twin(
            "integrated-time-in-future_fail", .logLate, "certificate-outside-validity",
            sound: message(.v3)),
    ]

    /// The older kind of entry, which the suite's six cases use, and the newer one.
    private static func statement(_ kind: LogEntryKind) -> @Sendable () throws -> Attempt {
        {
            try .byPerson(Attempt.statement) {
                $0.version = .v2
                $0.entryKind = kind
            }
        }
    }

    private static let statements: [Twin] = [LogEntryKind.intoto002, .dsse001].flatMap { kind in
        [
            Twin(
                "intoto-log-entry-mismatch_fail", .logOtherArtifact, "entry-artifact-mismatch",
                sound: statement(kind)),
            Twin(
                "intoto-log-entry-mismatch_fail", .logOtherSignature, "entry-signature-mismatch",
                sound: statement(kind)),
            Twin(
                "intoto-missing-inclusion-proof_fail", .proofMissing, "inclusion-proof-missing",
                sound: statement(kind)),
            Twin(
                "intoto-set-outside-signing-cert-validity_fail", .logLate,
                "certificate-outside-validity", sound: statement(kind)),
            Twin(
                "intoto-tsa-timestamp-outside-cert-validity_fail", .timestampLate,
                "certificate-outside-validity", sound: statement(kind)),
            // The authority's period in the trusted root ended before the certificate was issued.
            Twin(
                "intoto-expired-certificate_fail", "certificate-outside-validity",
                sound: statement(kind)
            ) {
                var plan = $0.instance.plan
                plan.authorityValidity = ValidityPeriod(
                    start: plan.validity.start, end: Timestamp(seconds: StandIn.time.seconds - 1))
                $0.instance = try StandInSigstore(plan)
            },
        ]
    }
}
