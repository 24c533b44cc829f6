// SPDX-License-Identifier: Apache-2.0
// Verdicts on signatures by identities: who is named, how often, and what is told.

import Keys
import OCI
import Primitives
import Signing
import StandIns
import TestSupport
import Testing

@testable import Policy

@Suite("verdicts on identities")
struct KeylessTests {
    static let issuer = "'https://accounts.example.org'"

    @Test(
        "an identity is the one that is meant",
        arguments: [
            ["subject": "mira@example.org"], ["subject": "'*@example.org'"],
            ["subject": "'?ira@example.org'"], ["subject": "'*'"],
            ["issuer": "'https://accounts.*'"], ["issuer": "'*'"],
            ["subject": "", "subjectRegExp": "mira@"],
            ["subject": "", "subjectRegExp": #"'^mira@example\.org$'"#],
            ["issuer": "", "issuerRegExp": "accounts"],
            ["subjectRegExp": "^mira"], ["issuerRegExp": "'^https://'"],
            ["subject": "'*@example.org'", "subjectRegExp": "mira", "issuerRegExp": "org$"],
            ["additionalExtensions": "{oidcIssuer: \(issuer)}"],
        ])
    func accepted(fields: [String: String]) async throws {
        let keyless = try await KeylessTrial()
        try await keyless.hang(keyless.signature())
        let found = try await keyless.judged(keyless.entry(fields))
        #expect(found.result == .pass, "\(found.found)")
        #expect(found.checks.first?.observed.contains("mira@example.org") == true)
    }

    @Test(
        "an identity that differs in one part is another one",
        arguments: [
            (["subject": "mira"], ReasonCode.signerMismatch),
            (["subject": "eve@example.org"], .signerMismatch),
            (["subject": "'*@example.net'"], .signerMismatch),
            (["subject": "Mira@example.org"], .signerMismatch),
            (["subject": "", "subjectRegExp": "^ira"], .signerMismatch),
            (["subjectRegExp": "^eve"], .signerMismatch),
            (["subject": "eve@example.org", "subjectRegExp": "mira"], .signerMismatch),
            (["issuer": "'https://accounts.example.net'"], .issuerMismatch),
            (["issuer": "'https://*.example.net'"], .issuerMismatch),
            (["issuer": "accounts.example.org"], .issuerMismatch),
            (["issuerRegExp": "net$"], .issuerMismatch),
            (["issuer": "'https://x'", "issuerRegExp": "accounts"], .issuerMismatch),
            (["additionalExtensions": "{githubWorkflowName: release}"], .signerMismatch),
            (["additionalExtensions": "{oidcIssuer: 'https://x'}"], .signerMismatch),
        ])
    func refused(fields: [String: String], reason: ReasonCode) async throws {
        let keyless = try await KeylessTrial()
        try await keyless.hang(keyless.signature())
        let found = try await keyless.judged(keyless.entry(fields))
        #expect(found.result == .fail)
        #expect(found.reason == reason, "\(found.found)")
    }

    @Test(
        "claims of a workflow must all fit",
        arguments: [
            ("{githubWorkflowRepository: acme/api}", true),
            ("{githubWorkflowRepository: 'acme/*'}", true),
            ("{1.3.6.1.4.1.57264.1.5: acme/api}", true),
            ("{githubWorkflowRepository: acme/api, githubWorkflowRef: 'refs/tags/*'}", true),
            ("{sourceRepositoryURI: 'https://github.example.org/acme/api'}", true),
            ("{githubWorkflowRepository: acme/web}", false),
            ("{githubWorkflowRepository: acme/api, githubWorkflowRef: refs/heads/main}", false),
            ("{1.3.6.1.4.1.57264.1.5: acme}", false),
        ])
    func claims(extensions: String, passes: Bool) async throws {
        let keyless = try await KeylessTrial()
        try await keyless.hang(keyless.signature { $0.signer = .identity(.workflow) })
        let found = try await keyless.judged(
            keyless.entry([
                "issuer": "'https://token.actions.example.org'",
                "subject": "'https://github.example.org/acme/api/*'",
                "additionalExtensions": extensions,
            ]))
        #expect(found.result == (passes ? .pass : .fail), "\(found.found)")
        #expect(found.reason == (passes ? nil : .signerMismatch))
    }

    @Test("CVE-2025-29778: a policy with expressions alone refuses a foreign signer")
    func expressionsAlone() async throws {
        let keyless = try await KeylessTrial()
        let stranger = StandInIdentity(
            .email("eve@example.net"), issuer: "https://accounts.example.net")
        try await keyless.hang(keyless.signature { $0.signer = .identity(stranger) })
        let entry = keyless.entry([
            "subject": "", "subjectRegExp": #"'^mira@example\.org$'"#, "issuer": "",
            "issuerRegExp": #"'^https://accounts\.example\.org$'"#,
        ])
        #expect(try await keyless.judged(entry).reason == .issuerMismatch)
        try await keyless.hang(keyless.signature())
        #expect(try await keyless.judged(entry).result == .pass)
    }

    // MARK: What is refused when it is read

    @Test(
        "an entry that does not say enough is malformed, and told what to write",
        arguments: [
            (
                ["subject": "", "issuer": "i", "rekor": "{url: 'https://r'}"],
                "write subject: \"*\""
            ),
            (["issuer": "", "subject": "s", "rekor": "{url: 'https://r'}"], "write issuer: \"*\""),
            (["subject": "s", "issuer": "i"], "rekor or roots"),
            (["subject": "s", "issuer": "i", "rekor": "{ignoreTlog: true}"], "url"),
            (["subject": "s", "issuer": "i", "roots": "r"], "PEM"),
            (["subject": "s", "issuer": "i", "rekor": "{url: u, pubkey: x}"], ""),
            (["subject": "s", "issuer": "i", "rekor": "{url: u}", "ctlog": "{pubkey: x}"], ""),
            (
                ["subject": "s", "issuer": "i", "rekor": "{url: u}", "ctlog": "{tsaCertChain: x}"],
                "PEM"
            ),
            (["subjectRegExp": "'('", "issuer": "i", "rekor": "{url: u}"], ""),
            (
                ["subject": "s", "issuer": "i", "rekor": "{url: u}", "ctlog": "{colour: red}"],
                "colour"
            ),
            (
                [
                    "subject": "s", "issuer": "i", "rekor": "{url: u}",
                    "additionalExtensions": "{a: b}",
                ], "\"a\""
            ),
            (
                [
                    "subject": "s", "issuer": "i", "rekor": "{url: u}",
                    "additionalExtensions": "{githubWorkflowRef: ''}",
                ],
                "write \"*\""
            ),
            (
                [
                    "subject": "s", "issuer": "i", "rekor": "{url: u}",
                    "additionalExtensions": "{1.3.6.1.4.1.57264.1.7: b}",
                ],
                "57264.1.7"
            ),
        ])
    func malformed(fields: [String: String], says: String) async throws {
        let keyless = try await KeylessTrial()
        let failure = try #require(refusal(keyless.policy(KeylessTrial.entry(fields)).text))
        #expect(failure.kind == .malformed, "\(failure)")
        #expect(failure.place?.description.hasPrefix("policy-0.yaml:") == true)
        #expect(says.isEmpty || "\(failure)".contains(says), "\(failure)")
    }

    @Test("patterns that fit more than they seem to are warnings at their line, each once")
    func warnings() async throws {
        let keyless = try await KeylessTrial()
        var policy = PolicyText()
        policy.attestors = [
            "- entries:", "  - keyless:", "      subjectRegExp: github.com/acme",
            "      issuerRegExp: '^https://accounts'", "      rekor: {url: 'https://r'}",
            "  - keyless:", "      subject: '*'", "      issuer: i",
            "      rekor: {url: 'https://r'}",
        ]
        policy.verification.append("attestations: [{type: 'https://slsa.dev/provenance/v1'}]")
        let warnings = try policy.compiled()[0].warnings
        let lines = policy.text.split(separator: "\n")
        func line(_ text: String) -> String {
            "policy-0.yaml:\((lines.firstIndex { $0.contains(text) } ?? 0) + 1):"
        }
        #expect(warnings.count == 3)
        #expect(warnings[0].description.hasPrefix(line("issuerRegExp")))
        #expect(warnings[0].text.contains("does not end with $"))
        #expect(warnings[1].description.hasPrefix(line("subjectRegExp")))
        #expect(warnings[1].text.contains("neither ^ nor $"))
        #expect(warnings[2].description.hasPrefix(line("subject: '*'")))
        #expect(warnings[2].text.contains("any subject"))
        #expect(try keyless.policy(keyless.entry()).compiled()[0].warnings.isEmpty)
    }

    // MARK: How many

    @Test("two of two identities must both sign; each counts once, whatever pattern it fits")
    func counts() async throws {
        let keyless = try await KeylessTrial()
        let workflow = keyless.entry([
            "issuer": "'https://token.actions.example.org'", "subject": "'https://*/release.yml@*'",
        ])
        let (person, anybody) = (keyless.entry(), keyless.entry(["subject": "'*@example.org'"]))
        try await keyless.hang(keyless.signature())
        let both = keyless.policy(person, workflow, count: 2)
        #expect(try await keyless.judged(both).reason == .issuerMismatch)
        #expect(
            try await keyless.judged(keyless.policy(person, workflow, count: 1)).result == .pass)
        let twice = try await keyless.judged(keyless.policy(person, anybody, count: 2))
        #expect(twice.result == .fail)
        #expect(twice.found.contains("1 different signers"), "\(twice.found)")
        try await keyless.hang(keyless.signature { $0.signer = .identity(.workflow) })
        #expect(try await keyless.judged(both).result == .pass)
        #expect(
            try await keyless.judged(keyless.policy(person, anybody, count: 2)).result == .fail)
        let colleague = StandInIdentity(
            .email("ada@example.org"), issuer: "https://accounts.example.org")
        try await keyless.hang(keyless.signature { $0.signer = .identity(colleague) })
        #expect(
            try await keyless.judged(keyless.policy(person, anybody, count: 2)).result == .pass)
    }

    @Test("one identity vouched for by two issuers is two signers, and a count beyond is refused")
    func issuersTellApart() async throws {
        let keyless = try await KeylessTrial()
        let other = StandInIdentity(
            .email("mira@example.org"), issuer: "https://login.example.com")
        let elsewhere = keyless.entry(["issuer": "'https://login.example.com'"])
        try await keyless.hang(keyless.signature())
        try await keyless.hang(keyless.signature { $0.signer = .identity(other) })
        #expect(
            try await keyless.judged(keyless.policy(keyless.entry(), elsewhere, count: 2)).result
                == .pass)
        for entries in [[keyless.entry()], [keyless.entry(), keyless.entry()]] {
            var policy = PolicyText()
            policy.attestors = ["- {count: 2, entries: [\(entries.joined(separator: ", "))]}"]
            #expect(refusal(policy.text)?.kind == .malformed)
        }
    }

    @Test("keys and identities stand in one set, and in nested ones")
    func mixed() async throws {
        let keyless = try await KeylessTrial()
        let (person, key) = (keyless.entry(), keyless.keyEntry())
        try await keyless.hang(keyless.signature())
        #expect(try await keyless.judged(keyless.policy(key, person, count: 1)).result == .pass)
        #expect(
            try await keyless.judged(keyless.policy(key, person)).reason == .signerMismatch)
        let nested =
            "{attestor: {count: 1, entries: [\(keyless.entry(["subject": "eve"])), \(person)]}}"
        #expect(try await keyless.judged(nested).result == .pass)
        #expect(
            try await keyless.judged(keyless.policy(nested, person, count: 2)).result == .fail)
        try await keyless.trial.sign(keyless.image)
        #expect(try await keyless.judged(keyless.policy(key, person)).result == .pass)
        #expect(try await keyless.judged(keyless.policy(nested, key, count: 2)).result == .pass)
    }

    // MARK: Attestations

    @Test("a provenance by an identity is held to its conditions")
    func attestations() async throws {
        let keyless = try await KeylessTrial()
        let policy = keyless.provenancePolicy(keyless.entry())
        try await keyless.hang(keyless.signature())
        #expect(try await keyless.judged(policy).reason == .attestationMissing)
        try await keyless.hang(try keyless.attestation())
        let good = try await keyless.judged(policy)
        #expect(good.result == .pass, "\(good.found)")
        try await keyless.hang(try keyless.attestation(["builder": ["id": "laptop"]]))
        #expect(try await keyless.judged(policy).reason == .attestationPolicyFailed)
        let stranger = try await keyless.judged(
            keyless.provenancePolicy(keyless.entry(["subject": "eve@example.org"])))
        #expect(stranger.reason == .signerMismatch)
    }

    @Test("CVE-2022-35930: an attestation of another type by the right identity is none")
    func otherType() async throws {
        let keyless = try await KeylessTrial()
        try await keyless.hang(
            try keyless.attestation(of: "https://cosign.sigstore.dev/attestation/vuln/v1"))
        let found = try await keyless.judged(keyless.provenancePolicy(keyless.entry()))
        #expect(found.result == .fail)
        #expect(found.reason == .attestationMissing)
        #expect(try await keyless.judged(keyless.entry()).reason == .unsigned)
    }

    @Test("an attestation needs its certificate in a certificate log too, other than in Kyverno")
    func attestationTransparency() async throws {
        let keyless = try await KeylessTrial()
        try await keyless.hang(try keyless.attestation { $0.faults = [.transparencyMissing] })
        let strict = keyless.provenancePolicy(keyless.entry())
        #expect(try await keyless.judged(strict).reason == .notInLog)
        let free = keyless.provenancePolicy(keyless.entry(["ctlog": "{ignoreSCT: true}"]))
        #expect(try await keyless.judged(free).result == .pass)
    }

    // MARK: About what

    @Test("CVE-2022-47633: a tag that meant a signed digest and means another is refused")
    func otherDigest() async throws {
        let keyless = try await KeylessTrial()
        try await keyless.hang(keyless.signature())
        let moved = try await keyless.trial.image("moved")
        let evidence = try await keyless.trial.evidence(about: keyless.image.digest)
        let pasted = Evidence(subject: moved.digest, candidates: evidence.candidates)
        for found in [evidence, pasted] {
            let facts = ImageFacts(resolution: .resolved(moved), evidence: .looked(found))
            let verdict = try decision(
                on: keyless.trial.written, by: try keyless.policy(keyless.entry()).compiled(),
                facts, trust: keyless.root)
            #expect(verdict.result == .fail)
            #expect(verdict.reason == .subjectMismatch)
        }
    }

    // MARK: The way out

    @Test("an identity has no key file: the remedy signs where CI builds, as the one expected")
    func fixes() async throws {
        let keyless = try await KeylessTrial()
        let name = "\(keyless.trial.repository)@\(keyless.image.digest)"
        let unsigned = try await keyless.judged(keyless.entry())
        #expect(unsigned.reason == .unsigned)
        #expect(unsigned.remediation?.steps == [.command(["assay", "sign", name])])
        #expect(
            unsigned.remediation?.summary.contains(
                "as mira@example.org from https://accounts.example.org") == true)
        try await keyless.hang(
            keyless.signature { $0.signer = .identity(.workflow) })
        let mismatch = try await keyless.judged(keyless.entry())
        #expect(mismatch.reason == .issuerMismatch)
        #expect(mismatch.remediation?.steps == [.command(["assay", "sign", name])])
        let missing = try await keyless.judged(keyless.provenancePolicy(keyless.entry()))
        #expect(
            missing.remediation?.steps.map(\.description) == [
                "assay attest --type slsaprovenance1 --predicate predicate.json \(name)"
            ])
        let mixed = try await keyless.judged(
            keyless.policy(keyless.entry(), keyless.keyEntry()))
        #expect(
            mixed.remediation?.steps == [
                .command(["assay", "sign", name]),
                .command(["assay", "sign", "--key", "cosign.key", name]),
            ])
    }
}
