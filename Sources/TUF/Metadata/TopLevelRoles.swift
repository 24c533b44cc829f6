// SPDX-License-Identifier: Apache-2.0
// Root, timestamp and snapshot metadata. Spec: TUF 1.0.34 §4.3, §4.4, §4.6.

package import Primitives

/// The four top-level roles.
package enum TopLevelRole: String, Hashable, Sendable, CaseIterable {
    case root, timestamp, snapshot, targets
}

/// The content of root metadata: the keys of the top-level roles. Spec: TUF 1.0.34 §4.3.
package struct RootContent: RoleContent {
    package static let type = "root"
    package static let byteLimit = Limits.rootMetadataBytes

    package let common: CommonContent
    /// Whether the names of files contain their version or hash (consistent snapshots).
    package let hasConsistentSnapshots: Bool
    private let roles: [TopLevelRole: SigningRole]

    package init(
        reading signed: JSONReader, common: CommonContent, subject: String
    ) throws(MetadataProblem) {
        self.common = common
        let (isConsistent, keys, roleList) = try reading(subject) { () throws(Failure) in
            (
                try signed.optional("consistent_snapshot")?.boolean() ?? false,
                try metadataKeys(reading: signed.required("keys")), try signed.required("roles")
            )
        }
        hasConsistentSnapshots = isConsistent
        var roles: [TopLevelRole: SigningRole] = [:]
        for role in TopLevelRole.allCases {
            let reader = try reading(subject) { () throws(Failure) in
                try roleList.required(role.rawValue)
            }
            roles[role] = try SigningRole(reading: reader, keys: keys, subject: subject)
        }
        self.roles = roles
    }

    /// Verifies that a threshold of the role's keys signed.
    func check(_ signed: SignedBytes, by role: TopLevelRole) throws(MetadataProblem) {
        guard let signers = roles[role] else {
            throw MetadataProblem(.malformed, role.rawValue, "the root has no keys for it")
        }
        try signers.check(signed, as: role.rawValue)
    }

    /// Whether a key of `role` under this root is revoked under `next`.
    func withdrawsKey(of role: TopLevelRole, in next: RootContent) -> Bool {
        let before = roles[role]?.identities ?? []
        let after = next.roles[role]?.identities ?? []
        return !before.isSubset(of: after)
    }
}

/// The content of timestamp metadata: the newest snapshot. Spec: TUF 1.0.34 §4.6.
package struct TimestampContent: RoleContent {
    package static let type = "timestamp"
    package static let byteLimit = Limits.timestampMetadataBytes

    package let common: CommonContent
    package let snapshot: MetadataFile

    package init(
        reading signed: JSONReader, common: CommonContent, subject: String
    ) throws(MetadataProblem) {
        self.common = common
        snapshot = try reading(subject) { () throws(Failure) in
            try MetadataFile(reading: signed.required("meta").required("snapshot.json"))
        }
    }
}

/// The content of snapshot metadata: the versions of all targets metadata. Spec: TUF 1.0.34 §4.4.
package struct SnapshotContent: RoleContent {
    package static let type = "snapshot"
    package static let byteLimit = Limits.snapshotMetadataBytes

    package let common: CommonContent
    /// The files by name: `targets.json`, and one for each delegated role.
    package let files: ByteStringMap<MetadataFile>

    package init(
        reading signed: JSONReader, common: CommonContent, subject: String
    ) throws(MetadataProblem) {
        self.common = common
        files = try reading(subject) { () throws(Failure) in
            let meta = try signed.required("meta")
            var files: ByteStringMap<MetadataFile> = [:]
            for name in try meta.object().names {
                files[name] = try MetadataFile(reading: meta.required(name))
            }
            return files
        }
    }

    /// The description of a role's file.
    func file(of role: String) throws(MetadataProblem) -> MetadataFile {
        guard let file = files["\(role).json"] else {
            throw MetadataProblem(
                .notInSnapshot, "the role \(quoted(role))", "the snapshot does not list it")
        }
        return file
    }
}
