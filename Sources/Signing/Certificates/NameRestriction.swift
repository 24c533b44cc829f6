// SPDX-License-Identifier: Apache-2.0
// Name constraints of authorities. Spec: RFC 5280 §4.2.1.10 and §6.1.3 (b), (c).

internal import Primitives
internal import SwiftASN1
internal import X509

/// The name constraints of one authority.
///
/// Email addresses, host names, URIs and permitted directory names are compared. A constraint of
/// another form rejects all names of that form.
struct NameRestriction: Sendable {
    private let permitted: [GeneralName]
    private let excluded: [GeneralName]

    /// Spec: `NameConstraints ::= SEQUENCE { permittedSubtrees [0], excludedSubtrees [1] }`.
    init(_ value: ArraySlice<UInt8>) throws(Failure) {
        guard let root = try? DER.parse(value) else { throw unreadable("it is not one DER value") }
        var permitted: [GeneralName] = []
        var excluded: [GeneralName] = []
        var lastTag: UInt?
        for list in try root.children(tagged: .sequence, "nameConstraints") {
            let tag = list.identifier.tagNumber
            guard list.identifier.tagClass == .contextSpecific, tag <= 1,
                lastTag.map({ $0 < tag }) ?? true
            else { throw unreadable("it has parts other than permitted and excluded names") }
            lastTag = tag
            let names = try NameRestriction.subtrees(list)
            if tag == 0 { permitted = names } else { excluded = names }
        }
        self.permitted = permitted
        self.excluded = excluded
    }

    /// Spec: "minimum MUST be zero, and maximum MUST be absent", and DER leaves a zero out.
    private static func subtrees(_ list: ASN1Node) throws(Failure) -> [GeneralName] {
        let nodes = try list.children(tagged: list.identifier, "nameConstraints")
        guard nodes.count <= Limits.namesPerCertificate else {
            throw Failure(
                .overLimit, "cannot read the certificate", at: .named("extension nameConstraints"),
                because: "it has \(nodes.count) names, the limit is \(Limits.namesPerCertificate)")
        }
        var names: [GeneralName] = []
        for node in nodes {
            let parts = try node.children(tagged: .sequence, "nameConstraints")
            guard parts.count == 1, let base = parts.first,
                let name = try? GeneralName(derEncoded: base)
            else { throw unreadable("a name has another shape") }
            names.append(name)
        }
        return names
    }

    /// Why the names of a certificate below the authority are not allowed; nil if they are.
    func objection(to certificate: Certificate) -> String? {
        let hasMailRule = (permitted + excluded).contains { Form($0) == .mail }
        // Spec: RFC 5280 §4.2.1.10: email addresses in the subject are constrained too. They are
        // rejected instead of parsed.
        if hasMailRule, certificate.fields.subject.contains(mailAttribute) {
            return "its subject holds a mail address, and mail addresses are constrained"
        }
        if let objection = objectionToSubject(of: certificate) { return objection }
        for name in certificate.constraints.names {
            if let objection = objection(to: name) { return objection }
        }
        return nil
    }

    private func objectionToSubject(of certificate: Certificate) -> String? {
        guard !certificate.subject.isEmpty else { return nil }
        return objection(to: .directoryName(certificate.subject))
    }

    private func objection(to name: GeneralName) -> String? {
        let form = Form(name)
        let allowed = permitted.filter { Form($0) == form }
        let denied = excluded.filter { Form($0) == form }
        guard !allowed.isEmpty || !denied.isEmpty else { return nil }
        // Spec: RFC 5280 §4.2.1.10: "must either process the constraint or reject the certificate".
        // Excluded directory names would need folding of case and space.
        if form == .other || form == .directory && !denied.isEmpty {
            return "a name of its kind is constrained in a way that is not processed"
        }
        guard let text = ConstrainedName(name) else { return "one of its names cannot be compared" }
        if denied.contains(where: { text.isWithin($0, foldingCase: true) }) {
            return "one of its names is excluded"
        }
        guard allowed.isEmpty || allowed.contains(where: { text.isWithin($0, foldingCase: false) })
        else { return "one of its names is not among those permitted" }
        return nil
    }
}

private enum Form {
    case mail, host, uri, directory, other

    init(_ name: GeneralName) {
        switch name {
        case .rfc822Name: self = .mail
        case .dnsName: self = .host
        case .uniformResourceIdentifier: self = .uri
        case .directoryName: self = .directory
        default: self = .other
        }
    }
}

/// A name in the form for comparison with subtrees.
private enum ConstrainedName {
    case mail(local: String, host: String)
    case host(String)
    case uri(host: String)
    case directory(DistinguishedName)

    /// Nil for a name that cannot be compared.
    init?(_ name: GeneralName) {
        switch name {
        case .rfc822Name(let text):
            let parts = text.utf8.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, let host = hostName(parts[1]) else {
                return nil
            }
            self = .mail(local: String(parts[0]), host: host)
        case .dnsName(let text):
            guard let host = hostName(text) else { return nil }
            self = .host(host)
        case .uniformResourceIdentifier(let text):
            guard let host = uriHost(text) else { return nil }
            self = .uri(host: host)
        case .directoryName(let name): self = .directory(name)
        default: return nil
        }
    }

    func isWithin(_ subtree: GeneralName, foldingCase: Bool) -> Bool {
        switch (self, subtree) {
        case (.mail(let local, let host), .rfc822Name(let base)):
            guard let (wanted, place) = base.utf8.split(atLast: "@") else {
                return isHost(host, within: base)
            }
            let isSameLocal =
                foldingCase
                ? isSame(wanted.utf8.lowercased(), local.utf8.lowercased())
                : isSame(String(wanted), local)
            return isSameLocal && isSame(host, place.utf8.lowercased())
        case (.host(let host), .dnsName(let base)):
            // Spec: "adding zero or more labels to the left-hand side".
            let base = base.utf8.lowercased()
            return base.isEmpty || host == base
                || host.utf8.hasSuffix(base.utf8.hasPrefix(".") ? base : "." + base)
        case (.uri(let host), .uniformResourceIdentifier(let base)):
            return isHost(host, within: base)
        case (.directory(let name), .directoryName(let base)):
            return name.starts(with: base)
        default: return false
        }
    }
}

/// Spec: RFC 5280 §4.2.1.10: a host matches itself; with a leading period, all hosts below it.
private func isHost(_ host: String, within base: String) -> Bool {
    let base = base.utf8.lowercased()
    return base.utf8.hasPrefix(".") ? host.utf8.hasSuffix(base) : host == base
}

/// The host in lower case; nil for wildcards, a trailing period, and other characters than letters
/// and digits.
private func hostName(_ text: some StringProtocol) -> String? {
    let text = String(text)
    let labels = text.utf8.split(separator: ".", omittingEmptySubsequences: false)
    let isPlain = labels.allSatisfy { label in
        !label.isEmpty
            && label.utf8.allSatisfy {
                isLetterByte($0) || isDigitByte($0) || $0 == UInt8(ascii: "-")
            }
    }
    return isPlain ? text.utf8.lowercased() : nil
}

/// Spec: RFC 5280 §4.2.1.10: a constrained URI needs an authority with "a fully qualified domain
/// name".
private func uriHost(_ text: String) -> String? {
    let parts = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1)
    guard parts.count == 2, parts[1].starts(with: "//".utf8) else { return nil }
    let authority = parts[1].dropFirst(2).prefix { !"/?#\\".utf8.contains($0) }
    guard !authority.contains(UInt8(ascii: "@")) else { return nil }
    let host = authority.prefix { $0 != UInt8(ascii: ":") }
    guard let name = hostName(String(decoding: host, as: UTF8.self)),
        let last = name.utf8.split(separator: ".").last, last.utf8.contains(where: { $0 > 57 })
    else { return nil }
    return name
}

private func unreadable(_ why: String) -> Failure {
    Certificate.unreadable(why, at: "nameConstraints")
}

/// The attribute type emailAddress, 1.2.840.113549.1.9.1, encoded. Spec: RFC 5280, appendix A.1.
private let mailAttribute: [UInt8] = [
    0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x01,
]
