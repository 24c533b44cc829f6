// SPDX-License-Identifier: Apache-2.0
// Whose timestamps are believed, and when. Spec: RFC 3161 §2.3; sigstore_trustroot.proto;
// advisories.

import Keys
import Primitives
import Signing
import StandIns
import Testing

@Suite("trust in timestamps")
struct TimestampTrustTests {
    static let nonce = Result { try TimestampNonce(randomBytes: Array(1...8)) }

    // MARK: Advisories

    @Test("CVE-2026-39984: an embedded signer other than the trusted root's leaf is refused")
    func injectedSigner() throws {
        let authority = try TestTimestampAuthority()
        // The same issuer and serial number on another key: what the token names fits both.
        let impostor = try impersonating(authority)
        let trusted = try authority.trusted()
        for certificates in [[impostor], [authority.standIn.leafDER, impostor]] {
            let response = try authority.response { $0.certificates = certificates }
            expectTimestampProblem(.timestampUntrusted, "not the trusted root's") {
                _ = try verified(response, by: [trusted])
            }
        }
    }

    @Test("GHSA-xm5m-wgh2-rrg3: a signer's own certificate in the token is no trust")
    func ownCertificate() throws {
        let (authority, stranger) = (try TestTimestampAuthority(), try TestTimestampAuthority())
        // Signed by the stranger, with the stranger's chain, and the pinned leaf put beside it.
        let response = try stranger.response {
            $0.certificates = stranger.standIn.chain + [authority.standIn.leafDER]
        }
        expectTimestampProblem(.timestampUntrusted, "not a timestamp authority of the trusted root")
        {
            _ = try verified(response, by: [try authority.trusted()])
        }
        // The same, naming the pinned leaf.
        let named = try authority.response {
            $0.key = stranger.standIn.key
            $0.certificates = stranger.standIn.chain + [authority.standIn.leafDER]
        }
        expectTimestampProblem(.timestampSignatureInvalid, "") {
            _ = try verified(named, by: [try authority.trusted()])
        }
    }

    @Test("timestamp-authority #1405: a timestamp without the nonce that was sent is refused")
    func missingNonce() throws {
        let authority = try TestTimestampAuthority()
        let response = try authority.response()
        let nonce = try Self.nonce.get()
        expectTimestampProblem(.timestampNonceMismatch, "has no nonce") {
            _ = try verified(response, by: [try authority.trusted()], nonce: nonce)
        }
    }

    @Test("a timestamp with another nonce than the one sent is refused, with the same it holds")
    func nonces() throws {
        let authority = try TestTimestampAuthority()
        let trusted = try authority.trusted()
        let nonce = try Self.nonce.get()
        let other = try authority.response { $0.contentTail = [DEREncoding.integer(5)] }
        expectTimestampProblem(.timestampNonceMismatch, "0102030405060708 was sent") {
            _ = try verified(other, by: [trusted], nonce: nonce)
        }
        let same = try authority.response {
            $0.contentTail = [DEREncoding.integer(magnitude: Array(1...8))]
        }
        #expect(try verified(same, by: [trusted], nonce: nonce).time == StampTimes.noon)
        #expect(try verified(same, by: [trusted]).time == StampTimes.noon)
    }

    @Test("timestamp-authority #1416: a certificate authority as signer is refused")
    func authoritySigns() throws {
        let asAuthority = try TestTimestampAuthority {
            $0.extensions.append(.basicConstraints(authority: true))
        }
        let response = try asAuthority.response {
            $0.certificates = [asAuthority.standIn.leafDER]
        }
        // The chain now begins with an authority, so no leaf is pinned.
        expectTimestampProblem(.timestampUntrusted, "") {
            _ = try verified(response, by: [try asAuthority.trusted()])
        }
    }

    static let purposes: [(String, [String], Bool)] = [
        ("not critical", [ExtensionDraft.timeStamping], false),
        ("two purposes", [ExtensionDraft.timeStamping, ExtensionDraft.codeSigning], true),
        ("an unknown purpose beside it", [ExtensionDraft.timeStamping, "1.2.3.4"], true),
        ("another purpose", [ExtensionDraft.codeSigning], true),
        ("no purpose", [], true),
    ]

    @Test(
        "timestamp-authority #1389: a signer whose purpose is not critically timeStamping alone",
        arguments: purposes)
    func purpose(_ name: String, _ purposes: [String], _ critical: Bool) throws {
        let authority = try TestTimestampAuthority {
            $0[ExtensionDraft.purposeIdentifier] =
                purposes.isEmpty ? nil : .purposes(purposes, critical: critical)
        }
        let response = try authority.response()
        expectTimestampProblem(.timestampUntrusted, "extended key usage") {
            _ = try verified(response, by: [try authority.trusted()])
        }
    }

    // MARK: Time

    static let periods: [(String, ValidityPeriod, Bool)] = [
        ("from the very second", StampTimes.period("2026-06-01T12:00:00Z", nil), true),
        (
            "to the very second",
            StampTimes.period("2026-01-01T00:00:00Z", "2026-06-01T12:00:00Z"), true
        ),
        ("a second late", StampTimes.period("2026-06-01T12:00:01Z", nil), false),
        (
            "a second early",
            StampTimes.period("2026-01-01T00:00:00Z", "2026-06-01T11:59:59Z"), false
        ),
    ]

    @Test("an authority is believed from its first to its last second", arguments: periods)
    func authorityPeriod(_ name: String, _ period: ValidityPeriod, _ holds: Bool) throws {
        let authority = try TestTimestampAuthority()
        let response = try authority.response()
        let trusted = try authority.trusted(for: period)
        if holds {
            #expect(try verified(response, by: [trusted]).time == StampTimes.noon, "\(name)")
        } else {
            expectTimestampProblem(.timestampOutsideAuthority, "the authority is trusted from") {
                _ = try verified(response, by: [trusted])
            }
        }
    }

    @Test("of two periods of one authority, the one that fits is found, in either order")
    func twoPeriods() throws {
        let authority = try TestTimestampAuthority()
        let response = try authority.response()
        let early = try authority.trusted(
            for: StampTimes.period("2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z"))
        let late = try authority.trusted(for: StampTimes.period("2026-03-01T00:00:00Z", nil))
        #expect(try verified(response, by: [early, late]).authority == late)
        #expect(try verified(response, by: [late, early]).authority == late)
        expectTimestampProblem(.timestampOutsideAuthority, "") {
            _ = try verified(response, by: [early])
        }
    }

    @Test("a signer's certificate that was not valid at the token's time is refused")
    func certificatePeriod() throws {
        let authority = try TestTimestampAuthority {
            $0.validity = StampTimes.period("2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z")
        }
        let response = try authority.response()
        expectTimestampProblem(.timestampOutsideAuthority, "is valid from") {
            _ = try verified(response, by: [try authority.trusted()])
        }
    }

    @Test("a chain above the signer that was not valid at the token's time is refused")
    func chainPeriod() throws {
        let authority = try TestTimestampAuthority(
            validity: StampTimes.period("2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z")
        ) { $0.validity = StampTimes.year }
        let response = try authority.response()
        expectTimestampProblem(.timestampOutsideAuthority, "is valid from") {
            _ = try verified(response, by: [try authority.trusted()])
        }
    }

    // MARK: A trusted root without the leaf

    @Test("where the root lists authorities only, the embedded leaf must chain to them")
    func unpinned() throws {
        let authority = try TestTimestampAuthority()
        let trusted = try authority.trusted(withLeaf: false)
        let leaf = authority.standIn.leafDER
        let embedded = try authority.response { $0.certificates = [leaf] }
        #expect(try verified(embedded, by: [trusted]).certificate.derBytes == leaf)

        let bare = try authority.response()
        expectTimestampProblem(.timestampUntrusted, "not a timestamp authority") {
            _ = try verified(bare, by: [trusted])
        }
        let stranger = try TestTimestampAuthority(named: "other")
        let foreign = try stranger.response { $0.certificates = stranger.standIn.chain }
        expectTimestampProblem(.timestampUntrusted, "not a timestamp authority") {
            _ = try verified(foreign, by: [trusted])
        }
    }

    @Test("an embedded leaf that only bears the authority's name is refused")
    func namesake() throws {
        // Same names, other keys.
        let (authority, namesake) = (try TestTimestampAuthority(), try TestTimestampAuthority())
        let response = try namesake.response { $0.certificates = namesake.standIn.chain }
        expectTimestampProblem(.timestampUntrusted, "the timestamp authority") {
            _ = try verified(response, by: [try authority.trusted(withLeaf: false)])
        }
    }

    @Test("two embedded leaves of one name are refused where the root lists no leaf")
    func twoLeaves() throws {
        let authority = try TestTimestampAuthority()
        let impostor = try impersonating(authority)
        let response = try authority.response {
            $0.certificates = [authority.standIn.leafDER, impostor]
        }
        expectTimestampProblem(.timestampUntrusted, "several certificates") {
            _ = try verified(response, by: [try authority.trusted(withLeaf: false)])
        }
    }

    @Test("an embedded intermediate helps to reach a root that lists only itself")
    func embeddedIntermediate() throws {
        let authority = try TestTimestampAuthority()
        let chain = authority.standIn.chain
        let root = try CertificateAuthority(
            chain: [Certificate(derBytes: chain[2])], validFor: StampTimes.year, uri: nil,
            operatorName: nil)
        let whole = try authority.response { $0.certificates = Array(chain.prefix(2)) }
        #expect(try verified(whole, by: [root]).time == StampTimes.noon)
        let leafOnly = try authority.response { $0.certificates = [chain[0]] }
        expectTimestampProblem(.timestampUntrusted, "") { _ = try verified(leafOnly, by: [root]) }
    }

    @Test("no authority at all believes nothing")
    func noAuthority() throws {
        let response = try TestTimestampAuthority().response()
        expectTimestampProblem(.timestampUntrusted, "not a timestamp authority") {
            _ = try verified(response, by: [])
        }
    }

    private func verified(
        _ response: [UInt8], by authorities: [CertificateAuthority], nonce: TimestampNonce? = nil
    ) throws -> VerifiedTimestamp {
        try TimestampToken(response: response)
            .verified(over: stampedMessage, by: authorities, nonce: nonce)
    }

    /// A certificate with the leaf's issuer and serial number on a new key, by a new authority.
    private func impersonating(_ authority: TestTimestampAuthority) throws -> [UInt8] {
        var draft = authority.standIn.leaf
        draft.publicKey = try StandInKey().publicDER
        return try draft.signed(by: StandInKey())
    }
}
