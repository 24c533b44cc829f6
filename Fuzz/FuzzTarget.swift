// SPDX-License-Identifier: Apache-2.0
// The readers that are fuzzed: each takes any bytes and must come back, with a value or a "no".

import Keys
import OCI
import Primitives
import Signing
import TUF

/// One family of readers. What a reader takes is read once more where it can be written: the second
/// reading must say the same, or the program stops.
enum FuzzTarget: String, CaseIterable {
    case bundle
    case certificate
    case timestamp = "tsr"
    case note
    case logEntry = "log-entry"
    case metadata = "tuf"
    case manifest
    case statement
    case trustedRoot = "trusted-root"
    case pem
    case privateKey = "pkcs8"
    case token

    /// Longer inputs only cost time: no form needs more to show all of its branches.
    var byteLimit: Int {
        switch self {
        case .bundle, .trustedRoot, .metadata: 32 * 1024
        default: 8 * 1024
        }
    }

    func run(_ bytes: [UInt8], in world: FuzzWorld) {
        switch self {
        case .bundle: readBundle(bytes, world)
        case .certificate: readCertificate(bytes, world)
        case .timestamp: readTimestamp(bytes, world)
        case .note: readNote(bytes)
        case .logEntry: readLogEntry(bytes)
        case .metadata: readMetadata(bytes, world)
        case .manifest: readManifest(bytes)
        case .statement: readStatement(bytes)
        case .trustedRoot: readTrustedRoot(bytes)
        case .pem: readPEM(bytes)
        case .privateKey: readKeys(bytes)
        case .token: _ = try? IdentityToken(parsing: String(decoding: bytes, as: UTF8.self))
        }
    }
}

private func readBundle(_ bytes: [UInt8], _ world: FuzzWorld) {
    guard let bundle = try? SignatureBundle(parsing: bytes) else { return }
    for verifier in world.verifiers {
        _ = verifier.verify(bundle, about: world.artifact, type: nil)
    }
}

private func readCertificate(_ bytes: [UInt8], _ world: FuzzWorld) {
    guard let certificate = try? Certificate(derBytes: bytes) else { return }
    mustBeSame(try? Certificate(pem: certificate.pem), certificate)
    _ = certificate.claims.all
    let root = world.root
    guard
        let chains = try? CertificateChains(
            from: certificate, helpedBy: [certificate], to: root.certificateAuthorities,
            for: .codeSigning),
        let path = try? chains.paths(at: [world.time]).first
    else {
        _ = try? CertificateTransparency.verify(
            certificate, issuer: world.issuer, detached: [],
            by: root.certificateTransparencyLogs, threshold: 1)
        return
    }
    _ = try? CertificateTransparency.verify(
        certificate, issuer: path.issuer, detached: [bytes], by: root.certificateTransparencyLogs,
        threshold: 1)
}

private func readTimestamp(_ bytes: [UInt8], _ world: FuzzWorld) {
    for token in [try? TimestampToken(response: bytes), try? TimestampToken(bareToken: bytes)] {
        _ = try? token?.verified(
            over: world.stamped, by: world.root.timestampAuthorities, nonce: nil)
    }
}

private func readNote(_ bytes: [UInt8]) {
    guard let note = try? SignedNote(parsing: bytes) else { return }
    mustBeSame(Array(note.description.utf8), bytes)
    guard let checkpoint = try? Checkpoint(reading: note) else { return }
    mustBeSame(try? Checkpoint(parsing: note.description), checkpoint)
}

private func readLogEntry(_ bytes: [UInt8]) {
    for kind in [
        TransparencyLogEntry.Kind.hashedRecord, .hashedRecordVersion2, .envelope, .inToto,
        .inTotoVersion1,
    ] {
        _ = try? LogEntryBody(parsing: bytes, as: kind)
    }
    _ = try? TransparencyLogEntry(
        legacyBundleAnnotation: String(decoding: bytes, as: UTF8.self))
    guard let json = try? JSONReader(parsing: bytes, named: "the entry") else { return }
    _ = try? TransparencyLogEntry(rekorVersion1Answer: json)
    guard let entry = try? TransparencyLogEntry(reading: json) else { return }
    let again = (try? JSONReader(parsing: entry.json.compactBytes, named: "the entry")).flatMap {
        try? TransparencyLogEntry(reading: $0)
    }
    mustBeSame(again, entry)
    _ = try? LogEntryBody(parsing: entry.body, as: entry.kind)
}

private func readMetadata(_ bytes: [UInt8], _ world: FuzzWorld) {
    if let root = try? SignedMetadata<RootContent>(given: bytes) {
        _ = try? root.successor(bytes)
    }
    _ = try? world.metadata.root.signedTimestamp(bytes)
    _ = try? world.metadata.root.signedSnapshot(bytes)
    _ = try? world.metadata.snapshot.targets(bytes, under: world.metadata.root, at: nil)
}

private func readManifest(_ bytes: [UInt8]) {
    _ = try? ImageConfiguration(parsing: bytes)
    guard let manifest = try? Manifest(parsing: bytes, as: nil) else { return }
    _ = (manifest.descriptor.json, manifest.blobs, manifest.children, manifest.subject)
    switch manifest.kind {
    case .image(let image): _ = try? Manifest(parsing: image.json.compactBytes, as: .ociManifest)
    case .index(let index): _ = try? Manifest(parsing: index.json.compactBytes, as: .ociIndex)
    }
}

private func readStatement(_ bytes: [UInt8]) {
    _ = try? Statement(parsing: bytes)
    guard let json = try? JSONReader(parsing: bytes, named: "the envelope"),
        let envelope = try? Envelope(reading: json)
    else { return }
    let again = (try? JSONReader(parsing: envelope.json.compactBytes, named: "the envelope"))
        .flatMap { try? Envelope(reading: $0) }
    mustBeSame(again, envelope)
    _ = try? Statement(parsing: envelope.payload)
}

private func readTrustedRoot(_ bytes: [UInt8]) {
    _ = try? TrustedRoot(parsing: bytes)
    _ = try? SigningConfiguration(parsing: bytes)
    _ = try? ClientTrustConfiguration(parsing: bytes)
}

private func readPEM(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    _ = try? Certificate.list(pem: text)
    _ = try? PublicKey.list(pem: text)
    _ = try? PrivateKeyFile(pem: text)
    _ = try? EncryptedPrivateKey(pem: text)
}

private func readKeys(_ bytes: [UInt8]) {
    for key in [
        try? PrivateKey(pkcs8: bytes), try? PrivateKey(sec1: bytes), try? PrivateKey(pkcs1: bytes),
    ] {
        guard let key else { continue }
        mustBeSame((try? PrivateKey(pkcs8: key.pkcs8))?.publicKey, key.publicKey)
    }
    _ = try? EncryptedPKCS8(derBytes: bytes)
    guard let key = try? PublicKey(derBytes: bytes) else { return }
    mustBeSame(try? PublicKey(derBytes: key.derBytes), key)
    _ = key.isValid(bytes, over: bytes)
}

/// Stops the program, so that the fuzzer keeps the input.
private func mustBeSame<Value: Equatable>(_ again: Value?, _ first: Value) {
    precondition(again == first, "read, written and read again, it is another value")
}
