// SPDX-License-Identifier: Apache-2.0
// Where an image is: in a registry, or in an image layout or archive on disk.
// Spec: containers-transports(5): oci:PATH[:REFERENCE], oci-archive:…, docker-archive:….

import ArgumentParser
import Foundation
import Host
import OCI
import Primitives
import Workflows

/// An image name; or `oci:PATH`, `oci-archive:PATH` or `docker-archive:PATH`, each with `:NAME`,
/// `:@POSITION` or `@DIGEST` behind it where the place holds several images.
struct ImageLocation: Sendable, CustomStringConvertible {
    enum Place: Sendable {
        case registry(Repository)
        case layout(path: String)
    }

    let place: Place
    /// The tag that is written; in a layout, the tag of the name.
    let tag: Tag?
    let digest: Digest?
    /// How a place on disk is named; nil for a registry.
    let transport: LocalTransport?
    /// Which image of a place on disk is meant, where that is written.
    let choice: LocalImageChoice

    init(_ name: ImageName) {
        place = .registry(name.repository)
        tag = name.tag
        digest = name.digest
        transport = nil
        choice = .only
    }

    init(layout path: String, tag: Tag?, digest: Digest?) {
        place = .layout(path: path)
        self.tag = tag
        self.digest = digest
        transport = .oci
        choice =
            digest.map { .digest($0) } ?? tag.map { .named($0.description) } ?? .only
    }

    init(parsing text: String) throws(Failure) {
        let transport = LocalTransport.allCases.first {
            text.utf8.starts(with: "\($0.rawValue):".utf8)
        }
        guard let transport else {
            self.init(try ImageName(parsing: text))
            return
        }
        let rest = Substring(text.utf8.dropFirst(transport.rawValue.utf8.count + 1))
        try self.init(rest, in: transport, written: text)
    }

    private init(
        _ text: Substring, in transport: LocalTransport, written: String
    ) throws(Failure) {
        let (rest, digest) = try splitDigest(text)
        let (path, reference) = splitReference(rest)
        guard !path.isEmpty else {
            throw Failure(.usage, "cannot read \(quoted(written))", because: "it names no path")
        }
        guard reference?.isEmpty != true else {
            throw Failure(
                .usage, "cannot read \(quoted(written))",
                because: "no image is named after the last colon",
                next: "leave the colon out where there is only one image")
        }
        let position = reference.flatMap(sourceIndex)
        let name = position == nil ? reference.map(String.init) : nil
        place = .layout(path: String(path))
        self.transport = transport
        self.digest = digest
        tag = name.flatMap { name in
            (try? Tag(parsing: name)) ?? (try? ImageName(parsing: name))?.tag
        }
        choice =
            digest.map { .digest($0) } ?? position.map { .position($0) }
            ?? name.map { .named($0) } ?? .only
    }

    /// The digest when there is one, else the tag, else `latest`.
    var reference: ManifestReference {
        if let digest { return .digest(digest) }
        return .tag(tag ?? .latest)
    }

    /// The tag that is meant: the one that is written, `latest` when nothing is, none when only a
    /// digest is.
    var meantTag: Tag? { tag ?? (digest == nil ? .latest : nil) }

    /// The name that an image gets in the layout it is written to; nil if that is only a tag.
    var layoutName: String? {
        guard case .named(let name) = choice, !isSame(name, tag?.description ?? "") else {
            return nil
        }
        return name
    }

    /// What an image is called that is copied here.
    ///
    /// - Parameter sourceTag: the tag that it has where it comes from.
    func copyTarget(keeping sourceTag: Tag?) -> CopyTarget {
        // A name that is no tag is written beside the tag `latest`.
        let tag = tag ?? (layoutName == nil ? nil : .latest)
        return CopyTarget(
            digest: digest, tag: tag.map { .named($0) } ?? .ofSource(sourceTag), name: description)
    }

    /// The place without tag and digest, as it is typed.
    var repositoryText: String {
        switch place {
        case .registry(let repository): repository.description
        case .layout(let path): "\((transport ?? .oci).rawValue):\(path)"
        }
    }

    /// The same image by digest, as it is typed.
    func pinned(to digest: Digest) -> String { "\(repositoryText)@\(digest)" }

    var description: String {
        switch choice {
        case .named(let name): return "\(repositoryText):\(name)"
        case .position(let position): return "\(repositoryText):@\(position)"
        case .only, .digest:
            return repositoryText + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
        }
    }
}

/// The digest after the last `@`; an `@` before other text belongs to the path.
private func splitDigest(_ text: Substring) throws(Failure) -> (Substring, Digest?) {
    guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else { return (text, nil) }
    let behind = text[text.utf8.index(after: at)...]
    let isDigest = HashAlgorithm.registered.contains {
        behind.utf8.starts(with: "\($0.rawValue):".utf8)
    }
    return isDigest ? (text[..<at], try Digest(parsing: behind)) : (text, nil)
}

/// The path, and the text after the colon that ends it.
///
/// containers-transports(5) ends the path at the first colon. A path may have colons itself, so the
/// shortest one that is a layout or a file wins; without one, the first colon.
private func splitReference(_ text: Substring) -> (path: Substring, reference: Substring?) {
    let colons = text.utf8.indices.filter { text.utf8[$0] == UInt8(ascii: ":") }
    guard let first = colons.first else { return (text, nil) }
    let found = colons.first { isImagePlace(text[..<$0]) }
    if found == nil, isImagePlace(text) { return (text, nil) }
    let colon = found ?? first
    return (text[..<colon], text[text.utf8.index(after: colon)...])
}

private func isImagePlace(_ path: Substring) -> Bool {
    let path = String(path)
    guard let isDirectory = LocalSource.isDirectory(path) else { return false }
    return !isDirectory || FileManager.default.fileExists(atPath: path + "/oci-layout")
}

/// `@N`: the position in the list of images. Spec: containers-transports(5), "@source-index".
private func sourceIndex(_ text: Substring) -> Int? {
    guard text.utf8.first == UInt8(ascii: "@") else { return nil }
    let digits = text.utf8.dropFirst()
    guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(Substring(digits))
}

extension ImageLocation: ExpressibleByArgument {
    init?(argument: String) {
        do {
            try self.init(parsing: argument)
        } catch {
            StandardError.say(error.description)
            return nil
        }
    }
}
