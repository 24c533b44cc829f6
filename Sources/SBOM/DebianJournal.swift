// SPDX-License-Identifier: Apache-2.0
// dpkg's journal over its database. Spec: dpkg 1.22, lib/dpkg/dbmodify.c, "cleanupdates";
// lib/dpkg/parse.c, `parse_find_pkg_slot`.

internal import Primitives

/// The stanzas of `status`, with those of `updates/NNNN` in their places.
///
/// dpkg writes each change into its own file and rewrites `status` later; until then every program
/// that asks dpkg sees the change. A stanza of the journal replaces the package's older one.
struct DebianJournal {
    /// Each stanza and the file it is from, in the order of the files.
    private(set) var current: [(stanza: ControlStanza, path: String)] = []
    /// Stanzas of `status` that a later one of `status` replaced.
    private(set) var replaced: [(old: ControlStanza, new: ControlStanza)] = []
    private var places: [ExactText: [Int]] = [:]

    /// - Parameter isDatabase: The file is dpkg's own, in which a later stanza of the same name and
    ///   architecture replaces an earlier one.
    init(_ stanzas: [ControlStanza], _ path: String, isDatabase: Bool) {
        for stanza in stanzas {
            if isDatabase, let place = placeOfSame(stanza) {
                replaced.append((current[place].stanza, stanza))
                current[place] = (stanza, path)
            } else {
                append(stanza, path)
            }
        }
    }

    /// Applies one file of the journal.
    mutating func apply(_ stanzas: [ControlStanza], of path: String) {
        for stanza in stanzas {
            let instances = places(of: stanza).filter { current[$0].stanza.isInstance }
            if instances.count > 1, !stanza.isForSeveral {
                var refused = stanza
                refused.problem =
                    "dpkg does not apply it, because the package is installed for several "
                    + "architectures and the stanza is not Multi-Arch: same"
                current.append((refused, path))
            } else if instances.count == 1,
                !(stanza.isForSeveral && current[instances[0]].stanza.isForSeveral)
            {
                // The only instance takes any change, also one of the architecture.
                current[instances[0]] = (stanza, path)
            } else if let place = placeOfSame(stanza) {
                current[place] = (stanza, path)
            } else {
                append(stanza, path)
            }
        }
    }

    /// The stanza of the same name and architecture.
    private func placeOfSame(_ stanza: ControlStanza) -> Int? {
        places(of: stanza).first {
            isSame(current[$0].stanza["architecture"] ?? "", stanza["architecture"] ?? "")
        }
    }

    /// The stanzas of that name; none if the new stanza itself cannot be read.
    private func places(of stanza: ControlStanza) -> [Int] {
        guard stanza.isReadable, let name = stanza.packageName else { return [] }
        return places[ExactText(name)] ?? []
    }

    private mutating func append(_ stanza: ControlStanza, _ path: String) {
        if stanza.isReadable, let name = stanza.packageName {
            places[ExactText(name), default: []].append(current.count)
        }
        current.append((stanza, path))
    }
}

extension ControlStanza {
    /// The name as dpkg keeps it: in lower case. Spec: lib/dpkg/pkg-hash.c, `pkg_hash_find_set`.
    var packageName: String? { self["package"]?.utf8.lowercased() }

    /// nil without a Status, and for one that dpkg refuses.
    var state: DebianState? { self["status"].flatMap(DebianState.init(status:)) }

    /// Whether something of the package is there, for dpkg. A stanza without a Status is of a package
    /// that is not installed.
    fileprivate var isInstance: Bool { state?.isInstance ?? false }

    fileprivate var isReadable: Bool { problem == nil && (self["status"] == nil || state != nil) }

    /// Spec: lib/dpkg/fields.c, `f_multiarch`: the value in any case.
    fileprivate var isForSeveral: Bool {
        self["multi-arch"].map { isSame($0.utf8.lowercased(), "same") } ?? false
    }
}
