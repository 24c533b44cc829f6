// SPDX-License-Identifier: Apache-2.0
// What the header of an error says about the reason, which many services tell there alone.
// Spec: RFC 9110 §10.2.3, §11.6.1; RFC 9209; RFC 9111 (its note on Warning); gRPC over HTTP/2.

internal import HTTPTypes
internal import Primitives

/// Whether the header of an answer leaves room for "it is not there".
struct HeaderReason {
    private(set) var allowsAbsence = true
    /// What the first field against an absence says about access, rates or faults.
    private(set) var kind: Failure.Kind?

    init(_ fields: HTTPFields, _ words: ErrorWords) {
        for field in fields where !isNeutral(field, words) {
            allowsAbsence = false
            kind = kind ?? words.failureKind(of: field.value)
        }
    }
}

extension RegistryResponse {
    /// Why a list may have more entries than the answer, as far as its header says; nil if it does not.
    ///
    /// Spec: distribution-spec 1.1, "Listing Referrers" (OCI-Filters-Applied; Assay asks for no
    /// filter), "Warnings" (299, which may stand in any answer).
    var whyListIsPartial: String? {
        let words = ErrorWords(namesIn: call.address)
        for field in fields {
            let name = field.name.canonicalName
            let isNotice = name == "warning" && field.value.utf8.hasPrefix("299 ")
            if name == "oci-filters-applied" || name == "content-range"
                || (!isNotice && !isNeutral(field, words))
            {
                return
                    "the list may not be whole: its header has \(quoted(field.name.canonicalName))"
            }
        }
        return nil
    }
}

/// Whether a field says that something is not there, or nothing about the reason of an error.
private func isNeutral(_ field: HTTPField, _ words: ErrorWords) -> Bool {
    let name = field.name.canonicalName
    switch name {
    // They mean: ask later, or as somebody else, or "this is an old answer".
    case "retry-after", "refresh", "www-authenticate", "proxy-authenticate", "cf-mitigated",
        "x-envoy-ratelimited", "x-envoy-overloaded":
        return false
    case "warning":
        let text = field.value.utf8.split(atFirst: "\"")?.after ?? ""
        return words.meaning(of: String(text)) == .absent
    case "proxy-status":
        return isNeutral(proxyStatus: field.value.utf8.lowercased())
    case "grpc-status":
        return ["0", "5", "12"].contains { isSame($0, field.value) }
    case "x-envoy-response-code-details":
        return isSame(field.value, "via_upstream")
    case "x-amzn-errortype":
        // `RepositoryNotFoundException:http://internal.amazon.com/…`.
        return words.meaning(of: String(field.value.utf8.prefix(before: ":http://"))) != .other
    default:
        if name.utf8.contains("status"), !isNeutral(status: field.value) { return false }
        guard reasonNames.contains(where: { name.utf8.contains($0) }) else { return true }
        return words.meaning(of: field.value) != .other
    }
}

/// Whether a field about a status says nothing against an absence: it begins with no number, or with
/// one that means success or absence.
private func isNeutral(status value: String) -> Bool {
    let digits = value.utf8.prefix(while: isDigitByte)
    guard digits.count == 3, let status = Int(String(Substring(digits))) else { return true }
    return (200..<300).contains(status) || [404, 405, 406, 501].contains(status)
}

/// Spec: RFC 9209 §2.1: `proxy; error=…; received-status=404`.
private func isNeutral(proxyStatus value: String) -> Bool {
    value.utf8.split(whereSeparator: ";,".utf8.contains).allSatisfy { part in
        let parameter = Substring(part).utf8.trimmed()
        if let status = parameter.utf8.removingPrefix("received-status=") {
            return ["404", "405", "501"].contains { isSame($0, String(status)) }
        }
        return !parameter.utf8.hasPrefix("error") && !parameter.utf8.hasPrefix("details")
    }
}

/// Parts of the names of fields that tell a reason: `X-Amzn-ErrorType`, `x-ms-error-code`.
private let reasonNames = [
    "error", "exception", "reason", "message", "response-flags", "blocked", "denied", "maintenance",
    "waf", "mitigated",
]
