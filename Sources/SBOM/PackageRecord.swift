// SPDX-License-Identifier: Apache-2.0
// Packages as a database describes them, before dependencies are resolved.

/// The package manager of a package.
package enum PackageKind: String, Hashable, Sendable, CaseIterable {
    case debian = "deb"
    case alpine = "apk"
}

/// One installed package of one database.
struct PackageRecord: Hashable, Sendable {
    /// The name of a required package, which it has or provides, and the required architecture, if
    /// any.
    struct Dependency: Hashable, Sendable {
        let name: String
        let architecture: String?
    }

    let kind: PackageKind
    let name: String
    let version: String
    let architecture: String?
    var sourceName: String?
    var sourceVersion: String?
    var maintainer: String?
    var declaredLicense: String?
    var needs: [Dependency] = []
    var provides: [String] = []
    /// The path of the database.
    let path: String
}

/// The packages of one database file, and the parts that could not be parsed.
struct PackageDatabase {
    var records: [PackageRecord] = []
    var unknowns: [BillOfMaterials.Unknown] = []
}
