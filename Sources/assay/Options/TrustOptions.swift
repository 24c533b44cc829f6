// SPDX-License-Identifier: Apache-2.0
// Whom to believe: a file that is named, what `assay trust` keeps, or what came with Assay.

import ArgumentParser
import Files
import Foundation
import Host
import Primitives
import Signing
import Workflows

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
    func material(needed: Bool) async throws -> TrustedMaterial? {
        guard needed else { return nil }
        return try await TrustedMaterial.find(named: trustedRoot, offline: offline)
    }
}

extension TrustedMaterial {
    /// What is believed now. Nothing is fetched, ever: `assay trust update` does that.
    ///
    /// - Parameters:
    ///   - path: a file to believe whatever its age; nil for what the environment or the trust
    ///     folder says.
    ///   - offline: whether kept metadata may be older than it says it is good for; a warning then
    ///     says so.
    /// - Throws: `unavailable` for kept metadata that has expired.
    static func find(named path: String?, offline: Bool) async throws -> TrustedMaterial {
        let material = try await located(named: path)
        if let doubts = try material.doubts(offline: offline) {
            StandardError.warn("--offline: \(doubts); nobody vouches that it is still the newest")
        }
        return material
    }

    /// What is believed, however old it is.
    static func located(named path: String?) async throws -> TrustedMaterial {
        if let path {
            // An empty variable of a script must not mean "believe whom you like".
            guard !path.isEmpty else {
                throw Failure(
                    .usage, "cannot use the trusted root", because: "--trusted-root names no file")
            }
            return try file(at: path)
        }
        if let variable = namedInEnvironment { return try file(at: variable) }
        guard let store = try? UserTrustStore.ofUser() else {
            StandardError.warn("no trust folder is looked at: neither ASSAY_TRUST nor HOME is set")
            return try shipped()
        }
        return try await store.material(at: SystemClock().now())
    }

    /// Whether a file is named, by the command or the environment: it must be readable then.
    static func isNamed(_ path: String?) -> Bool { path != nil || namedInEnvironment != nil }

    private static var namedInEnvironment: String? {
        let path = ProcessInfo.processInfo.environment["ASSAY_TRUSTED_ROOT"]
        return path?.isEmpty == false ? path : nil
    }

    private static func file(at path: String) throws -> TrustedMaterial {
        try .file(
            try readFile(at: path, atMost: Limits.trustedRootBytes, named: "the trusted root"),
            named: path)
    }
}
