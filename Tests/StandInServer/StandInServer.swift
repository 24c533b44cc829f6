// SPDX-License-Identifier: Apache-2.0
// The stand-ins over plain HTTP on loopback. Spec: RFC 9110.

import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Primitives
import StandIns

/// Serves until SIGTERM or SIGINT; prints the address once it is known.
struct StandInServer: Sendable {
    let port: Int

    /// - Parameter make: makes the service for its address, once the port is known.
    func run(_ make: @escaping @Sendable (_ base: String) async throws -> StandInService)
        async throws
    {
        let house = ServiceHouse()
        var logger = Logger(label: "assay-stand-ins")
        logger.logLevel = .error
        let application = Application(
            responder: StandInResponder(house: house),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { channel in
                let base = "http://127.0.0.1:\(channel.localAddress?.port ?? 0)"
                do {
                    await house.open(try await make(base))
                    write("listening on \(base)\n", to: .standardOutput)
                } catch {
                    write("assay-stand-ins: \(error)\n", to: .standardError)
                    exit(1)
                }
            },
            logger: logger)
        try await application.runService()
    }
}

private func write(_ text: String, to file: FileHandle) { file.write(Data(text.utf8)) }

/// The one service of this process; requests take turns.
private actor ServiceHouse {
    private var service: StandInService?

    func open(_ service: StandInService) { self.service = service }

    func answer(_ request: StandInRequest) -> StandInAnswer {
        service?.answer(request, at: now())
            ?? StandInAnswer(503, "text/plain", Array("not open yet\n".utf8))
    }
}

private struct StandInResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let house: ServiceHouse

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.body.collect(upTo: requestBytes)
        let bearer = request.headers[.authorization]
            .flatMap { $0.hasPrefix("Bearer ") ? String($0.dropFirst(7)) : nil }
        var path = request.uri.path
        if path.count > 1, path.hasSuffix("/") { path.removeLast() }
        let answer = await house.answer(
            StandInRequest(
                request.method.rawValue, path, query: query(request),
                bearerToken: bearer, body: Array(body.readableBytesView)))
        var headers: HTTPFields = [.contentType: answer.contentType]
        if let location = answer.location { headers[.location] = location }
        if let tag = answer.entityTag { headers[.eTag] = tag }
        return Response(
            status: HTTPResponse.Status(code: answer.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }

    private func query(_ request: Request) -> [String: String] {
        var query: [String: String] = [:]
        for (name, value) in request.uri.queryParameters { query[String(name)] = String(value) }
        return query
    }
}

/// An envelope with a large statement; the public log takes no more either.
private let requestBytes = 32 << 20
