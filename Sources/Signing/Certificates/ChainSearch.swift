// SPDX-License-Identifier: Apache-2.0
// Builds chains within a budget. Spec: RFC 5280 §6.1.3 (a)(1), (a)(4); RFC 4158 §2.4.1.

internal import Primitives

/// A depth-first search for the issuers of a certificate.
///
/// Signature checks and search steps have a budget, so that a bundle with many certificates that
/// signed each other cannot exhaust the process.
struct ChainSearch {
    struct Chain {
        let certificates: [Certificate]
        let authority: CertificateAuthority
    }

    private struct Link: Hashable {
        let child: Certificate
        let issuer: Certificate
    }

    private let helpers: [Certificate]
    private let authorities: [CertificateAuthority]
    private var checks = 0
    private var steps = 0
    private var checked: [Link: Bool] = [:]

    private(set) var found: [Chain] = []
    /// Whether the budget ended the search.
    private(set) var isExhausted = false
    /// Whether a path ended at a SHA-1 signature.
    private(set) var metWeakSignature = false

    init(helpers: [Certificate], authorities: [CertificateAuthority]) {
        self.helpers = helpers
        self.authorities = authorities
    }

    mutating func run(from leaf: Certificate) {
        for authority in authorities {
            guard let place = authority.chain.firstIndex(of: leaf) else { continue }
            found.append(
                Chain(certificates: Array(authority.chain[place...]), authority: authority))
        }
        extend([leaf])
    }

    private mutating func extend(_ path: [Certificate]) {
        guard let child = path.last else { return }
        for (authority, place) in anchorsFirstByHint(for: child) {
            let rest = authority.chain[place...]
            guard path.count + rest.count <= Limits.certificatesPerChain,
                !rest.contains(where: { next in path.contains { isSameParty($0, next) } }),
                let issuer = rest.first, holds(child, issuer)
            else { continue }
            guard spend(\.steps) else { return }
            found.append(Chain(certificates: path + rest, authority: authority))
        }
        guard path.count < Limits.certificatesPerChain else { return }
        for helper in byHint(helpers.filter(child.names), for: child)
        where !path.contains(where: { isSameParty($0, helper) }) && holds(child, helper) {
            guard spend(\.steps) else { return }
            extend(path + [helper])
        }
    }

    private mutating func spend(_ budget: WritableKeyPath<ChainSearch, Int>) -> Bool {
        guard self[keyPath: budget] < Limits.chainWork else {
            isExhausted = true
            return false
        }
        self[keyPath: budget] += 1
        return true
    }

    /// The positions in authorities with the issuer's name, likely ones first.
    private func anchorsFirstByHint(for child: Certificate) -> [(CertificateAuthority, Int)] {
        var likely: [(CertificateAuthority, Int)] = []
        var others: [(CertificateAuthority, Int)] = []
        for authority in authorities {
            for place in authority.issuers where child.names(authority.chain[place]) {
                if child.hints(at: authority.chain[place]) {
                    likely.append((authority, place))
                } else {
                    others.append((authority, place))
                }
            }
        }
        return likely + others
    }

    /// Orders candidates by key identifier, which decides nothing else.
    private func byHint(_ issuers: [Certificate], for child: Certificate) -> [Certificate] {
        issuers.filter(child.hints) + issuers.filter { !child.hints(at: $0) }
    }

    private mutating func holds(_ child: Certificate, _ issuer: Certificate) -> Bool {
        guard child.hasStrongSignature else {
            metWeakSignature = true
            return false
        }
        let link = Link(child: child, issuer: issuer)
        if let known = checked[link] { return known }
        if authorities.contains(where: { $0.links(child, issuer) }) { return true }
        guard spend(\.checks) else { return false }
        let answer = child.isSigned(by: issuer)
        checked[link] = answer
        return answer
    }
}

/// Spec: RFC 4158 §2.4.1: a loop is a path with the same name and key twice.
private func isSameParty(_ left: Certificate, _ right: Certificate) -> Bool {
    left.publicKey == right.publicKey && left.fields.subject == right.fields.subject
}
