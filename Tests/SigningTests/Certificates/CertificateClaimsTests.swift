// SPDX-License-Identifier: Apache-2.0
// Rules about Fulcio's claims.

import Primitives
import Signing
import SwiftASN1
import Testing
import X509

@Suite("claims in certificates")
struct CertificateClaimsTests {
    private func claims(_ extensions: [X509.Certificate.Extension]) throws -> CertificateClaims {
        try CertificateRecipe.leaf().but { $0.extensions += extensions }.minted()
            .certificate.claims
    }

    @Test("every claim from .1 to .24 is read, listed in order and once")
    func all() throws {
        let numbers = CertificateClaim.allCases.map(\.rawValue)
        #expect(numbers == [1, 2, 3, 4, 5, 6] + Array(8...24))
        let claims = try claims(numbers.map { .claim(UInt($0), "value \($0)") })
        #expect(claims.issuer == "value 8")
        #expect(claims.githubWorkflowRepository == "value 5")
        #expect(claims.sourceRepositoryURI == "value 12")
        #expect(claims.deploymentEnvironment == "value 23")
        #expect(claims.tokenSubject == "value 24")
        #expect(
            claims.all.map(\.name) == [
                "githubWorkflowTrigger", "githubWorkflowSha", "githubWorkflowName",
                "githubWorkflowRepository", "githubWorkflowRef", "issuer", "buildSignerURI",
                "buildSignerDigest", "runnerEnvironment", "sourceRepositoryURI",
                "sourceRepositoryDigest", "sourceRepositoryRef", "sourceRepositoryIdentifier",
                "sourceRepositoryOwnerURI", "sourceRepositoryOwnerIdentifier", "buildConfigURI",
                "buildConfigDigest", "buildTrigger", "runInvocationURI",
                "sourceRepositoryVisibility", "deploymentEnvironment", "tokenSubject",
            ])
        #expect(claims.all.map(\.value) == ([2, 3, 4, 5, 6] + Array(8...24)).map { "value \($0)" })
    }

    @Test("the old issuer counts only where the new one is absent")
    func issuers() throws {
        #expect(try claims([.claim(1, "https://old.example")]).issuer == "https://old.example")
        let both = try claims([.claim(1, "https://old.example"), .claim(8, "https://new.example")])
        #expect(both.issuer == "https://new.example")
        #expect(both.all.map(\.name) == ["issuer"])
    }

    @Test("a certificate of another authority has no claims")
    func none() throws {
        let claims = try claims([])
        #expect(claims.isEmpty)
        #expect(claims.issuer == nil)
        #expect(claims.all.isEmpty)
    }

    @Test(
        "a newer claim that is not exactly one UTF8String is refused",
        arguments: [
            [0x0C, 0x01, 0x61, 0x00], [0x61], [], [0x13, 0x01, 0x61], [0x0C, 0x02, 0x61],
            [0x0C, 0x01, 0xFF], [0x0C, 0x81, 0x01, 0x61],
        ] as [[UInt8]])
    func notOneString(_ value: [UInt8]) throws {
        let recipe = try CertificateRecipe.leaf().but {
            $0.extensions.append(.raw([1, 3, 6, 1, 4, 1, 57264, 1, 8], value))
        }
        expectUnreadableCertificate(.malformed, "UTF", try recipe.bytes())
    }

    @Test("an older claim is raw text, and text only")
    func rawText() throws {
        #expect(try claims([.claim(4, "Ünit tests")]).githubWorkflowName == "Ünit tests")
        let recipe = try CertificateRecipe.leaf().but {
            $0.extensions.append(.raw([1, 3, 6, 1, 4, 1, 57264, 1, 4], [0xC3, 0x28]))
        }
        expectUnreadableCertificate(.malformed, "UTF-8", try recipe.bytes())
    }

    @Test("identifiers beside the claims are not claims", arguments: [0, 7, 25, 1 << 40] as [UInt])
    func otherNumbers(_ number: UInt) throws {
        let other = X509.Certificate.Extension.raw(
            [1, 3, 6, 1, 4, 1, 57264, 1, number], [0x05, 0])
        #expect(try claims([other]).isEmpty)
    }
}
