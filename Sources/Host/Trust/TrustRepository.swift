// SPDX-License-Identifier: Apache-2.0
// An update repository behind HTTP. Spec: TUF 1.0.34 §5.3.3, §5.4.1 (limits of what is downloaded).

internal import HTTPTypes
internal import OCI
package import Primitives
package import Registry
package import TUF

/// Fetches files below two base addresses. It follows no redirects and sends no credentials: what
/// comes is signed, and where it comes from is what the user said.
package struct TrustRepository: TrustFetcher {
    private let metadata: HTTPURL
    private let targets: HTTPURL?
    private let transport: any Transport
    private let userAgent: String

    /// - Parameters:
    ///   - metadata: the address below which `timestamp.json` is.
    ///   - targets: the address below which target files are; nil when none will be fetched.
    package init(
        metadata: String, targets: String?, transport: any Transport, userAgent: String
    ) throws(Failure) {
        self.metadata = try HTTPURL(parsing: metadata)
        if let targets {
            self.targets = try HTTPURL(parsing: targets)
        } else {
            self.targets = nil
        }
        self.transport = transport
        self.userAgent = userAgent
    }

    package func fetch(_ file: RepositoryFile, atMost limit: Int) async throws -> [UInt8]? {
        let address = try address(of: file)
        var request = HTTPRequest(
            method: .get, scheme: address.scheme.rawValue, authority: address.authority,
            path: address.target)
        request.headerFields[.userAgent] = userAgent
        let seconds = Limits.documentSeconds + limit / Limits.slowestBytesPerSecond
        let answer = try await transport.send(request, body: .none, within: seconds)
        switch answer.head.status.code {
        case 200:
            do {
                return try await answer.body.collect(
                    atMost: limit, named: "the answer of the update repository")
            } catch let failure as Failure {
                throw failure.during(what, at: .url(address.description))
            }
        // Storage services answer 403 for what is not there when they do not list folders.
        case 403, 404: return nil
        case let status:
            throw Failure(
                .unavailable, what, at: .url(address.description),
                because: (300..<400).contains(status)
                    ? "it answered \(status), and redirects are not followed here"
                    : "it answered \(status)",
                next: (300..<400).contains(status)
                    ? "give the address that it redirects to" : nil)
        }
    }

    private func address(of file: RepositoryFile) throws(Failure) -> HTTPURL {
        let (base, path): (HTTPURL?, String) =
            switch file {
            case .metadata(let path): (metadata, path)
            case .target(let path): (targets, path)
            }
        guard let base else {
            throw Failure(
                .usage, what, because: "no address for target files was given")
        }
        let directory = base.target.utf8.prefix(before: "?")
        let separator = directory.utf8.hasSuffix("/") ? "" : "/"
        return try HTTPURL(
            parsing: "\(base.scheme)://\(base.authority)\(directory)\(separator)\(path)")
    }
}

private let what = "cannot fetch from the update repository"
