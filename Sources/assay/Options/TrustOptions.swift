// SPDX-License-Identifier: Apache-2.0
// Whom to believe: a file that is named, what `assay trust` keeps, or what came with Assay.

import ArgumentParser
import Files
import Foundation
import Host
import Primitives
import Signing
import TUF

struct TrustOptions: ParsableArguments {
    @Option(
        help: """
            A trusted_root.json: the logs and authorities to believe. It is taken as it is, with no \
            question about its age. Without it: the file that ASSAY_TRUSTED_ROOT names, else what \
            `assay trust` keeps, else the public Sigstore instance as this version of Assay knows it.
            """)
    var trustedRoot: String?

    @Flag(help: "No network except the registry that is named; keys in key services are refused.")
    var offline = false

    /// The trust material, when it is needed. Nothing is read when it is not.
    func material(needed: Bool) async throws -> TrustMaterial? {
        guard needed else { return nil }
        return try await TrustMaterial.find(named: trustedRoot, offline: offline)
    }
}

/// A trusted root and where it comes from.
struct TrustMaterial: Sendable {
    enum Origin: Sendable {
        case file(String)
        /// A client trust configuration in the trust folder.
        case imported(from: String, at: Timestamp, home: String)
        case repository(mirror: String, state: TrustState, expired: String?, home: String)
        /// The dated data of this version.
        case shipped
    }

    let root: TrustedRoot
    /// The trusted root as it was written.
    let document: [UInt8]
    /// `signing_config.v0.2.json`, where one belongs to it.
    let signingConfiguration: [UInt8]?
    let origin: Origin

    /// For people: "the file root.json".
    var source: String {
        switch origin {
        case .file(let path): "the file \(plain(path))"
        case .imported(let path, let time, let home):
            "\(plain(path)), imported into \(plain(home)) at \(time)"
        case .repository(let mirror, let state, _, let home):
            "\(plain(mirror)), kept in \(plain(home)), metadata until \(state.expires)"
        case .shipped:
            "the public Sigstore instance as of \(PublicGoodInstance.taken), as this version of "
                + "Assay knows it"
        }
    }

    /// What is believed now. Nothing is fetched, ever: `assay trust update` does that.
    ///
    /// - Parameters:
    ///   - path: a file to believe whatever its age; nil for what the environment or the trust
    ///     folder says.
    ///   - offline: whether kept metadata may be older than it says it is good for; a warning then
    ///     says so.
    /// - Throws: `unavailable` for kept metadata that has expired.
    static func find(named path: String?, offline: Bool) async throws -> TrustMaterial {
        let material = try await located(named: path)
        guard case .repository(let mirror, _, let expired?, let home) = material.origin else {
            return material
        }
        let why = "the kept metadata of \(plain(mirror)): \(expired)"
        guard offline else {
            throw Failure(
                .unavailable, "cannot find out whether the trust material is still the newest",
                at: .named(home), because: why,
                next: "assay trust update; without a network, --offline takes it as it is and "
                    + "--trusted-root FILE names another")
        }
        Talk.warn("--offline: \(why); nobody vouches that it is still the newest")
        return material
    }

    /// What is believed, however old it is.
    static func located(named path: String?) async throws -> TrustMaterial {
        let variable = ProcessInfo.processInfo.environment["ASSAY_TRUSTED_ROOT"]
        if let path {
            // An empty variable of a script must not mean "believe whom you like".
            guard !path.isEmpty else {
                throw Failure(
                    .usage, "cannot use the trusted root", because: "--trusted-root names no file")
            }
            return try file(path)
        }
        if let variable, !variable.isEmpty { return try file(variable) }
        let home = try? TrustHome.ofUser()
        if home == nil {
            Talk.warn("no trust folder is looked at: neither ASSAY_TRUST nor HOME is set")
        }
        switch try home?.source() {
        case .repository(let mirror, let folder)?:
            guard let home else { return try shipped() }
            return try await kept(mirror, folder, in: home)
        case .imported(let from, let time)?:
            guard let home else { return try shipped() }
            return try imported(home.importedPath, .imported(from: from, at: time, home: home.path))
        case nil:
            // A typo must not mean the public instance.
            if let home, home.isNamed {
                throw Failure(
                    .notFound, "cannot use the trust folder", at: .named(home.path),
                    because: "ASSAY_TRUST names it, and nothing is kept there",
                    next: "assay trust init or assay trust import FILE; without ASSAY_TRUST the "
                        + "public Sigstore instance is believed")
            }
            return try shipped()
        }
    }

    /// Whether a file is named, by the command or the environment: it must be readable then.
    static func isNamed(_ path: String?) -> Bool {
        path != nil
            || ProcessInfo.processInfo.environment["ASSAY_TRUSTED_ROOT"].map { !$0.isEmpty } == true
    }

    static func shipped() throws -> TrustMaterial {
        TrustMaterial(
            root: try .publicGood(), document: Array(PublicGoodInstance.trustedRoot.utf8),
            signingConfiguration: Array(PublicGoodInstance.signingConfiguration.utf8),
            origin: .shipped)
    }

    /// A trusted root, or a client trust configuration, which holds one.
    private static func file(_ path: String) throws -> TrustMaterial {
        let content = try readFile(
            at: path, atMost: Limits.trustedRootBytes, named: "the trusted root")
        do {
            return TrustMaterial(
                root: try TrustedRoot(parsing: content), document: content,
                signingConfiguration: nil, origin: .file(path))
        } catch {
            throw error.during("cannot use \(quoted(path))")
        }
    }

    /// A client trust configuration.
    static func imported(_ path: String, _ origin: Origin) throws -> TrustMaterial {
        let content = try readFile(
            at: path, atMost: 2 * Limits.trustedRootBytes,
            named: "the client trust configuration")
        do throws(Failure) {
            let configuration = try ClientTrustConfiguration(parsing: content)
            let document = configuration.trustedRoot.compactBytes
            let json = try JSONReader(parsing: content, named: "the client trust configuration")
            return TrustMaterial(
                root: try TrustedRoot(parsing: document), document: document,
                signingConfiguration: try json.required("signingConfig").value.compactBytes,
                origin: origin)
        } catch {
            throw error.during("cannot use \(quoted(path))")
        }
    }

    private static func kept(
        _ mirror: String, _ folder: String, in home: TrustHome
    ) async throws -> TrustMaterial {
        let cache = try home.repositoryFolder(folder, creating: false)
        do {
            let (documents, expired) = try await read(cache)
            return TrustMaterial(
                root: try TrustedRoot(parsing: documents.root), document: documents.root,
                signingConfiguration: documents.signingConfiguration,
                origin: .repository(
                    mirror: mirror, state: documents.state, expired: expired, home: home.path))
        } catch let problem as MetadataProblem {
            throw problem.failure.during("cannot use the trust folder", at: .named(home.path))
        } catch let failure as Failure where failure.kind == .notFound {
            throw Failure(
                .notFound, "cannot use the trust folder", at: .named(home.path),
                because: "\(failure.what): \(failure.why)", next: "assay trust update")
        }
    }

    /// What is kept, and why it is too old where it is.
    ///
    /// An update writes one file after the other. Where they do not fit together, an update may be
    /// under way: what stands there once nobody updates is the answer.
    private static func read(_ cache: TrustFolder) async throws
        -> (documents: TrustDocuments, expired: String?)
    {
        do {
            return try await readOnce(cache)
        } catch is MetadataProblem {
            return try await cache.whileLocked { try await readOnce(cache) }
        }
    }

    private static func readOnce(_ cache: TrustFolder) async throws
        -> (documents: TrustDocuments, expired: String?)
    {
        do {
            return (try await pinned(cache, now: SystemPause().now()), nil)
        } catch let problem as MetadataProblem where problem.code == .expired {
            return (try await pinned(cache, now: nil), "\(problem.subject) \(problem.why)")
        }
    }

    private static func pinned(_ cache: TrustFolder, now: Timestamp?) async throws -> TrustDocuments
    {
        var updater = TrustUpdater(root: nil, from: .cache(now: now), cache: cache)
        return try await TrustDocuments(by: &updater)
    }
}
