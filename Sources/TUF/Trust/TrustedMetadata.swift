// SPDX-License-Identifier: Apache-2.0
// The checks of each step of an update. Each step requires the result of the step before as a
// value, so the steps can only run in the order of the specification.
// Spec: TUF 1.0.34 §5.3 to §5.6.

package import Primitives

/// Metadata that a threshold of its role's keys signed, under a trusted root.
///
/// It can be expired or replaced: it serves to reject metadata that is older.
package struct SignedMetadata<Content: RoleContent>: Hashable, Sendable {
    package let content: Content
    package let bytes: [UInt8]

    fileprivate init(_ found: UncheckedMetadata<Content>) {
        content = found.content
        bytes = found.bytes
    }
}

/// Metadata that passed all checks of its step: it is signed and announced, not older than the
/// metadata trusted before, and was not expired when the update began.
package struct TrustedMetadata<Content: RoleContent>: Hashable, Sendable {
    package let content: Content
    package let bytes: [UInt8]

    fileprivate init(_ signed: SignedMetadata<Content>, freshAt now: Timestamp?, subject: String)
        throws(MetadataProblem)
    {
        // Spec: "the expiration timestamp … MUST be higher than the fixed update start time".
        if let now, signed.content.expires <= now {
            throw MetadataProblem(
                .expired, subject,
                "version \(signed.content.version) expired at \(signed.content.expires), it is \(now)"
            )
        }
        content = signed.content
        bytes = signed.bytes
    }
}

extension SignedMetadata where Content == RootContent {
    /// Verifies the initial root, which does not come from the repository, with its own keys.
    ///
    /// Spec: TUF 1.0.34 §5.2.
    package init(given bytes: [UInt8]) throws(MetadataProblem) {
        let found = try UncheckedMetadata<RootContent>(parsing: bytes, subject: "root")
        try found.content.check(found.signed, by: .root)
        self.init(found)
    }

    /// Verifies the root that follows this one. Its expiry is not checked in this step.
    ///
    /// Spec: TUF 1.0.34 §5.3.4 to §5.3.7.
    package func successor(_ bytes: [UInt8]) throws(MetadataProblem) -> SignedMetadata {
        let found = try UncheckedMetadata<RootContent>(parsing: bytes, subject: "root")
        // §5.3.4: a threshold of the trusted root's keys and a threshold of its own keys sign it.
        try content.check(found.signed, by: .root)
        try found.content.check(found.signed, by: .root)
        // §5.3.5: exactly N+1. The addition cannot overflow, because each step adds 1.
        guard found.content.version - 1 == content.version else {
            throw MetadataProblem(
                .versionMismatch, "root",
                "its version is \(found.content.version), \(content.version) was trusted before")
        }
        return SignedMetadata(found)
    }

    /// Checks the expiry of the last root of the chain.
    ///
    /// Spec: TUF 1.0.34 §5.3.10.
    ///
    /// - Parameter now: nil if expiry is not checked.
    package func trusted(at now: Timestamp?) throws(MetadataProblem)
        -> TrustedMetadata<RootContent>
    {
        try TrustedMetadata(self, freshAt: now, subject: "root")
    }
}

/// A new timestamp, compared with the one that was trusted before.
package enum TimestampStep: Hashable, Sendable {
    case newer(TrustedMetadata<TimestampContent>)
    /// The same version: the old timestamp stays, without an error.
    case same(TrustedMetadata<TimestampContent>)
}

extension TrustedMetadata where Content == RootContent {
    /// Verifies the signatures of a cached timestamp, for comparison.
    package func signedTimestamp(_ bytes: [UInt8]) throws(MetadataProblem)
        -> SignedMetadata<TimestampContent>
    {
        let found = try UncheckedMetadata<TimestampContent>(parsing: bytes, subject: "timestamp")
        try content.check(found.signed, by: .timestamp)
        return SignedMetadata(found)
    }

    /// Verifies a timestamp from the repository.
    ///
    /// Spec: TUF 1.0.34 §5.4.2 to §5.4.4.
    ///
    /// - Parameter old: the timestamp that was trusted before, if any.
    package func timestamp(
        _ bytes: [UInt8], following old: SignedMetadata<TimestampContent>?, at now: Timestamp?
    ) throws(MetadataProblem) -> TimestampStep {
        let new = try signedTimestamp(bytes)
        guard let old else { return .newer(try new.trusted(at: now)) }
        // §5.4.3.1: "In case they are equal, discard the new timestamp metadata".
        if new.content.version == old.content.version {
            return .same(try old.trusted(at: now))
        }
        guard new.content.version > old.content.version else {
            throw MetadataProblem(
                .rollback, "timestamp",
                "its version is \(new.content.version), \(old.content.version) was trusted before")
        }
        // §5.4.3.2: its snapshot must not be older either.
        guard new.content.snapshot.version >= old.content.snapshot.version else {
            throw MetadataProblem(
                .rollback, "timestamp",
                "it names snapshot \(new.content.snapshot.version), "
                    + "\(old.content.snapshot.version) was trusted before")
        }
        return .newer(try new.trusted(at: now))
    }

    /// Verifies the signatures of a cached snapshot, for comparison.
    package func signedSnapshot(_ bytes: [UInt8]) throws(MetadataProblem)
        -> SignedMetadata<SnapshotContent>
    {
        let found = try UncheckedMetadata<SnapshotContent>(parsing: bytes, subject: "snapshot")
        try content.check(found.signed, by: .snapshot)
        return SignedMetadata(found)
    }

    /// Verifies the snapshot that the timestamp announces.
    ///
    /// Spec: TUF 1.0.34 §5.5.2 to §5.5.6.
    ///
    /// - Parameter old: the snapshot that was trusted before, if any.
    package func snapshot(
        _ bytes: [UInt8], announcedBy timestamp: TrustedMetadata<TimestampContent>,
        following old: SignedMetadata<SnapshotContent>?, at now: Timestamp?
    ) throws(MetadataProblem) -> TrustedMetadata<SnapshotContent> {
        try timestamp.content.snapshot.expected.check(bytes, as: "snapshot")
        let new = try signedSnapshot(bytes)
        guard new.content.version == timestamp.content.snapshot.version else {
            throw MetadataProblem(
                .versionMismatch, "snapshot",
                "its version is \(new.content.version), the timestamp names "
                    + "\(timestamp.content.snapshot.version)")
        }
        if let old { try new.content.checkNothingIsOlder(than: old.content) }
        return try TrustedMetadata<SnapshotContent>(new, freshAt: now, subject: "snapshot")
    }
}

extension SignedMetadata where Content == TimestampContent {
    /// Checks its expiry, without a newer timestamp. Spec: TUF 1.0.34 §5.4.4.
    package func trusted(at now: Timestamp?) throws(MetadataProblem)
        -> TrustedMetadata<TimestampContent>
    {
        try TrustedMetadata(self, freshAt: now, subject: "timestamp")
    }
}

extension SnapshotContent {
    /// Spec: TUF 1.0.34 §5.5.5.
    fileprivate func checkNothingIsOlder(than old: SnapshotContent) throws(MetadataProblem) {
        for (name, before) in old.files {
            guard let after = files[name] else {
                throw MetadataProblem(
                    .roleRemoved, "snapshot",
                    "\(quoted(name)) was in the snapshot before and is not in it now"
                )
            }
            guard after.version >= before.version else {
                throw MetadataProblem(
                    .rollback, "snapshot",
                    "it names version \(after.version) of \(quoted(name)), \(before.version) was "
                        + "trusted before")
            }
        }
    }
}

/// Targets metadata with the snapshot that lists it, which verify delegated roles.
package struct TargetsRole: Hashable, Sendable {
    package let name: String
    package let metadata: TrustedMetadata<TargetsContent>

    fileprivate init(name: String, metadata: TrustedMetadata<TargetsContent>) {
        self.name = name
        self.metadata = metadata
    }
}

extension TrustedMetadata where Content == SnapshotContent {
    /// Verifies the top-level targets role. Spec: TUF 1.0.34 §5.6.2 to §5.6.5.
    package func targets(
        _ bytes: [UInt8], under root: TrustedMetadata<RootContent>, at now: Timestamp?
    ) throws(MetadataProblem) -> TargetsRole {
        let name = TopLevelRole.targets.rawValue
        return try role(name, bytes, at: now) { found throws(MetadataProblem) in
            try root.content.check(found.signed, by: .targets)
        }
    }

    /// Verifies a delegated role with the keys of the delegation in *this* search: two roles can
    /// delegate to one name with different keys (CVE-2024-47534).
    ///
    /// Spec: TUF 1.0.34 §5.6.7, with the checks of §5.6.2 to §5.6.5.
    func delegated(
        _ delegation: DelegatedRole, _ bytes: [UInt8], at now: Timestamp?
    ) throws(MetadataProblem) -> TargetsRole {
        let subject = "the role \(quoted(delegation.name))"
        return try role(delegation.name, bytes, at: now) { found throws(MetadataProblem) in
            try delegation.signers.check(found.signed, as: subject)
        }
    }

    private func role(
        _ name: String, _ bytes: [UInt8], at now: Timestamp?,
        check: (UncheckedMetadata<TargetsContent>) throws(MetadataProblem) -> Void
    ) throws(MetadataProblem) -> TargetsRole {
        let subject =
            name == TopLevelRole.targets.rawValue ? "targets" : "the role \(quoted(name))"
        let file = try content.file(of: name)
        try file.expected.check(bytes, as: subject)
        let found = try UncheckedMetadata<TargetsContent>(parsing: bytes, subject: subject)
        try check(found)
        guard found.content.version == file.version else {
            throw MetadataProblem(
                .versionMismatch, subject,
                "its version is \(found.content.version), the snapshot names \(file.version)")
        }
        return TargetsRole(
            name: name,
            metadata: try TrustedMetadata<TargetsContent>(
                SignedMetadata<TargetsContent>(found), freshAt: now, subject: subject))
    }
}
