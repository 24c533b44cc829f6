// SPDX-License-Identifier: Apache-2.0
// dpkg's journal over its database. Spec: dpkg 1.22, lib/dpkg/dbmodify.c, "cleanupdates";
// lib/dpkg/parse.c, `parse_find_pkg_slot`.

internal import Primitives

/// The stanzas of `status`, with those of `updates/NNNN` in their places.
///
/// dpkg writes each change into its own file and rewrites `status` later; until then every program
/// that asks dpkg sees the change. A stanza of the journal replaces the package's older one. Each
/// stanza costs the same work, however many there are of one name.
struct DebianJournal {
    /// Each stanza and the file it is from, in the order of the files.
    private(set) var current: [(stanza: ControlStanza, path: String)] = []
    /// Stanzas of `status` that a later one of `status` replaced.
    private(set) var replaced: [(old: ControlStanza, new: ControlStanza)] = []
    private var packages: [ExactText: IndexedPackage] = [:]

    /// - Parameter isDatabase: The file is dpkg's own, in which a later stanza of the same name and
    ///   architecture replaces an earlier one.
    init(_ stanzas: [ControlStanza], _ path: String, isDatabase: Bool) {
        for stanza in stanzas {
            if isDatabase, let index = package(of: stanza)?.indices[stanza.architecture] {
                replaced.append((current[index].stanza, stanza))
                replace(index, by: stanza, path)
            } else {
                append(stanza, path)
            }
        }
    }

    /// Applies one file of the journal.
    mutating func apply(_ stanzas: [ControlStanza], of path: String) {
        for stanza in stanzas {
            let package = package(of: stanza)
            let only = package?.onlyInstance
            if let package, package.instances.count > 1, !stanza.isForSeveral {
                var refused = stanza
                refused.problem =
                    "dpkg does not apply it, because the package is installed for several "
                    + "architectures and the stanza is not Multi-Arch: same"
                current.append((refused, path))
            } else if let only, !(stanza.isForSeveral && current[only].stanza.isForSeveral) {
                // The only instance takes any change, also one of the architecture.
                replace(only, by: stanza, path)
            } else if let index = package?.indices[stanza.architecture] {
                replace(index, by: stanza, path)
            } else {
                append(stanza, path)
            }
        }
    }

    /// The stanzas of that name; nil if the new stanza itself cannot be read.
    private func package(of stanza: ControlStanza) -> IndexedPackage? {
        stanza.indexedName.flatMap { packages[$0] }
    }

    private mutating func append(_ stanza: ControlStanza, _ path: String) {
        if let name = stanza.indexedName {
            packages[name, default: IndexedPackage()].insert(stanza, at: current.count)
        }
        current.append((stanza, path))
    }

    private mutating func replace(_ index: Int, by stanza: ControlStanza, _ path: String) {
        if let name = stanza.indexedName {
            packages[name]?.remove(current[index].stanza, at: index)
            packages[name]?.insert(stanza, at: index)
        }
        current[index] = (stanza, path)
    }
}

/// Where the stanzas of one name are in `DebianJournal.current`.
private struct IndexedPackage {
    /// By architecture the first stanza of it.
    private(set) var indices = ExactTextMap<Int>()
    /// The stanzas of which something is there.
    private(set) var instances: Set<Int> = []

    var onlyInstance: Int? { instances.count == 1 ? instances.first : nil }

    mutating func insert(_ stanza: ControlStanza, at index: Int) {
        indices[stanza.architecture] = min(indices[stanza.architecture] ?? index, index)
        if stanza.isInstance { instances.insert(index) }
    }

    mutating func remove(_ stanza: ControlStanza, at index: Int) {
        if indices[stanza.architecture] == index { indices[stanza.architecture] = nil }
        instances.remove(index)
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

    /// Empty without one.
    fileprivate var architecture: String { self["architecture"] ?? "" }

    /// The name under which later stanzas find this one; nil if it cannot be read.
    fileprivate var indexedName: ExactText? {
        guard problem == nil, self["status"] == nil || state != nil else { return nil }
        return packageName.map { ExactText($0) }
    }

    /// Spec: lib/dpkg/fields.c, `f_multiarch`: the value in any case.
    fileprivate var isForSeveral: Bool {
        self["multi-arch"].map { isSame($0.utf8.lowercased(), "same") } ?? false
    }
}
