// SPDX-License-Identifier: Apache-2.0
// Files that are signed, and where their bundles are.
// Spec: sigstore client-spec §5: FILE.sigstore.json, FILE.sigstore; .jsonl for several.

import ArgumentParser
import Files
import Foundation
import Host
import Keys
import Primitives
import Signing

/// A file, `-` for stdin, or `sha256:HEX` (`sha512:HEX`) for a file that is elsewhere.
struct BlobLocation: ExpressibleByArgument, CustomStringConvertible {
    let description: String

    init?(argument: String) { description = argument }

    var isStandardInput: Bool { description == "-" }

    /// The path; nil for stdin and for a digest.
    var path: String? { isStandardInput || isDigest ? nil : description }

    /// What a statement calls it; nil when it has no name.
    var name: String? { path?.utf8.split(separator: "/").last.map(String.init) }

    /// A file of such a name is written `./sha256:…`.
    private var isDigest: Bool {
        HashAlgorithm.registered.contains { description.utf8.hasPrefix("\($0.rawValue):") }
    }

    /// What is known of it.
    ///
    /// - Parameter limit: holds a file of at most that many bytes in memory; 0 holds none.
    func artifact(keepingAtMost limit: Int) throws -> SignedArtifact {
        guard !isDigest else { return SignedArtifact(try Digest(parsing: description)) }
        let file = try MessageFile(at: path, keepingAtMost: limit)
        return SignedArtifact(digests: file.digests, content: file.content)
    }

    /// Where its bundle is written when nothing else is said.
    func newBundlePath() throws(Failure) -> String {
        guard let path else {
            throw Failure(
                .usage, "cannot store the bundle", because: "\(quoted(description)) is no file",
                next: "say where it goes with --bundle")
        }
        return "\(path).sigstore.json"
    }

    /// Where its bundle is by convention.
    func foundBundlePath() throws(Failure) -> String {
        guard let path else {
            throw Failure(
                .usage, "cannot find the bundle", because: "\(quoted(description)) is no file",
                next: "say where it is with --bundle")
        }
        let names = ["sigstore.json", "sigstore", "sigstore.jsonl"].map { "\(path).\($0)" }
        guard let found = names.first(where: FileManager.default.fileExists) else {
            throw Failure(
                .notFound, "cannot find the bundle of \(quoted(path))",
                because: "none of \(names.map { quoted($0) }.joined(separator: ", ")) is there",
                next: "say where it is with --bundle")
        }
        return found
    }
}
