// SPDX-License-Identifier: Apache-2.0
// The services that take part in a signature. Spec: sigstore_trustroot.proto, Service and
// ServiceConfiguration.

package import Primitives

/// One service as a signing configuration names it: where it is, what it speaks, and when.
package struct SigningService: Hashable, Sendable {
    /// What a service does for a signature.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case certificateAuthority, identityProvider, log, timestampAuthority

        /// As sentences name one.
        package var words: String {
            switch self {
            case .certificateAuthority: "certificate authority"
            case .identityProvider: "identity provider"
            case .log: "transparency log"
            case .timestampAuthority: "timestamp authority"
            }
        }

        /// The major versions of its interface that Assay speaks.
        package var supportedVersions: Set<Int> { self == .log ? [1, 2] : [1] }
    }

    /// An http or https address, as written. A timestamp authority's is complete, the others are
    /// bases.
    package let url: String
    package let majorVersion: Int
    /// When the service may be used, both ends inside.
    package let validFor: ValidityPeriod
    /// Who runs it; of one operator at most one service is used.
    package let operatorName: String

    /// - Throws: `malformed` when `url` is not an http or https address without user, query and
    ///   fragment.
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

    /// The address without slashes at its end: what paths are added to.
    package var base: String {
        var address = Substring(url)
        while let shorter = address.utf8.removingSuffix("/") { address = shorter }
        return String(address)
    }

    /// Host and port as written, in lower case.
    package var host: String {
        let rest = url.utf8.split(atFirst: "//")?.after
        return rest?.utf8.prefix(before: "/").utf8.lowercased() ?? ""
    }
}

/// How many of the usable services a signature needs.
package enum ServiceSelector: Hashable, Sendable, CustomStringConvertible {
    /// One, whichever it is.
    case any
    /// Every one that can be used.
    case all
    /// That many, neither more nor fewer.
    case exact(Int)

    package var description: String {
        switch self {
        case .any: "ANY"
        case .all: "ALL"
        case .exact(let count): "EXACT:\(count)"
        }
    }
}

/// Whether a service can have this address.
private func isPlainAddress(_ text: String) -> Bool {
    guard text.utf8.count <= Limits.addressBytes,
        text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }),
        let rest = text.utf8.removingPrefix("https://") ?? text.utf8.removingPrefix("http://"),
        !text.utf8.contains("?"), !text.utf8.contains("#")
    else { return false }
    let authority = rest.utf8.prefix(before: "/")
    return !authority.isEmpty && !authority.utf8.contains("@") && !authority.utf8.contains("\\")
}
