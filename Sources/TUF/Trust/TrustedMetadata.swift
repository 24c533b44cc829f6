// SPDX-License-Identifier: Apache-2.0
// Which signed metadata may follow which. Each rule takes the proof of the step before it and gives
// a proof of its own, so the order of the specification is the only order there is.
// Spec: TUF 1.0.34 §5.3 to §5.6.

package import Primitives

/// Metadata that enough keys of its role signed, under a root that we trust.
///
/// It may be old: what it is good for is to refuse what is older still.
package struct SignedMetadata<Content: RoleContent>: Hashable, Sendable {
    package let content: Content
    package let bytes: [UInt8]

    fileprivate init(_ found: UncheckedMetadata<Content>) {
        content = found.content
        bytes = found.bytes
    }
}

/// Metadata that passed every check of its step: signed, announced, not older than what was
/// trusted before, and not expired when the update began.
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
    /// The root that we are given, not by the repository; it has to be signed by its own keys.
    ///
    /// Spec: TUF 1.0.34 §5.2.
    package init(given bytes: [UInt8]) throws(MetadataProblem) {
        let found = try UncheckedMetadata<RootContent>(parsing: bytes, subject: "root")
        try found.content.check(found.signed, by: .root)
        self.init(found)
    }

    /// The root that follows this one. That it may have expired does not matter yet.
    ///
    /// Spec: TUF 1.0.34 §5.3.4 to §5.3.7.
    package func successor(_ bytes: [UInt8]) throws(MetadataProblem) -> SignedMetadata {
        let found = try UncheckedMetadata<RootContent>(parsing: bytes, subject: "root")
        // §5.3.4: signed by a threshold of the trusted root's keys, and of its own.
        try content.check(found.signed, by: .root)
        try found.content.check(found.signed, by: .root)
        // §5.3.5: exactly N+1. Versions cannot reach the largest number: each step was 1.
        guard found.content.version - 1 == content.version else {
            throw MetadataProblem(
                .versionMismatch, "root",
                "its version is \(found.content.version), \(content.version) was trusted before")
        }
        return SignedMetadata(found)
    }

    /// The end of the root's chain.
    ///
    /// Spec: TUF 1.0.34 §5.3.10.
    ///
    /// - Parameter now: nil when the caller does not ask for freshness.
    package func trusted(at now: Timestamp?) throws(MetadataProblem)
        -> TrustedMetadata<RootContent>
    {
        try TrustedMetadata(self, freshAt: now, subject: "root")
    }
}

/// What a new timestamp is, beside one that was trusted before.
package enum TimestampStep: Hashable, Sendable {
    case newer(TrustedMetadata<TimestampContent>)
    /// The same version again: the one we have stays, and that is no error.
    case same(TrustedMetadata<TimestampContent>)
}

extension TrustedMetadata where Content == RootContent {
    /// A timestamp that was kept from an earlier update, for comparison.
    package func signedTimestamp(_ bytes: [UInt8]) throws(MetadataProblem)
        -> SignedMetadata<TimestampContent>
    {
        let found = try UncheckedMetadata<TimestampContent>(parsing: bytes, subject: "timestamp")
        try content.check(found.signed, by: .timestamp)
        return SignedMetadata(found)
    }

    /// A timestamp from the repository.
    ///
    /// Spec: TUF 1.0.34 §5.4.2 to §5.4.4.
    ///
    /// - Parameter old: the timestamp that was trusted before, if there is one.
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
        // §5.4.3.2: nor may the snapshot it names be older.
        guard new.content.snapshot.version >= old.content.snapshot.version else {
            throw MetadataProblem(
                .rollback, "timestamp",
                "it names snapshot \(new.content.snapshot.version), "
                    + "\(old.content.snapshot.version) was trusted before")
        }
        return .newer(try new.trusted(at: now))
    }

    /// A snapshot that was kept from an earlier update, for comparison.
    package func signedSnapshot(_ bytes: [UInt8]) throws(MetadataProblem)
        -> SignedMetadata<SnapshotContent>
    {
        let found = try UncheckedMetadata<SnapshotContent>(parsing: bytes, subject: "snapshot")
        try content.check(found.signed, by: .snapshot)
        return SignedMetadata(found)
    }

    /// The snapshot that the timestamp announces.
    ///
    /// Spec: TUF 1.0.34 §5.5.2 to §5.5.6.
    ///
    /// - Parameter old: the snapshot that was trusted before, if there is one.
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
    /// As it is, without a newer one to compare. Spec: TUF 1.0.34 §5.4.4.
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
                    .roleRemoved, "snapshot", "\(quoted(name)) was in it before and is not any more"
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

/// Targets metadata together with the snapshot that lists it: what delegated roles are checked by.
package struct TargetsRole: Hashable, Sendable {
    package let name: String
    package let metadata: TrustedMetadata<TargetsContent>

    fileprivate init(name: String, metadata: TrustedMetadata<TargetsContent>) {
        self.name = name
        self.metadata = metadata
    }
}

extension TrustedMetadata where Content == SnapshotContent {
    /// The top-level targets role. Spec: TUF 1.0.34 §5.6.2 to §5.6.5.
    package func targets(
        _ bytes: [UInt8], under root: TrustedMetadata<RootContent>, at now: Timestamp?
    ) throws(MetadataProblem) -> TargetsRole {
        let name = TopLevelRole.targets.rawValue
        return try role(name, bytes, at: now) { found throws(MetadataProblem) in
            try root.content.check(found.signed, by: .targets)
        }
    }

    /// A delegated role, checked with the keys of the delegation that led here in *this* search:
    /// two roles may delegate to one name with different keys (CVE-2024-47534 and its kin).
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
