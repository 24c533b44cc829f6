// SPDX-License-Identifier: Apache-2.0
// The Status field of dpkg's database. Spec: dpkg(1), "Package states"; dpkg 1.22,
// lib/dpkg/fields.c, `f_status`, and lib/dpkg/namevalue.c.

internal import Primitives

/// The third word of a Status field: the state of a package's files.
enum DebianState: String, CaseIterable {
    case notInstalled = "not-installed"
    case configFiles = "config-files"
    case halfInstalled = "half-installed"
    case unpacked
    case halfConfigured = "half-configured"
    case triggersAwaited = "triggers-awaited"
    case triggersPending = "triggers-pending"
    case installed

    /// Parses the three words as dpkg does: without regard to case, and with optional white space
    /// between them. Nil for a text that dpkg rejects.
    init?(status text: String) {
        var rest = Array(text.utf8.lowercased().utf8)[...]
        guard
            takeWord(of: ["unknown", "install", "hold", "deinstall", "purge"], &rest) != nil,
            takeWord(of: ["ok", "reinstreq"], &rest) != nil,
            let state = takeWord(of: DebianState.allCases.map(\.rawValue), &rest), rest.isEmpty
        else { return nil }
        self.init(rawValue: state)
    }

    /// Whether dpkg counts the package as an instance: it is not `not-installed`.
    var isInstance: Bool { self != .notInstalled }
}

/// Removes the first word of the text and the white space after it.
private func takeWord(of words: [String], _ rest: inout ArraySlice<UInt8>) -> String? {
    guard let word = words.first(where: { rest.starts(with: $0.utf8) }) else { return nil }
    rest = rest.dropFirst(word.utf8.count).drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
    return word
}
