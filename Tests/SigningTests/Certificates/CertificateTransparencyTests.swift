// SPDX-License-Identifier: Apache-2.0
// Rules about the promises of certificate logs.

import Crypto
import CryptoExtras
import Foundation
import Keys
import Primitives
import Signing
import SwiftASN1
import TestSupport
import Testing
import X509

@Suite("certificate transparency")
struct CertificateTransparencyTests {
    let root: MintedCertificate
    let log: CertificateLog

    init() throws {
        root = try CertificateRecipe.root().minted()
        log = try CertificateLog(try TestKeys.ecdsaP256())
    }

    private func verify(
        _ leaf: MintedCertificate, by logs: [TransparencyLog], detached: [[UInt8]] = [],
        threshold: Int = 1
    ) throws -> [TransparencyLog] {
        try CertificateTransparency.verify(
            leaf.certificate, issuer: root.certificate, detached: detached, by: logs,
            threshold: threshold)
    }

    /// A leaf with the promises of these logs inside, put at `place` among its extensions.
    private func leaf(_ promises: [LogPromise], at index: Int = 3) throws -> MintedCertificate {
        let recipe = try CertificateRecipe.leaf()
        let before = try recipe.minted(by: root)
        let timestamps = try promises.map {
            try $0.bytes(over: before.parsed, issuer: root.certificate)
        }
        return try recipe.but { $0.extensions.insert(.timestamps(timestamps), at: index) }
            .minted(by: root)
    }

    @Test(
        "a promise inside the certificate counts, wherever its extension stands",
        arguments: [0, 1, 3])
    func embedded(_ index: Int) throws {
        #expect(
            try verify(try leaf([LogPromise(log)], at: index), by: [log.trusted]) == [log.trusted])
    }

    @Test("a promise with extensions counts: logs of static tiles write the leaf's index there")
    func extensions() throws {
        let leaf = try leaf([LogPromise(log, extensions: [0, 0, 5, 0, 0, 0, 1, 2])])
        #expect(try verify(leaf, by: [log.trusted]).count == 1)
    }

    @Test("logs with every kind of key count", arguments: TestKeys.algorithms.indices)
    func logKeys(_ algorithm: Int) throws {
        let log = try CertificateLog(try TestKeys.algorithms[algorithm]())
        #expect(try verify(try leaf([LogPromise(log)]), by: [log.trusted]).count == 1)
    }

    @Test("a log with an RSA key counts")
    func rsaLog() throws {
        let log = try CertificateLog(rsa: try _RSA.Signing.PrivateKey(keySize: .bits2048))
        #expect(try verify(try leaf([LogPromise(log)]), by: [log.trusted]).count == 1)
    }

    @Test("a certificate without any promise lacks transparency")
    func missing() throws {
        let bare = try CertificateRecipe.leaf().minted(by: root)
        expectRefusal(.certificateTransparencyMissing, "0 of 1") {
            try verify(bare, by: [log.trusted])
        }
        #expect(try verify(bare, by: [log.trusted], threshold: 0).isEmpty)
    }

    @Test("CVE-2023-47122: a promise of a log outside the trust root does not count")
    func unknownLog() throws {
        let other = try CertificateLog(try TestKeys.ecdsaP256())
        expectRefusal(.certificateTransparencyInvalid, "is not trusted") {
            try verify(try leaf([LogPromise(other)]), by: [log.trusted])
        }
        #expect(
            try verify(try leaf([LogPromise(other), LogPromise(log)]), by: [log.trusted]).count == 1
        )
    }

    @Test("a promise about another certificate does not count")
    func otherCertificate() throws {
        let recipe = try CertificateRecipe.leaf()
        let other = try CertificateRecipe.leaf().minted(by: root)
        let stolen = try LogPromise(log).bytes(over: other.parsed, issuer: root.certificate)
        let leaf = try recipe.but { $0.extensions.append(.timestamps([stolen])) }.minted(by: root)
        expectRefusal(.certificateTransparencyInvalid, "does not fit") {
            try verify(leaf, by: [log.trusted])
        }
    }

    @Test("a promise covers the key of the issuer in the path")
    func otherIssuer() throws {
        let leaf = try leaf([LogPromise(log)])
        let other = try CertificateRecipe.root().minted()
        for issuer in [other.certificate, leaf.certificate] {
            expectRefusal(.certificateTransparencyInvalid, "does not fit") {
                try CertificateTransparency.verify(
                    leaf.certificate, issuer: issuer, detached: [], by: [log.trusted],
                    threshold: 1)
            }
        }
        expectRefusal(.certificateTransparencyInvalid, "its own anchor") {
            try CertificateTransparency.verify(
                leaf.certificate, issuer: nil, detached: [], by: [log.trusted], threshold: 1)
        }
    }

    @Test("a promise with a changed time, extension or signature does not count")
    func changedPromise() throws {
        let recipe = try CertificateRecipe.leaf()
        let before = try recipe.minted(by: root)
        let good = try LogPromise(log, extensions: [1]).bytes(
            over: before.parsed, issuer: root.certificate)
        for place in [40, 43, good.count - 1] {
            var changed = good
            changed[place] ^= 1
            let leaf = try recipe.but { $0.extensions.append(.timestamps([changed])) }
                .minted(by: root)
            expectRefusal(.certificateTransparencyInvalid) { try verify(leaf, by: [log.trusted]) }
        }
    }

    @Test("CVE-2026-54787: a promise outside the validity of the log's key does not count")
    func keyWindow() throws {
        let time = MintedCertificate.time
        let leaf = try leaf([LogPromise(log, milliseconds: UInt64(time.seconds) * 1_000 + 999)])
        func window(_ start: Int, _ end: Int?) -> TransparencyLog {
            log.trusted(
                for: ValidityPeriod(
                    start: Timestamp(seconds: time.seconds + start),
                    end: end.map { Timestamp(seconds: time.seconds + $0) }))
        }
        for window in [window(0, 0), window(-1, nil), window(-1, 1)] {
            #expect(try verify(leaf, by: [window]).count == 1)
        }
        for window in [window(1, nil), window(-2, -1)] {
            expectRefusal(.certificateTransparencyInvalid, "was not valid at") {
                try verify(leaf, by: [window])
            }
        }
    }

    @Test("CVE-2026-49834: two promises of one log, or of one operator, count once")
    func distinctParties() throws {
        let second = try CertificateLog(try TestKeys.ecdsaP256())
        let twice = try leaf([LogPromise(log), LogPromise(log, milliseconds: 1_700_000_400_000)])
        expectRefusal(.certificateTransparencyMissing, "1 of 2") {
            try verify(twice, by: [log.trusted], threshold: 2)
        }
        let both = try leaf([LogPromise(log), LogPromise(second)])
        #expect(try verify(both, by: [log.trusted, second.trusted], threshold: 2).count == 2)
        let operated = [log, second].map { $0.trusted(operatorName: "example.com") }
        expectRefusal(.certificateTransparencyMissing, "1 of 2") {
            try verify(both, by: operated, threshold: 2)
        }
    }

    @Test("a promise beside the certificate counts in TLS and in JSON form")
    func detached() throws {
        let bare = try CertificateRecipe.leaf().minted(by: root)
        let bytes = try LogPromise(log, extensions: [7]).bytes(beside: bare.certificate)
        #expect(try verify(bare, by: [log.trusted], detached: [bytes]).count == 1)
        let promise = try SignedCertificateTimestamp(tlsBytes: bytes)
        let signed: [UInt8] = [4, 3, 0, UInt8(promise.signature.count)] + promise.signature
        let json = """
            {"sct_version":0,"id":"\(base64Text(promise.logID))",
            "timestamp":\(promise.milliseconds),"extensions":"\(base64Text([7]))",
            "signature":"\(base64Text(signed))"}
            """
        #expect(try SignedCertificateTimestamp(detached: Array(json.utf8)) == promise)
        #expect(try verify(bare, by: [log.trusted], detached: [Array(json.utf8)]).count == 1)
    }

    @Test("a promise made beside another certificate does not count")
    func detachedOther() throws {
        let bare = try CertificateRecipe.leaf().minted(by: root)
        let other = try CertificateRecipe.leaf().minted(by: root)
        let bytes = try LogPromise(log).bytes(beside: other.certificate)
        expectRefusal(.certificateTransparencyInvalid, "does not fit") {
            try verify(bare, by: [log.trusted], detached: [bytes])
        }
    }

    @Test("too many promises are over the limit, before they are checked")
    func tooMany() throws {
        let bare = try CertificateRecipe.leaf().minted(by: root)
        let many = Array(repeating: [UInt8](), count: Limits.timestampsPerCertificate + 1)
        expectRefusal(.overLimit) { try verify(bare, by: [log.trusted], detached: many) }
        let full = try CertificateRecipe.leaf().but {
            $0.extensions.append(.timestamps(many.map { _ in [0] }))
        }.minted(by: root)
        expectRefusal(.overLimit) { try verify(full, by: [log.trusted]) }
    }

    @Test(
        "a list whose lengths are not true is refused",
        arguments: [
            [], [0x04, 0x00], [0x04, 0x02, 0x00, 0x00], [0x04, 0x03, 0x00, 0x01, 0x00],
            [0x04, 0x04, 0x00, 0x02, 0x00, 0x00], [0x04, 0x05, 0x00, 0x03, 0x00, 0x02, 0x00],
            [0x04, 0x06, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00],
        ] as [[UInt8]])
    func badList(_ content: [UInt8]) throws {
        let leaf = try CertificateRecipe.leaf().but {
            $0.extensions.append(.raw(timestampsIdentifier, content))
        }.minted(by: root)
        expectRefusal(.certificateTransparencyInvalid) { try verify(leaf, by: [log.trusted]) }
    }

    @Test("a promise cut anywhere, or with a byte more, is not one")
    func cut() throws {
        let bare = try CertificateRecipe.leaf().minted(by: root)
        let good = try LogPromise(log, extensions: [1, 2]).bytes(beside: bare.certificate)
        #expect(throws: Failure.self) { try SignedCertificateTimestamp(tlsBytes: good + [0]) }
        for length in 0..<good.count {
            #expect(throws: Failure.self) {
                try SignedCertificateTimestamp(tlsBytes: Array(good.prefix(length)))
            }
        }
    }

    @Test("a version, or a way to sign, that RFC 6962 does not have is refused")
    func otherVersions() async throws {
        let bare = try CertificateRecipe.leaf().minted(by: root)
        let good = try LogPromise(log).bytes(beside: bare.certificate)
        await expectFailure(.malformed, "version 1") {
            _ = try SignedCertificateTimestamp(tlsBytes: [1] + good.dropFirst())
        }
        // SHA-1 with ECDSA.
        var weak = good
        weak[43] = 2
        await expectFailure(.malformed, "signed in a way") {
            _ = try SignedCertificateTimestamp(tlsBytes: weak)
        }
    }

    @Test("a promise that names another kind of key than the log has does not count")
    func otherKindOfKey() throws {
        let bare = try CertificateRecipe.leaf().minted(by: root)
        var bytes = try LogPromise(log).bytes(beside: bare.certificate)
        bytes[44] = 1
        expectRefusal(.certificateTransparencyInvalid, "does not fit") {
            try verify(bare, by: [log.trusted], detached: [bytes])
        }
    }

    static let badDocuments = [
        #"{}"#, #"{"sct_version":1}"#, #"{"sct_version":0,"id":"AA==","timestamp":1}"#,
        #"{"sct_version":0,"id":"\#(String(repeating: "A", count: 43))=","timestamp":-1}"#,
        #"{"sct_version":0,"id":"\#(String(repeating: "A", count: 43))=","timestamp":1,"signature":"BAMAAQA"}"#,
        #"{"sct_version":0,"sct_version":0}"#, "{",
    ]

    @Test("a promise in JSON that is not whole is refused", arguments: badDocuments)
    func badDocument(_ text: String) {
        #expect(throws: Failure.self) {
            try SignedCertificateTimestamp(detached: Array(text.utf8))
        }
    }

    @Test("the largest time a promise can claim is a time")
    func largestTime() throws {
        let bare = try CertificateRecipe.leaf().minted(by: root)
        let bytes = try LogPromise(log, milliseconds: .max).bytes(beside: bare.certificate)
        let promise = try SignedCertificateTimestamp(tlsBytes: bytes)
        #expect(promise.time.seconds == 18_446_744_073_709_551)
        let open = log.trusted
        #expect(try verify(bare, by: [open], detached: [bytes]).count == 1)
        let closed = log.trusted(
            for: ValidityPeriod(start: .init(seconds: 0), end: .init(seconds: 9)))
        expectRefusal(.certificateTransparencyInvalid, "was not valid at") {
            try verify(bare, by: [closed], detached: [bytes])
        }
    }
}

/// A certificate log that signs what it is told.
struct CertificateLog {
    let key: Keys.PublicKey
    let pair: [UInt8]
    let sign: @Sendable ([UInt8]) throws -> [UInt8]

    init(_ key: Keys.PrivateKey) throws {
        self.key = key.publicKey
        pair = self.key.algorithm == .ed25519 ? [8, 7] : [4, 3]
        sign = { try key.sign($0) }
    }

    init(rsa key: _RSA.Signing.PrivateKey) throws {
        self.key = try PublicKey(derBytes: Array(key.publicKey.derRepresentation))
        pair = [4, 1]
        sign = {
            Array(
                try key.signature(for: SHA256.hash(data: $0), padding: .insecurePKCS1v1_5)
                    .rawRepresentation)
        }
    }

    var identifier: [UInt8] { Array(SHA256.hash(data: key.derBytes)) }
    var trusted: TransparencyLog { trusted() }

    func trusted(for period: ValidityPeriod = .anyTime, operatorName: String? = nil)
        -> TransparencyLog
    {
        TransparencyLog(
            baseURL: "https://ct.example", publicKey: key, keyID: identifier, validFor: period,
            operatorName: operatorName)
    }
}

/// A promise to be made.
struct LogPromise {
    let log: CertificateLog
    let milliseconds: UInt64
    let extensions: [UInt8]

    init(
        _ log: CertificateLog, milliseconds: UInt64 = 1_700_000_500_000, extensions: [UInt8] = []
    ) {
        self.log = log
        self.milliseconds = milliseconds
        self.extensions = extensions
    }

    /// Over a certificate before the promise is put into it, as the X.509 library encodes it.
    func bytes(over before: X509.Certificate, issuer: Signing.Certificate) throws -> [UInt8] {
        let tbsCertificate = Array(before.tbsCertificateBytes)
        let keyHash = Array(SHA256.hash(data: issuer.publicKey.derBytes))
        return try bytes(
            over: [0, 1] + keyHash + bigEndian(tbsCertificate.count, 3) + tbsCertificate)
    }

    func bytes(beside certificate: Signing.Certificate) throws -> [UInt8] {
        try bytes(
            over: [0, 0] + bigEndian(certificate.derBytes.count, 3) + certificate.derBytes)
    }

    private func bytes(over entry: [UInt8]) throws -> [UInt8] {
        let time = (0..<8).reversed().map { UInt8(truncatingIfNeeded: milliseconds >> ($0 * 8)) }
        let tail = bigEndian(extensions.count, 2) + extensions
        let signature = try log.sign([0, 0] + time + entry + tail)
        return [0] + log.identifier + time + tail + log.pair + bigEndian(signature.count, 2)
            + signature
    }
}

extension X509.Certificate.Extension {
    static func timestamps(_ timestamps: [[UInt8]]) -> X509.Certificate.Extension {
        let list = timestamps.flatMap { bigEndian($0.count, 2) + $0 }
        var serializer = DER.Serializer()
        let content = bigEndian(list.count, 2) + list
        try? serializer.serialize(ASN1OctetString(contentBytes: content[...]))
        return .raw(timestampsIdentifier, serializer.serializedBytes)
    }
}

private func bigEndian(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}

private let timestampsIdentifier: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2]
