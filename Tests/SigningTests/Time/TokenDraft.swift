// SPDX-License-Identifier: Apache-2.0
// Timestamps put together element by element, so that each element can be written wrongly.
// Spec: RFC 3161 §2.4.2, RFC 5652 §5, RFC 5816.

import Crypto
import Keys
import Primitives
import Signing
import StandIns
import Testing

/// A timestamp authority of the tests: who it is, and what a trusted root says about it.
struct TestTimestampAuthority: Sendable {
    let standIn: StandInTimestampAuthority

    init(
        _ kind: StandInKey.Kind = .p256, named name: String = "clock",
        validity: ValidityPeriod = StampTimes.year,
        bending bend: (inout CertificateDraft) -> Void = { _ in }
    ) throws {
        var plan = StandInCertificateAuthority.Plan(
            rootKey: try StandInKey(), intermediateKey: try StandInKey(), validity: validity)
        plan.commonName = name
        standIn = try StandInTimestampAuthority(
            key: try StandInKey(kind),
            authority: try StandInCertificateAuthority(
                plan, purpose: ExtensionDraft.timeStamping),
            url: "https://\(name).example", bending: bend)
    }

    /// As a trusted root lists it: its leaf first, or the authorities above it alone.
    func trusted(
        for period: ValidityPeriod = StampTimes.year, withLeaf: Bool = true, by owner: String? = nil
    ) throws -> CertificateAuthority {
        let chain = withLeaf ? standIn.chain : standIn.authority.chain
        return try CertificateAuthority(
            chain: try chain.map { try Certificate(derBytes: $0) }, validFor: period,
            uri: standIn.url, operatorName: owner)
    }

    /// A timestamp over a message, right unless `bend` makes it wrong.
    func response(
        over message: [UInt8] = stampedMessage, _ bend: (inout TokenDraft) throws -> Void = { _ in }
    ) throws -> [UInt8] {
        var draft = TokenDraft(by: self, over: message)
        try bend(&draft)
        return try draft.response()
    }
}

let stampedMessage = Array("the bytes of a signature".utf8)

enum StampTimes {
    static let year = period("2026-01-01T00:00:00Z", "2026-12-31T23:59:59Z")
    /// When the tests' timestamps are made.
    static let noon = moment("2026-06-01T12:00:00Z")

    static func moment(_ text: String) -> Timestamp {
        (try? Timestamp(parsing: text)) ?? Timestamp(seconds: 0)
    }

    static func period(_ start: String, _ end: String?) -> ValidityPeriod {
        ValidityPeriod(start: moment(start), end: end.map(moment))
    }
}

/// Every element is complete DER, except where its name says otherwise.
struct TokenDraft: Sendable {
    // The answer.
    var status = DEREncoding.sequence(DEREncoding.integer(0))
    var tokenType = DEREncoding.object("1.2.840.113549.1.7.2")
    var trailing: [UInt8] = []

    // The content.
    var contentVersion = DEREncoding.integer(1)
    var policy = DEREncoding.object("1.3.6.1.4.1.57264.2")
    var imprintHash = StandInHash.sha256.algorithmIdentifier
    /// Not DER: the hash itself.
    var imprint: [UInt8]
    var serialNumber = DEREncoding.integer(7)
    /// Not DER: the characters.
    var time = "20260601120000Z"
    /// Accuracy, ordering, nonce, name and extensions, those that are there.
    var contentTail: [[UInt8]] = []
    var contentType = DEREncoding.object("1.2.840.113549.1.9.16.1.4")

    // The signed attributes.
    var signedContentType: [UInt8]?
    /// Not DER: the hash itself.
    var messageDigest: [UInt8]?
    /// The attribute's number under id-aa, and its value; nil leaves it out.
    var reference: (number: Int, value: [UInt8])?
    var moreAttributes: [[UInt8]] = []
    var dropsAttributes = false
    /// Writes the attributes in their order as a SET; DER sorts.
    var encodeAttributes: @Sendable ([[UInt8]], UInt8) -> [UInt8] = {
        DEREncoding.set($0, tag: $1)
    }

    // The signer.
    var signerVersion = DEREncoding.integer(1)
    var signerName: [UInt8]
    var scheme: SignatureScheme
    var digestAlgorithm: [UInt8]?
    var signatureAlgorithm: [UInt8]
    var key: StandInKey
    var bendSignature: @Sendable (inout [UInt8]) -> Void = { _ in }
    var signerTail: [UInt8] = []

    // The signed data.
    var version = DEREncoding.integer(3)
    var digestAlgorithms: [[UInt8]]?
    /// Certificates in DER, or whatever else shall be embedded; nil leaves the field out.
    var certificates: [[UInt8]]?
    var signerCount = 1

    init(by authority: TestTimestampAuthority, over message: [UInt8]) {
        let leaf = authority.standIn.leaf
        key = authority.standIn.key
        imprint = Array(SHA256.hash(data: message))
        signerName = DEREncoding.sequence(
            leaf.issuer.derBytes, DEREncoding.integer(magnitude: leaf.serialNumber))
        signatureAlgorithm = key.signatureAlgorithm
        scheme =
            switch key.kind {
            case .p384: .ecdsa(.sha384)
            case .p521: .ecdsa(.sha512)
            case .rsa2048: .rsaPKCS1(.sha256)
            default: .ecdsa(.sha256)
            }
        reference = (47, TokenDraft.reference(to: authority.standIn.leafDER))
    }

    /// The value of a signing-certificate attribute, both versions.
    static func reference(
        to certificate: [UInt8], hash: StandInHash = .sha256, named: Bool = false,
        issuerSerial: [UInt8] = []
    ) -> [UInt8] {
        DEREncoding.sequence(
            DEREncoding.sequence(
                DEREncoding.sequence(
                    named ? hash.algorithmIdentifier : [], DEREncoding.octets(hash(certificate)),
                    issuerSerial)))
    }

    static func attribute(_ identifier: String, _ values: [UInt8]...) -> [UInt8] {
        DEREncoding.sequence(DEREncoding.object(identifier), DEREncoding.set(values))
    }

    var content: [UInt8] {
        DEREncoding.element(
            0x30,
            contentVersion + policy
                + DEREncoding.sequence(imprintHash, DEREncoding.octets(imprint)) + serialNumber
                + DEREncoding.element(0x18, Array(time.utf8)) + contentTail.flatMap(\.self))
    }

    private var attributes: [[UInt8]] {
        let digest = messageDigest ?? (scheme.hash ?? .sha256).hash(of: content)
        var list = [
            TokenDraft.attribute("1.2.840.113549.1.9.3", signedContentType ?? contentType),
            TokenDraft.attribute("1.2.840.113549.1.9.5", DEREncoding.time(StampTimes.noon)),
            TokenDraft.attribute("1.2.840.113549.1.9.4", DEREncoding.octets(digest)),
        ]
        if let reference {
            list.append(
                TokenDraft.attribute(
                    "1.2.840.113549.1.9.16.2.\(reference.number)", reference.value))
        }
        return list + moreAttributes
    }

    private func signer() throws -> [UInt8] {
        let hash = scheme.hash ?? .sha256
        let signing = try PrivateKey(pkcs8: key.pkcs8).signing(with: scheme)
        var signature = try signing.sign(
            dropsAttributes ? content : encodeAttributes(attributes, 0x31))
        bendSignature(&signature)
        return DEREncoding.sequence(
            signerVersion, signerName, digestAlgorithm ?? hash.standIn.algorithmIdentifier,
            dropsAttributes ? [] : encodeAttributes(attributes, 0xA0), signatureAlgorithm,
            DEREncoding.octets(signature), signerTail)
    }

    func bareToken() throws -> [UInt8] {
        let hash = scheme.hash ?? .sha256
        let signers = try (0..<signerCount).map { _ in try signer() }
        let signedData = DEREncoding.sequence(
            version, DEREncoding.set(digestAlgorithms ?? [hash.standIn.algorithmIdentifier]),
            DEREncoding.sequence(
                contentType, DEREncoding.tagged(0, DEREncoding.octets(content))),
            certificates.map { DEREncoding.tagged(0, $0.flatMap(\.self)) } ?? [],
            DEREncoding.set(signers))
        return DEREncoding.sequence(tokenType, DEREncoding.tagged(0, signedData))
    }

    func response() throws -> [UInt8] {
        DEREncoding.sequence(status, try bareToken()) + trailing
    }
}

extension HashAlgorithm {
    var standIn: StandInHash {
        switch self {
        case .sha256: .sha256
        case .sha384: .sha384
        case .sha512: .sha512
        }
    }
}

/// Expects a "no" with that code whose sentence has that part.
func expectTimestampProblem(
    _ code: VerificationError.Code, _ part: String,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ work: () throws -> Void
) {
    do {
        try work()
        Issue.record("it was accepted", sourceLocation: sourceLocation)
    } catch let problem as VerificationError {
        #expect(problem.code == code, "\(problem)", sourceLocation: sourceLocation)
        #expect(problem.why.contains(part), "\(problem)", sourceLocation: sourceLocation)
    } catch {
        Issue.record("another error: \(error)", sourceLocation: sourceLocation)
    }
}

/// One rule, told as what breaks it, with the "no" it must give.
struct TimestampRule: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let code: VerificationError.Code
    let part: String
    let bend: @Sendable (inout TokenDraft) throws -> Void

    init(
        _ sentence: String, _ code: VerificationError.Code, _ part: String,
        _ bend: @escaping @Sendable (inout TokenDraft) throws -> Void
    ) {
        testDescription = sentence
        self.code = code
        self.part = part
        self.bend = bend
    }
}
