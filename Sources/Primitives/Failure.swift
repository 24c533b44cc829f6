// SPDX-License-Identifier: Apache-2.0
// The one error type of Assay: what happened, where, why, and what to do next.

/// Something that went wrong, told so that whoever reads it can act.
///
/// A "no" is not a failure: a refused image is a result with a reason. A `Failure` means that a
/// question could not be answered, or (kind `rejected`) that something offered as proof is not.
public struct Failure: Error, Hashable, Sendable {
    /// The only part a program may branch on. Exit codes and HTTP statuses come from it.
    public enum Kind: String, Sendable, CaseIterable {
        /// The bytes do not have the shape their format demands.
        case malformed
        /// A named limit was reached before the answer was.
        case overLimit
        /// The place was asked and said that the thing is not there.
        case notFound
        /// The place knows us, or does not, and will not let us in.
        case denied
        /// The place did not answer, or answered that it cannot now.
        case unavailable
        /// The place asked us to come back later, and we did until our patience ended.
        case rateLimited
        /// Something was offered as proof and does not prove it.
        case rejected
        /// The input is valid and asks for something Assay does not do.
        case unsupported
        /// The command or call was put together wrongly.
        case usage
        /// Our own mistake.
        case bug
    }

    /// What a program may branch on.
    public let kind: Kind
    /// What we were doing, in the user's words: "cannot verify ghcr.io/acme/api@sha256:9f…".
    public var what: String
    /// Where to look.
    public var place: Place?
    /// What we found against what we expected.
    public let why: String
    /// The next step, when it is truly known.
    public var next: String?

    /// A failure in its parts; texts are lower case and have no full stop.
    public init(
        _ kind: Kind, _ what: String, at place: Place? = nil, because why: String,
        next: String? = nil
    ) {
        self.kind = kind
        self.what = what
        self.place = place
        self.why = why
        self.next = next
    }

    /// The same failure told from the caller's side, where the user's noun is known.
    package func during(_ what: String, at place: Place? = nil) -> Failure {
        Failure(kind, what, at: place ?? self.place, because: "\(self.what): \(why)", next: next)
    }
}

/// Where something is, precisely enough to look.
public enum Place: Hashable, Sendable, CustomStringConvertible {
    /// A line and column, both counted from 1.
    case file(String, line: Int, column: Int)
    /// A JSON pointer (RFC 6901) inside a named document.
    case document(String, pointer: String)
    /// A byte offset, counted from 0, inside something named.
    case bytes(of: String, offset: Int)
    /// An address without its secrets.
    case url(String)
    /// Anything that has a name of its own.
    case named(String)

    /// The place as a person reads it. Names and pointers may come from outside, so they are made
    /// safe to show.
    public var description: String { plain(text, atMost: Limits.placeLength) }

    private var text: String {
        switch self {
        case .file(let name, let line, let column): "\(name):\(line):\(column)"
        case .document(let name, let pointer): pointer.isEmpty ? name : "\(name), \(pointer)"
        case .bytes(let name, let offset): "\(name), byte \(offset)"
        case .url(let address): address
        case .named(let name): name
        }
    }
}

extension Failure: CustomStringConvertible {
    /// The failure as a person reads it: one to four lines, the same ones everywhere.
    public var description: String {
        var lines = ["error: \(what)"]
        if let place { lines.append("where: \(place)") }
        lines.append("  why: \(why)")
        if let next { lines.append(" next: \(next)") }
        return lines.joined(separator: "\n")
    }
}

/// Outside text made safe to show: quoted, cut at 80 characters, control characters escaped.
package func quoted(_ text: some StringProtocol) -> String {
    var shown = "\""
    for scalar in text.unicodeScalars.prefix(Limits.quotedTextLength) {
        shown += scalar == "\"" ? "\\\"" : printable(scalar)
    }
    if text.unicodeScalars.dropFirst(Limits.quotedTextLength).first != nil { shown += "…" }
    return shown + "\""
}

/// Outside text for a line of its own: as `quoted`, without the marks and with a longer cut.
package func plain(_ text: some StringProtocol, atMost limit: Int = Limits.plainTextLength)
    -> String
{
    // Most texts need no change.
    if text.utf8.count <= limit, text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) {
        return String(text)
    }
    let shown = text.unicodeScalars.prefix(limit).map(printable).joined()
    return text.unicodeScalars.dropFirst(limit).first == nil ? shown : shown + "…"
}

private func printable(_ scalar: Unicode.Scalar) -> String {
    scalar.isInvisible ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
}
