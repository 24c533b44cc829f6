// SPDX-License-Identifier: Apache-2.0
// The stand-ins against themselves, X509 and published values: a wrong stand-in would make a wrong
// verifier look right.

import Foundation
import Keys
import Primitives
import Signing
import StandIns
import SwiftASN1
import Testing
import X509

/// One instance for all tests: keys are slow, and nothing changes it.
enum StandIn {
    static let time = Timestamp(seconds: 1_764_000_000)
    static let instance = Result { try StandInSigstore(at: time) }
    static let artifact = Array("an artifact".utf8)
    static let statement = Array(
        #"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"}}],"predicateType":"https://example.org/p","predicate":{}}"#
            .utf8)
}

@Suite("stand-in certificates")
struct StandInCertificateTests {
    /// Nil when X509 finds a path, else why it does not.
    private func refusal(_ leaf: [UInt8], at time: Timestamp) async throws -> String? {
        let authority = try StandIn.instance.get().certificateAuthority
        let root = try X509.Certificate(derEncoded: authority.rootDER)
        let intermediate = try X509.Certificate(derEncoded: authority.intermediateDER)
        var verifier = Verifier(rootCertificates: CertificateStore([root])) {
            RFC5280Policy(fixedValidationTime: Date(timeIntervalSince1970: Double(time.seconds)))
            CriticalNames()
        }
        let result = await verifier.validate(
            leaf: try X509.Certificate(derEncoded: leaf),
            intermediates: CertificateStore([intermediate]))
        if case .couldNotValidate(let failures) = result { return "\(failures)" }
        return nil
    }

    private func leaf(_ identity: StandInIdentity, _ faults: Set<StandInFault> = []) throws
        -> [UInt8]
    {
        try StandIn.instance.get().certificate(
            for: identity, publicKey: StandInKey(.p256).publicDER, at: StandIn.time,
            faults: faults)
    }

    @Test("X509 finds a path from each kind of leaf to the root")
    func paths() async throws {
        let names: [StandInIdentity.Name] = [
            .email("a@example.org"), .uri("https://example.org/a"), .otherName("a!example.org"),
        ]
        for name in names {
            let leaf = try leaf(StandInIdentity(name, issuer: "https://issuer.example.org"))
            let (end, after) = (StandIn.time.seconds + 600, StandIn.time.seconds + 601)
            #expect(try await refusal(leaf, at: StandIn.time) == nil)
            #expect(try await refusal(leaf, at: Timestamp(seconds: end)) == nil)
            #expect(try await refusal(leaf, at: Timestamp(seconds: after)) != nil)
        }
    }

    @Test("a leaf says what Fulcio's certificates say")
    func fields() throws {
        let certificate = try X509.Certificate(derEncoded: try leaf(.workflow))
        #expect(certificate.subject.isEmpty)
        let usage = try #require(try certificate.extensions.keyUsage)
        #expect(usage == KeyUsage(digitalSignature: true))
        let purposes = try #require(try certificate.extensions.extendedKeyUsage)
        #expect(Array(purposes) == [.codeSigning])
        let names = try #require(try certificate.extensions.subjectAlternativeNames)
        #expect(
            Array(names) == [.uniformResourceIdentifier(StandInIdentity.workflow.name.text)])
        for (number, text) in StandInIdentity.workflow.claims {
            let claim = try #require(
                certificate.extensions.first {
                    $0.oid.description == "1.3.6.1.4.1.57264.1.\(number)"
                })
            #expect(!claim.critical)
            let value =
                number <= 6
                ? String(decoding: claim.value, as: UTF8.self)
                : String(try ASN1UTF8String(derEncoded: Array(claim.value)))
            #expect(value == text)
        }
    }

    @Test("the log's promise is over the certificate without its list of promises")
    func promise() throws {
        let instance = try StandIn.instance.get()
        let certificate = try X509.Certificate(derEncoded: try leaf(.person))
        let list = try #require(
            certificate.extensions.first {
                $0.oid.description == ExtensionDraft.timestampListIdentifier
            })
        let bytes = Array(try ASN1OctetString(derEncoded: Array(list.value)).bytes)
        // List length, promise length, version 0, log id, time, no extensions, ecdsa with sha256.
        let promise = Array(bytes.dropFirst(4))
        #expect(Array(bytes.prefix(2)) == bigEndian(UInt64(bytes.count - 2), bytes: 2))
        #expect(Array(bytes[2..<4]) == bigEndian(UInt64(promise.count), bytes: 2))
        #expect(promise[0] == 0)
        #expect(Array(promise[1..<33]) == instance.certificateLog.identifier)
        #expect(Array(promise[41..<45]) == [0, 0, 4, 3])
        let signature = Array(promise.dropFirst(47))
        let tbs = try withoutExtension(list.oid.description, certificate)
        let issuer = sha256(instance.certificateAuthority.intermediateKey.publicDER)
        let signed =
            [0, 0] + promise[33..<41] + [0, 1] + issuer + bigEndian(UInt64(tbs.count), bytes: 3)
            + tbs + [0, 0]
        #expect(
            try instance.certificateLog.key.publicKey.isValid(signature, over: Array(signed)))
    }

    /// The TBSCertificate written anew by another library, without one extension.
    private func withoutExtension(_ identifier: String, _ certificate: X509.Certificate) throws
        -> [UInt8]
    {
        var rest = X509.Certificate.Extensions()
        for item in certificate.extensions where item.oid.description != identifier {
            try rest.append(item)
        }
        var serializer = DER.Serializer()
        try serializer.appendConstructedNode(identifier: .sequence) { coder in
            try coder.serialize(explicitlyTaggedWithTagNumber: 0, tagClass: .contextSpecific) {
                coder in try coder.serialize(2)
            }
            try coder.serialize(certificate.serialNumber.bytes)
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                try coder.serialize(ASN1ObjectIdentifier.AlgorithmIdentifier.ecdsaP384)
            }
            try coder.serialize(certificate.issuer)
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                try coder.serialize(try utc(certificate.notValidBefore))
                try coder.serialize(try utc(certificate.notValidAfter))
            }
            try coder.serialize(certificate.subject)
            try coder.serialize(certificate.publicKey)
            try coder.serialize(explicitlyTaggedWithTagNumber: 3, tagClass: .contextSpecific) {
                coder in try coder.serializeSequenceOf(rest)
            }
        }
        return serializer.serializedBytes
    }

    private func utc(_ date: Date) throws -> UTCTime {
        let parts = Timestamp(seconds: Int(date.timeIntervalSince1970)).description
            .split { !$0.isNumber }.compactMap { Int($0) }
        return try UTCTime(
            year: parts[0], month: parts[1], day: parts[2], hours: parts[3], minutes: parts[4],
            seconds: parts[5])
    }

    @Test("what X509 can see of a fault, it refuses")
    func faults() async throws {
        let seen: [StandInFault] = [
            .certificateForeignAuthority, .certificateExpired, .certificateNotYetValid,
            .certificateBrokenSignature, .certificateUnknownCritical, .transparencyPoisonLeft,
        ]
        for fault in seen {
            #expect(
                try await refusal(leaf(.person, [fault]), at: StandIn.time) != nil,
                "\(fault.rawValue) is accepted")
        }
    }

    @Test("an expired intermediate breaks the path at that time only")
    func expiredIntermediate() async throws {
        var plan = StandInSigstore.Plan(at: StandIn.time, keys: try StandInKeys())
        let end = Timestamp(seconds: StandIn.time.seconds - 1)
        plan.intermediateValidity = ValidityPeriod(start: plan.validity.start, end: end)
        let authority = try StandInSigstore(plan).certificateAuthority
        let intermediate = try X509.Certificate(derEncoded: authority.intermediateDER)
        #expect(Int(intermediate.notValidAfter.timeIntervalSince1970) == end.seconds)
        let root = try X509.Certificate(derEncoded: authority.rootDER)
        #expect(root.publicKey.isValidSignature(intermediate.signature, for: intermediate))
        #expect(Int(root.notValidAfter.timeIntervalSince1970) > end.seconds)
    }
}

/// Fulcio's names are critical; the policy of RFC 5280 leaves names to whoever knows what is asked.
private struct CriticalNames: VerifierPolicy {
    let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.subjectAlternativeName
    ]

    func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) -> PolicyEvaluationResult {
        .meetsPolicy
    }
}

extension ASN1ObjectIdentifier.AlgorithmIdentifier {
    /// ecdsa-with-SHA384. Spec: RFC 5758 §3.2.
    fileprivate static let ecdsaP384: ASN1ObjectIdentifier = [1, 2, 840, 10045, 4, 3, 3]
}
