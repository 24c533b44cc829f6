// SPDX-License-Identifier: Apache-2.0
// A time-stamping authority. Spec: RFC 3161 §2.4.2, RFC 5652 §5 (SignedData), RFC 5816 (ESSCertIDv2).

package import Primitives
internal import Signing

/// An authority that says when it saw a hash: root, intermediate, leaf, and the tokens it signs.
package struct StandInTimestampAuthority: Sendable {
    package let key: StandInKey
    package let authority: StandInCertificateAuthority
    package let leaf: CertificateDraft
    package let leafDER: [UInt8]
    package let url: String

    package init(
        key: StandInKey, authority: StandInCertificateAuthority, url: String,
        bending bend: (inout CertificateDraft) -> Void = { _ in }
    ) throws(Failure) {
        self.key = key
        self.authority = authority
        self.url = url
        var draft = authority.draft(
            subject: DistinguishedNameDraft(
                organization: authority.name.organization,
                commonName: (authority.name.commonName ?? "tsa") + "-leaf"),
            publicKey: key.publicDER, validity: authority.validity)
        // Spec: RFC 3161 §2.3: one critical purpose, timeStamping.
        draft.extensions =
            [.keyUsage([0]), .purposes([ExtensionDraft.timeStamping], critical: true)]
            + draft.extensions
        bend(&draft)
        leaf = draft
        leafDER = try draft.signed(by: authority.intermediateKey)
    }

    /// Leaf first, root last, as a trust root lists it.
    package var chain: [[UInt8]] { [leafDER] + authority.chain }

    /// The response to a query at a time.
    package func response(
        to query: StandInTimestampQuery, at time: Timestamp,
        bending bend: (inout StandInTimestampDraft) throws(Failure) -> Void
    ) throws(Failure) -> [UInt8] {
        var draft = StandInTimestampDraft(query: query, time: time, authority: self)
        try bend(&draft)
        return try draft.signed()
    }

    package func response(to query: StandInTimestampQuery, at time: Timestamp) throws(Failure)
        -> [UInt8]
    {
        try StandInTimestampDraft(query: query, time: time, authority: self).signed()
    }

    /// A token over a signature, as a client asks for it.
    package func timestamp(over signature: [UInt8], at time: Timestamp) throws(Failure)
        -> [UInt8]
    {
        try response(
            to: StandInTimestampQuery(imprint: sha256(signature), nonce: [1, 2, 3, 4]), at: time)
    }

    /// The answer to a query that is not granted. Spec: RFC 3161 §2.4.2: status 2 is rejection; bit
    /// 5 of the reasons is badDataFormat.
    package static let rejection = DEREncoding.sequence(
        DEREncoding.sequence(DEREncoding.integer(2), DEREncoding.bits([0x04], unused: 2)))
}

/// A TimeStampResp before it is signed; every part can be replaced.
package struct StandInTimestampDraft: Sendable {
    package struct SignerDraft: Sendable {
        package var key: StandInKey
        package var issuer: DistinguishedNameDraft
        package var serialNumber: [UInt8]
        /// The certificate that ESSCertIDv2 names by its hash; nil leaves the attribute out.
        package var namedCertificate: [UInt8]?
        /// Replaces the hash of the content in the signed attributes.
        package var messageDigest: [UInt8]?
        /// Breaks the signature's last byte.
        package var isBroken = false
    }

    package var status: UInt64 = 0
    package var policy = "1.3.6.1.4.1.57264.2"
    package var query: StandInTimestampQuery
    package var serialNumber: [UInt8]
    package var time: Timestamp
    package var signers: [SignerDraft]
    package var certificates: [[UInt8]]
    package var contentType = "1.2.840.113549.1.9.16.1.4"

    init(query: StandInTimestampQuery, time: Timestamp, authority: StandInTimestampAuthority) {
        self.query = query
        self.time = time
        var number = Array(
            sha256(query.derBytes + bigEndian(UInt64(max(0, time.seconds)), bytes: 8)))
        number[0] = number[0] & 0x7F | 0x40
        serialNumber = Array(number.prefix(16))
        signers = [
            SignerDraft(
                key: authority.key, issuer: authority.leaf.issuer,
                serialNumber: authority.leaf.serialNumber, namedCertificate: authority.leafDER)
        ]
        // Spec: RFC 3161 §2.4.1: "If the certReq field is present and set to true, the TSA's public
        // key certificate […] MUST be provided"; else the certificates field MUST NOT be present.
        certificates = query.wantsCertificates ? authority.chain.dropLast() : []
    }

    /// Spec: RFC 3161 §2.4.2: TSTInfo.
    package var content: [UInt8] {
        DEREncoding.sequence(
            DEREncoding.integer(1), DEREncoding.object(policy),
            DEREncoding.sequence(
                query.hash.algorithmIdentifier, DEREncoding.octets(query.imprint)),
            DEREncoding.integer(magnitude: serialNumber), DEREncoding.generalizedTime(time),
            DEREncoding.sequence(DEREncoding.integer(1)),
            query.nonce.map(DEREncoding.integer(magnitude:)) ?? [])
    }

    package func signed() throws(Failure) -> [UInt8] {
        let status = DEREncoding.sequence(DEREncoding.integer(status))
        var infos: [[UInt8]] = []
        for signer in signers { infos.append(try signerInfo(signer)) }
        // Spec: RFC 5652 §5.1: version 3, because the content is not of type data.
        let signedData = DEREncoding.sequence(
            DEREncoding.integer(3),
            DEREncoding.set(Array(Set(signers.map { digestHash($0).algorithmIdentifier }))),
            DEREncoding.sequence(
                DEREncoding.object(contentType),
                DEREncoding.tagged(0, DEREncoding.octets(content))),
            certificates.isEmpty ? [] : DEREncoding.set(certificates, tag: 0xA0),
            DEREncoding.set(infos))
        return DEREncoding.sequence(
            status,
            DEREncoding.sequence(
                DEREncoding.object("1.2.840.113549.1.7.2"), DEREncoding.tagged(0, signedData)))
    }

    /// Spec: RFC 5652 §5.3: version 1 with issuer and serial number.
    private func signerInfo(_ signer: SignerDraft) throws(Failure) -> [UInt8] {
        let hash = digestHash(signer)
        let attributes = attributes(signer, hash)
        // Spec: RFC 5652 §5.4: signed as a SET OF, carried as [0] IMPLICIT.
        var signature = try signer.key.sign(DEREncoding.set(attributes))
        if signer.isBroken, let last = signature.indices.last { signature[last] ^= 1 }
        return DEREncoding.sequence(
            DEREncoding.integer(1),
            DEREncoding.sequence(
                signer.issuer.derBytes, DEREncoding.integer(magnitude: signer.serialNumber)),
            hash.algorithmIdentifier, DEREncoding.set(attributes, tag: 0xA0),
            signer.key.kind == .rsa2048 ? rsaEncryption : signer.key.signatureAlgorithm,
            DEREncoding.octets(signature))
    }

    private func attributes(_ signer: SignerDraft, _ hash: StandInHash) -> [[UInt8]] {
        var attributes = [
            attribute("1.2.840.113549.1.9.3", DEREncoding.object(contentType)),
            attribute("1.2.840.113549.1.9.5", DEREncoding.time(time)),
            attribute(
                "1.2.840.113549.1.9.4",
                DEREncoding.octets(signer.messageDigest ?? hash(content))),
        ]
        if let certificate = signer.namedCertificate {
            // Spec: RFC 5816 §2.2.1: ESSCertIDv2 with the default hash, SHA-256, left out.
            let issuer = DEREncoding.sequence(DEREncoding.tagged(4, signer.issuer.derBytes))
            let identifier = DEREncoding.sequence(
                DEREncoding.octets(sha256(certificate)),
                DEREncoding.sequence(
                    issuer, DEREncoding.integer(magnitude: signer.serialNumber)))
            attributes.append(
                attribute(
                    "1.2.840.113549.1.9.16.2.47",
                    DEREncoding.sequence(DEREncoding.sequence(identifier))))
        }
        return attributes
    }

    private func attribute(_ identifier: String, _ value: [UInt8]) -> [UInt8] {
        DEREncoding.sequence(DEREncoding.object(identifier), DEREncoding.set([value]))
    }

    private func digestHash(_ signer: SignerDraft) -> StandInHash { signer.key.hash }

    /// Spec: RFC 3370 §3.2: rsaEncryption names PKCS #1 v1.5 signatures in CMS.
    private var rsaEncryption: [UInt8] {
        DEREncoding.sequence(DEREncoding.object("1.2.840.113549.1.1.1"), DEREncoding.null)
    }
}
