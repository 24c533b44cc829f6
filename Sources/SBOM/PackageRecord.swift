// SPDX-License-Identifier: Apache-2.0
// A package as its own database describes it, before names are resolved.

/// Whose package it is.
package enum PackageKind: String, Hashable, Sendable, CaseIterable {
    case debian = "deb"
    case alpine = "apk"
}

/// One installed package, as read from one place.
struct PackageRecord: Hashable, Sendable {
    /// A name that another package must have or provide; the architecture when one is demanded.
    struct Need: Hashable, Sendable {
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
    var needs: [Need] = []
    var provides: [String] = []
    /// The path of the database.
    let path: String
}

/// The packages of one database file, and what in it could not be read.
struct PackageDatabase {
    var records: [PackageRecord] = []
    var unknowns: [Inventory.Unknown] = []
}
