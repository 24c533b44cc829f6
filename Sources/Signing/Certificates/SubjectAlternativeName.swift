// SPDX-License-Identifier: Apache-2.0
// Subject alternative names. Spec: RFC 5280 §4.2.1.6; Fulcio's certificate specification.

internal import Primitives
internal import SwiftASN1
internal import X509

/// One name of the subject with its kind, so that an email address never equals a URI.
package enum SubjectAlternativeName: Hashable, Sendable {
    /// rfc822Name.
    case email(String)
    /// uniformResourceIdentifier: workloads and workflows.
    case uri(String)
    /// otherName 1.3.6.1.4.1.57264.1.7: a user name that is not a mail address.
    case otherName(String)
    /// dNSName.
    case dns(String)
    /// Another kind, which is not an identity, with its description.
    case other(String)

    /// The name, which is outside text.
    package var text: String {
        switch self {
        case .email(let text), .uri(let text), .otherName(let text), .dns(let text),
            .other(let text):
            text
        }
    }

    init(_ name: GeneralName) throws(Failure) {
        switch name {
        case .rfc822Name(let text): self = .email(try checked(text))
        case .uniformResourceIdentifier(let text): self = .uri(try checked(text))
        case .dnsName(let text): self = .dns(try checked(text))
        case .otherName(let name): self = try SubjectAlternativeName.otherName(name)
        case .ipAddress: self = .other("an IP address")
        case .directoryName: self = .other("a directory name")
        case .registeredID: self = .other("a registered identifier")
        case .x400Address: self = .other("an X.400 address")
        case .ediPartyName: self = .other("an EDI party name")
        }
    }

    private static func otherName(_ name: GeneralName.OtherName) throws(Failure)
        -> SubjectAlternativeName
    {
        guard name.typeID == userNameIdentifier else { return .other("another name") }
        guard let value = name.value, let string = try? ASN1UTF8String(asn1Any: value),
            let text = String(validating: string.bytes, as: UTF8.self)
        else {
            throw Certificate.unreadable("its user name is not a UTF8String", at: "subjectAltName")
        }
        return .otherName(try checked(text))
    }
}

/// Rejects names with control characters, which mislead readers, and C programs that stop at a
/// zero.
private func checked(_ text: String) throws(Failure) -> String {
    guard !text.isEmpty,
        text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
    else {
        throw Certificate.unreadable(
            "a name is empty or has control characters", at: "subjectAltName")
    }
    try Certificate.refuseMarks(in: text, at: "subjectAltName")
    return text
}

/// Spec: fulcio docs/oid-info.md, 1.3.6.1.4.1.57264.1.7.
private let userNameIdentifier: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 57264, 1, 7]
