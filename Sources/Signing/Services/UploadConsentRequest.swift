// SPDX-License-Identifier: Apache-2.0
// The notice before an upload to a transparency log, to which the user consents.
// Spec: docs/decisions/0004-no-public-log-by-default.md.

package import Primitives

/// The hosts that receive data of a signature, and the data that each of them publishes.
///
/// It is created before the first byte is sent, so that the user can consent or refuse.
package struct UploadConsentRequest: Hashable, Sendable {
    /// The data for one host.
    package struct Recipient: Hashable, Sendable {
        package let service: SigningService.Kind
        package let host: String
        /// The data that the host receives and does not publish, by its rules.
        package let sent: [String]
        /// The data that becomes public permanently.
        package let published: [String]
    }

    package let recipients: [Recipient]

    /// The signed content, as it will be in logs.
    package enum Content: Hashable, Sendable {
        /// The digest of a message.
        case message(digest: [UInt8])
        /// An envelope: the digest of the signed bytes, and that of the payload.
        case envelope(digest: [UInt8], payloadDigest: [UInt8])
    }

    /// The signer, as it will be in logs.
    package enum Signer: Hashable, Sendable {
        /// A certificate for this identity, which is not issued yet.
        case identity(String)
        case certificate
        case key
    }

    package init(services: ServiceSelection, content: Content, signer: Signer) {
        var recipients: [Recipient] = []
        if let authority = services.certificateAuthority, case .identity(let identity) = signer {
            recipients.append(certification(by: authority, of: identity))
        }
        for log in services.logs {
            recipients.append(publication(in: log, of: content, by: signer))
        }
        for authority in services.timestampAuthorities {
            recipients.append(
                Recipient(
                    service: .timestampAuthority, host: authority.host,
                    sent: ["the digest of the signature"], published: []))
        }
        self.recipients = recipients
    }

    /// Whether no data is sent.
    package var isEmpty: Bool { recipients.isEmpty }

    /// The hosts, each once, in the order of the requests.
    package var hosts: [String] {
        var seen: Set<String> = []
        return recipients.map(\.host).filter { seen.insert($0).inserted }
    }

    /// The text of the notice, a line for each host.
    package var lines: [String] {
        recipients.map { recipient in
            var parts: [String] = []
            if !recipient.sent.isEmpty {
                parts.append("gets " + recipient.sent.joined(separator: ", "))
            }
            parts.append(
                recipient.published.isEmpty
                    ? "publishes nothing"
                    : "publishes permanently " + recipient.published.joined(separator: ", "))
            return "\(plain(recipient.host)) (\(recipient.service.words)) "
                + parts.joined(separator: "; ")
        }
    }

    /// The hosts of the public instance that would publish data.
    package var publicHosts: [String] {
        recipients.filter { !$0.published.isEmpty && isPublicInstance($0.host) }.map(\.host)
    }

    /// Throws `denied` if a public host would publish data, for configurations that forbid it.
    package func refusePublicHosts() throws(Failure) {
        guard let host = publicHosts.first else { return }
        throw Failure(
            .denied, "will not sign with the services that were chosen",
            because: "public logs are forbidden here, and \(plain(host)) is public",
            next: "name private services in a signing configuration, or sign with a key")
    }
}

/// The disclosure of a certificate request. A certificate is in a public log once it is issued,
/// even if it is not used.
private func certification(
    by authority: SigningService, of identity: String
) -> UploadConsentRequest.Recipient {
    UploadConsentRequest.Recipient(
        service: .certificateAuthority, host: authority.host, sent: ["the identity token"],
        published: [
            "the identity \(quoted(identity))",
            "what the token says about its issuer and, in pipelines, the repository, the workflow "
                + "and the run",
            "the public half of a key made for this signature",
        ])
}

/// The disclosure of a log upload. Version 1 receives the whole envelope and publishes its digests;
/// version 2 receives a digest.
private func publication(
    in log: SigningService, of content: UploadConsentRequest.Content,
    by signer: UploadConsentRequest.Signer
) -> UploadConsentRequest.Recipient {
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
    return UploadConsentRequest.Recipient(
        service: .log, host: log.host, sent: sent, published: [digest, "the signature", signedBy])
}

/// Whether a host is of the public instance, compared by labels, not by a prefix of the URL.
private func isPublicInstance(_ host: String) -> Bool {
    let name = host.utf8.prefix(before: ":")
    let labels = name.utf8.split(separator: ".").suffix(2).joined(separator: ".")
    return ["sigstore.dev", "sigstage.dev"].contains(labels)
}
