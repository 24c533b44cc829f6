// SPDX-License-Identifier: Apache-2.0
// The logs and authorities that are trusted, and where they come from.

package import Primitives
package import Signing
package import TUF

/// A trusted root and where it comes from.
package struct TrustedMaterial: Sendable {
    package enum Origin: Sendable {
        case file(String)
        /// A client trust configuration in the trust store.
        case imported(from: String, at: Timestamp, home: String)
        /// Kept metadata of an update repository; `expired` says why it is too old, where it is.
        case repository(mirror: String, state: TrustState, expired: String?, home: String)
        /// The dated data of this version.
        case shipped
    }

    package let root: TrustedRoot
    /// The trusted root as it was written.
    package let document: [UInt8]
    /// `signing_config.v0.2.json`, where one belongs to it.
    package let signingConfiguration: [UInt8]?
    package let origin: Origin

    /// For people: "the file root.json".
    package var source: String {
        switch origin {
        case .file(let path): "the file \(plain(path))"
        case .imported(let path, let time, let home):
            "\(plain(path)), imported into \(plain(home)) at \(time)"
        case .repository(let mirror, let state, _, let home):
            "\(plain(mirror)), kept in \(plain(home)), metadata until \(state.expires)"
        case .shipped:
            "the public Sigstore instance as of \(PublicGoodInstance.taken), as this version of "
                + "Assay knows it"
        }
    }

    /// What came with this version of Assay.
    package static func shipped() throws -> TrustedMaterial {
        TrustedMaterial(
            root: try .publicGood(), document: Array(PublicGoodInstance.trustedRoot.utf8),
            signingConfiguration: Array(PublicGoodInstance.signingConfiguration.utf8),
            origin: .shipped)
    }

    /// A `trusted_root.json`, whatever its age.
    package static func file(_ content: [UInt8], named path: String) throws(Failure)
        -> TrustedMaterial
    {
        do {
            return TrustedMaterial(
                root: try TrustedRoot(parsing: content), document: content,
                signingConfiguration: nil, origin: .file(path))
        } catch {
            throw error.during("cannot use \(quoted(path))")
        }
    }

    /// A client trust configuration, whatever its age.
    static func configuration(
        _ content: [UInt8], named path: String, _ origin: Origin
    ) throws(Failure) -> TrustedMaterial {
        do {
            let configuration = try ClientTrustConfiguration(parsing: content)
            let document = configuration.trustedRoot.compactBytes
            let json = try JSONReader(parsing: content, named: "the client trust configuration")
            return TrustedMaterial(
                root: try TrustedRoot(parsing: document), document: document,
                signingConfiguration: try json.required("signingConfig").value.compactBytes,
                origin: origin)
        } catch {
            throw error.during("cannot use \(quoted(path))")
        }
    }

    init(_ documents: TrustDocuments, mirror: String, expired: String?, home: String) throws {
        root = try TrustedRoot(parsing: documents.root)
        document = documents.root
        signingConfiguration = documents.signingConfiguration
        origin = .repository(
            mirror: mirror, state: documents.state, expired: expired, home: home)
    }

    private init(
        root: TrustedRoot, document: [UInt8], signingConfiguration: [UInt8]?, origin: Origin
    ) {
        self.root = root
        self.document = document
        self.signingConfiguration = signingConfiguration
        self.origin = origin
    }

    /// Why it may no longer be the newest; nil where it may be used without a question. Files,
    /// imports and the shipped data are used at any age.
    ///
    /// - Parameter offline: whether expired metadata may be used.
    /// - Throws: `unavailable` for expired metadata that may not.
    package func doubts(offline: Bool) throws(Failure) -> String? {
        guard case .repository(let mirror, _, let expired?, let home) = origin else { return nil }
        let why = "the kept metadata of \(plain(mirror)): \(expired)"
        guard offline else {
            throw Failure(
                .unavailable, "cannot find out whether the trust material is still the newest",
                at: .named(home), because: why,
                next: "assay trust update; without a network, --offline takes it as it is and "
                    + "--trusted-root FILE names another")
        }
        return why
    }

    /// The material as one client trust configuration, as other machines import it.
    ///
    /// - Throws: `notFound` when no signing configuration belongs to it.
    package func clientTrustConfiguration() throws(Failure) -> JSONValue {
        guard let signingConfiguration else {
            throw Failure(
                .notFound, "cannot export the trust material",
                because: "there is no signing configuration beside \(source)",
                next: "a trusted_root.json alone can be copied and named with --trusted-root")
        }
        return [
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": try JSONReader(parsing: document, named: "the trusted root").value,
            "signingConfig": try JSONReader(
                parsing: signingConfiguration, named: "the signing configuration"
            ).value,
        ]
    }
}
