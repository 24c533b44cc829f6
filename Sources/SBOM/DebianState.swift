// SPDX-License-Identifier: Apache-2.0
// The Status field of dpkg's database. Spec: dpkg(1), "Package states"; dpkg 1.22, lib/dpkg/fields.c,
// `f_status`, and lib/dpkg/namevalue.c.

internal import Primitives

/// The third word of a Status field: how much of a package is on the disk.
enum DebianState: String, CaseIterable {
    case notInstalled = "not-installed"
    case configFiles = "config-files"
    case halfInstalled = "half-installed"
    case unpacked
    case halfConfigured = "half-configured"
    case triggersAwaited = "triggers-awaited"
    case triggersPending = "triggers-pending"
    case installed

    /// Reads the three words as dpkg does: in any case, and the white space between them may be
    /// missing. nil for a text that dpkg refuses.
    init?(status text: String) {
        var rest = Array(text.utf8.lowercased().utf8)[...]
        guard
            takeWord(of: ["unknown", "install", "hold", "deinstall", "purge"], &rest) != nil,
            takeWord(of: ["ok", "reinstreq"], &rest) != nil,
            let state = takeWord(of: DebianState.allCases.map(\.rawValue), &rest), rest.isEmpty
        else { return nil }
        self.init(rawValue: state)
    }

    /// Whether dpkg counts the package as an instance: something of it is there.
    var isInstance: Bool { self != .notInstalled }
}

/// Removes the word that the text starts with, and the white space after it.
private func takeWord(of words: [String], _ rest: inout ArraySlice<UInt8>) -> String? {
    guard let word = words.first(where: { rest.starts(with: $0.utf8) }) else { return nil }
    rest = rest.dropFirst(word.utf8.count).drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
    return word
}
