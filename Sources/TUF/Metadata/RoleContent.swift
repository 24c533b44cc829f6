// SPDX-License-Identifier: Apache-2.0
// The common fields of all metadata, and descriptions of other files. Spec: TUF 1.0.34 §4.2, §4.4.

package import Primitives

/// The content of a role's metadata.
package protocol RoleContent: Hashable, Sendable {
    /// The `_type` of the content.
    static var type: String { get }
    /// The maximum length of the role's file in bytes.
    static var byteLimit: Int { get }

    var common: CommonContent { get }

    init(reading signed: JSONReader, common: CommonContent, subject: String)
        throws(MetadataProblem)
}

/// The common fields of all roles.
package struct CommonContent: Hashable, Sendable {
    package let version: Int
    package let expires: Timestamp

    init(reading signed: JSONReader, type: String, subject: String) throws(MetadataProblem) {
        let found = try reading(subject) { () throws(Failure) in
            try signed.required("_type").string()
        }
        guard found == type else {
            throw MetadataProblem(
                .wrongRole, subject, "its type is \(quoted(found)), \(quoted(type)) is expected")
        }
        let specification = try reading(subject) { () throws(Failure) in
            try signed.required("spec_version").string()
        }
        guard CommonContent.isKnown(specification) else {
            throw MetadataProblem(
                .unsupportedSpecification, subject,
                "its specification is \(quoted(specification)), Assay supports 1.x")
        }
        (version, expires) = try reading(subject) { () throws(Failure) in
            let expires = try signed.required("expires").string()
            return (
                try positive(signed.required("version")), try Timestamp(parsing: expires)
            )
        }
    }

    /// Spec: TUF 1.0.34 §4.3: `spec_version` is a semantic version; only major version 1 is
    /// supported.
    private static func isKnown(_ version: String) -> Bool {
        let parts = version.utf8.split(separator: ".", omittingEmptySubsequences: false)
        return (2...3).contains(parts.count) && parts[0] == "1"
            && parts.allSatisfy { part in
                !part.isEmpty && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
            }
    }
}

extension RoleContent {
    package var version: Int { common.version }
    package var expires: Timestamp { common.expires }
}

/// Parsed metadata, whose signatures are not verified yet.
struct UncheckedMetadata<Content: RoleContent>: Sendable {
    let content: Content
    let signed: SignedBytes
    let bytes: [UInt8]

    /// - Parameter subject: the role's name in messages.
    init(parsing bytes: [UInt8], subject: String) throws(MetadataProblem) {
        guard bytes.count <= Content.byteLimit else {
            throw MetadataProblem(
                .overLimit, subject,
                "it has \(bytes.count) bytes, the limit is \(Content.byteLimit)")
        }
        let (body, signed) = try reading(subject) { () throws(Failure) in
            let document = try JSONReader(parsing: bytes, named: subject)
            let body = try document.required("signed")
            return (body, try SignedBytes(reading: document))
        }
        // Spec: TUF §4.2.1: "The keyid MUST be unique in the "signatures" array".
        guard Set(signed.signatures.map(\.keyID)).count == signed.signatures.count else {
            throw MetadataProblem(
                .keyIDRepeated, subject, "two of its signatures have the same key identifier")
        }
        let common = try CommonContent(reading: body, type: Content.type, subject: subject)
        content = try Content(reading: body, common: common, subject: subject)
        self.signed = signed
        self.bytes = bytes
    }
}

extension SignedBytes {
    init(reading document: JSONReader) throws(Failure) {
        message = try canonicalJSON(document.required("signed").value)
        var found: [Signature] = []
        let items = try document.required("signatures").items(
            atMost: Limits.signaturesPerMetadata)
        for item in items {
            let text = try item.required("sig").string()
            found.append(
                Signature(
                    keyID: try item.required("keyid").string(), bytes: bytes(fromHex: text) ?? []))
        }
        signatures = found
    }
}

/// A version: an integer from 1.
func positive(_ reader: JSONReader) throws(Failure) -> Int {
    let number = try reader.integer()
    guard number >= 1 else { throw reader.broken("it is \(number), at least 1 is required") }
    return number
}

/// The expected length and hashes of a file. Spec: TUF 1.0.34 §4.4 (METAFILES), §4.5 (TARGETS).
package struct ExpectedBytes: Hashable, Sendable {
    /// The length in bytes; nil if the metadata has none.
    package let length: Int?
    /// The listed hashes in supported algorithms.
    package let digests: [Digest]
    /// Whether all listed hashes are in unsupported algorithms.
    private let isUnknown: Bool

    init(reading reader: JSONReader) throws(Failure) {
        if let field = try reader.optional("length") {
            let number = try field.integer()
            guard number >= 0 else { throw field.broken("it is negative") }
            length = number
        } else {
            length = nil
        }
        var digests: [Digest] = []
        let hashes = try reader.optional("hashes")
        let listed = try hashes?.stringMap() ?? [:]
        if let hashes, listed.isEmpty { throw hashes.broken("it lists no hash") }
        for algorithm in HashAlgorithm.registered {
            guard let hex = listed[algorithm.rawValue] else { continue }
            digests.append(try Digest(parsing: "\(algorithm.rawValue):\(hex)"))
        }
        self.digests = digests
        isUnknown = digests.isEmpty && !listed.isEmpty
    }

    /// Checks the bytes against the expected length and hashes, as far as they are listed.
    package func check(_ bytes: [UInt8], as subject: String) throws(MetadataProblem) {
        if let length, length != bytes.count {
            throw MetadataProblem(
                .lengthMismatch, subject, "it has \(bytes.count) bytes, \(length) were announced")
        }
        guard !isUnknown else {
            throw MetadataProblem(
                .hashMismatch, subject, "it has no sha256 or sha512 hash")
        }
        for digest in digests {
            let found = Digest(of: bytes, by: digest.algorithm)
            guard found == digest else {
                throw MetadataProblem(.hashMismatch, subject, "it is \(found), not \(digest)")
            }
        }
    }
}

/// The description of another metadata file in a timestamp or snapshot. Spec: TUF 1.0.34 §4.4,
/// METAFILES.
package struct MetadataFile: Hashable, Sendable {
    package let version: Int
    package let expected: ExpectedBytes

    init(reading reader: JSONReader) throws(Failure) {
        version = try positive(reader.required("version"))
        expected = try ExpectedBytes(reading: reader)
    }
}
