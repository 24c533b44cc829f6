// SPDX-License-Identifier: Apache-2.0
// What a transparency log makes public, shown before it is uploaded.
// Spec: docs/decisions/0004-no-public-log-by-default.md.

package import Primitives

/// The hosts that a signature sends something to, and exactly what each of them makes public.
///
/// It exists before the first byte is sent, so that it can be shown or refused.
package struct UploadNotice: Hashable, Sendable {
    package struct Disclosure: Hashable, Sendable {
        package let service: SigningService.Kind
        package let host: String
        /// What the host gets and shows to nobody, by its rules.
        package let sent: [String]
        /// What everybody can read from then on, and nobody can take back.
        package let published: [String]
    }

    package let disclosures: [Disclosure]

    /// What is signed, as logs will name it.
    package enum Content: Hashable, Sendable {
        /// The digest of a message.
        case message(digest: [UInt8])
        /// An envelope: the digest its signature is over, and that of the payload in it.
        case envelope(digest: [UInt8], payloadDigest: [UInt8])
    }

    /// Who will be seen to have signed.
    package enum Signer: Hashable, Sendable {
        /// A certificate that is yet to be issued, for this identity.
        case identity(String)
        case certificate
        case key
    }

    package init(services: ServiceSelection, content: Content, signer: Signer) {
        var disclosures: [Disclosure] = []
        if let authority = services.certificateAuthority, case .identity(let identity) = signer {
            disclosures.append(certification(by: authority, of: identity))
        }
        for log in services.logs {
            disclosures.append(publication(in: log, of: content, by: signer))
        }
        for authority in services.timestampAuthorities {
            disclosures.append(
                Disclosure(
                    service: .timestampAuthority, host: authority.host,
                    sent: ["the digest of the signature"], published: []))
        }
        self.disclosures = disclosures
    }

    /// Nothing is sent to anybody.
    package var isEmpty: Bool { disclosures.isEmpty }

    /// Every host once, in the order they are asked.
    package var hosts: [String] {
        var seen: Set<String> = []
        return disclosures.map(\.host).filter { seen.insert($0).inserted }
    }

    /// The notice for people, a line for each host.
    package var lines: [String] {
        disclosures.map { disclosure in
            var parts: [String] = []
            if !disclosure.sent.isEmpty {
                parts.append("gets " + disclosure.sent.joined(separator: ", "))
            }
            parts.append(
                disclosure.published.isEmpty
                    ? "publishes nothing"
                    : "publishes permanently " + disclosure.published.joined(separator: ", "))
            return "\(plain(disclosure.host)) (\(disclosure.service.words)) "
                + parts.joined(separator: "; ")
        }
    }

    /// The hosts of the public instance that would publish something.
    package var publicHosts: [String] {
        disclosures.filter { !$0.published.isEmpty && isPublicInstance($0.host) }.map(\.host)
    }

    /// For those whose configuration forbids the public log.
    package func refusePublicHosts() throws(Failure) {
        guard let host = publicHosts.first else { return }
        throw Failure(
            .denied, "will not sign with the services that were chosen",
            because: "public logs are forbidden here, and \(plain(host)) is public",
            next: "name private services in a signing configuration, or sign with a key")
    }
}

/// Certificates stand in a public log from the moment they are issued, used or not.
private func certification(
    by authority: SigningService, of identity: String
) -> UploadNotice.Disclosure {
    UploadNotice.Disclosure(
        service: .certificateAuthority, host: authority.host, sent: ["the identity token"],
        published: [
            "the identity \(quoted(identity))",
            "what the token says about its issuer and, in pipelines, the repository, the workflow "
                + "and the run",
            "the public half of a key made for this signature",
        ])
}

/// Version 1 is shown a whole envelope and publishes its digests; version 2 is shown a digest.
private func publication(
    in log: SigningService, of content: UploadNotice.Content, by signer: UploadNotice.Signer
) -> UploadNotice.Disclosure {
    let signedBy =
        switch signer {
        case .identity(let identity): "the certificate with the identity \(quoted(identity))"
        case .certificate: "the certificate"
        case .key: "the public key"
        }
    let (sent, digest): ([String], String) =
        switch content {
        case .envelope(_, let digest) where log.majorVersion == 1:
            (
                ["the whole envelope with its statement"],
                "the digests of the envelope and of its payload (\(hexText(digest)))"
            )
        case .envelope(let digest, _), .message(let digest):
            ([], "the digest of what is signed (\(hexText(digest)))")
        }
    return UploadNotice.Disclosure(
        service: .log, host: log.host, sent: sent, published: [digest, "the signature", signedBy])
}

/// Hosts are compared as hosts, never by a prefix of the address.
private func isPublicInstance(_ host: String) -> Bool {
    let name = host.utf8.prefix(before: ":")
    let labels = name.utf8.split(separator: ".").suffix(2).joined(separator: ".")
    return ["sigstore.dev", "sigstage.dev"].contains(labels)
}
