// SPDX-License-Identifier: Apache-2.0
// Rules about reading one certificate: its shape, its key, its names and its claims.

import Crypto
import CryptoExtras
import Keys
import Primitives
import Signing
import SwiftASN1
import TestSupport
import Testing
import X509

@Suite("certificates as documents")
struct CertificateReadingTests {
    @Test("what a certificate says is read")
    func facts() throws {
        let root = try CertificateRecipe.root().minted()
        let leaf = try CertificateRecipe.leaf().minted(by: root).certificate
        #expect(leaf.subjectAlternativeNames == [.email("dev@example.com")])
        #expect(!leaf.isAuthority)
        #expect(!leaf.isSelfIssued)
        #expect(root.certificate.isAuthority)
        #expect(root.certificate.isSelfIssued)
        #expect(leaf.isIssued(by: root.certificate))
        #expect(!root.certificate.isIssued(by: leaf))
        #expect(leaf.validity.start.seconds == MintedCertificate.beforeTime)
        #expect(leaf.validity.end?.seconds == MintedCertificate.afterTime)
        #expect(leaf.fingerprint == Primitives.Digest(of: leaf.derBytes, by: .sha256))
        #expect(leaf.serialNumber == [17])
        #expect(leaf.issuerName == root.certificate.subjectName)
        #expect(root.certificate.subjectText.contains("root"))
    }

    @Test("a certificate survives PEM, and text around it does not matter")
    func pem() throws {
        let leaf = try CertificateRecipe.leaf().minted().certificate
        #expect(try Certificate(pem: leaf.pem) == leaf)
        let root = try CertificateRecipe.root().minted().certificate
        let text = "leaf:\n\(leaf.pem)\nroot:\n\(root.pem)\n"
        #expect(try Certificate.list(pem: text) == [leaf, root])
    }

    @Test("CVE-2026-44310: PEM text with no, several, other or too many certificates is a failure")
    func badPEM() async throws {
        let leaf = try CertificateRecipe.leaf().minted().certificate
        await expectFailure(.malformed, "no PEM block") { _ = try Certificate(pem: "") }
        await expectFailure(.malformed, "there are 2 certificates") {
            _ = try Certificate(pem: leaf.pem + leaf.pem)
        }
        await expectFailure(.malformed, "not a CERTIFICATE") {
            _ = try Certificate(pem: leaf.publicKey.pem)
        }
        await expectFailure(.overLimit, "the limit is \(Limits.certificatesPerChain)") {
            _ = try Certificate.list(
                pem: String(repeating: leaf.pem, count: Limits.certificatesPerChain + 1))
        }
        await expectFailure(.overLimit, "bytes") {
            _ = try Certificate.list(pem: String(repeating: " ", count: 4 << 20))
        }
    }

    @Test("a certificate over the limit of bytes is not parsed")
    func size() {
        expectUnreadableCertificate(
            .overLimit, "the limit is \(Limits.certificateBytes)",
            [UInt8](repeating: 0x30, count: Limits.certificateBytes + 1))
    }

    @Test("a byte after the certificate is refused")
    func trailingByte() throws {
        expectUnreadableCertificate(
            .malformed, "not one DER value", try CertificateRecipe.leaf().bytes() + [0])
    }

    @Test("an empty certificate is refused")
    func empty() { expectUnreadableCertificate(.malformed, "not one DER value", []) }

    @Test("a certificate of version 1 is refused, whoever made it")
    func versionOne() throws {
        expectUnreadableCertificate(
            .unsupported, "version 3",
            try CertificateRecipe.root().but {
                $0.version = .v1; $0.extensions = []
            }.bytes())
    }

    @Test("two names for the signature algorithm are refused")
    func twoAlgorithms() throws {
        // ecdsa-with-SHA256 outside becomes ecdsa-with-SHA384; inside it stays.
        var bytes = try CertificateRecipe.leaf().bytes()
        let identifier: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02]
        let place = try #require(bytes.indices.last { bytes[$0...].starts(with: identifier) })
        bytes[place + identifier.count - 1] = 0x03
        expectUnreadableCertificate(.malformed, "two signature algorithms", bytes)
    }

    @Test("a signature with unused bits is refused: it would be a second encoding")
    func unusedBits() throws {
        // A minted signature may end in ones, which no library takes for unused bits; an RSA
        // signature can be given two zero bits at its end, for reading does not check it.
        let key = X509.Certificate.PrivateKey(try _RSA.Signing.PrivateKey(keySize: .bits2048))
        var bytes = try CertificateRecipe.root().but { $0.key = key }.bytes()
        bytes[bytes.count - 1] &= 0xFC
        #expect(try Certificate(derBytes: bytes).isAuthority)
        bytes[bytes.count - 257] = 2
        expectUnreadableCertificate(.malformed, "whole bytes", bytes)
    }

    @Test("an extension twice is refused: two readers could take two values")
    func duplicateExtension() throws {
        var claimed = try CertificateRecipe.leaf()
        claimed.extensions += [
            .claim(8, "https://good.example"), .claim(9, "https://evil.example"),
        ]
        var bytes = try claimed.bytes()
        let ninth: [UInt8] = [0x83, 0xBF, 0x30, 0x01, 0x09]
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: ninth) })
        bytes[place + 4] = 0x08
        expectUnreadableCertificate(.malformed, "an extension occurs twice", bytes)
    }

    @Test("more extensions than the limit are refused before they are read")
    func manyExtensions() throws {
        let many = (0...Limits.extensionsPerCertificate).map {
            X509.Certificate.Extension.raw([1, 2, 3, UInt($0)], [])
        }
        // The library would refuse to mint it; one list is spliced together by hand.
        let node = try splicedExtensions(many, into: try CertificateRecipe.leaf().bytes())
        expectUnreadableCertificate(.overLimit, "extensions", node)
    }

    @Test("more names than the limit are refused before they are read")
    func manyNames() throws {
        var recipe = try CertificateRecipe.leaf()
        let names = (0...Limits.namesPerCertificate).map { GeneralName.dnsName("a\($0)") }
        recipe.extensions[2] = .names(names)
        expectUnreadableCertificate(.overLimit, "names", try recipe.bytes())
    }

    @Test("an empty list of names is refused")
    func noNames() throws {
        var recipe = try CertificateRecipe.leaf()
        recipe.extensions[2] = .names([])
        expectUnreadableCertificate(.malformed, "no name", try recipe.bytes())
    }

    @Test(
        "a name with control characters, or without any character, is refused",
        arguments: ["dev@example.com\u{0}.evil.example", "", "dev\n@example.com"])
    func controlCharacters(_ name: String) throws {
        var recipe = try CertificateRecipe.leaf()
        recipe.extensions[2] = .names([.rfc822Name(name)])
        expectUnreadableCertificate(.malformed, "control characters", try recipe.bytes())
    }

    static let names: [(GeneralName, SubjectAlternativeName)] = [
        (.rfc822Name("dev@example.com"), .email("dev@example.com")),
        (.uniformResourceIdentifier("https://example.com/a"), .uri("https://example.com/a")),
        (.dnsName("example.com"), .dns("example.com")),
        (userName([0x0C, 0x03, 0x64, 0x65, 0x76]), .otherName("dev")),
        (.ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])), .other("an IP address")),
        (.otherName(.init(typeID: [1, 2, 3], value: nil)), .other("another name")),
    ]

    @Test("every kind of name keeps its kind", arguments: names)
    func nameKinds(_ name: GeneralName, _ expected: SubjectAlternativeName) throws {
        var recipe = try CertificateRecipe.leaf()
        recipe.extensions[2] = .names([name])
        #expect(try recipe.minted().certificate.subjectAlternativeNames == [expected])
    }

    @Test("a user name that is not a UTF8String is refused")
    func userNameOfAnotherType() throws {
        var recipe = try CertificateRecipe.leaf()
        recipe.extensions[2] = .names([userName([0x04, 0x03, 0x64, 0x65, 0x76])])
        expectUnreadableCertificate(.malformed, "UTF8String", try recipe.bytes())
        recipe.extensions[2] = .names([userName([0x0C, 0x01, 0xFF])])
        expectUnreadableCertificate(.malformed, "UTF8String", try recipe.bytes())
    }

    static let keys: [@Sendable () throws -> X509.Certificate.PrivateKey] = [
        { .init(P256.Signing.PrivateKey()) }, { .init(P384.Signing.PrivateKey()) },
        { .init(P521.Signing.PrivateKey()) }, { .init(Curve25519.Signing.PrivateKey()) },
        { .init(try _RSA.Signing.PrivateKey(keySize: .bits2048)) },
    ]

    static let algorithms: [(Int, X509.Certificate.SignatureAlgorithm)] = [
        (0, .ecdsaWithSHA256), (0, .ecdsaWithSHA384), (0, .ecdsaWithSHA512),
        (1, .ecdsaWithSHA256), (1, .ecdsaWithSHA384), (1, .ecdsaWithSHA512),
        (2, .ecdsaWithSHA256), (2, .ecdsaWithSHA384), (2, .ecdsaWithSHA512), (3, .ed25519),
        (4, .sha256WithRSAEncryption), (4, .sha384WithRSAEncryption),
        (4, .sha512WithRSAEncryption),
    ]

    @Test("every algorithm of the plan signs certificates", arguments: algorithms)
    func algorithm(_ key: Int, _ algorithm: X509.Certificate.SignatureAlgorithm) throws {
        let (issuerKey, otherKey) = (try Self.keys[key](), try Self.keys[key]())
        let root = try CertificateRecipe.root().but { $0.key = issuerKey }.minted()
        let leaf = try CertificateRecipe.leaf().but { $0.algorithm = algorithm }.minted(by: root)
        #expect(leaf.certificate.isIssued(by: root.certificate))
        let other = try CertificateRecipe.root().but { $0.key = otherKey }.minted()
        #expect(!leaf.certificate.isIssued(by: other.certificate))
    }

    @Test("a key signs under its own name only")
    func nameMatters() throws {
        let root = try CertificateRecipe.root().minted()
        let renamed = try CertificateRecipe.root("other").but { $0.key = root.key }.minted()
        let leaf = try CertificateRecipe.leaf().minted(by: root).certificate
        #expect(leaf.isIssued(by: root.certificate))
        #expect(!leaf.isIssued(by: renamed.certificate))
    }

    @Test("CVE-2026-44309: signatures are checked over the bytes received, not over a new encoding")
    func receivedBytes() throws {
        // The UTF8String of the issuer's name becomes a PrintableString: another encoding of what
        // reads the same.
        let root = try CertificateRecipe.root("anchor").minted()
        let intermediate = try CertificateRecipe.intermediate().minted(by: root)
        var bytes = intermediate.certificate.derBytes
        let name = [0x0C, 0x06] + Array("anchor".utf8)
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
        bytes[place] = 0x13
        let respelled = try Certificate(derBytes: bytes)
        #expect(respelled.issuerText == intermediate.certificate.issuerText)
        #expect(!respelled.isIssued(by: root.certificate))
    }

    private static func userName(_ value: [UInt8]) -> GeneralName {
        let node = try? DER.parse(value)
        return .otherName(
            .init(
                typeID: [1, 3, 6, 1, 4, 1, 57264, 1, 7],
                value: node.map { ASN1Any(derEncoded: $0) }))
    }

    private func userName(_ value: [UInt8]) -> GeneralName { Self.userName(value) }
}

/// The certificate with other extensions; its signature no longer fits, which reading ignores.
func splicedExtensions(_ extensions: [X509.Certificate.Extension], into bytes: [UInt8]) throws
    -> [UInt8]
{
    func children(_ node: ASN1Node) -> [ASN1Node] {
        guard case .constructed(let nodes) = node.content else { return [] }
        return Array(nodes)
    }
    let parts = children(try DER.parse(bytes))
    let tbsCertificate = children(try #require(parts.first))
    var serializer = DER.Serializer()
    try serializer.appendConstructedNode(identifier: .sequence) { certificate throws in
        try certificate.appendConstructedNode(identifier: .sequence) { tbs throws in
            for field in tbsCertificate.dropLast() { tbs.serialize(field) }
            try tbs.serialize(explicitlyTaggedWithTagNumber: 3, tagClass: .contextSpecific) {
                try $0.serializeSequenceOf(extensions)
            }
        }
        for part in parts.dropFirst() { certificate.serialize(part) }
    }
    return serializer.serializedBytes
}
