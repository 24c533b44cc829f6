// SPDX-License-Identifier: Apache-2.0
// The claims of Fulcio's certificates. Spec: fulcio docs/oid-info.md.

internal import Primitives
internal import SwiftASN1
internal import X509

/// One claim; the raw value is the last arc of its identifier, 1.3.6.1.4.1.57264.1.N.
package enum CertificateClaim: Int, Hashable, Sendable, CaseIterable {
    case oldIssuer = 1
    case githubWorkflowTrigger = 2
    case githubWorkflowSha = 3
    case githubWorkflowName = 4
    case githubWorkflowRepository = 5
    case githubWorkflowRef = 6
    case issuer = 8
    case buildSignerURI = 9
    case buildSignerDigest = 10
    case runnerEnvironment = 11
    case sourceRepositoryURI = 12
    case sourceRepositoryDigest = 13
    case sourceRepositoryRef = 14
    case sourceRepositoryIdentifier = 15
    case sourceRepositoryOwnerURI = 16
    case sourceRepositoryOwnerIdentifier = 17
    case buildConfigURI = 18
    case buildConfigDigest = 19
    case buildTrigger = 20
    case runInvocationURI = 21
    case sourceRepositoryVisibility = 22
    case deploymentEnvironment = 23
    case tokenSubject = 24

    /// The stable name in messages and JSON.
    package var name: String { String(describing: self == .oldIssuer ? .issuer : self) }

    init?(_ identifier: ASN1ObjectIdentifier) {
        let arcs = identifier.oidComponents
        guard arcs.count == fulcioArcs.count + 1, arcs.starts(with: fulcioArcs),
            let last = arcs.last, let number = Int(exactly: last)
        else { return nil }
        self.init(rawValue: number)
    }

    /// Spec: "1.3.6.1.4.1.57264.1.1 through .6 are not DER encoded"; the later ones are UTF8String.
    fileprivate func text(_ value: ArraySlice<UInt8>) throws(Failure) -> String {
        let bytes: ArraySlice<UInt8>
        if rawValue <= 6 {
            bytes = value
        } else {
            guard let string = try? ASN1UTF8String(derEncoded: value) else {
                throw Certificate.unreadable("it is not one UTF8String", at: name)
            }
            bytes = string.bytes
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Certificate.unreadable("it is not UTF-8", at: name)
        }
        try Certificate.refuseMarks(in: text, at: name)
        return text
    }
}

/// All claims of one certificate; empty for other authorities than Fulcio.
package struct CertificateClaims: Hashable, Sendable {
    private let values: [CertificateClaim: String]

    init(_ extensions: X509.Certificate.Extensions) throws(Failure) {
        var values: [CertificateClaim: String] = [:]
        for found in extensions {
            guard let claim = CertificateClaim(found.oid) else { continue }
            values[claim] = try claim.text(found.value)
        }
        self.values = values
    }

    /// The value of a claim; for the issuer the newer claim takes precedence over the older one.
    package subscript(claim: CertificateClaim) -> String? {
        switch claim {
        case .issuer, .oldIssuer: values[.issuer] ?? values[.oldIssuer]
        default: values[claim]
        }
    }

    /// All claims with their stable names, in the order of the identifiers; the issuer once.
    package var all: [(name: String, value: String)] {
        CertificateClaim.allCases.compactMap { claim in
            guard claim != .oldIssuer || values[.issuer] == nil, let value = values[claim] else {
                return nil
            }
            return (claim.name, value)
        }
    }

    package var isEmpty: Bool { values.isEmpty }
}

// The claims by name. Spec: fulcio docs/oid-info.md, in its order.
extension CertificateClaims {
    /// The OIDC issuer of the signer (.8, else .1).
    package var issuer: String? { self[.issuer] }
    package var githubWorkflowTrigger: String? { self[.githubWorkflowTrigger] }
    package var githubWorkflowSha: String? { self[.githubWorkflowSha] }
    package var githubWorkflowName: String? { self[.githubWorkflowName] }
    package var githubWorkflowRepository: String? { self[.githubWorkflowRepository] }
    package var githubWorkflowRef: String? { self[.githubWorkflowRef] }
    package var buildSignerURI: String? { self[.buildSignerURI] }
    package var buildSignerDigest: String? { self[.buildSignerDigest] }
    package var runnerEnvironment: String? { self[.runnerEnvironment] }
    package var sourceRepositoryURI: String? { self[.sourceRepositoryURI] }
    package var sourceRepositoryDigest: String? { self[.sourceRepositoryDigest] }
    package var sourceRepositoryRef: String? { self[.sourceRepositoryRef] }
    package var sourceRepositoryIdentifier: String? { self[.sourceRepositoryIdentifier] }
    package var sourceRepositoryOwnerURI: String? { self[.sourceRepositoryOwnerURI] }
    package var sourceRepositoryOwnerIdentifier: String? { self[.sourceRepositoryOwnerIdentifier] }
    package var buildConfigURI: String? { self[.buildConfigURI] }
    package var buildConfigDigest: String? { self[.buildConfigDigest] }
    package var buildTrigger: String? { self[.buildTrigger] }
    package var runInvocationURI: String? { self[.runInvocationURI] }
    package var sourceRepositoryVisibility: String? { self[.sourceRepositoryVisibility] }
    package var deploymentEnvironment: String? { self[.deploymentEnvironment] }
    package var tokenSubject: String? { self[.tokenSubject] }
}

private let fulcioArcs: [UInt] = [1, 3, 6, 1, 4, 1, 57264, 1]
