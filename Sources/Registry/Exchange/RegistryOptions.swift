// SPDX-License-Identifier: Apache-2.0
// How we speak to registries, and who we are there.

package import OCI
internal import Primitives

/// Choices that hold for every registry of one client.
package struct RegistryOptions: Sendable {
    /// How blobs are uploaded.
    package enum UploadStyle: Hashable, Sendable {
        /// One PUT with the whole blob; chunks only where the registry refused that.
        case whole
        /// PATCH requests of that many bytes, each of which can be repeated.
        case chunks(of: Int)
    }

    /// Registries that are spoken to otherwise than by rule: https for all, and plain http for
    /// localhost, 127.0.0.0/8 and ::1.
    package var schemes: [RegistryHost: HTTPURL.Scheme]
    package var upload: UploadStyle
    package var userAgent: String

    /// - Parameter plainHTTP: the registries the user named for plain http.
    package init(plainHTTP: Set<RegistryHost> = [], userAgent: String = "assay") {
        schemes = Dictionary(uniqueKeysWithValues: plainHTTP.map { ($0, .http) })
        upload = .whole
        self.userAgent = userAgent
    }

    func address(of registry: RegistryHost) -> HTTPURL {
        let isLocal = (try? NetworkScope(of: registry.hostName)) == .loopback
        return HTTPURL(of: registry, scheme: schemes[registry] ?? (isLocal ? .http : .https))
    }
}

/// Who we are at a registry. Its description never tells the secret.
package enum RegistryCredential: Hashable, Sendable {
    case anonymous
    case password(user: String, secret: String)
    /// A token that is exchanged for access tokens (OAuth2 refresh token).
    case identityToken(String)
    /// A token that is sent as it is.
    case registryToken(String)
}

extension RegistryCredential: CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    package var description: String {
        switch self {
        case .anonymous: "nobody"
        case .password(let user, _): "the user \(quoted(user))"
        case .identityToken: "an identity token"
        case .registryToken: "a registry token"
        }
    }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Knows who we are; asked once for each repository and token.
package protocol CredentialSource: Sendable {
    func credential(for repository: Repository) async throws -> RegistryCredential
}

/// The same credential everywhere: `.anonymous`, or what the caller was given on purpose.
package struct FixedCredential: CredentialSource {
    private let fixed: RegistryCredential

    package init(_ fixed: RegistryCredential) { self.fixed = fixed }

    package func credential(for repository: Repository) -> RegistryCredential { fixed }
}
