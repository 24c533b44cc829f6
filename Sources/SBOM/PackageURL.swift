// SPDX-License-Identifier: Apache-2.0
// Writes package URLs. Spec: purl-spec (ECMA-427), "Rules for each component".

package import Primitives

/// A package URL: `pkg:deb/debian/libc6@2.36-9?arch=amd64`.
///
/// The text is ASCII and canonical: two packages are equal if their texts are.
package struct PackageURL: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let description: String

    /// Creates the canonical text. Qualifiers are sorted, and empty ones are dropped.
    ///
    /// - Throws: `malformed` for a missing name, or a namespace that the type does not have.
    package init(
        type: String, namespace: String?, name: String, version: String?,
        qualifiers: ByteStringMap<String>, subpath: String? = nil
    ) throws(Failure) {
        let rules = TypeRules(type)
        let segments = (namespace ?? "").utf8.split(separator: "/").map(String.init)
        guard !name.isEmpty, !rules.forbidsNamespace || segments.isEmpty,
            !rules.needsNamespace || !segments.isEmpty
        else {
            throw Failure(
                .malformed, "cannot name the package \(quoted(name))",
                because: "a package URL of type \(type) needs a name"
                    + (rules.needsNamespace ? " and a namespace" : ""))
        }
        let lower: (String) -> String = { rules.isLowerCase ? asciiLowerCase($0) : $0 }
        let path = [type] + segments.map { encoded(lower($0)) } + [encoded(lower(name))]
        var text = "pkg:" + path.joined(separator: "/")
        if let version, !version.isEmpty { text += "@" + encoded(version) }
        let pairs = qualifiers.filter { !$0.value.isEmpty }
            .map { (asciiLowerCase($0.key), encoded($0.value)) }
            .sorted { $0.0 < $1.0 }
        if !pairs.isEmpty {
            text += "?" + pairs.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
        }
        let below = (subpath ?? "").utf8.split(separator: "/").filter { ![".", ".."].contains($0) }
        if !below.isEmpty {
            text += "#" + below.map { encoded(String($0)) }.joined(separator: "/")
        }
        description = text
    }

    package static func < (left: PackageURL, right: PackageURL) -> Bool {
        left.description < right.description
    }
}

/// The rules of a type. Spec: purl-spec types/deb, apk, oci, generic.
private struct TypeRules {
    let isLowerCase: Bool
    let needsNamespace: Bool
    let forbidsNamespace: Bool

    init(_ type: String) {
        isLowerCase = ["deb", "apk", "oci"].contains(type)
        needsNamespace = ["deb", "apk"].contains(type)
        forbidsNamespace = type == "oci"
    }
}

/// Spec: purl-spec, "Character encoding": all but unreserved characters and the colon are
/// percent-encoded.
private func encoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: ":"):
            result.unicodeScalars.append(Unicode.Scalar(byte))
        default: result += "%" + asciiUpperCase(hexText([byte]))
        }
    }
    return result
}

private func asciiUpperCase(_ hex: String) -> String { hex.utf8.uppercased() }

/// Lowercases A to Z only, so that no other letter becomes an ASCII letter.
private func asciiLowerCase(_ text: String) -> String {
    let bytes = text.utf8.map {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 + 32 : $0
    }
    return String(decoding: bytes, as: UTF8.self)
}
