// SPDX-License-Identifier: Apache-2.0
// Media types. Spec: OCI image-spec 1.1, media-types.md; RFC 6838.

package import Primitives

/// A media type. Unknown types are valid.
package struct MediaType: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Parses a media type without its parameters (`; charset=…`).
    ///
    /// Spec: RFC 6838 §4.2: type and subtype are case-insensitive, so they are stored in lower
    /// case.
    package init(parsing text: some StringProtocol) throws(Failure) {
        let words = String(text).utf8.prefix(before: ";").utf8.split { $0 == 0x20 || $0 == 0x09 }
        let written = words.count == 1 ? String(Substring(words[0])) : ""
        // Lowercasing turns a Kelvin sign into a k, which is another type to other readers.
        let essence = written.utf8.allSatisfy { $0 < 0x80 } ? written.utf8.lowercased() : ""
        let parts = essence.utf8.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2,
            parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isTokenByte) }),
            essence.utf8.count <= 255
        else {
            throw Failure(
                .malformed, "cannot read the media type \(quoted(text))",
                because: "it is not in the form type/subtype")
        }
        description = essence
    }

    fileprivate init(known text: String) { description = text }

    package static let ociManifest = MediaType(known: "application/vnd.oci.image.manifest.v1+json")
    package static let ociIndex = MediaType(known: "application/vnd.oci.image.index.v1+json")
    package static let ociConfig = MediaType(known: "application/vnd.oci.image.config.v1+json")
    package static let ociEmpty = MediaType(known: "application/vnd.oci.empty.v1+json")
    package static let ociLayer = MediaType(known: "application/vnd.oci.image.layer.v1.tar")
    package static let ociLayerGzip = MediaType(
        known: "application/vnd.oci.image.layer.v1.tar+gzip")
    package static let ociLayerZstd = MediaType(
        known: "application/vnd.oci.image.layer.v1.tar+zstd")
    package static let dockerManifest = MediaType(
        known: "application/vnd.docker.distribution.manifest.v2+json")
    package static let dockerManifestList = MediaType(
        known: "application/vnd.docker.distribution.manifest.list.v2+json")
    package static let dockerConfig = MediaType(
        known: "application/vnd.docker.container.image.v1+json")
    package static let dockerLayerGzip = MediaType(
        known: "application/vnd.docker.image.rootfs.diff.tar.gzip")
    package static let dockerForeignLayer = MediaType(
        known: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")
    package static let dockerSchema1 = MediaType(
        known: "application/vnd.docker.distribution.manifest.v1+json")
    package static let dockerSchema1Signed = MediaType(
        known: "application/vnd.docker.distribution.manifest.v1+prettyjws")
    package static let sigstoreBundle = MediaType(
        known: "application/vnd.dev.sigstore.bundle.v0.3+json")
    package static let simpleSigning = MediaType(
        known: "application/vnd.dev.cosign.simplesigning.v1+json")
    /// The artifact type of legacy signatures in cosign's experimental OCI 1.1 mode.
    package static let cosignSignatureArtifact = MediaType(
        known: "application/vnd.dev.cosign.artifact.sig.v1+json")
    /// An in-toto statement, or a manifest with envelopes of statements.
    package static let inToto = MediaType(known: "application/vnd.in-toto+json")
    package static let dsseEnvelope = MediaType(known: "application/vnd.dsse.envelope.v1+json")
    package static let octets = MediaType(known: "application/octet-stream")
    private static let binaryOctets = MediaType(known: "binary/octet-stream")
    private static let json = MediaType(known: "application/json")
    private static let textJSON = MediaType(known: "text/json")
    private static let plainText = MediaType(known: "text/plain")

    /// Whether it is the type of an index.
    package var isIndex: Bool { self == .ociIndex || self == .dockerManifestList }
    /// Whether it is the type of an image or artifact manifest.
    package var isImageManifest: Bool { self == .ociManifest || self == .dockerManifest }
    /// Whether it is a generic type that servers use for content of unknown type.
    package var isGeneric: Bool {
        [.octets, .binaryOctets, .json, .textJSON, .plainText].contains(self)
    }
    /// Whether it is any version of the Sigstore bundle.
    package var isSigstoreBundle: Bool {
        description.utf8.hasPrefix("application/vnd.dev.sigstore.bundle")
    }
    /// Whether layers of this type are not pulled or copied by default.
    ///
    /// Spec: image-spec 1.1, layer.md, "Non-Distributable Layers".
    package var isNonDistributable: Bool {
        self == .dockerForeignLayer || description.utf8.contains(".nondistributable.")
    }
}

extension JSONReader {
    /// The media type of a field; nil if it is absent or empty.
    func optionalMediaType(_ name: String) throws(Failure) -> MediaType? {
        guard let text = try optional(name)?.string(), !text.isEmpty else { return nil }
        return try MediaType(parsing: text)
    }
}

/// Spec: RFC 6838 §4.2, restricted-name-chars.
private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: Array("!#$&-^_.+".utf8).contains(byte)
    }
}
