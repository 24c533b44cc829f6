// SPDX-License-Identifier: Apache-2.0
// Signing services. Spec: sigstore_trustroot.proto, Service and
// ServiceConfiguration.

package import Primitives

/// One service of a signing configuration: URL, API version and validity period.
package struct SigningService: Hashable, Sendable {
    /// The kind of a service.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case certificateAuthority, identityProvider, log, timestampAuthority

        /// The kind in messages.
        package var words: String {
            switch self {
            case .certificateAuthority: "certificate authority"
            case .identityProvider: "identity provider"
            case .log: "transparency log"
            case .timestampAuthority: "timestamp authority"
            }
        }

        /// The supported major versions of its API.
        package var supportedVersions: Set<Int> { self == .log ? [1, 2] : [1] }
    }

    /// The http or https URL: complete for a timestamp authority, a base URL for other kinds.
    package let url: String
    package let majorVersion: Int
    /// The validity period.
    package let validFor: ValidityPeriod
    /// The operator; at most one service of each operator is used.
    package let operatorName: String

    /// - Throws: `malformed` unless `url` is an http or https URL without user, query and fragment.
    package init(
        url: String, majorVersion: Int, validFor: ValidityPeriod, operatorName: String
    ) throws(Failure) {
        guard isPlainAddress(url) else {
            throw Failure(
                .malformed, "cannot use the address \(quoted(url))",
                because: "it is not written like https://host or https://host/path")
        }
        self.url = url
        self.majorVersion = majorVersion
        self.validFor = validFor
        self.operatorName = operatorName
    }

    /// The URL without trailing slashes, to which paths are appended.
    package var base: String {
        var address = Substring(url)
        while let shorter = address.utf8.removingSuffix("/") { address = shorter }
        return String(address)
    }

    /// Host and port in lower case.
    package var host: String {
        let rest = url.utf8.split(atFirst: "//")?.after
        return rest?.utf8.prefix(before: "/").utf8.lowercased() ?? ""
    }
}

/// The required number of usable services.
package enum ServiceSelector: Hashable, Sendable, CustomStringConvertible {
    /// Any one.
    case any
    /// All usable services.
    case all
    /// Exactly this number.
    case exact(Int)

    package var description: String {
        switch self {
        case .any: "ANY"
        case .all: "ALL"
        case .exact(let count): "EXACT:\(count)"
        }
    }
}

/// Whether a service can have this URL.
private func isPlainAddress(_ text: String) -> Bool {
    guard text.utf8.count <= Limits.addressBytes,
        text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }),
        let rest = text.utf8.removingPrefix("https://") ?? text.utf8.removingPrefix("http://"),
        !text.utf8.contains("?"), !text.utf8.contains("#")
    else { return false }
    let authority = rest.utf8.prefix(before: "/")
    return !authority.isEmpty && !authority.utf8.contains("@") && !authority.utf8.contains("\\")
}
