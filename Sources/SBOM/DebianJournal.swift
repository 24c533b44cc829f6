// SPDX-License-Identifier: Apache-2.0
// Applies dpkg's journal to its database. Spec: dpkg 1.22, lib/dpkg/dbmodify.c, "cleanupdates";
// lib/dpkg/parse.c, `parse_find_pkg_slot`.

internal import Primitives

/// The stanzas of `status` after the changes of `updates/NNNN`.
///
/// dpkg writes each change into a separate file and rewrites `status` later; until then, dpkg
/// applies the changes when it reads. A stanza of the journal replaces the package's older stanza.
/// Each stanza takes the same time, regardless of the number of stanzas with its name.
struct DebianJournal {
    /// Each stanza and its file, in the order of the files.
    private(set) var current: [(stanza: ControlStanza, path: String)] = []
    /// Stanzas of `status` that a later stanza of `status` replaced.
    private(set) var replaced: [(old: ControlStanza, new: ControlStanza)] = []
    private var packages: [ByteString: IndexedPackage] = [:]

    /// - Parameter isDatabase: whether the file is dpkg's `status`, in which a later stanza of the
    ///   same name and architecture replaces an earlier one.
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
                // Any change applies to the only instance, also a change of the architecture.
                replace(only, by: stanza, path)
            } else if let index = package?.indices[stanza.architecture] {
                replace(index, by: stanza, path)
            } else {
                append(stanza, path)
            }
        }
    }

    /// The stanzas of the same name; nil if the new stanza is invalid.
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

/// The indices of one name's stanzas in `DebianJournal.current`.
private struct IndexedPackage {
    /// The first stanza of each architecture.
    private(set) var indices = ByteStringMap<Int>()
    /// The stanzas of instances, which are not `not-installed`.
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
    /// The name in lower case, as dpkg stores it. Spec: lib/dpkg/pkg-hash.c, `pkg_hash_find_set`.
    var packageName: String? { self["package"]?.utf8.lowercased() }

    /// The state; nil if there is no Status, or dpkg rejects it.
    var state: DebianState? { self["status"].flatMap(DebianState.init(status:)) }

    /// Whether dpkg counts the package as an instance. Without a Status, the package is not
    /// installed.
    fileprivate var isInstance: Bool { state?.isInstance ?? false }

    /// The architecture; empty if there is none.
    fileprivate var architecture: String { self["architecture"] ?? "" }

    /// The name that identifies the package in later stanzas; nil if the stanza is invalid.
    fileprivate var indexedName: ByteString? {
        guard problem == nil, self["status"] == nil || state != nil else { return nil }
        return packageName.map { ByteString($0) }
    }

    /// Spec: lib/dpkg/fields.c, `f_multiarch`: the value is case-insensitive.
    fileprivate var isForSeveral: Bool {
        self["multi-arch"].map { isSame($0.utf8.lowercased(), "same") } ?? false
    }
}
