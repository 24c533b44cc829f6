// SPDX-License-Identifier: Apache-2.0
// Predicate types and cosign's short names for them.
// Spec: in-toto attestation v1, predicate.md; cosign v3.1.2, cmd/cosign/cli/options/predicate.go.

package import Primitives

/// A predicate type: a URI, which is compared by bytes.
package struct PredicateType: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let description: String

    /// Parses the type of a document or a policy.
    ///
    /// Spec: in-toto attestation field_types.md, TypeURI; RFC 3986 §4.1, URI-reference: cosign 1
    /// wrote types without a scheme, such as `cosign.sigstore.dev/attestation/vuln/v1`. A single
    /// word is one of cosign's short names, not a type.
    package init(uri: String) throws(Failure) {
        guard uri.utf8.count <= Limits.predicateTypeBytes, PredicateType.isReference(uri),
            // Spec: RFC 3986 §2: a URI is printable ASCII.
            uri.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw Failure(
                .malformed, "cannot read the predicate type \(quoted(uri))",
                because: "it is not a URI such as https://slsa.dev/provenance/v1")
        }
        description = uri
    }

    /// Parses a command line value: one of cosign's short names, or a URI.
    package init(named name: String) throws(Failure) {
        if let known = shortNames.first(where: { $0.name == name }) {
            self.init(known: known.uri)
            return
        }
        guard PredicateType.isReference(name) else {
            throw Failure(
                .usage, "cannot read the predicate type \(quoted(name))",
                because: "it is neither a URI nor one of "
                    + shortNames.map(\.name).joined(separator: ", "))
        }
        try self.init(uri: name)
    }

    fileprivate init(known uri: String) { description = uri }

    /// Whether a text has more than one part: `https://…`, `urn:…`, `example.org/type`.
    private static func isReference(_ text: String) -> Bool {
        guard let first = text.utf8.first, first != UInt8(ascii: ":") else { return false }
        return text.utf8.contains { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }
    }

    /// cosign's short name, if there is one.
    package var shortName: String? { shortNames.first { $0.uri == description }?.name }

    /// The type of image signatures.
    package static let signature = PredicateType(known: "https://sigstore.dev/cosign/sign/v1")
    package static let spdx = PredicateType(known: "https://spdx.dev/Document")
    package static let cycloneDX = PredicateType(known: "https://cyclonedx.org/bom")
    package static let custom = PredicateType(known: "https://cosign.sigstore.dev/attestation/v1")

    package static func < (left: PredicateType, right: PredicateType) -> Bool {
        left.description < right.description
    }
}

/// The format of the predicate file for `attest --type`.
package enum PredicateForm: Sendable {
    /// A JSON object, which is the predicate.
    case object
    /// Any text, which becomes one JSON string.
    case text
    /// Any text, in cosign's `{"Data": …, "Timestamp": …}`.
    case customData

    /// Spec: cosign's `attest`; `spdx` is the tag-value text and `spdxjson` the JSON document,
    /// both under one predicate type.
    package init(forTypeNamed name: String) {
        switch name {
        case "spdx": self = .text
        case "custom", PredicateType.custom.description: self = .customData
        default: self = .object
        }
    }

    /// The predicate that `attest` signs for the content of a file.
    package func predicate(from content: [UInt8], at time: Timestamp) throws(Failure) -> JSONValue {
        switch self {
        case .object:
            let value = try JSONValue(parsing: content, named: "the predicate file")
            guard value.object != nil else {
                throw Failure(
                    .malformed, "cannot attest the predicate file",
                    because: "it is \(value.kindName), not a JSON object")
            }
            return value
        case .text: return .string(try text(content))
        case .customData:
            return ["Data": .string(try text(content)), "Timestamp": .string(time.description)]
        }
    }

    private func text(_ content: [UInt8]) throws(Failure) -> String {
        guard let text = String(validating: content, as: UTF8.self) else {
            throw Failure(
                .malformed, "cannot attest the predicate file", because: "it is not valid UTF-8")
        }
        return text
    }
}

/// Spec: cosign, `--type`. The first row with a URI gives it its short name.
private let shortNames: [(name: String, uri: String)] = [
    ("slsaprovenance1", "https://slsa.dev/provenance/v1"),
    ("slsaprovenance", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance02", "https://slsa.dev/provenance/v0.2"),
    ("spdxjson", "https://spdx.dev/Document"),
    ("spdx", "https://spdx.dev/Document"),
    ("cyclonedx", "https://cyclonedx.org/bom"),
    ("link", "https://in-toto.io/Link/v1"),
    ("vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"),
    ("openvex", "https://openvex.dev/ns"),
    ("custom", "https://cosign.sigstore.dev/attestation/v1"),
]
