// SPDX-License-Identifier: Apache-2.0
// Where an image is: in a registry, or in an image layout on disk.

import ArgumentParser
import Host
import OCI
import Primitives

/// An image name, or `oci:PATH[:TAG]` / `oci:PATH@DIGEST` for a layout folder or tar file.
struct ImageLocation: Sendable, CustomStringConvertible {
    enum Place: Sendable {
        case registry(Repository)
        case layout(path: String)
    }

    let place: Place
    let tag: Tag?
    let digest: Digest?

    init(_ name: ImageName) {
        place = .registry(name.repository)
        tag = name.tag
        digest = name.digest
    }

    init(layout path: String, tag: Tag?, digest: Digest?) {
        place = .layout(path: path)
        self.tag = tag
        self.digest = digest
    }

    init(parsing text: String) throws(Failure) {
        guard var rest = text.utf8.removingPrefix("oci:") else {
            self.init(try ImageName(parsing: text))
            return
        }
        var tag: Tag?
        var digest: Digest?
        if let sides = rest.utf8.split(atLast: "@") {
            digest = try Digest(parsing: sides.after)
            rest = sides.before
        }
        if let sides = rest.utf8.split(atLast: ":"), !sides.after.utf8.contains("/") {
            tag = try Tag(parsing: sides.after)
            rest = sides.before
        }
        guard !rest.isEmpty else {
            throw Failure(.usage, "cannot read \(quoted(text))", because: "it names no path")
        }
        self.init(layout: String(rest), tag: tag, digest: digest)
    }

    /// The digest when there is one, else the tag, else `latest`.
    var reference: ManifestReference {
        if let digest { return .digest(digest) }
        return .tag(tag ?? .latest)
    }

    /// As `reference`; in a layout without tag and digest the only image there is.
    func reference(in source: any ArtifactSource) async throws -> ManifestReference {
        guard tag == nil, digest == nil, let local = source as? any LocalArtifacts else {
            return reference
        }
        return try await local.onlyReference(tag: nil)
    }

    /// The tag that is meant: the one that is written, `latest` when nothing is, none when only a
    /// digest is.
    var meantTag: Tag? { tag ?? (digest == nil ? .latest : nil) }

    /// The place without tag and digest, as it is typed.
    var repositoryText: String {
        switch place {
        case .registry(let repository): repository.description
        case .layout(let path): "oci:\(path)"
        }
    }

    /// The same image by digest, as it is typed.
    func pinned(to digest: Digest) -> String { "\(repositoryText)@\(digest)" }

    var description: String {
        repositoryText + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }
}

extension ImageLocation: ExpressibleByArgument {
    init?(argument: String) {
        do {
            try self.init(parsing: argument)
        } catch {
            Talk.say(error.description)
            return nil
        }
    }
}
