// SPDX-License-Identifier: Apache-2.0
// Rules about what each certificate of a chain may be and do.

import Primitives
import Signing
import SwiftASN1
import Testing
import X509

@Suite("rules of certificate paths")
struct PathRulesTests {
    /// A chain of root, intermediate and leaf with changes, judged.
    private func judge(
        root: (inout CertificateRecipe) -> Void = { _ in },
        intermediate: (inout CertificateRecipe) -> Void = { _ in },
        leaf: CertificateRecipe? = nil, for purpose: CertificatePurpose = .codeSigning
    ) throws -> CertificatePath {
        let root = try CertificateRecipe.root().but(root).minted()
        let intermediate = try CertificateRecipe.intermediate().but(intermediate).minted(by: root)
        let leaf = try (try leaf ?? .leaf()).minted(by: intermediate)
        return try CertificateChains.path(
            from: leaf.certificate, helpedBy: [], to: [try mintedAuthority([intermediate, root])],
            at: MintedCertificate.time, for: purpose)
    }

    @Test("a chain by the rules is accepted for both purposes")
    func accepted() throws {
        #expect(try judge().certificates.count == 3)
        #expect(try judge(leaf: .timestamper(), for: .timeStamping).certificates.count == 3)
    }

    // MARK: The leaf

    @Test("a certificate authority's certificate is no signer's")
    func authorityAsLeaf() throws {
        expectRefusal(.certificatePurpose, "authority's, not a signer's") {
            try judge(leaf: try .leaf().but { $0.extensions.append(.authority()) })
        }
    }

    @Test("timestamp-authority #1416: a certificate authority does not stamp time")
    func authorityAsClock() throws {
        expectRefusal(.certificatePurpose, "authority's, not a signer's") {
            try judge(
                leaf: try .timestamper().but { $0.extensions.append(.authority()) },
                for: .timeStamping)
        }
    }

    @Test("a leaf whose key may sign certificates is refused")
    func certificateSigningLeaf() throws {
        expectRefusal(.certificatePurpose) {
            try judge(
                leaf: try .leaf().but {
                    $0.extensions[0] = .usage(KeyUsage(digitalSignature: true, keyCertSign: true))
                })
        }
    }

    @Test("a code signer without key usage is refused")
    func noKeyUsage() throws {
        expectRefusal(.certificatePurpose, "what its key may be used for") {
            try judge(leaf: try .leaf().but { $0.extensions.remove(at: 0) })
        }
    }

    @Test("a code signer's key usage must be critical and hold digitalSignature")
    func keyUsage() throws {
        for usage: X509.Certificate.Extension in [
            .usage(KeyUsage(digitalSignature: true), critical: false),
            .usage(KeyUsage(nonRepudiation: true)),
        ] {
            expectRefusal(.certificatePurpose, "digitalSignature") {
                try judge(leaf: try .leaf().but { $0.extensions[0] = usage })
            }
        }
    }

    static let wrongUses: [[ExtendedKeyUsage.Usage]] = [
        [.serverAuth], [.timeStamping], [.any], [.codeSigning, .serverAuth],
        [.codeSigning, .init(oid: [1, 2, 3])],
    ]

    @Test(
        "a code signer's extended key usage is codeSigning and nothing else", arguments: wrongUses)
    func extendedKeyUsage(_ uses: [ExtendedKeyUsage.Usage]) throws {
        expectRefusal(.certificatePurpose, "codeSigning alone") {
            try judge(leaf: try .leaf().but { $0.extensions[1] = .purposes(uses) })
        }
    }

    @Test("a code signer without extended key usage is refused")
    func noExtendedKeyUsage() throws {
        expectRefusal(.certificatePurpose, "codeSigning alone") {
            try judge(leaf: try .leaf().but { $0.extensions.remove(at: 1) })
        }
    }

    @Test("an empty extended key usage is not a certificate")
    func emptyExtendedKeyUsage() throws {
        expectUnreadableCertificate(
            .malformed, "lists no use",
            try CertificateRecipe.leaf().but { $0.extensions[1] = .purposes([]) }.bytes())
    }

    @Test("timestamp-authority #1389: a clock's extended key usage is critical timeStamping alone")
    func clockUsage() throws {
        for uses: X509.Certificate.Extension in [
            .purposes([.timeStamping]), .purposes([.codeSigning], critical: true),
            .purposes([.timeStamping, .codeSigning], critical: true),
            .purposes([.timeStamping, .init(oid: [1, 2, 3])], critical: true),
            .purposes([.any], critical: true),
        ] {
            expectRefusal(.certificatePurpose, "timeStamping alone") {
                try judge(
                    leaf: try .timestamper().but { $0.extensions[1] = uses }, for: .timeStamping)
            }
        }
    }

    @Test("a clock may leave its key usage out, and may not lack signatures in it")
    func clockKeyUsage() throws {
        let bare = try CertificateRecipe.timestamper().but { $0.extensions.remove(at: 0) }
        #expect(try judge(leaf: bare, for: .timeStamping).certificates.count == 3)
        let committed = try CertificateRecipe.timestamper().but {
            $0.extensions[0] = .usage(KeyUsage(nonRepudiation: true))
        }
        #expect(try judge(leaf: committed, for: .timeStamping).certificates.count == 3)
        let sealed = try CertificateRecipe.timestamper().but {
            $0.extensions[0] = .usage(KeyUsage(keyEncipherment: true))
        }
        expectRefusal(.certificatePurpose, "signatures") {
            try judge(leaf: sealed, for: .timeStamping)
        }
    }

    // MARK: Those above

    @Test("a signer of certificates must say that it is an authority")
    func notAnAuthority() throws {
        expectRefusal(.certificatePurpose, "intermediate 1") {
            try judgeHelped { $0.extensions.remove(at: 0) }
        }
    }

    @Test("an intermediate must say critically that it is an authority")
    func uncriticalAuthority() throws {
        expectRefusal(.certificatePurpose, "intermediate 1") {
            try judge(intermediate: { $0.extensions[0] = .authority(critical: false) })
        }
        #expect(
            try judge(root: { $0.extensions[0] = .authority(critical: false) })
                .certificates.count == 3)
    }

    @Test("a signer's certificate does not sign others")
    func leafAsIssuer() throws {
        let root = try CertificateRecipe.root().minted()
        let middle = try CertificateRecipe.leaf().but { $0.name = "dev" }.minted(by: root)
        let leaf = try CertificateRecipe.leaf().minted(by: middle)
        expectRefusal(.certificatePurpose, "intermediate 1") {
            try CertificateChains.path(
                from: leaf.certificate, helpedBy: [middle.certificate],
                to: [try mintedAuthority([root])], at: MintedCertificate.time, for: .codeSigning)
        }
    }

    @Test("a root that is not an authority is no anchor for others")
    func rootNotAnAuthority() throws {
        expectRefusal(.certificatePurpose, "the root") {
            try judge(root: { $0.extensions.remove(at: 0) })
        }
    }

    @Test("an authority's key usage must hold keyCertSign; only an anchor may leave it out")
    func authorityKeyUsage() throws {
        for usage in [KeyUsage(cRLSign: true), KeyUsage(digitalSignature: true)] {
            expectRefusal(.certificatePurpose, "sign certificates") {
                try judge(intermediate: { $0.extensions[1] = .usage(usage) })
            }
            expectRefusal(.certificatePurpose, "sign certificates") {
                try judge(root: { $0.extensions[1] = .usage(usage) })
            }
        }
        expectRefusal(.certificatePurpose, "sign certificates") {
            try judge(intermediate: { $0.extensions.remove(at: 1) })
        }
        #expect(try judge(root: { $0.extensions.remove(at: 1) }).certificates.count == 3)
    }

    @Test("a path length counts the intermediates below, not the leaf")
    func pathLength() throws {
        #expect(
            try judge(
                root: { $0.extensions[0] = .authority(pathLength: 1) },
                intermediate: { $0.extensions[0] = .authority(pathLength: 0) }
            ).certificates.count == 3)
        expectRefusal(.certificatePurpose, "allows 0 intermediate") {
            try judge(root: { $0.extensions[0] = .authority(pathLength: 0) })
        }
    }

    @Test("an intermediate of path length 0 signs no further intermediate")
    func deepPathLength() throws {
        let root = try CertificateRecipe.root().minted()
        let first = try CertificateRecipe.intermediate("first", pathLength: 0).minted(by: root)
        let second = try CertificateRecipe.intermediate("second").minted(by: first)
        let leaf = try CertificateRecipe.leaf().minted(by: second)
        expectRefusal(.certificatePurpose, "intermediate 2 allows 0") {
            try CertificateChains.path(
                from: leaf.certificate, helpedBy: [second.certificate],
                to: [try mintedAuthority([first, root])], at: MintedCertificate.time,
                for: .codeSigning)
        }
    }

    @Test("a self-issued intermediate does not count towards the path length")
    func selfIssuedPathLength() throws {
        let root = try CertificateRecipe.root().but {
            $0.extensions[0] = .authority(pathLength: 0)
        }.minted()
        let rolled = try CertificateRecipe.root().minted(by: root)
        let leaf = try CertificateRecipe.leaf().minted(by: rolled)
        let path = try CertificateChains.path(
            from: leaf.certificate, helpedBy: [rolled.certificate],
            to: [try mintedAuthority([root])],
            at: MintedCertificate.time, for: .codeSigning)
        #expect(path.certificates.count == 3)
    }

    @Test("an authority's extended key usage bounds what it can give")
    func authorityUses() throws {
        for uses in [[ExtendedKeyUsage.Usage.codeSigning], [.any], [.serverAuth, .codeSigning]] {
            #expect(
                try judge(intermediate: { $0.extensions.append(.purposes(uses)) })
                    .certificates.count == 3)
        }
        expectRefusal(.certificatePurpose, "intermediate 1 does not cover") {
            try judge(intermediate: { $0.extensions.append(.purposes([.timeStamping])) })
        }
        expectRefusal(.certificatePurpose, "the root does not cover") {
            try judge(root: { $0.extensions.append(.purposes([.serverAuth])) })
        }
        expectRefusal(.certificatePurpose, "intermediate 1 does not cover") {
            try judge(
                intermediate: { $0.extensions.append(.purposes([.codeSigning])) },
                leaf: .timestamper(), for: .timeStamping)
        }
    }

    @Test("an unknown critical extension is refused wherever it stands")
    func unknownCritical() throws {
        let unknown = X509.Certificate.Extension.raw([1, 2, 3, 4], [0x05, 0x00], critical: true)
        expectRefusal(.certificatePurpose, "the certificate has the critical extension 1.2.3.4") {
            try judge(leaf: try .leaf().but { $0.extensions.append(unknown) })
        }
        expectRefusal(.certificatePurpose, "intermediate 1 has") {
            try judge(intermediate: { $0.extensions.append(unknown) })
        }
        expectRefusal(.certificatePurpose, "the root has") {
            try judge(root: { $0.extensions.append(unknown) })
        }
        var harmless = unknown
        harmless.critical = false
        #expect(
            try judge(leaf: try .leaf().but { $0.extensions.append(harmless) })
                .certificates.count == 3)
    }

    @Test("critical policy constraints are refused: they are not processed")
    func policyConstraints() throws {
        let constraints = X509.Certificate.Extension.raw(
            [2, 5, 29, 36], [0x30, 0x03, 0x80, 0x01, 0x00], critical: true)
        expectRefusal(.certificatePurpose, "2.5.29.36") {
            try judge(intermediate: { $0.extensions.append(constraints) })
        }
    }

    @Test("a negative path length is not a certificate")
    func negativePathLength() throws {
        let negative = X509.Certificate.Extension.raw(
            .X509ExtensionID.basicConstraints, [0x30, 0x06, 0x01, 0x01, 0xFF, 0x02, 0x01, 0xFF],
            critical: true)
        expectUnreadableCertificate(
            .malformed, "negative",
            try CertificateRecipe.root().but { $0.extensions[0] = negative }.bytes())
    }

    private func judgeHelped(_ change: (inout CertificateRecipe) -> Void) throws
        -> CertificatePath
    {
        let root = try CertificateRecipe.root().minted()
        let intermediate = try CertificateRecipe.intermediate().but(change).minted(by: root)
        let leaf = try CertificateRecipe.leaf().minted(by: intermediate)
        return try CertificateChains.path(
            from: leaf.certificate, helpedBy: [intermediate.certificate],
            to: [try mintedAuthority([root])], at: MintedCertificate.time, for: .codeSigning)
    }
}
