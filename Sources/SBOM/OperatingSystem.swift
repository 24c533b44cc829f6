// SPDX-License-Identifier: Apache-2.0
// What an image says its operating system is. Spec: os-release(5).

internal import Primitives

/// The fields of os-release that name a system.
package struct OperatingSystem: Hashable, Sendable {
    /// `debian`, `alpine`; `linux` when the file names none, as os-release(5) says.
    package let identifier: String
    /// `12`, `3.20.3`; rolling systems have none.
    package let version: String?
    package let codename: String?
    package let prettyName: String?
    /// Systems it is made from: `debian` for Ubuntu.
    package let relatives: [String]
    /// The path of the file, links followed.
    package let path: String

    /// `debian-12`, `debian-trixie`, `arch`: what the `distro` qualifier of a package URL says.
    package var distribution: String {
        if let version { return "\(identifier)-\(version)" }
        return codename.map { "\(identifier)-\($0)" } ?? identifier
    }

    /// Reads the file; lines that are no assignment are passed over, as a shell's reader would not
    /// but every distribution's own tools do.
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

/// A value as a shell would read it; nil when a quote has no end.
///
/// Spec: os-release(5): quotes as in a shell, and in double quotes a backslash takes the meaning
/// from `$`, `"`, the backslash and the backtick.
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
