// SPDX-License-Identifier: Apache-2.0
// dpkg's journal over its database. Spec: dpkg 1.22, lib/dpkg/dbmodify.c, "cleanupdates";
// lib/dpkg/parse.c, "parse_find_pkg_slot".

internal import Primitives

/// The stanzas of `status`, with those of `updates/NNNN` in their places.
///
/// dpkg writes each change into its own file and rewrites `status` later; until then every program
/// that asks dpkg sees the change. A stanza of the journal replaces the package's older one.
struct DebianJournal {
    /// A package that has a place of its own: its name, and its architecture.
    private struct Key: Hashable {
        let name: ExactText
        let architecture: ExactText
    }

    /// Each stanza and the file it is from, in the order of the files.
    private(set) var current: [(stanza: ControlStanza, path: String)]
    private var places: [Key: Int] = [:]
    private var byName: [ExactText: [Int]] = [:]

    init(_ stanzas: [ControlStanza], _ path: String) {
        current = stanzas.map { ($0, path) }
        for place in current.indices { index(place) }
    }

    /// Applies one file of the journal.
    mutating func apply(_ stanzas: [ControlStanza], of path: String) {
        for stanza in stanzas {
            if stanza.problem == nil, let place = place(of: stanza) {
                current[place] = (stanza, path)
                continue
            }
            current.append((stanza, path))
            index(current.count - 1)
        }
    }

    /// A package of several architectures has a stanza for each. Any other has one, which also takes
    /// a change of the architecture.
    private func place(of stanza: ControlStanza) -> Int? {
        guard let key = key(stanza) else { return nil }
        if let place = places[key] { return place }
        let others = byName[key.name] ?? []
        guard others.count == 1, let only = others.first,
            !isForSeveral(stanza), !isForSeveral(current[only].stanza)
        else { return nil }
        return only
    }

    private mutating func index(_ place: Int) {
        guard let key = key(current[place].stanza) else { return }
        places[key] = place
        byName[key.name, default: []].append(place)
    }

    private func key(_ stanza: ControlStanza) -> Key? {
        stanza["package"].map { name in
            Key(
                name: ExactText(name), architecture: ExactText(stanza["architecture"] ?? ""))
        }
    }

    private func isForSeveral(_ stanza: ControlStanza) -> Bool {
        stanza["multi-arch"].map { isSame($0, "same") } ?? false
    }
}
