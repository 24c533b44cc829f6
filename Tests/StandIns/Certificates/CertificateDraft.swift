// SPDX-License-Identifier: Apache-2.0
// A certificate before it is signed: every field can be written, and written wrongly.
// Spec: RFC 5280 §4.1.

package import Primitives
package import Signing

/// The fields of a certificate, as its issuer fills them in.
package struct CertificateDraft: Sendable {
    package var serialNumber: [UInt8]
    package var issuer: DistinguishedNameDraft
    package var subject: DistinguishedNameDraft
    package var validity: ValidityPeriod
    /// SubjectPublicKeyInfo in DER.
    package var publicKey: [UInt8]
    package var extensions: [ExtensionDraft]

    package init(
        subject: DistinguishedNameDraft, issuer: DistinguishedNameDraft, validity: ValidityPeriod,
        publicKey: [UInt8]
    ) {
        // 16 bytes, positive and never zero; the same certificate gets the same number again.
        var number = Array(
            sha256(publicKey + Array("\(validity)".utf8) + subject.derBytes).prefix(16))
        number[0] = number[0] & 0x7F | 0x40
        serialNumber = number
        self.issuer = issuer
        self.subject = subject
        self.validity = validity
        self.publicKey = publicKey
        extensions = []
    }

    /// The TBSCertificate for a signature by that key.
    package func tbs(for key: StandInKey) -> [UInt8] {
        let parts = [
            DEREncoding.tagged(0, DEREncoding.integer(2)),
            DEREncoding.integer(magnitude: serialNumber),
            key.signatureAlgorithm,
            issuer.derBytes,
            DEREncoding.sequence(
                DEREncoding.time(validity.start),
                validity.end.map(DEREncoding.time) ?? noWellDefinedExpiration),
            subject.derBytes,
            publicKey,
            extensions.isEmpty
                ? []
                : DEREncoding.tagged(
                    3, DEREncoding.element(0x30, extensions.flatMap(\.derBytes))),
        ]
        return DEREncoding.element(0x30, parts.flatMap(\.self))
    }

    package func signed(by key: StandInKey) throws(Failure) -> [UInt8] {
        let tbs = tbs(for: key)
        return DEREncoding.sequence(
            tbs, key.signatureAlgorithm, DEREncoding.bits(try key.sign(tbs)))
    }

    /// The extension of that OID; setting nil removes it, setting adds or replaces.
    package subscript(identifier: String) -> ExtensionDraft? {
        get { extensions.first { $0.identifier == identifier } }
        set {
            if let place = extensions.firstIndex(where: { $0.identifier == identifier }) {
                if let newValue {
                    extensions[place] = newValue
                } else {
                    extensions.remove(at: place)
                }
            } else if let newValue {
                extensions.append(newValue)
            }
        }
    }

    /// Spec: RFC 5280 §4.1.2.5: 99991231235959Z for a certificate without an end.
    private var noWellDefinedExpiration: [UInt8] {
        DEREncoding.element(0x18, Array("99991231235959Z".utf8))
    }
}

/// A certificate's name: organisation and common name, either may be absent.
package struct DistinguishedNameDraft: Hashable, Sendable {
    package var organization: String?
    package var commonName: String?

    package init(organization: String? = nil, commonName: String? = nil) {
        self.organization = organization
        self.commonName = commonName
    }

    package var derBytes: [UInt8] {
        let parts = [("2.5.4.10", organization), ("2.5.4.3", commonName)]
        return DEREncoding.element(
            0x30,
            parts.flatMap { identifier, text in
                text.map {
                    DEREncoding.set([
                        DEREncoding.sequence(DEREncoding.object(identifier), DEREncoding.utf8($0))
                    ])
                } ?? []
            })
    }
}

/// One extension: its OID, whether it is critical, and the bytes inside its OCTET STRING.
package struct ExtensionDraft: Hashable, Sendable {
    package var identifier: String
    package var isCritical: Bool
    package var value: [UInt8]

    package init(_ identifier: String, critical: Bool = false, _ value: [UInt8]) {
        self.identifier = identifier
        isCritical = critical
        self.value = value
    }

    package var derBytes: [UInt8] {
        DEREncoding.sequence(
            DEREncoding.object(identifier), isCritical ? DEREncoding.boolean(true) : [],
            DEREncoding.octets(value))
    }
}

extension ExtensionDraft {
    package static let basicConstraintsIdentifier = "2.5.29.19"
    package static let keyUsageIdentifier = "2.5.29.15"
    package static let purposeIdentifier = "2.5.29.37"
    package static let namesIdentifier = "2.5.29.17"
    package static let timestampListIdentifier = "1.3.6.1.4.1.11129.2.4.2"
    package static let poisonIdentifier = "1.3.6.1.4.1.11129.2.4.3"
    package static let codeSigning = "1.3.6.1.5.5.7.3.3"
    package static let timeStamping = "1.3.6.1.5.5.7.3.8"
    package static let serverAuthentication = "1.3.6.1.5.5.7.3.1"

    package static func basicConstraints(authority: Bool, pathLength: UInt64? = nil)
        -> ExtensionDraft
    {
        ExtensionDraft(
            basicConstraintsIdentifier, critical: true,
            DEREncoding.sequence(
                authority ? DEREncoding.boolean(true) : [],
                pathLength.map(DEREncoding.integer) ?? []))
    }

    /// `bits` as RFC 5280 §4.2.1.3 numbers them: 0 digitalSignature, 2 keyEncipherment,
    /// 5 keyCertSign, 6 cRLSign.
    package static func keyUsage(_ bits: [UInt8]) -> ExtensionDraft {
        let byte = bits.reduce(UInt8(0)) { $0 | 0x80 >> $1 }
        let unused = UInt8(byte == 0 ? 0 : byte.trailingZeroBitCount)
        return ExtensionDraft(
            keyUsageIdentifier, critical: true, DEREncoding.bits([byte], unused: unused))
    }

    package static func purposes(_ purposes: [String], critical: Bool = false) -> ExtensionDraft {
        ExtensionDraft(
            purposeIdentifier, critical: critical,
            DEREncoding.element(0x30, purposes.flatMap(DEREncoding.object)))
    }

    /// Spec: RFC 7093 §2: the leftmost 160 bits of a SHA-256, here of the SubjectPublicKeyInfo.
    package static func subjectKey(_ publicKey: [UInt8]) -> ExtensionDraft {
        ExtensionDraft("2.5.29.14", DEREncoding.octets(Array(sha256(publicKey).prefix(20))))
    }

    package static func authorityKey(_ publicKey: [UInt8]) -> ExtensionDraft {
        ExtensionDraft(
            "2.5.29.35",
            DEREncoding.sequence(DEREncoding.primitive(0, Array(sha256(publicKey).prefix(20)))))
    }

    /// Critical, because the subject of a Fulcio leaf is empty. Spec: RFC 5280 §4.2.1.6.
    package static func names(_ names: [StandInIdentity.Name]) -> ExtensionDraft {
        ExtensionDraft(
            namesIdentifier, critical: true,
            DEREncoding.element(0x30, names.flatMap(\.derBytes)))
    }

    /// Fulcio's claim `1.3.6.1.4.1.57264.1.number`.
    ///
    /// Spec: fulcio docs/oid-info.md: .1 to .6 are raw text, .8 and later DER UTF8String.
    package static func claim(_ number: Int, _ text: String) -> ExtensionDraft {
        ExtensionDraft(
            "1.3.6.1.4.1.57264.1.\(number)",
            number <= 6 ? Array(text.utf8) : DEREncoding.utf8(text))
    }
}
