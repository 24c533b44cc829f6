// SPDX-License-Identifier: Apache-2.0
// What an image says its operating system is. Spec: os-release(5).

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
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            guard let equals = line.firstIndex(of: "="), line.first != "#" else { continue }
            let name = line[..<equals].filter { $0 != " " && $0 != "\t" }
            if let value = unquoted(line[line.index(after: equals)...]) {
                fields[String(name)] = value
            }
        }
        func field(_ name: String) -> String? {
            fields[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        identifier = field("ID").map { $0.lowercased() } ?? "linux"
        version = field("VERSION_ID")
        codename = field("VERSION_CODENAME")
        prettyName = field("PRETTY_NAME")
        relatives = (field("ID_LIKE") ?? "").split(separator: " ").map { $0.lowercased() }
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
