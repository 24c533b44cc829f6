// SPDX-License-Identifier: Apache-2.0
// Which flags and options one command has, as its own help lists them.

import ArgumentParser
import Primitives

/// The flags and options of one command, read from the command's declaration.
struct KnownOptions {
    enum Kind: Equatable {
        /// `opposite` is `--no-x` for `--x` and `--x` for `--no-x`, where the command has both.
        case flag(opposite: String?)
        case option
    }

    private var kinds: [String: Kind] = [:]
    private var spellings: [String: [String]] = [:]

    init(of command: any ParsableCommand.Type) throws(Failure) {
        let help = try JSONValue(parsing: Array(command._dumpHelp().utf8), named: "the help")
        var flags: [[String]] = []
        for argument in help["command"]?["arguments"]?.array ?? [] {
            let names = (argument["names"]?.array ?? []).compactMap(Self.spelling)
            if argument["kind"]?.string == "flag" {
                flags.append(names)
            } else {
                for name in names { kinds[name] = .option }
            }
        }
        // The help lists `--x` and `--no-x` as two flags.
        for names in flags {
            let inverted = flags.first { other in
                names.contains { name in other.contains { Self.isInverse($0, of: name) } }
            }
            for name in names {
                let opposite = inverted?.first { Self.isInverse($0, of: name) } ?? inverted?.first
                kinds[name] = .flag(opposite: opposite)
                spellings[name] = names + (inverted ?? [])
            }
        }
    }

    /// nil when the command has no such flag or option. Names are ASCII: what only looks like one of
    /// them is another text.
    func kind(of name: String) -> Kind? { name.utf8.allSatisfy { $0 < 0x80 } ? kinds[name] : nil }

    /// Every spelling of the flag: `-y` and `--yes`, `--upload` and `--no-upload`.
    func spellings(of name: String) -> [String] { spellings[name] ?? [name] }

    /// Every flag that takes no value, in its long form; for tests.
    var flags: [String] {
        kinds.filter { $0.value != .option && $0.key.utf8.starts(with: "--".utf8) }.keys.sorted()
    }

    private static func spelling(_ json: JSONValue) -> String? {
        guard let name = json["name"]?.string else { return nil }
        return json["kind"]?.string == "long" ? "--\(name)" : "-\(name)"
    }

    private static func isInverse(_ other: String, of name: String) -> Bool {
        isSame(other, "--no-" + name.dropFirst(2)) || isSame(name, "--no-" + other.dropFirst(2))
    }
}
