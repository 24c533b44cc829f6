// SPDX-License-Identifier: Apache-2.0
// Signed certificate timestamps (SCT). Spec: RFC 6962 §3.2 and §3.3; RFC 5246 §4 and §4.7.

internal import FoundationEssentials
package import Primitives
internal import SwiftASN1

/// An unverified SCT, a log's signed promise to include a certificate.
package struct SignedCertificateTimestamp: Hashable, Sendable {
    /// The signature algorithm. Spec: RFC 6962 §2.1.4 and §3.2 for ECDSA and RSA with SHA-256; RFC
    /// 8422 §5.1.3 for Ed25519.
    package enum SignatureAlgorithm: Hashable, Sendable {
        case ecdsa, rsa, ed25519
    }

    /// The log ID, the SHA-256 of its key.
    package let logID: [UInt8]
    /// The signed time in milliseconds since 1970.
    package let milliseconds: UInt64
    /// The extensions, usually empty; static-tile logs write the leaf's index.
    package let extensions: [UInt8]
    package let signatureAlgorithm: SignatureAlgorithm
    package let signature: [UInt8]

    /// The signed time in seconds. 2^64 milliseconds fit in an Int of seconds.
    package var time: Timestamp { Timestamp(seconds: Int(milliseconds / 1_000)) }

    /// Parses the TLS encoding, without bytes after the signature.
    package init(tlsBytes bytes: [UInt8]) throws(Failure) {
        guard bytes.count <= Limits.certificateBytes else {
            throw Failure(
                .overLimit, "cannot read the certificate timestamp",
                because: "it has \(bytes.count) bytes, the limit is \(Limits.certificateBytes)")
        }
        var reader = TLSReader(bytes[...])
        guard let version = reader.number(1), version == 0 else {
            throw unreadableTimestamp("it is not of version 1")
        }
        guard let logID = reader.bytes(32), let milliseconds = reader.number(8),
            let extensions = reader.vector(), let algorithm = reader.number(2),
            let signature = reader.vector(), reader.isAtEnd
        else { throw unreadableTimestamp("a length in it is not true") }
        self.logID = Array(logID)
        self.milliseconds = milliseconds
        self.extensions = Array(extensions)
        signatureAlgorithm = try SignedCertificateTimestamp.algorithm(algorithm)
        self.signature = Array(signature)
    }

    /// Parses the JSON response of a log's `add-chain`, which Fulcio returns as a detached SCT.
    ///
    /// Spec: RFC 6962 §4.1: `sct_version`, `id`, `timestamp`, `extensions`, `signature`.
    package init(json bytes: [UInt8]) throws(Failure) {
        guard bytes.count <= Limits.certificateBytes else {
            throw Failure(
                .overLimit, "cannot read the certificate timestamp",
                because: "it has \(bytes.count) bytes, the limit is \(Limits.certificateBytes)")
        }
        let reader = try JSONReader(parsing: bytes, named: "the certificate timestamp")
        guard try reader.required("sct_version").integer() == 0 else {
            throw unreadableTimestamp("it is not of version 1")
        }
        logID = try reader.required("id").base64()
        guard logID.count == 32 else {
            throw unreadableTimestamp("its log has no name of 32 bytes")
        }
        guard let milliseconds = UInt64(exactly: try reader.required("timestamp").integer()) else {
            throw unreadableTimestamp("its time is negative")
        }
        self.milliseconds = milliseconds
        extensions = try reader.optional("extensions")?.base64() ?? []
        var signed = TLSReader(try reader.required("signature").base64()[...])
        guard extensions.count <= Int(UInt16.max), let algorithm = signed.number(2),
            let signature = signed.vector(), signed.isAtEnd
        else { throw unreadableTimestamp("a length in it is not true") }
        signatureAlgorithm = try SignedCertificateTimestamp.algorithm(algorithm)
        self.signature = Array(signature)
    }

    /// Parses a detached SCT in either form; JSON begins with a brace, TLS with the version 0.
    package init(detached bytes: [UInt8]) throws(Failure) {
        let blank: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
        if bytes.first(where: { !blank.contains($0) }) == UInt8(ascii: "{") {
            try self.init(json: bytes)
        } else {
            try self.init(tlsBytes: bytes)
        }
    }

    private static func algorithm(_ pair: UInt64) throws(Failure) -> SignatureAlgorithm {
        switch pair {
        case 0x0403: .ecdsa
        case 0x0401: .rsa
        case 0x0807: .ed25519
        default:
            throw unreadableTimestamp(
                "it is signed in a way other than ECDSA or RSA with SHA-256, Ed25519")
        }
    }
}

extension SignedCertificateTimestamp {
    /// The signed entry of a certificate.
    package enum Entry: Sendable {
        /// The certificate itself, for a detached SCT.
        case certificate([UInt8])
        /// The precertificate, without the SCT list.
        case precertificate(issuerKeyHash: [UInt8], tbsCertificate: [UInt8])
    }

    /// The signed bytes.
    ///
    /// Spec: RFC 6962 §3.2, `digitally-signed struct`: version v1(0), certificate_timestamp(0).
    package func signedBytes(over entry: Entry) -> [UInt8] {
        var bytes: [UInt8] = [0, 0] + bigEndian(milliseconds, 8)
        switch entry {
        case .certificate(let certificate):
            bytes += [0, 0] + bigEndian(UInt64(certificate.count), 3) + certificate
        case .precertificate(let issuerKeyHash, let tbsCertificate):
            bytes += [0, 1] + issuerKeyHash
            bytes += bigEndian(UInt64(tbsCertificate.count), 3) + tbsCertificate
        }
        return bytes + bigEndian(UInt64(extensions.count), 2) + extensions
    }
}

extension Certificate {
    /// The encoded SCTs of the certificate; nil without the extension.
    ///
    /// Spec: RFC 6962 §3.3: `SignedCertificateTimestampList`, "at least one SCT MUST be included".
    func embeddedTimestamps() throws(Failure) -> [[UInt8]]? {
        guard let content = constraints.timestampList else { return nil }
        guard let string = try? ASN1OctetString(derEncoded: content) else {
            throw unreadableTimestamp("its list is not one OCTET STRING")
        }
        var outer = TLSReader(string.bytes)
        guard let list = outer.vector(), outer.isAtEnd, !list.isEmpty else {
            throw unreadableTimestamp("the length of its list is not true")
        }
        var reader = TLSReader(list)
        var timestamps: [[UInt8]] = []
        while !reader.isAtEnd {
            guard timestamps.count < Limits.timestampsPerCertificate else {
                throw Failure(
                    .overLimit, "cannot read the certificate timestamps",
                    because: "there are more than \(Limits.timestampsPerCertificate)")
            }
            guard let next = reader.vector(), !next.isEmpty else {
                throw unreadableTimestamp("a length in its list is not true")
            }
            timestamps.append(Array(next))
        }
        return timestamps
    }
}

/// Parses numbers and vectors of the TLS presentation language; nil if the bytes end early.
private struct TLSReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    /// At most eight bytes.
    mutating func number(_ count: Int) -> UInt64? {
        bytes(count)?.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// `opaque<0..2^16-1>`.
    mutating func vector() -> ArraySlice<UInt8>? {
        guard let count = number(2) else { return nil }
        return bytes(Int(count))
    }
}

private func bigEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
}

private func unreadableTimestamp(_ why: String) -> Failure {
    Failure(.malformed, "cannot read the certificate timestamp", because: why)
}
