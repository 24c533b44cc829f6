// SPDX-License-Identifier: Apache-2.0
// The folder in which `assay trust` keeps whom to believe.

import Files
import Foundation
import Host
import Primitives
import Signing
import TUF

/// `$ASSAY_TRUST`, else `$XDG_DATA_HOME/assay/trust`, else `~/.local/share/assay/trust`.
///
/// `source.json` says what is believed and is written last, so an `init` that fails changes nothing.
/// Each update repository has a folder of its own: what was seen of it is remembered, even when
/// another one was used in between, so nobody can roll it back that way.
struct TrustHome: Sendable {
    /// What `source.json` says.
    enum Source: Hashable, Sendable {
        /// An update repository (TUF), kept in that folder.
        case repository(mirror: String, folder: String)
        /// A client trust configuration that was imported: pinned.
        case imported(from: String, at: Timestamp)
    }

    let path: String
    /// Whether `ASSAY_TRUST` names it: then something must be kept there.
    let isNamed: Bool

    /// - Throws: `usage` when there is no place for it.
    static func ofUser() throws(Failure) -> TrustHome {
        let environment = ProcessInfo.processInfo.environment
        func named(_ variable: String) -> String? {
            environment[variable].flatMap { $0.isEmpty ? nil : $0 }
        }
        if let path = named("ASSAY_TRUST") { return TrustHome(path: path, isNamed: true) }
        let data = named("XDG_DATA_HOME") ?? named("HOME").map { $0 + "/.local/share" }
        if let data { return TrustHome(path: data + "/assay/trust", isNamed: false) }
        throw Failure(
            .usage, "cannot find the trust folder", because: "neither ASSAY_TRUST nor HOME is set",
            next: "set ASSAY_TRUST to a folder")
    }

    /// Not there is an answer; not readable is none, and must not widen whom we believe.
    private func sourceContent() throws(Failure) -> [UInt8]? {
        do {
            return try readFile(
                at: sourcePath, atMost: Limits.trustSourceBytes, named: "the trust folder's source")
        } catch {
            guard error.kind == .notFound else { throw error }
            return nil
        }
    }

    /// What is kept here; nil before `assay trust init`.
    func source() throws -> Source? {
        guard let content = try sourceContent() else { return nil }
        let json = try JSONReader(parsing: content, named: sourcePath)
        let format = try json.required("format")
        guard try format.string() == sourceFormat else {
            throw format.broken("it is not \(sourceFormat)")
        }
        let kind = try json.required("kind")
        switch try kind.string() {
        case "repository":
            let folder = try json.required("folder")
            guard bytes(fromHex: try folder.string()) != nil else {
                throw folder.broken("it is no name that Assay gives")
            }
            return .repository(
                mirror: try json.required("mirror").string(), folder: try folder.string())
        case "imported":
            return .imported(
                from: try json.required("from").string(),
                at: try Timestamp(parsing: try json.required("at").string()))
        default: throw kind.broken("it is neither repository nor imported")
        }
    }

    func keep(_ source: Source) throws {
        let document: JSONValue =
            switch source {
            case .repository(let mirror, let folder):
                [
                    "format": .string(sourceFormat), "kind": "repository",
                    "mirror": .string(mirror), "folder": .string(folder),
                ]
            case .imported(let from, let time):
                [
                    "format": .string(sourceFormat), "kind": "imported", "from": .string(from),
                    "at": .string(time.description),
                ]
            }
        try writeFile(
            Array((document.prettyText + "\n").utf8), at: sourcePath, permissions: 0o644)
    }

    /// The folder's name: another mirror or another first root is another repository.
    static func folder(mirror: String, root: [UInt8]) -> String {
        String(Digest(of: Array(mirror.utf8) + [0] + root, by: .sha256).hex.prefix(32))
    }

    /// Opens the folder of one repository; `creating` makes it where it is not.
    func repositoryFolder(_ name: String, creating: Bool) throws -> TrustFolder {
        let folder = "\(path)/\(name)"
        if creating {
            try make(folder)
        } else if !FileManager.default.fileExists(atPath: folder + "/metadata") {
            throw Failure(
                .notFound, "cannot use the trust folder", at: .named(path),
                because: "the folder \(name), which it names, is gone", next: "assay trust init")
        }
        return try TrustFolder(metadata: folder + "/metadata", targets: folder + "/targets")
    }

    var importedPath: String { path + "/trust_config.json" }
    private var sourcePath: String { path + "/source.json" }

    func make() throws { try make(path) }

    private func make(_ folder: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw Failure(
                .unavailable, "cannot make the trust folder", at: .named(folder),
                because: errorWords(error),
                next: "set ASSAY_TRUST to a folder that can be written")
        }
    }
}

private let sourceFormat = "assay/trust/v1"

/// What an update repository hands out, with the metadata that proves it.
struct TrustDocuments: Sendable {
    /// `trusted_root.json`.
    let root: [UInt8]
    /// `signing_config.v0.2.json`; nil where the repository lists none.
    let signingConfiguration: [UInt8]?
    let state: TrustState

    /// Brings the updater up to date and takes the documents.
    ///
    /// - Throws: `MetadataProblem` for what the repository says, `Failure` when it cannot be asked.
    init(by updater: inout TrustUpdater) async throws {
        try await updater.refresh()
        root = try await updater.target(trustedRootTarget)
        signingConfiguration = try await TrustDocuments.configuration(by: &updater)
        guard let state = updater.state else {
            throw Failure(.bug, "cannot read the trust folder", because: "there is no metadata")
        }
        self.state = state
    }

    private static func configuration(by updater: inout TrustUpdater) async throws -> [UInt8]? {
        do {
            return try await updater.target(signingConfigurationTarget)
        } catch let problem as MetadataProblem where problem.code == .targetUnknown {
            return nil
        }
    }
}

/// Spec: sigstore root-signing, targets of the repository.
private let trustedRootTarget = "trusted_root.json"
private let signingConfigurationTarget = "signing_config.v0.2.json"
