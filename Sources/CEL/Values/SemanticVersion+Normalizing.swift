// SPDX-License-Identifier: Apache-2.0
// Versions as Kubernetes normalizes them. Spec: Kubernetes, library/semverlib.

internal import Primitives

extension SemanticVersion {
    /// Parses `v1.2`, `01.2.3` and strict semantic versions.
    ///
    /// Spec: Kubernetes, library/semverlib: drops a leading v, fills missing parts with 0, and
    /// drops leading zeros.
    init?(normalizing text: String) {
        guard text.utf8.count <= Limits.versionBytes, isASCII(text) else { return nil }
        let body = text.utf8.removingPrefix("v") ?? text[...]
        let end = body.utf8.prefix(beforeAny: "-+").endIndex
        var parts = body[..<end].utf8.split(separator: ".", omittingEmptySubsequences: false).map {
            part in
            let stripped = part.utf8.drop { $0 == UInt8(ascii: "0") }
            return stripped.isEmpty && !part.isEmpty ? "0" : String(Substring(stripped))
        }
        guard parts.count <= 3 else { return nil }
        while parts.count < 3 { parts.append("0") }
        self.init(parts.joined(separator: ".") + body[end...])
    }
}
