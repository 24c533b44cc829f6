// SPDX-License-Identifier: Apache-2.0
// Constraints of certificates. Spec: RFC 5280 §4.2.1.

internal import Primitives
internal import SwiftASN1
internal import X509

/// The parsed extensions that path validation uses.
struct CertificateConstraints: Sendable {
    /// Spec: RFC 5280 §4.2.1.9. Nil path length means no limit.
    struct Authority: Sendable {
        let pathLength: Int?
        let isCritical: Bool
    }

    /// Nil for an end entity.
    let authority: Authority?
    /// Spec: RFC 5280 §4.2.1.3. Nil when the extension is absent.
    let keyUsage: KeyUsage?
    let isKeyUsageCritical: Bool
    /// Spec: RFC 5280 §4.2.1.12. Nil when the extension is absent.
    let extendedKeyUsage: [ExtendedKeyUsage.Usage]?
    let isExtendedKeyUsageCritical: Bool
    /// Spec: RFC 5280 §4.2.1.6.
    let names: [GeneralName]
    let nameConstraints: NameRestriction?
    /// The identifiers of unknown critical extensions.
    let unknownCritical: [String]
    /// The content of the list of signed certificate timestamps. Spec: RFC 6962 §3.3.
    let timestampList: ArraySlice<UInt8>?
    let subjectKeyIdentifier: ArraySlice<UInt8>?
    let authorityKeyIdentifier: ArraySlice<UInt8>?

    var isAuthority: Bool { authority != nil }

    init(_ extensions: X509.Certificate.Extensions) throws(Failure) {
        let keyUsage = extensions[oid: .X509ExtensionID.keyUsage]
        let extendedKeyUsage = extensions[oid: .X509ExtensionID.extendedKeyUsage]
        authority = try CertificateConstraints.authority(extensions)
        self.keyUsage = try read("keyUsage") { try keyUsage.map { try KeyUsage($0) } }
        isKeyUsageCritical = keyUsage?.critical ?? false
        self.extendedKeyUsage = try read("extendedKeyUsage") {
            try extendedKeyUsage.map { Array(try ExtendedKeyUsage($0)) }
        }
        isExtendedKeyUsageCritical = extendedKeyUsage?.critical ?? false
        // Spec: RFC 5280 §4.2.1.12, SEQUENCE SIZE (1..MAX).
        guard self.extendedKeyUsage?.isEmpty != true else {
            throw Certificate.unreadable("it lists no use", at: "extendedKeyUsage")
        }
        names = try CertificateConstraints.names(extensions)
        nameConstraints = try extensions[oid: .X509ExtensionID.nameConstraints].map {
            found throws(Failure) in try NameRestriction(found.value)
        }
        unknownCritical = extensions.filter { $0.critical && !isProcessed($0.oid) }
            .map(\.oid.description)
        timestampList = extensions[oid: certificateTimestampsIdentifier]?.value
        // These are hints: a certificate with malformed hints is validated without them.
        subjectKeyIdentifier = (try? extensions.subjectKeyIdentifier)?.keyIdentifier
        authorityKeyIdentifier = (try? extensions.authorityKeyIdentifier)?.keyIdentifier
    }

    private static func authority(_ extensions: X509.Certificate.Extensions) throws(Failure)
        -> Authority?
    {
        guard let found = extensions[oid: .X509ExtensionID.basicConstraints] else { return nil }
        switch try read("basicConstraints", { try BasicConstraints(found) }) {
        case .notCertificateAuthority: return nil
        case .isCertificateAuthority(let pathLength):
            // Spec: pathLenConstraint INTEGER (0..MAX).
            guard pathLength.map({ $0 >= 0 }) ?? true else {
                throw Certificate.unreadable("its path length is negative", at: "basicConstraints")
            }
            return Authority(pathLength: pathLength, isCritical: found.critical)
        }
    }

    private static func names(_ extensions: X509.Certificate.Extensions) throws(Failure)
        -> [GeneralName]
    {
        let place = "subjectAltName"
        guard let found = extensions[oid: .X509ExtensionID.subjectAlternativeName] else {
            return []
        }
        let list = try read(place) { try DER.parse(found.value) }
        let nodes = try list.children(tagged: .sequence, place)
        guard nodes.count <= Limits.namesPerCertificate else {
            throw Failure(
                .overLimit, "cannot read the certificate", at: .named("extension \(place)"),
                because: "it has \(nodes.count) names, the limit is \(Limits.namesPerCertificate)")
        }
        // Spec: GeneralNames ::= SEQUENCE SIZE (1..MAX).
        guard !nodes.isEmpty else { throw Certificate.unreadable("it has no name", at: place) }
        return try nodes.map { node throws(Failure) in
            try read(place) { try GeneralName(derEncoded: node) }
        }
    }
}

/// Calls the X.509 library, and converts its errors.
private func read<Value>(_ name: String, _ work: () throws -> Value) throws(Failure) -> Value {
    do {
        return try work()
    } catch {
        throw Certificate.unreadable("its content has another shape", at: name)
    }
}

/// Whether path validation or another parser handles the extension.
private func isProcessed(_ identifier: ASN1ObjectIdentifier) -> Bool {
    processedExtensions.contains(identifier) || CertificateClaim(identifier) != nil
}

private let processedExtensions: Set<ASN1ObjectIdentifier> = [
    .X509ExtensionID.basicConstraints, .X509ExtensionID.keyUsage,
    .X509ExtensionID.extendedKeyUsage, .X509ExtensionID.subjectAlternativeName,
    .X509ExtensionID.nameConstraints, .X509ExtensionID.subjectKeyIdentifier,
    .X509ExtensionID.authorityKeyIdentifier, certificateTimestampsIdentifier,
]
