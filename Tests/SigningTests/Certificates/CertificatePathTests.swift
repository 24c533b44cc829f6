// SPDX-License-Identifier: Apache-2.0
// Rules about trust and time: which chains are found, and when they hold.

import Crypto
import Primitives
import Signing
import SwiftASN1
import TestSupport
import Testing
import X509

@Suite("certificate paths")
struct CertificatePathTests {
    let root: MintedCertificate
    let intermediate: MintedCertificate
    let leaf: MintedCertificate
    let time = MintedCertificate.time

    init() throws {
        root = try CertificateRecipe.root().minted()
        intermediate = try CertificateRecipe.intermediate().minted(by: root)
        leaf = try CertificateRecipe.leaf().minted(by: intermediate)
    }

    private func path(
        from leaf: MintedCertificate, helpedBy helpers: [MintedCertificate] = [],
        to authorities: [CertificateAuthority], at time: Timestamp = MintedCertificate.time
    ) throws -> CertificatePath {
        try CertificateChains.path(
            from: leaf.certificate, helpedBy: helpers.map(\.certificate), to: authorities,
            at: time, for: .codeSigning)
    }

    @Test("a chain of a trusted authority is a path, leaf first and anchor last")
    func accepted() throws {
        let authority = try mintedAuthority([intermediate, root])
        let path = try path(from: leaf, to: [authority])
        #expect(path.certificates == [leaf, intermediate, root].map(\.certificate))
        #expect(path.issuer == intermediate.certificate)
        #expect(path.authority == authority)
        #expect(path.time == time)
    }

    @Test("an authority may consist of an anchor that somebody else has signed")
    func intermediateAnchor() throws {
        let path = try path(from: leaf, to: [try mintedAuthority([intermediate])])
        #expect(path.certificates == [leaf.certificate, intermediate.certificate])
    }

    @Test("intermediates of the bundle complete a chain to a trusted root")
    func helped() throws {
        let path = try path(from: leaf, helpedBy: [intermediate], to: [try mintedAuthority([root])])
        #expect(path.certificates.count == 3)
    }

    @Test("without the intermediate there is no path")
    func missingIntermediate() throws {
        expectRefusal(.certificateUntrusted, "no trusted authority") {
            try path(from: leaf, to: [try mintedAuthority([root])])
        }
    }

    @Test("a bundle's own root is never an anchor")
    func embeddedRoot() throws {
        let other = try CertificateRecipe.root("other root").minted()
        expectRefusal(.certificateUntrusted) {
            try path(
                from: leaf, helpedBy: [intermediate, root], to: [try mintedAuthority([other])])
        }
        expectRefusal(.certificateUntrusted) {
            try path(from: leaf, helpedBy: [intermediate, root], to: [])
        }
    }

    @Test("a trusted root that the bundle brings too changes nothing")
    func embeddedTrustedRoot() throws {
        let path = try path(
            from: leaf, helpedBy: [root, intermediate, leaf], to: [try mintedAuthority([root])])
        #expect(path.certificates == [leaf, intermediate, root].map(\.certificate))
    }

    @Test("a root of the same name and another key is not the root")
    func sameNameOtherKey() throws {
        let impostor = try CertificateRecipe.root().minted()
        expectRefusal(.certificateUntrusted) {
            try path(from: leaf, helpedBy: [intermediate], to: [try mintedAuthority([impostor])])
        }
    }

    @Test("a certificate whose signature was changed is not trusted")
    func changedSignature() throws {
        var bytes = leaf.certificate.derBytes
        bytes[bytes.count - 1] ^= 1
        let changed = try Certificate(derBytes: bytes)
        expectRefusal(.certificateUntrusted) {
            try CertificateChains.path(
                from: changed, helpedBy: [], to: [try mintedAuthority([intermediate, root])],
                at: time,
                for: .codeSigning)
        }
    }

    @Test("names chain by their encoding: another spelling of a name is another name")
    func encodedNames() throws {
        let upper = try CertificateRecipe.root("ROOT").but { $0.key = root.key }.minted()
        expectRefusal(.certificateUntrusted) {
            try path(from: leaf, helpedBy: [intermediate], to: [try mintedAuthority([upper])])
        }
    }

    @Test("of two authorities the right one is found, in either order")
    func twoAuthorities() throws {
        let other = try CertificateRecipe.root("other").minted()
        let (first, second) = (
            try mintedAuthority([other]), try mintedAuthority([intermediate, root])
        )
        #expect(try path(from: leaf, to: [first, second]).authority == second)
        #expect(try path(from: leaf, to: [second, first]).authority == second)
    }

    @Test("two authorities of one name are told apart by their signatures")
    func sameSubjectTwice() throws {
        let old = try CertificateRecipe.intermediate().minted(by: root)
        let path = try path(
            from: leaf,
            to: [try mintedAuthority([old, root]), try mintedAuthority([intermediate, root])])
        #expect(path.issuer == intermediate.certificate)
    }

    @Test("a cross-signed intermediate leads to whichever root is trusted")
    func crossSigned() throws {
        let otherRoot = try CertificateRecipe.root("other").minted()
        let crossed = try CertificateRecipe.intermediate().but { $0.key = intermediate.key }
            .minted(by: otherRoot)
        for trusted in [root, otherRoot] {
            let path = try path(
                from: leaf, helpedBy: [intermediate, crossed], to: [try mintedAuthority([trusted])])
            #expect(path.certificates.last == trusted.certificate)
        }
    }

    @Test("a cross-signed path is taken where the first one has ended")
    func crossSignedInTime() throws {
        let otherRoot = try CertificateRecipe.root("other").minted()
        let ended = try CertificateRecipe.intermediate().but {
            $0.key = intermediate.key
            $0.end = $0.start + 10
        }.minted(by: root)
        let crossed = try CertificateRecipe.intermediate().but { $0.key = intermediate.key }
            .minted(by: otherRoot)
        let path = try path(
            from: leaf, helpedBy: [ended, crossed],
            to: [try mintedAuthority([root]), try mintedAuthority([otherRoot])])
        #expect(path.certificates.contains(crossed.certificate))
    }

    @Test("two certificates that signed each other end in no loop")
    func loop() throws {
        let first = try CertificateRecipe.intermediate("first").minted(by: root)
        let second = try CertificateRecipe.intermediate("second").minted(by: first)
        let back = try CertificateRecipe.intermediate("first").but { $0.key = first.key }
            .minted(by: second)
        let leaf = try CertificateRecipe.leaf().minted(by: second)
        let other = try CertificateRecipe.root("other").minted()
        expectRefusal(.certificateUntrusted) {
            try path(from: leaf, helpedBy: [second, back], to: [try mintedAuthority([other])])
        }
    }

    // MARK: Time

    @Test("both ends of a certificate's time are inside it")
    func inclusiveEnds() throws {
        let authorities = [try mintedAuthority([intermediate, root])]
        for seconds in [MintedCertificate.beforeTime, MintedCertificate.afterTime] {
            #expect(
                try path(from: leaf, to: authorities, at: Timestamp(seconds: seconds))
                    .certificates.count == 3)
        }
        for seconds in [MintedCertificate.beforeTime - 1, MintedCertificate.afterTime + 1] {
            expectRefusal(.certificateOutsideValidity, "the certificate is valid from") {
                try path(from: leaf, to: authorities, at: Timestamp(seconds: seconds))
            }
        }
    }

    @Test(
        "CVE-2026-24122: leaf valid, but an intermediate or the root is not at that time",
        arguments: [(true, "intermediate 1"), (false, "the root")])
    func wholeChain(_ intermediateEnds: Bool, _ part: String) throws {
        let root = try CertificateRecipe.root().but {
            if !intermediateEnds { $0.end = $0.start + 10 }
        }.minted()
        let intermediate = try CertificateRecipe.intermediate().but {
            if intermediateEnds { $0.end = $0.start + 10 }
        }.minted(by: root)
        let leaf = try CertificateRecipe.leaf().minted(by: intermediate)
        expectRefusal(.certificateOutsideValidity, part) {
            try path(from: leaf, to: [try mintedAuthority([intermediate, root])])
        }
        expectRefusal(.certificateOutsideValidity, part) {
            try path(from: leaf, helpedBy: [intermediate], to: [try mintedAuthority([root])])
        }
    }

    @Test("CVE-2026-24122: the chain must hold at each trusted time, not only at one")
    func eachTime() throws {
        let chains = try CertificateChains(
            from: leaf.certificate, helpedBy: [], to: [try mintedAuthority([intermediate, root])],
            for: .codeSigning)
        let late = Timestamp(seconds: MintedCertificate.afterTime + 1)
        #expect(try chains.paths(at: [time, time]).count == 2)
        expectRefusal(.certificateOutsideValidity) { try chains.paths(at: [time, late]) }
    }

    @Test("CVE-2026-54787: a time outside the trust root's window for the authority is refused")
    func authorityWindow() throws {
        let window = ValidityPeriod(
            start: Timestamp(seconds: time.seconds - 5), end: Timestamp(seconds: time.seconds + 5))
        let authorities = [try mintedAuthority([intermediate, root], validFor: window)]
        for offset in [-5, 0, 5] {
            let time = Timestamp(seconds: time.seconds + offset)
            #expect(try path(from: leaf, to: authorities, at: time).time == time)
        }
        for offset in [-6, 6] {
            expectRefusal(.certificateOutsideValidity, "its authority is trusted from") {
                try path(
                    from: leaf, to: authorities, at: Timestamp(seconds: time.seconds + offset))
            }
        }
    }

    @Test("a wrong time is told before an untrusted chain, and a wrong purpose before both")
    func mostSpecific() throws {
        let stranger = try mintedAuthority([try CertificateRecipe.root().minted()])
        let late = Timestamp(seconds: MintedCertificate.afterTime + 1)
        expectRefusal(.certificateOutsideValidity) {
            try path(
                from: leaf, helpedBy: [intermediate], to: [stranger, try mintedAuthority([root])],
                at: late)
        }
        let clock = try CertificateRecipe.timestamper().minted(by: intermediate)
        expectRefusal(.certificatePurpose) {
            try path(
                from: clock, helpedBy: [intermediate], to: [stranger, try mintedAuthority([root])])
        }
    }

    // MARK: Anchors that are leaves

    @Test("a self-signed leaf that is the authority's only certificate is trusted as listed")
    func pinnedLeaf() throws {
        let pinned = try CertificateRecipe.leaf().but { $0.name = "pinned" }.minted()
        let path = try path(from: pinned, to: [try mintedAuthority([pinned])])
        #expect(path.certificates == [pinned.certificate])
        #expect(path.issuer == nil)
    }

    @Test("a pinned leaf obeys the rules for leaves and for time")
    func pinnedLeafRules() throws {
        expectRefusal(.certificatePurpose) {
            try path(from: root, to: [try mintedAuthority([root])])
        }
        let pinned = try CertificateRecipe.leaf().but { $0.name = "pinned" }.minted()
        expectRefusal(.certificateOutsideValidity) {
            try path(from: pinned, to: [try mintedAuthority([pinned])], at: Timestamp(seconds: 0))
        }
    }

    @Test("a self-signed leaf that nobody listed is not trusted")
    func selfSignedLeaf() throws {
        let lone = try CertificateRecipe.leaf().but { $0.name = "lone" }.minted()
        expectRefusal(.certificateUntrusted) {
            try path(from: lone, helpedBy: [lone], to: [try mintedAuthority([root])])
        }
    }

    @Test("CVE-2026-39984: where a leaf is listed, another leaf of the same issuer is refused")
    func listedLeafOnly() throws {
        let listed = try CertificateRecipe.timestamper().minted(by: intermediate)
        let other = try CertificateRecipe.timestamper().minted(by: intermediate)
        let authorities = [try mintedAuthority([listed, intermediate, root])]
        let path = try CertificateChains.path(
            from: listed.certificate, helpedBy: [], to: authorities, at: time, for: .timeStamping)
        #expect(path.certificates.count == 3)
        expectRefusal(.certificateUntrusted) {
            try CertificateChains.path(
                from: other.certificate, helpedBy: [intermediate.certificate, root.certificate],
                to: authorities, at: time, for: .timeStamping)
        }
    }

    // MARK: Authorities and budgets

    @Test("an authority whose links do not hold is not made")
    func brokenAuthority() async throws {
        await expectFailure(.malformed, "certificate 2 of its chain") {
            _ = try mintedAuthority([root, intermediate])
        }
        await expectFailure(.malformed, "its chain is empty") { _ = try mintedAuthority([]) }
        await expectFailure(.overLimit, "the limit is \(Limits.certificatesPerChain)") {
            _ = try mintedAuthority(Array(repeating: root, count: Limits.certificatesPerChain + 1))
        }
    }

    @Test("the party of an authority is its operator, else its anchor")
    func party() throws {
        let unnamed = try mintedAuthority([intermediate, root])
        #expect(unnamed.party == "authority \(root.certificate.fingerprint)")
        #expect(unnamed.anchor == root.certificate)
        let named = try CertificateAuthority(
            chain: [root.certificate], validFor: .anyTime, uri: nil, operatorName: "example.com")
        #expect(named.party == "operator example.com")
    }

    @Test("CVE-2024-45395: a bundle with too many certificates is over the limit")
    func manyHelpers() throws {
        let helpers = Array(repeating: intermediate, count: Limits.proofsPerBundle + 1)
        expectRefusal(.overLimit) {
            try path(from: leaf, helpedBy: helpers, to: [try mintedAuthority([root])])
        }
    }

    @Test("certificates of one name and many keys cannot keep the search busy")
    func budget() throws {
        // Each of these is signed by all of the others' keys: the ways through them multiply.
        let keys = (0..<8).map { _ in X509.Certificate.PrivateKey(P256.Signing.PrivateKey()) }
        var helpers: [MintedCertificate] = []
        for index in 0..<Limits.proofsPerBundle {
            let signer = try CertificateRecipe.intermediate("many").but {
                $0.key = keys[(index / 8 + index) % 8]
            }.minted()
            helpers.append(
                try CertificateRecipe.intermediate("many").but {
                    $0.key = keys[index % 8]
                    $0.serial = index
                }.minted(by: signer))
        }
        let leaf = try CertificateRecipe.leaf().minted(by: helpers[0])
        expectRefusal(.overLimit, "signature checks") {
            try path(from: leaf, helpedBy: helpers, to: [try mintedAuthority([root])])
        }
    }

    @Test("certificates that all signed each other cannot keep the search busy")
    func mesh() throws {
        // Eight parties, each certified by each other one: 8! ways, over links that all hold.
        let parties = try (0..<8).map { try CertificateRecipe.intermediate("party \($0)").minted() }
        var helpers: [MintedCertificate] = []
        for (step, issuer) in (1...4).flatMap({ step in parties.indices.map { (step, $0) } }) {
            let subject = parties[(issuer + step) % 8]
            helpers.append(
                try CertificateRecipe.intermediate(subject.name).but { $0.key = subject.key }
                    .minted(by: parties[issuer]))
        }
        let leaf = try CertificateRecipe.leaf().minted(by: parties[0])
        expectRefusal(.overLimit, "signature checks") {
            try path(from: leaf, helpedBy: helpers, to: [try mintedAuthority([root])])
        }
        let entry = try mintedAuthority([parties[0]])
        #expect(try path(from: leaf, helpedBy: helpers, to: [entry]).certificates.count == 2)
    }

    @Test("a budget spent on rubbish does not hide a path that was found first")
    func budgetKeepsFound() throws {
        let crowd = try (0..<Limits.proofsPerBundle).map { index in
            try CertificateRecipe.intermediate().but { $0.serial = index }.minted(by: root)
        }
        let path = try path(
            from: leaf, helpedBy: crowd, to: [try mintedAuthority([intermediate, root])])
        #expect(path.issuer == intermediate.certificate)
    }

    @Test("key identifiers order the tries and decide nothing")
    func wrongHints() throws {
        func marked(_ identifier: KeyIdentifierBytes, _ recipe: CertificateRecipe)
            -> CertificateRecipe
        {
            recipe.but { $0.extensions.append(.raw(identifier.oid, identifier.value)) }
        }
        let root = try marked(.subjectKey(1), .root()).minted()
        let leaf = try marked(.authorityKey(2), .leaf()).minted(by: root)
        #expect(try path(from: leaf, to: [try mintedAuthority([root])]).certificates.count == 2)
    }

    @Test("a path longer than the limit is not followed")
    func longPath() throws {
        var chain = [root]
        for number in 0..<Limits.certificatesPerChain {
            chain.append(
                try CertificateRecipe.intermediate("step \(number)").minted(by: chain[number]))
        }
        let leaf = try CertificateRecipe.leaf().minted(by: chain[Limits.certificatesPerChain])
        expectRefusal(.certificateUntrusted) {
            try path(
                from: leaf, helpedBy: Array(chain.dropFirst()), to: [try mintedAuthority([root])])
        }
        let shorter = try CertificateRecipe.leaf().minted(
            by: chain[Limits.certificatesPerChain - 2])
        #expect(
            try path(
                from: shorter, helpedBy: Array(chain.dropFirst()), to: [try mintedAuthority([root])]
            ).certificates.count == Limits.certificatesPerChain)
    }
}

/// Key identifier extensions with one byte as identifier.
struct KeyIdentifierBytes {
    let oid: ASN1ObjectIdentifier
    let value: [UInt8]

    static func subjectKey(_ byte: UInt8) -> KeyIdentifierBytes {
        KeyIdentifierBytes(oid: .X509ExtensionID.subjectKeyIdentifier, value: [0x04, 0x01, byte])
    }

    static func authorityKey(_ byte: UInt8) -> KeyIdentifierBytes {
        KeyIdentifierBytes(
            oid: .X509ExtensionID.authorityKeyIdentifier, value: [0x30, 0x03, 0x80, 0x01, byte])
    }
}
