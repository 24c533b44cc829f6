// SPDX-License-Identifier: Apache-2.0
// Real certificates of Sigstore instances, from the conformance suite, and what changes do to them.

import Crypto
import Foundation
import Keys
import Primitives
import Signing
import TestSupport
import Testing

@Suite(
    "real certificates",
    .enabled(if: RealBundles.directory != nil, "suites are not beside the project"))
struct RealCertificateTests {
    @Test("the leaf of every bundle leads to its authority and is in a certificate log")
    func verifies() throws {
        var count = 0
        for bundle in try RealBundles.all() {
            guard let path = try RealBundles.path(bundle) else { continue }
            count += 1
            #expect(path.certificates.first == bundle.leaf, "\(bundle.name)")
            if bundle.name == "invalid-ct-key_fail" {
                expectRefusal(.certificateTransparencyInvalid) { try logs(bundle, path) }
            } else {
                #expect(try logs(bundle, path).count == 1, "\(bundle.name)")
            }
        }
        #expect(count >= 50)
    }

    @Test("a leaf is refused after its last second, and before its first")
    func outsideValidity() throws {
        for bundle in try RealBundles.all() where try RealBundles.path(bundle) != nil {
            let end = try #require(bundle.leaf.validity.end)
            for time in [
                Timestamp(seconds: end.seconds + 1),
                Timestamp(seconds: bundle.leaf.validity.start.seconds - 1),
            ] {
                expectRefusal(.certificateOutsideValidity) {
                    try CertificateChains.path(
                        from: bundle.leaf, helpedBy: [], to: bundle.root.authorities, at: time,
                        for: .codeSigning)
                }
            }
        }
    }

    @Test("a leaf that begins after its root has ended is outside validity at every time")
    func afterTheRoot() throws {
        let bundle = try #require(
            try RealBundles.all().first { $0.name == "intoto-expired-certificate_fail" })
        let end = try #require(bundle.leaf.validity.end)
        for time in [bundle.leaf.validity.start, end, Timestamp(seconds: 1_675_209_600)] {
            expectRefusal(.certificateOutsideValidity) {
                try CertificateChains.path(
                    from: bundle.leaf, helpedBy: [], to: bundle.root.authorities, at: time,
                    for: .codeSigning)
            }
        }
    }

    @Test("a bundle of another instance, or with the public root inside, is not trusted by others")
    func otherInstance() throws {
        let bundles = try RealBundles.all()
        let staging = try #require(bundles.first { $0.name == "bundle-from-wrong-instance_fail" })
        expectRefusal(.certificateUntrusted) {
            try CertificateChains.path(
                from: staging.leaf, helpedBy: [], to: staging.root.authorities,
                at: staging.leaf.validity.start, for: .codeSigning)
        }
        let rooted = try #require(bundles.first { $0.name == "bundle-with-root-cert_fail" })
        #expect(rooted.others.count == 2)
        let other = try #require(bundles.first { $0.name == "intoto-with-custom-trust-root" })
        expectRefusal(.certificateUntrusted) {
            try CertificateChains.path(
                from: rooted.leaf, helpedBy: rooted.others, to: other.root.authorities,
                at: rooted.leaf.validity.start, for: .codeSigning)
        }
    }

    @Test("the claims of a real workflow are read")
    func claims() throws {
        let bundle = try #require(try RealBundles.all().first { $0.name == "happy-path-v0.3" })
        let claims = bundle.leaf.claims
        #expect(claims.issuer == "https://token.actions.githubusercontent.com")
        #expect(
            claims.githubWorkflowRepository.map { "https://github.com/" + $0 }
                == claims.sourceRepositoryURI)
        #expect(claims.sourceRepositoryVisibility == "public")
        guard case .uri(let name) = bundle.leaf.subjectAlternativeNames.first else {
            Issue.record("the name is not a URI")
            return
        }
        #expect(name == claims.buildSignerURI)
    }

    @Test("the chains of real timestamp authorities serve their leaf at their time")
    func timestampAuthorities() throws {
        var count = 0
        for bundle in try RealBundles.all() {
            for authority in bundle.root.timestampAuthorities {
                let leaf = authority.chain[0]
                let start = authority.chain.map(\.validity.start).max() ?? leaf.validity.start
                let end = authority.chain.compactMap(\.validity.end).min() ?? start
                guard start <= end else { continue }
                let open = try CertificateAuthority(
                    chain: authority.chain, validFor: .anyTime, uri: nil, operatorName: nil)
                let chains = try CertificateChains(
                    from: leaf, helpedBy: [], to: [open], for: .timeStamping)
                if bundle.name == "invalid-ct-key_fail" {
                    // GitHub's clock of 2023: its extended key usage is not critical.
                    expectRefusal(.certificatePurpose, "not critical") {
                        try chains.path(at: start)
                    }
                } else {
                    #expect(try chains.path(at: start).certificates == authority.chain)
                }
                count += 1
            }
        }
        #expect(count > 20)
    }

    @Test("a changed, cut or lengthened leaf is refused or means the same", arguments: 0..<20)
    func mutation(_ number: Int) throws {
        let bundles = try RealBundles.all().filter { try RealBundles.path($0) != nil }
        let bundle = bundles[number * 7 % bundles.count]
        let time = try #require(try RealBundles.path(bundle)).time
        var generator = SeededGenerator(seed: UInt64(number))
        var read = 0
        for _ in 0..<250 {
            let bytes = mutated(bundle.leaf.derBytes, &generator)
            guard bytes != bundle.leaf.derBytes, let leaf = try? Certificate(derBytes: bytes) else {
                continue
            }
            read += 1
            #expect(throws: VerificationError.self, "\(bundle.name): \(base64Text(bytes))") {
                let path = try CertificateChains.path(
                    from: leaf, helpedBy: bundle.others, to: bundle.root.authorities, at: time,
                    for: .codeSigning)
                Issue.record("accepted: \(path.certificates.count)")
            }
        }
        #expect(read > 0)
    }

    @Test("a changed authority is refused, or signs nothing it did not sign", arguments: 0..<10)
    func mutatedAuthority(_ number: Int) throws {
        let bundle = try #require(
            try RealBundles.all().first { $0.name == "trust-root-tlog-validity-end-inclusive" })
        let path = try #require(try RealBundles.path(bundle))
        let issuer = try #require(path.issuer)
        var generator = SeededGenerator(seed: UInt64(1_000 + number))
        for _ in 0..<200 {
            let bytes = mutated(issuer.derBytes, &generator)
            guard let changed = try? Certificate(derBytes: bytes) else { continue }
            if bundle.leaf.isIssued(by: changed) {
                #expect(changed.publicKey == issuer.publicKey)
                #expect(changed.subjectName == issuer.subjectName)
            }
        }
    }

    private func logs(_ bundle: RealBundle, _ path: CertificatePath) throws -> [TransparencyLog] {
        try CertificateTransparency.verify(
            bundle.leaf, issuer: path.issuer, detached: [], by: bundle.root.certificateLogs,
            threshold: 1)
    }

    /// One change of the kinds that parsers get wrong.
    private func mutated(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var changed = bytes
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: changed.removeLast(bytes.count - place)
        case 1: changed.append(contentsOf: bytes[place...])
        case 2: changed.insert(bytes[place], at: place)
        case 3: changed.remove(at: place)
        case 4: changed[place] = UInt8.random(in: 0...255, using: &generator)
        default: changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        }
        return changed
    }
}

/// One bundle's certificates and the trust root it is checked against.
struct RealBundle {
    let name: String
    let leaf: Signing.Certificate
    let others: [Signing.Certificate]
    let root: RealRoot
}

/// What these tests need of a trust root.
struct RealRoot {
    let authorities: [CertificateAuthority]
    let certificateLogs: [TransparencyLog]
    let timestampAuthorities: [CertificateAuthority]
}

enum RealBundles {
    static let directory = SharedSuites.sigstore

    /// Every bundle with a certificate; those without a trust root of their own use the public
    /// instance's, which one case carries.
    static func all() throws -> [RealBundle] { try loaded.get() }

    private static let loaded = Result { try load() }

    private static func load() throws -> [RealBundle] {
        guard let directory else { return [] }
        let publicRoot = try root(
            directory.appendingPathComponent("trust-root-tlog-validity-end-inclusive"))
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        return try names.compactMap { name in
            let place = directory.appendingPathComponent(name)
            guard
                let data = try? Data(
                    contentsOf: place.appendingPathComponent("bundle.sigstore.json")),
                let document = try? JSONReader(parsing: Array(data), named: name),
                let certificates = try? certificates(document), let leaf = certificates.first
            else { return nil }
            let own = FileManager.default.fileExists(
                atPath: place.appendingPathComponent("trusted_root.json").path)
            return RealBundle(
                name: name, leaf: leaf, others: Array(certificates.dropFirst()),
                root: own ? try root(place) : publicRoot)
        }
    }

    /// The path at the leaf's first second; nil for the bundles of another instance, and for a leaf
    /// that begins after its root has ended.
    static func path(_ bundle: RealBundle) throws -> CertificatePath? {
        let without = ["bundle-from-wrong-instance_fail", "intoto-expired-certificate_fail"]
        guard !without.contains(bundle.name) else { return nil }
        return try CertificateChains.path(
            from: bundle.leaf, helpedBy: bundle.others, to: bundle.root.authorities,
            at: bundle.leaf.validity.start, for: .codeSigning)
    }

    private static func certificates(_ document: JSONReader) throws -> [Signing.Certificate] {
        let material = try document.required("verificationMaterial")
        if let single = try material.optional("certificate") { return [try certificate(single)] }
        return try material.required("x509CertificateChain").required("certificates")
            .items(atMost: 10).map(certificate)
    }

    private static func certificate(_ reader: JSONReader) throws -> Signing.Certificate {
        try Certificate(derBytes: try raw(reader))
    }

    private static func raw(_ reader: JSONReader) throws -> [UInt8] {
        try #require(bytes(fromBase64: try reader.required("rawBytes").string()))
    }

    private static func root(_ directory: URL) throws -> RealRoot {
        let data = try Data(contentsOf: directory.appendingPathComponent("trusted_root.json"))
        let document = try JSONReader(parsing: Array(data), named: "trusted root")
        return RealRoot(
            authorities: try list(document, "certificateAuthorities").map(authority),
            certificateLogs: try list(document, "ctlogs").map(log),
            timestampAuthorities: try list(document, "timestampAuthorities").map(authority))
    }

    private static func list(_ document: JSONReader, _ name: String) throws -> [JSONReader] {
        try document.optional(name)?.items(atMost: 20) ?? []
    }

    private static func authority(_ reader: JSONReader) throws -> CertificateAuthority {
        let chain = try reader.required("certChain").required("certificates").items(atMost: 9)
        return try CertificateAuthority(
            chain: try chain.map(certificate), validFor: try period(reader),
            uri: try reader.optional("uri")?.string(), operatorName: nil)
    }

    private static func log(_ reader: JSONReader) throws -> TransparencyLog {
        let key = try reader.required("publicKey")
        let identifier = try reader.required("logId").required("keyId").string()
        return TransparencyLog(
            baseURL: try reader.required("baseUrl").string(),
            publicKey: try KeyDetails(parsing: try key.required("keyDetails").string())
                .key(derBytes: try raw(key)),
            keyID: try #require(bytes(fromBase64: identifier)), validFor: try period(key))
    }

    private static func period(_ reader: JSONReader) throws -> ValidityPeriod {
        let period = try reader.optional("validFor")
        return ValidityPeriod(
            start: try period?.optional("start").map { try Timestamp(parsing: try $0.string()) }
                ?? Timestamp(seconds: 0),
            end: try period?.optional("end").map { try Timestamp(parsing: try $0.string()) })
    }
}
