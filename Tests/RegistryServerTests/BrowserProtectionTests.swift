// SPDX-License-Identifier: Apache-2.0
// Which requests could come from a web page that somebody reads.

import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import RegistryServer

@Suite("requests of web pages")
struct BrowserProtectionTests {
    private func isAnswered(
        _ address: ListenAddress, names: [String] = [], host: String?,
        method: HTTPRequest.Method = .post, _ headers: HTTPFields = [:]
    ) -> Bool {
        let head = HTTPRequest(
            method: method, scheme: "http", authority: host, path: "/v2/a/blobs/uploads/",
            headerFields: headers)
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        do throws(OCIError) {
            try BrowserProtection(listening: address, names: names).check(request)
            return true
        } catch {
            #expect([.badRequest, .misdirectedRequest, .forbidden].contains(error.status))
            #expect(error.code == .denied)
            return false
        }
    }

    private let loopback = ListenAddress(host: "127.0.0.1", port: 5000)
    private let everywhere = ListenAddress(host: "0.0.0.0", port: 5000)

    @Test("on loopback the host is a name of this machine, an address, or a name that was allowed")
    func hosts() {
        for host in [
            "localhost:5000", "LocalHost", "localhost.:5000", "a.localhost:5000", "127.0.0.1:5000",
            "127.8.8.8", "[::1]:5000", "192.168.1.5:5000", nil,
        ] {
            #expect(isAnswered(loopback, host: host), "\(host ?? "none")")
        }
        for host in [
            "evil.example:5000", "evil.example", "localhost.evil.example:5000", "notlocalhost",
            "127.0.0.1.evil.example", "", "registry.lab", "local\u{212A}ost",
            "127.0.0.1@evil.example", "localhost:5731@evil", "localhost:5731/evil", "[::1]evil",
            "[::1", "localhost:x",
        ] {
            #expect(!isAnswered(loopback, host: host), "\(host)")
            #expect(!isAnswered(loopback, host: host, method: .get), "\(host)")
            #expect(isAnswered(everywhere, host: host), "\(host)")
        }
        #expect(isAnswered(loopback, names: ["Registry.lab"], host: "registry.LAB:80"))
        for listening in ["localhost", "::1", "127.1.2.3"] {
            let address = ListenAddress(host: listening, port: 5000)
            #expect(!isAnswered(address, host: "evil.example:5000"), "\(listening)")
        }
    }

    @Test("a request that names two hosts is refused everywhere")
    func twoHosts() {
        for address in [loopback, everywhere] {
            for further in ["localhost:5000", "evil.example", ""] {
                #expect(!isAnswered(address, host: "localhost:5000", [.host: further]))
            }
        }
    }

    @Test("a page of another origin is refused everywhere, one of this registry is not")
    func origins() {
        for address in [loopback, everywhere] {
            for origin in [
                "https://evil.example", "null", "", "http://localhost:8080", "http://localhost",
                "chrome-extension://abc", "http://localhost:5000.evil.example",
                "http://127.0.0.1:1", "http://127.0.0.1", "http://0.0.0.0:1",
            ] {
                for method in [HTTPRequest.Method.get, .post, .put, .patch, .delete] {
                    #expect(
                        !isAnswered(
                            address, host: "localhost:5000", method: method, [.origin: origin]),
                        "\(origin)")
                }
            }
            #expect(
                isAnswered(address, host: "localhost:5000", [.origin: "http://localhost:5000"]))
            #expect(
                isAnswered(
                    address, names: ["registry.lab"], host: "127.0.0.1:5000",
                    [.origin: "https://registry.lab"]))
            #expect(
                !isAnswered(
                    address, names: ["registry.lab"], host: "127.0.0.1:5000",
                    [.origin: "https://registry.lab:8443"]))
        }
    }

    @Test("a change that a browser says is for another site is refused, a link to read is not")
    func fetchSites() {
        for (site, isAnswered) in [
            ("cross-site", false), ("same-site", false), ("same-origin", true), ("none", true),
        ] {
            let headers: HTTPFields = [.fetchSite: site]
            #expect(self.isAnswered(loopback, host: "localhost:5000", headers) == isAnswered)
            #expect(self.isAnswered(loopback, host: "localhost:5000", method: .get, headers))
        }
    }

    @Test("a page cannot make a running registry store a blob")
    func endToEnd() async throws {
        try await withRegistry { client in
            let place = "/v2/a/blobs/uploads/"
            let refused = try await client.send(.post, place, ["Origin": "https://evil.example"])
            #expect(refused.status == .forbidden)
            #expect(try refused.codes() == ["DENIED"])
            #expect(try await client.send(.post, place).status == .accepted)
        }
    }
}
