// SPDX-License-Identifier: Apache-2.0
// Turns package records into packages with package URLs and resolved dependencies.

internal import OCI
internal import Primitives

/// The number of stanzas in the package databases of one inventory.
struct StanzaCount {
    private let limit: Int
    private var total = 0

    init(limit: Int = Limits.packageStanzas) { self.limit = limit }

    /// - Throws: `overLimit` if the sum is over the limit.
    mutating func add(_ count: Int) throws(Failure) {
        total += count
        guard total <= limit else {
            throw Failure(
                .overLimit, "cannot make the inventory",
                because: "the package databases have more than \(limit) stanzas")
        }
    }
}

/// The packages that the databases of one tree list.
struct PackageSet {
    /// The packages by package URL, which is ASCII, so that equal strings have equal bytes.
    private(set) var records: [PackageURL: PackageRecord] = [:]
    private(set) var paths: [PackageURL: Set<String>] = [:]
    private(set) var unknowns: [BillOfMaterials.Unknown] = []

    init(_ evidence: PackageDatabaseFiles) throws(Failure) {
        unknowns = evidence.unknowns
        var count = StanzaCount()
        for database in evidence.databases {
            let found =
                switch database.kind {
                case .debian:
                    try debianPackages(database, count: &count)
                case .alpine: alpinePackages(database.bytes, path: database.path)
                }
            if database.kind == .alpine { try count.add(found.records.count) }
            unknowns += found.unknowns
            for record in found.records { try insert(record, evidence.operatingSystem) }
        }
    }

    private mutating func insert(_ record: PackageRecord, _ system: OperatingSystem?)
        throws(Failure)
    {
        let url = try packageURL(record, system)
        if let known = records[url] {
            if !known.isSamePackage(as: record) {
                unknowns.append(
                    BillOfMaterials.Unknown(
                        path: record.path,
                        reason: "\(url) is listed twice, with different descriptions"))
            }
        } else {
            records[url] = record
        }
        paths[url, default: []].insert(record.path)
        guard records.count <= Limits.packagesPerSBOM else {
            throw Failure(
                .overLimit, "cannot make the inventory",
                because: "more than \(Limits.packagesPerSBOM) packages are installed")
        }
    }

    /// The installed dependencies of each package.
    ///
    /// All installed alternatives of a dependency, and all installed providers of a virtual
    /// package, are included, because the databases do not say which of them a program uses.
    func dependencies() throws(Failure) -> [PackageURL: Set<PackageURL>] {
        var providers: [String: [PackageURL]] = [:]
        for (url, record) in records {
            for name in Set([record.name] + record.provides) {
                providers["\(record.kind.rawValue) \(name)", default: []].append(url)
            }
        }
        var edges: [PackageURL: Set<PackageURL>] = [:]
        var count = 0
        for (url, record) in records {
            var needed: Set<PackageURL> = []
            for need in Set(record.needs) {
                let all = providers["\(record.kind.rawValue) \(need.name)"] ?? []
                count += all.count
                guard count <= Limits.dependencyEdges else {
                    throw Failure(
                        .overLimit, "cannot make the inventory",
                        because: "it has more than \(Limits.dependencyEdges) dependencies")
                }
                needed.formUnion(fitting(all, need))
            }
            needed.remove(url)
            edges[url] = needed
        }
        return edges
    }

    /// The package of the required architecture, if there is one among several.
    private func fitting(_ candidates: [PackageURL], _ need: PackageRecord.Dependency)
        -> [PackageURL]
    {
        guard let architecture = need.architecture, candidates.count > 1 else { return candidates }
        let same = candidates.filter {
            let own = records[$0]?.architecture
            return own == architecture || own == "all" || own == nil
        }
        return same.isEmpty ? candidates : same
    }
}

extension PackageRecord {
    fileprivate func isSamePackage(as other: PackageRecord) -> Bool {
        name.utf8.elementsEqual(other.name.utf8) && sourceName == other.sourceName
            && sourceVersion == other.sourceVersion && maintainer == other.maintainer
            && Set(needs) == Set(other.needs)
    }
}

/// Spec: purl-spec, types deb and apk: the namespace is the vendor; `arch` and `distro` are
/// qualifiers.
private func packageURL(_ record: PackageRecord, _ system: OperatingSystem?) throws(Failure)
    -> PackageURL
{
    var qualifiers: ByteStringMap<String> = [:]
    qualifiers["arch"] = record.architecture
    qualifiers["distro"] = system?.distribution
    // Without os-release the vendor is that of the package format; an unknown says so.
    let vendor = system?.identifier ?? (record.kind == .debian ? "debian" : "alpine")
    return try PackageURL(
        type: record.kind.rawValue, namespace: vendor, name: record.name, version: record.version,
        qualifiers: qualifiers)
}
