// SPDX-License-Identifier: Apache-2.0
// The registry's endpoints. Spec: OCI distribution-spec 1.1, "Endpoints".

internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOPosix
internal import OCI
internal import Primitives

/// How a registry answers where registries differ.
package struct RegistryConfiguration: Hashable, Sendable {
    /// False plays a registry from before distribution-spec 1.1: clients fall back to tags.
    package var referrersAPI: Bool
    /// Whether anything may be pushed or deleted.
    package var acceptsChanges: Bool
    /// Whether an image may name blobs that the registry does not have.
    package var acceptsSparseImages: Bool

    package init(referrersAPI: Bool, acceptsChanges: Bool, acceptsSparseImages: Bool) {
        self.referrersAPI = referrersAPI
        self.acceptsChanges = acceptsChanges
        self.acceptsSparseImages = acceptsSparseImages
    }

    /// All of distribution-spec 1.1, and only whole images.
    package static let standard = RegistryConfiguration(
        referrersAPI: true, acceptsChanges: true, acceptsSparseImages: false)
}

/// Answers requests from a store.
struct RegistryResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let store: RegistryStore
    let configuration: RegistryConfiguration
    let protection: BrowserProtection
    let logger: Logger
    /// What manifests on their way in take of the memory.
    let manifestMemory = MemoryBudget(bytes: Limits.manifestMemoryBytes)

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        var response: Response
        do {
            try protection.check(request)
            let target = try RequestTarget(parsing: request.head.path ?? "")
            let route = try RegistryRoute(parsing: target.path)
            response = try await answer(
                RegistryRequestContext(request: request, target: target), at: route)
        } catch let problem as OCIError {
            response = problem.response
        } catch let failure as Failure {
            logger.error("\(request.method) \(plain(request.uri.path)): \(failure)")
            response =
                OCIError(
                    .internalServerError, .unknown, "the registry cannot reach its folder"
                ).response
        }
        response.headers[.apiVersion] = "registry/2.0"
        logger.debug("\(response.status.code) \(request.method) \(plain(request.uri.path))")
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(_ context: RegistryRequestContext, at route: RegistryRoute) async throws
        -> Response
    {
        let method = context.request.method
        guard route.methods.contains(method) else { throw wrongMethod(route.methods) }
        guard configuration.acceptsChanges || method == .get || method == .head else {
            throw wrongMethod([.get, .head])
        }
        switch route {
        case .base:
            return Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: "{}")))
        case .catalog: return try await catalog(context)
        case .tags(let repository): return try await tags(of: repository, context)
        case .referrers(let subject, let repository):
            return try await referrers(of: subject, in: repository, context)
        case .blob(let digest, let repository):
            return try await blob(digest, in: repository, context)
        case .uploads(let repository): return try await beginUpload(in: repository, context)
        case .upload(let id, let repository): return try await upload(id, in: repository, context)
        case .manifest(let reference, let repository):
            return try await manifest(reference, in: repository, context)
        }
    }

    private func wrongMethod(_ methods: [HTTPRequest.Method]) -> OCIError {
        let allowed = methods.map(\.rawValue).joined(separator: ", ")
        return OCIError(
            .methodNotAllowed, .unsupported, "only \(allowed) mean something here",
            headers: [.allow: allowed])
    }

    /// Runs blocking work away from the event loops.
    func onDisk<Value: Sendable>(_ work: @escaping @Sendable (RegistryStore) throws -> Value)
        async throws -> Value
    {
        let store = store
        return try await diskThreads.runIfActive { try work(store) }
    }
}

/// Threads that may block. More than processors, because most of them wait for the disk; they live
/// as long as the process.
let diskThreads: NIOThreadPool = {
    let threads = NIOThreadPool(numberOfThreads: Limits.diskThreads)
    threads.start()
    return threads
}()

/// Threads that read manifests. Few, because reading one is all work and no waiting: on the threads
/// that answer requests, a handful of large manifests would keep every other request waiting.
let manifestThreads: NIOThreadPool = {
    let threads = NIOThreadPool(numberOfThreads: Limits.manifestThreads)
    threads.start()
    return threads
}()

/// One request with its address read.
struct RegistryRequestContext: Sendable {
    let request: Request
    let target: RequestTarget
}

extension HTTPField.Name {
    static let apiVersion = known("Docker-Distribution-Api-Version")
    static let contentDigest = known("Docker-Content-Digest")
    static let uploadIdentifier = known("Docker-Upload-UUID")
    static let chunkMinimum = known("OCI-Chunk-Min-Length")
    static let filtersApplied = known("OCI-Filters-Applied")
    static let subjectDigest = known("OCI-Subject")
    static let appliedTag = known("OCI-Tag")
    static let nextPage = known("Link")
    static let host = known("Host")
    static let fetchSite = known("Sec-Fetch-Site")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is no token") }
        return field
    }
}
