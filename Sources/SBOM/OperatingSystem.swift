// SPDX-License-Identifier: Apache-2.0
// The operating system of an image. Spec: os-release(5).

internal import Primitives

/// The fields of os-release that identify a system.
package struct OperatingSystem: Hashable, Sendable {
    /// `debian`, `alpine`; `linux` if the file has no ID, as os-release(5) says.
    package let identifier: String
    /// `12`, `3.20.3`; rolling systems have none.
    package let version: String?
    package let codename: String?
    package let prettyName: String?
    /// The systems it derives from: `debian` for Ubuntu.
    package let relatives: [String]
    /// The path of the file, with links resolved.
    package let path: String

    /// The `distro` qualifier of package URLs: `debian-12`, `debian-trixie`, `arch`.
    package var distribution: String {
        if let version { return "\(identifier)-\(version)" }
        return codename.map { "\(identifier)-\($0)" } ?? identifier
    }

    /// Parses the file. Lines that are not assignments are ignored, as distributions' own tools do
    /// (a shell would fail).
    init(parsing bytes: [UInt8], path: String) {
        var fields: [String: String] = [:]
        let text = String(decoding: bytes, as: UTF8.self)
        for line in text.utf8.split(whereSeparator: "\r\n".utf8.contains).map(Substring.init) {
            guard let (name, value) = line.utf8.split(atFirst: "="), !line.utf8.hasPrefix("#")
            else { continue }
            if let value = unquoted(value) {
                let name = name.utf8.filter { $0 != 0x20 && $0 != 0x09 }
                fields[String(decoding: name, as: UTF8.self)] = value
            }
        }
        func field(_ name: String) -> String? {
            fields[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        identifier = field("ID").map { $0.utf8.lowercased() } ?? "linux"
        version = field("VERSION_ID")
        codename = field("VERSION_CODENAME")
        prettyName = field("PRETTY_NAME")
        relatives = (field("ID_LIKE") ?? "").utf8.split(separator: " ").map {
            $0.utf8.lowercased()
        }
        self.path = path
    }
}

/// The value as a shell parses it; nil if a quote is not closed.
///
/// Spec: os-release(5): quotes as in a shell; in double quotes a backslash escapes `$`, `"`, the
/// backslash and the backtick.
private func unquoted(_ text: Substring) -> String? {
    var value = ""
    var quote: Character?
    var characters = text[...]
    while let character = characters.popFirst() {
        switch (quote, character) {
        case (nil, "\""), (nil, "'"): quote = character
        case (let open?, character) where open == character: quote = nil
        case ("'", _): value.append(character)
        case (nil, "\\"):
            guard let next = characters.popFirst() else { return nil }
            value.append(next)
        case (_, "\\"):
            guard let next = characters.popFirst() else { return nil }
            value += "$\"\\`".contains(next) ? String(next) : "\\\(next)"
        case (nil, " "), (nil, "\t"): return value
        default: value.append(character)
        }
    }
    return quote == nil ? value : nil
}
