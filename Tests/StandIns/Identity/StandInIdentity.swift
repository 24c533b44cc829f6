// SPDX-License-Identifier: Apache-2.0
// Who signs, as Fulcio writes it into a certificate. Spec: fulcio docs/oid-info.md.

/// A name, the provider that vouches for it, and the claims that go along.
package struct StandInIdentity: Hashable, Sendable {
    package enum Name: Hashable, Sendable {
        case email(String)
        case uri(String)
        /// `user!domain` names. Spec: fulcio docs: otherName 1.3.6.1.4.1.57264.1.7, UTF8String.
        case otherName(String)

        package var text: String {
            switch self {
            case .email(let text), .uri(let text), .otherName(let text): text
            }
        }

        /// GeneralName. Spec: RFC 5280 §4.2.1.6.
        package var derBytes: [UInt8] {
            switch self {
            case .email(let text): DEREncoding.primitive(1, Array(text.utf8))
            case .uri(let text): DEREncoding.primitive(6, Array(text.utf8))
            case .otherName(let text):
                DEREncoding.tagged(
                    0,
                    DEREncoding.object("1.3.6.1.4.1.57264.1.7")
                        + DEREncoding.tagged(0, DEREncoding.utf8(text)))
            }
        }
    }

    package var name: Name
    package var issuer: String
    /// Claims by the last number of their OID: 2 to 6 and 9 to 24. 1 and 8 are the issuer's.
    package var claims: [Int: String]

    package init(_ name: Name, issuer: String, claims: [Int: String] = [:]) {
        self.name = name
        self.issuer = issuer
        self.claims = claims
    }

    /// A person with an address.
    package static let person = StandInIdentity(
        .email("mira@example.org"), issuer: "https://accounts.example.org")

    /// A workflow of a repository, with every claim that Fulcio knows.
    package static let workflow = StandInIdentity(
        .uri("https://github.example.org/acme/api/.github/workflows/release.yml@refs/tags/v1"),
        issuer: "https://token.actions.example.org",
        claims: [
            2: "push", 3: "0123456789abcdef0123456789abcdef01234567", 4: "release",
            5: "acme/api", 6: "refs/tags/v1",
            9: "https://github.example.org/acme/api/.github/workflows/release.yml@refs/tags/v1",
            10: "0123456789abcdef0123456789abcdef01234567", 11: "github-hosted",
            12: "https://github.example.org/acme/api",
            13: "0123456789abcdef0123456789abcdef01234567", 14: "refs/tags/v1", 15: "424242",
            16: "https://github.example.org/acme", 17: "4242",
            18: "https://github.example.org/acme/api/.github/workflows/release.yml@refs/tags/v1",
            19: "0123456789abcdef0123456789abcdef01234567", 20: "push",
            21: "https://github.example.org/acme/api/actions/runs/7/attempts/1", 22: "public",
            23: "production", 24: "repo:acme/api:ref:refs/tags/v1",
        ])
}
