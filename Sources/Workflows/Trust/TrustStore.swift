// SPDX-License-Identifier: Apache-2.0
// What a user has decided to trust: an update repository that is followed, or a file that was imported.

package import Primitives

/// The user's choice of trusted material, over a storage.
///
/// The source says what is trusted and is written last, so an update or import that fails changes
/// nothing. Each update repository has a cache of its own: what was seen of it is remembered, even
/// when another one was used in between, so nobody can roll it back that way.
package struct TrustStore<Storage: TrustStorage>: Sendable {
    package let storage: Storage
    /// Whether the user named it: then something must be kept there.
    private let isNamed: Bool

    package init(storage: Storage, isNamed: Bool) {
        self.storage = storage
        self.isNamed = isNamed
    }

    /// Where it is, for people.
    package var name: String { storage.name }

    /// What is kept; nil before the first update or import.
    package func source() throws(Failure) -> TrustStoreSource? {
        let content: [UInt8]
        do {
            content = try storage.read(.source)
        } catch {
            // Not there is an answer; not readable is none, and must not widen whom we believe.
            guard error.kind == .notFound else { throw error }
            return nil
        }
        return try TrustStoreSource(parsing: content, named: "\(name)/source.json")
    }

    /// The update repository that is followed; nil when nothing is kept.
    ///
    /// - Throws: `usage` when a file was imported.
    package func followedRepository() throws(Failure) -> UpdateRepository? {
        switch try source() {
        case .repository(let repository): return repository
        case .imported(let path, let time):
            throw Failure(
                .usage, "cannot update the trust material", at: .named(name),
                because: "it was imported from \(quoted(path)) at \(time), and a file has no news",
                next: "assay trust import FILE, or assay trust init to follow a repository")
        case nil: return nil
        }
    }

    func keep(_ source: TrustStoreSource) throws(Failure) {
        try storage.write(Array((source.document.prettyText + "\n").utf8), as: .source)
    }

    func cache(of repository: UpdateRepository, creating: Bool) throws(Failure) -> Storage.Cache {
        guard
            let cache = try storage.repositoryCache(repository.cacheName, creating: creating)
        else {
            throw Failure(
                .notFound, "cannot use the trust folder", at: .named(name),
                because: "the folder \(repository.cacheName), which it names, is gone",
                next: "assay trust init")
        }
        return cache
    }

    /// The failure of a store that the user named and that holds nothing.
    func checkUnnamed() throws(Failure) {
        // A typo must not mean the public instance.
        guard isNamed else { return }
        throw Failure(
            .notFound, "cannot use the trust folder", at: .named(name),
            because: "ASSAY_TRUST names it, and nothing is kept there",
            next: "assay trust init or assay trust import FILE; without ASSAY_TRUST the "
                + "public Sigstore instance is believed")
    }
}

/// An update repository (TUF) and the name of its cache in the store.
package struct UpdateRepository: Hashable, Sendable {
    /// The address.
    package let mirror: String
    /// 32 hex digits.
    let cacheName: String

    /// Another mirror or another first root is another repository.
    package init(mirror: String, root: [UInt8]) {
        self.mirror = mirror
        cacheName = String(Digest(of: Array(mirror.utf8) + [0] + root, by: .sha256).hex.prefix(32))
    }

    fileprivate init(reading json: JSONReader) throws(Failure) {
        let directory = try json.required("folder")
        guard bytes(fromHex: try directory.string()) != nil else {
            throw directory.broken("it is no name that Assay gives")
        }
        mirror = try json.required("mirror").string()
        cacheName = try directory.string()
    }
}

/// What a trust store says is trusted.
package enum TrustStoreSource: Hashable, Sendable {
    /// An update repository that is followed.
    case repository(UpdateRepository)
    /// A client trust configuration that was imported: pinned.
    case imported(from: String, at: Timestamp)

    init(parsing content: [UInt8], named name: String) throws(Failure) {
        let json = try JSONReader(parsing: content, named: name)
        let format = try json.required("format")
        guard isSame(try format.string(), sourceFormat) else {
            throw format.broken("it is not \(sourceFormat)")
        }
        let kind = try json.required("kind")
        switch try kind.string() {
        case "repository": self = .repository(try UpdateRepository(reading: json))
        case "imported":
            self = .imported(
                from: try json.required("from").string(),
                at: try Timestamp(parsing: try json.required("at").string()))
        default: throw kind.broken("it is neither repository nor imported")
        }
    }

    var document: JSONValue {
        switch self {
        case .repository(let repository):
            [
                "format": .string(sourceFormat), "kind": "repository",
                "mirror": .string(repository.mirror), "folder": .string(repository.cacheName),
            ]
        case .imported(let from, let time):
            [
                "format": .string(sourceFormat), "kind": "imported", "from": .string(from),
                "at": .string(time.description),
            ]
        }
    }
}

private let sourceFormat = "assay/trust/v1"
