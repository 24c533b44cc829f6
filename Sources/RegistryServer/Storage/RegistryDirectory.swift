// SPDX-License-Identifier: Apache-2.0
// Where everything of the embedded registry lies. The only place that builds paths.

internal import OCI
internal import Primitives

/// The folder of a registry. Paths are made from checked names only: a repository's components start
/// with a letter or digit, a tag starts with no dot, a digest is hex. So nothing can point out of the
/// folder, and our own names, which start with `_`, cannot be a repository's.
///
/// ```
/// layout                                     what this folder is
/// lock                                       held by the process that serves it
/// temporary/                                 files on their way; swept at start-up
/// uploads/ID.data, ID.session                uploads begun and not finished
/// blobs/sha256/ab/abcd…                      content, each once
/// repositories/NAME/_blobs/sha256/HEX        NAME has that blob (empty file)
/// repositories/NAME/_manifests/sha256/HEX    NAME has that manifest (its media type)
/// repositories/NAME/_tags/TAG                what the tag points to (a digest)
/// repositories/NAME/_referrers/sha256/HEX/sha256-HEX   a manifest about HEX (its descriptor)
/// ```
struct RegistryDirectory: Sendable {
    let root: String

    var layout: String { root + "/layout" }
    var lock: String { root + "/lock" }
    var temporary: String { root + "/temporary" }
    var uploads: String { root + "/uploads" }
    var repositories: String { root + "/repositories" }

    func content(_ digest: Digest) -> String {
        "\(contents(digest.algorithm))/\(digest.hex.prefix(2))/\(digest.hex)"
    }

    /// All content of one algorithm.
    func contents(_ algorithm: HashAlgorithm) -> String {
        "\(root)/blobs/\(algorithm.rawValue)"
    }

    func repository(_ repository: Repository) -> String { "\(repositories)/\(repository.path)" }

    func blob(_ digest: Digest, in repository: Repository) -> String {
        entry("_blobs", digest, self.repository(repository))
    }

    /// The same for a repository found while walking the folder.
    func blob(_ digest: Digest, inRepositoryAt path: String) -> String {
        entry("_blobs", digest, path)
    }

    func manifest(_ digest: Digest, in repository: Repository) -> String {
        entry("_manifests", digest, self.repository(repository))
    }

    func manifest(_ digest: Digest, inRepositoryAt path: String) -> String {
        entry("_manifests", digest, path)
    }

    func tags(of repository: Repository) -> String { self.repository(repository) + "/_tags" }

    func tag(_ tag: Tag, in repository: Repository) -> String { "\(tags(of: repository))/\(tag)" }

    func referrers(of subject: Digest, in repository: Repository) -> String {
        entry("_referrers", subject, self.repository(repository))
    }

    func referrer(_ digest: Digest, of subject: Digest, in repository: Repository) -> String {
        "\(referrers(of: subject, in: repository))/\(digest.algorithm.rawValue)-\(digest.hex)"
    }

    func uploadData(_ id: UploadIdentifier) -> String { "\(uploads)/\(id).data" }

    func uploadSession(_ id: UploadIdentifier) -> String { "\(uploads)/\(id).session" }

    private func entry(_ kind: String, _ digest: Digest, _ repository: String) -> String {
        "\(repository)/\(kind)/\(digest.algorithm.rawValue)/\(digest.hex)"
    }
}

/// The name of an upload: 32 hex digits that nobody can guess.
struct UploadIdentifier: Hashable, Sendable, CustomStringConvertible {
    let description: String

    init() {
        var generator = SystemRandomNumberGenerator()
        let random = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
        description = hexText(random)
    }

    /// Nil for anything that `init()` cannot have made.
    init?(parsing text: some StringProtocol) {
        guard text.utf8.count == 32, text.utf8.allSatisfy(isLowerHex) else { return nil }
        description = String(text)
    }
}
