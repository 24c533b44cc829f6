// SPDX-License-Identifier: Apache-2.0
// Real timestamps: those of sigstore-conformance's bundles, with the authorities of their roots.

import Foundation
import Primitives
import Signing
import TestSupport

/// A bundle's timestamps, what they are over, and who may be believed.
struct TimestampVector: Sendable, CustomStringConvertible {
    let description: String
    let responses: [[UInt8]]
    let message: [UInt8]
    let authorities: [CertificateAuthority]

    /// The folder of the suite; nil when the suites are not beside the project.
    static let directory = SharedSuites.sigstore

    /// Every vector with timestamps and a root of its own; an unreadable one is left out.
    static let all: [TimestampVector] = {
        guard let directory else { return [] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.sorted().compactMap { name in
            try? TimestampVector(name, in: directory.appendingPathComponent(name))
        }
    }()

    private init?(_ name: String, in directory: URL) throws {
        let bundle = try Self.document("bundle.sigstore.json", in: directory)
        let root = try Self.document("trusted_root.json", in: directory)
        let material = try bundle.required("verificationMaterial")
        guard
            let timestamps = try material.optional("timestampVerificationData")?
                .optional("rfc3161Timestamps")?.items(atMost: 32), !timestamps.isEmpty
        else { return nil }
        description = name
        responses = try timestamps.map { try Self.bytes($0.required("signedTimestamp")) }
        message =
            if let envelope = try bundle.optional("dsseEnvelope") {
                try Self.bytes(envelope.required("signatures").items(atMost: 1)[0].required("sig"))
            } else {
                try Self.bytes(bundle.required("messageSignature").required("signature"))
            }
        authorities = try root.required("timestampAuthorities").items(atMost: 16)
            .map(Self.authority)
    }

    private static func document(_ name: String, in directory: URL) throws -> JSONReader {
        let file = directory.appendingPathComponent(name)
        return try JSONReader(parsing: Array(Data(contentsOf: file)), named: name)
    }

    private static func bytes(_ value: JSONReader) throws -> [UInt8] {
        guard let bytes = Primitives.bytes(fromBase64: try value.string()) else {
            throw value.broken("it is not base64")
        }
        return bytes
    }

    private static func authority(_ value: JSONReader) throws -> CertificateAuthority {
        let chain = try value.required("certChain").required("certificates").items(atMost: 16)
        let period = try value.required("validFor")
        return try CertificateAuthority(
            chain: try chain.map { try Certificate(derBytes: bytes($0.required("rawBytes"))) },
            validFor: ValidityPeriod(
                start: try Timestamp(parsing: period.required("start").string()),
                end: try period.optional("end").map { try Timestamp(parsing: $0.string()) }),
            uri: try value.optional("uri")?.string(), operatorName: nil)
    }
}
