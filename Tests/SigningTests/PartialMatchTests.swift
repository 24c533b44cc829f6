// SPDX-License-Identifier: Apache-2.0
// Expressions that match a part of a text: cosign accepts them, Assay says what to add.

import Primitives
import Signing
import StandIns
import TestSupport
import Testing

@Suite("expressions that match a part")
struct PartialMatchTests {
    @Test(
        "only an expression whose unanchored form matches is a partial match",
        arguments: [
            ("https://github.com/acme", true), ("acme", true), ("a|acme", true),
            ("^https://github.com/acme/", true), (".*", false), (".*acme.*", false),
            ("evil", false), ("^acme", false), ("https://github\\.com/acme/app", false),
        ])
    func partial(expression: String, expected: Bool) throws {
        let pattern = try IdentityPattern.wholeExpression(expression)
        #expect(pattern.matchesPart(of: "https://github.com/acme/app") == expected)
    }

    @Test("exact texts and expressions of policies are no partial matches")
    func others() throws {
        #expect(!IdentityPattern.exact("acme").matchesPart(of: "acme/app"))
        #expect(try !IdentityPattern.importedExpression("^acme$").matchesPart(of: "acme/app"))
    }

    @Test(
        "a refusal says what to add, for the subject and for the issuer",
        arguments: [
            ("mira", ".*", true), (".*", "accounts", true), ("mira", "accounts", true),
            ("eve", ".*", false), (".*mira.*", "elsewhere", false),
        ])
    func refusal(subject: String, issuer: String, isHinted: Bool) throws {
        let attempt = try Attempt.byPerson(.artifact(StandIn.artifact)) { _ in }
        let root = try TrustedRoot(parsing: attempt.instance.trustedRoot().compactBytes)
        let made = try attempt.instance.make(attempt.recipe)
        let identity = CertificateIdentity(
            subjects: [try .wholeExpression(subject)], issuers: [try .wholeExpression(issuer)])
        let verifier = try SignatureVerifier(
            requirements: .sigstore(.certificates([identity])), root: root)
        let finding = verifier.verify(
            try SignatureBundle(parsing: made.bytes),
            about: SignedArtifact(content: StandIn.artifact), type: nil)
        let why = try #require(finding.problem?.why)
        #expect(why.contains("Assay matches the whole text; add .*") == isHinted, "\(why)")
    }
}
