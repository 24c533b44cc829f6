// SPDX-License-Identifier: Apache-2.0
// The authority of a URL: its host and port. Spec: RFC 3986 §3.2.2, §3.2.3.

/// The host and the port that `host:port` or `[2001:db8::1]:port` names. It checks nothing; the
/// caller has validated the text.
package struct Authority: Hashable, Sendable {
    /// Without the brackets of an IPv6 address.
    package let host: String
    /// The text after the colon; nil if there is no colon.
    package let port: String?

    package init(_ text: String) {
        let afterHost = text.utf8.split(atLast: "]")?.after ?? text[...]
        let colon = afterHost.utf8.lastIndex(of: ":")
        port = colon.map { String(text[text.utf8.index(after: $0)...]) }
        if let bracketed = text.utf8.removingPrefix("[") {
            host = String(bracketed.utf8.prefix(before: "]"))
        } else {
            host = String(text[..<(colon ?? text.endIndex)])
        }
    }
}
