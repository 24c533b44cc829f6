// SPDX-License-Identifier: Apache-2.0
// Rules about authorities that may give some names only.

import Primitives
import Signing
import SwiftASN1
import Testing
import X509

@Suite("name constraints")
struct NameRestrictionTests {
    private func judge(
        _ constraints: X509.Certificate.Extension, names: [GeneralName], subject: String? = nil
    ) throws -> CertificatePath {
        let root = try CertificateRecipe.root().but { $0.extensions.append(constraints) }.minted()
        let leaf = try CertificateRecipe.leaf().but {
            $0.name = subject
            $0.extensions[2] = .names(names)
        }.minted(by: root)
        return try CertificateChains.path(
            from: leaf.certificate, helpedBy: [], to: [try mintedAuthority([root])],
            at: MintedCertificate.time, for: .codeSigning)
    }

    static let within: [(GeneralName, GeneralName)] = [
        (.rfc822Name("example.com"), .rfc822Name("dev@example.com")),
        (.rfc822Name("example.com"), .rfc822Name("dev@EXAMPLE.com")),
        (.rfc822Name("dev@example.com"), .rfc822Name("dev@Example.com")),
        (.rfc822Name(".example.com"), .rfc822Name("dev@mail.example.com")),
        (.dnsName("example.com"), .dnsName("a.b.example.com")),
        (.dnsName("example.com"), .dnsName("example.com")),
        (.dnsName(""), .dnsName("example.com")),
        (
            .uniformResourceIdentifier("example.com"),
            .uniformResourceIdentifier("https://example.com/a")
        ),
        (
            .uniformResourceIdentifier(".example.com"),
            .uniformResourceIdentifier("https://a.example.com:8443/")
        ),
        // Spec: RFC 5280 §4.2.1.10: a kind of name that nothing constrains is free.
        (.dnsName("example.com"), .rfc822Name("dev@evil.example")),
    ]

    static let outside: [(GeneralName, GeneralName)] = [
        (.rfc822Name("example.com"), .rfc822Name("dev@evil.example")),
        (.rfc822Name("example.com"), .rfc822Name("dev@mail.example.com")),
        (.rfc822Name("example.com"), .rfc822Name("dev@evil.example@example.com")),
        (.rfc822Name("example.com"), .rfc822Name("example.com")),
        (.rfc822Name("dev@example.com"), .rfc822Name("ops@example.com")),
        (.rfc822Name(".example.com"), .rfc822Name("dev@example.com")),
        (.dnsName("example.com"), .dnsName("notexample.com")),
        (.dnsName("example.com"), .dnsName("example.com.")),
        (.dnsName("example.com"), .dnsName("*.example.com")),
        (
            .uniformResourceIdentifier("example.com"),
            .uniformResourceIdentifier("https://a.example.com/")
        ),
        (
            .uniformResourceIdentifier("example.com"),
            .uniformResourceIdentifier("https://example.com@evil.example/")
        ),
        (
            .uniformResourceIdentifier("example.com"),
            .uniformResourceIdentifier("https://evil.example/#https://example.com")
        ),
        (
            .uniformResourceIdentifier("example.com"),
            .uniformResourceIdentifier("https://evil.example\\example.com")
        ),
        (.uniformResourceIdentifier("example.com"), .uniformResourceIdentifier("urn:example.com")),
        (.uniformResourceIdentifier("127.0.0.1"), .uniformResourceIdentifier("https://127.0.0.1/")),
        (
            .ipAddress(ASN1OctetString(contentBytes: [10, 0, 0, 0, 255, 0, 0, 0])),
            .ipAddress(ASN1OctetString(contentBytes: [10, 0, 0, 1]))
        ),
    ]

    @Test("a name within the permitted ones is accepted", arguments: within)
    func permitted(_ base: GeneralName, _ name: GeneralName) throws {
        #expect(try judge(.constraints(permitted: [base]), names: [name]).certificates.count == 2)
    }

    @Test("a name outside the permitted ones, or not comparable, is refused", arguments: outside)
    func notPermitted(_ base: GeneralName, _ name: GeneralName) throws {
        expectRefusal(.certificatePurpose, "constrains names") {
            try judge(.constraints(permitted: [base]), names: [name])
        }
    }

    @Test("one name outside is enough to refuse")
    func oneOutside() throws {
        expectRefusal(.certificatePurpose, "not among those permitted") {
            try judge(
                .constraints(permitted: [.rfc822Name("example.com")]),
                names: [.rfc822Name("dev@example.com"), .rfc822Name("dev@evil.example")])
        }
    }

    @Test("an excluded name is refused even where it is permitted, in any case")
    func excluded() throws {
        let constraints = X509.Certificate.Extension.constraints(
            permitted: [.rfc822Name("example.com")], excluded: [.rfc822Name("ceo@example.com")])
        #expect(
            try judge(constraints, names: [.rfc822Name("dev@example.com")]).certificates.count == 2)
        for name in ["ceo@example.com", "CEO@Example.com"] {
            expectRefusal(.certificatePurpose, "is excluded") {
                try judge(constraints, names: [.rfc822Name(name)])
            }
        }
    }

    @Test("directory names are permitted by their beginning")
    func directory() throws {
        let base = try GeneralName.directoryName(commonName("dev"))
        let constraints = X509.Certificate.Extension.constraints(permitted: [base])
        let mail = [GeneralName.rfc822Name("dev@example.com")]
        #expect(try judge(constraints, names: mail, subject: "dev").certificates.count == 2)
        #expect(try judge(constraints, names: mail).certificates.count == 2)
        expectRefusal(.certificatePurpose, "not among those permitted") {
            try judge(constraints, names: mail, subject: "ops")
        }
    }

    @Test("an excluded directory name refuses every subject: folding is not processed")
    func excludedDirectory() throws {
        let base = try GeneralName.directoryName(commonName("dev"))
        expectRefusal(.certificatePurpose, "not processed") {
            try judge(
                .constraints(excluded: [base]), names: [.rfc822Name("a@example.com")],
                subject: "DEV")
        }
    }

    @Test("a mail address in the subject is refused where mail addresses are constrained")
    func mailInSubject() throws {
        let root = try CertificateRecipe.root().but {
            $0.extensions.append(.constraints(permitted: [.rfc822Name("example.com")]))
        }.minted()
        let name = try DistinguishedName { EmailAddress("dev@evil.example") }
        let key = root.key
        let parsed = try X509.Certificate(
            version: .v3, serialNumber: .init(1), publicKey: key.publicKey,
            notValidBefore: root.parsed.notValidBefore, notValidAfter: root.parsed.notValidAfter,
            issuer: root.parsed.subject, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: X509.Certificate.Extensions(try CertificateRecipe.leaf().extensions),
            issuerPrivateKey: key)
        expectRefusal(.certificatePurpose, "its subject holds a mail address") {
            try CertificateChains.path(
                from: try Certificate(derBytes: try parsed.derBytes), helpedBy: [],
                to: [try mintedAuthority([root])], at: MintedCertificate.time, for: .codeSigning)
        }
    }

    @Test(
        "name constraints in another shape are not a certificate",
        arguments: [
            [], [0x30, 0x01], [0x04, 0x00], [0x30, 0x02, 0xA2, 0x00],
            // excluded before permitted; a minimum; no base
            [0x30, 0x04, 0xA1, 0x00, 0xA0, 0x00],
            [0x30, 0x0A, 0xA0, 0x08, 0x30, 0x06, 0x82, 0x01, 0x61, 0x80, 0x01, 0x01],
            [0x30, 0x04, 0xA0, 0x02, 0x30, 0x00],
        ] as [[UInt8]])
    func otherShape(_ value: [UInt8]) throws {
        let constraints = X509.Certificate.Extension.raw(
            .X509ExtensionID.nameConstraints, value, critical: true)
        expectUnreadableCertificate(
            .malformed, "nameConstraints",
            try CertificateRecipe.root().but { $0.extensions.append(constraints) }.bytes())
    }
}

extension X509.Certificate.Extension {
    /// NameConstraints by hand, for every kind of name.
    fileprivate static func constraints(
        permitted: [GeneralName] = [], excluded: [GeneralName] = []
    ) -> X509.Certificate.Extension {
        var serializer = DER.Serializer()
        try? serializer.appendConstructedNode(identifier: .sequence) { list in
            for (tag, names) in [(UInt(0), permitted), (1, excluded)] where !names.isEmpty {
                let identifier = ASN1Identifier(tagWithNumber: tag, tagClass: .contextSpecific)
                try list.appendConstructedNode(identifier: identifier) { subtrees in
                    for name in names {
                        try subtrees.appendConstructedNode(identifier: .sequence) {
                            try $0.serialize(name)
                        }
                    }
                }
            }
        }
        return .raw(
            .X509ExtensionID.nameConstraints, serializer.serializedBytes, critical: true)
    }
}
