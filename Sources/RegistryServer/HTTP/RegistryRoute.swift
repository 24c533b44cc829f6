// SPDX-License-Identifier: Apache-2.0
// What a path means. Spec: OCI distribution-spec 1.1, "Endpoints".

internal import HTTPTypes
internal import OCI
internal import Primitives

/// An endpoint with its names checked.
enum RegistryRoute: Hashable, Sendable {
    case base
    case catalog
    case blob(Digest, Repository)
    case uploads(Repository)
    case upload(UploadIdentifier, Repository)
    case manifest(ManifestReference, Repository)
    case tags(Repository)
    case referrers(Digest, Repository)

    /// Reads a decoded path. A repository's name has slashes and may itself end in `/blobs` or
    /// `/tags`, so the endpoint is found from the end of the path.
    init(parsing path: String) throws(OCIError) {
        if path == "/v2" || path == "/v2/" { self = .base; return }
        guard let rest = path.utf8.removingPrefix("/v2/") else { throw RegistryRoute.nowhere(path) }
        if rest == "_catalog" { self = .catalog; return }
        if let name = rest.utf8.removingSuffix("/tags/list") {
            self = .tags(try RegistryRoute.repository(name))
            return
        }
        guard let (place, last) = rest.utf8.split(atLast: "/") else {
            throw RegistryRoute.nowhere(path)
        }
        try self.init(last, below: place, whole: path)
    }

    private init(_ last: Substring, below place: Substring, whole path: String)
        throws(OCIError)
    {
        if let name = place.utf8.removingSuffix("/manifests") {
            let repository = try RegistryRoute.repository(name)
            let code: OCIError.Code = last.utf8.contains(":") ? .digestInvalid : .tagInvalid
            let reference = try asOCIError(code) { () throws(Failure) in
                try ManifestReference(parsing: last)
            }
            self = .manifest(reference, repository)
        } else if let name = place.utf8.removingSuffix("/referrers") {
            let repository = try RegistryRoute.repository(name)
            self = .referrers(try RegistryRoute.digest(last), repository)
        } else if let name = place.utf8.removingSuffix("/blobs/uploads") {
            let repository = try RegistryRoute.repository(name)
            if last.isEmpty { self = .uploads(repository); return }
            guard let id = UploadIdentifier(parsing: last) else {
                throw OCIError.noUpload
            }
            self = .upload(id, repository)
        } else if let name = place.utf8.removingSuffix("/blobs") {
            let repository = try RegistryRoute.repository(name)
            if last == "uploads" { self = .uploads(repository); return }
            self = .blob(try RegistryRoute.digest(last), repository)
        } else {
            throw RegistryRoute.nowhere(path)
        }
    }

    /// The methods that mean something here.
    var methods: [HTTPRequest.Method] {
        switch self {
        case .base, .catalog, .tags, .referrers: [.get, .head]
        case .blob: [.get, .head, .delete]
        case .uploads: [.post]
        case .upload: [.get, .head, .patch, .put, .delete]
        case .manifest: [.get, .head, .put, .delete]
        }
    }

    static func repository(_ name: some StringProtocol) throws(OCIError) -> Repository {
        try asOCIError(.nameInvalid) { () throws(Failure) in try localRepository(name) }
    }

    static func digest(_ text: some StringProtocol) throws(OCIError) -> Digest {
        try asOCIError(.digestInvalid) { () throws(Failure) in try Digest(parsing: text) }
    }

    private static func nowhere(_ path: String) -> OCIError {
        OCIError(.notFound, .unsupported, "there is no endpoint \(quoted(path))")
    }
}

extension OCIError {
    static var noUpload: OCIError {
        OCIError(.notFound, .blobUploadUnknown, "there is no such upload here")
    }
}

/// The path and query of a request, percent signs decoded once.
struct RequestTarget: Hashable, Sendable {
    let path: String
    private let query: [Field]

    private struct Field: Hashable, Sendable {
        let name: String
        let value: String
    }

    /// Spec: RFC 9112 §3.2.1, origin-form; RFC 3986 §2.1. A `+` stays a plus: media types have one.
    init(parsing target: String) throws(OCIError) {
        let parts = target.utf8.split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = try decoded(parts.first ?? "")
        var fields: [Field] = []
        for field in parts.count > 1 ? parts[1].utf8.split(separator: "&") : [] {
            let sides = field.utf8.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = sides.count > 1 ? sides[1] : ""
            fields.append(Field(name: try decoded(sides[0]), value: try decoded(value)))
        }
        query = fields
    }

    /// The first value of that name; an empty one counts as absent.
    subscript(name: String) -> String? {
        query.first { $0.name == name && !$0.value.isEmpty }?.value
    }

    func all(_ name: String) -> [String] { query.filter { $0.name == name }.map(\.value) }
}

private func decoded(_ text: Substring) throws(OCIError) -> String {
    guard let bytes = percentDecoded(text) else {
        throw OCIError(
            .badRequest, .unsupported, "the address has a % without two hex digits after it")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
        throw OCIError(.badRequest, .unsupported, "the address is not UTF-8")
    }
    return text
}
