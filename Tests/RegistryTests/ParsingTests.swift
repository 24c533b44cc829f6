// SPDX-License-Identifier: Apache-2.0
// The small readers: challenges, links, addresses, hosts.

import OCI
import Primitives
import Testing

@testable import Registry

@Suite("what registries write in headers")
struct ParsingTests {
    @Test("challenges are told apart however they are written")
    func challenges() throws {
        let rows: [(String, [AuthorizationChallenge])] = [
            ("Basic", [.init(scheme: "basic")]),
            ("Basic realm=\"a, b\"", [.init(scheme: "basic", parameters: ["realm": "a, b"])]),
            (
                "BEARER Realm=\"https://a/t\" , SERVICE=reg,scope=\"a b\"",
                [
                    .init(
                        scheme: "bearer",
                        parameters: ["realm": "https://a/t", "service": "reg", "scope": "a b"])
                ]
            ),
            (
                "Negotiate, Bearer realm=\"x\", Basic realm=y",
                [
                    .init(scheme: "negotiate"), .init(scheme: "bearer", parameters: ["realm": "x"]),
                    .init(scheme: "basic", parameters: ["realm": "y"]),
                ]
            ),
            (
                "Negotiate YWI=, Basic realm=\"\\\"q\\\"\"",
                [
                    .init(scheme: "negotiate"),
                    .init(scheme: "basic", parameters: ["realm": "\"q\""]),
                ]
            ),
            ("Bearer realm=a,realm=b", [.init(scheme: "bearer", parameters: ["realm": "a"])]),
            ("", []),
        ]
        for (text, expected) in rows {
            #expect(try AuthorizationChallenge.list(parsing: text) == expected, "\(text)")
        }
        for text in ["Basic realm=\"open", "\"", "Basic realm=x, =y"] {
            #expect(throws: Failure.self, "\(text)") {
                try AuthorizationChallenge.list(parsing: text)
            }
        }
    }

    @Test("the next page is found among other links")
    func links() {
        let rows: [(String, NextReference)] = [
            ("</v2/x?n=1>; rel=\"next\"", .next("/v2/x?n=1")), ("</a>; rel=next", .next("/a")),
            ("</a>; rel=prev, </b,c>; title=x; REL=\"NEXT\"", .next("/b,c")),
            ("</a>; rel=prev", .none), ("", .none), (" , ", .none),
            ("</a>; rel=\"prev next\"", .next("/a")), ("</a>; rel=\"next last\"", .next("/a")),
            ("</a>; rel=\"next http://x/\"", .next("/a")), ("</a>;rel='next'", .next("/a")),
            ("</a>; title=\"a<b>, c\"; rel=\"next\"", .next("/a")),
            ("</a>; a=\"x,y;z<\\\"\";rel=next", .next("/a")), ("</a> ; rel = next", .next("/a")),
            ("</p>; rel=prev; rel=next, </n>; rel=next", .next("/n")), ("</a>; rel", .next("/a")),
            ("</a>; rel=\"\"", .next("/a")), ("</a>; rel=\"prev,next\"", .next("/a")),
            ("</a>; rel=\"last, </b>; rel=next", .unreadable),
            ("</a>; rel=first rel=next", .unreadable),
            ("</a>; rel=nextpage, </b>; rel=canonical", .none),
            // Without a relation: other clients of registries follow it.
            ("</a>", .next("/a")), ("</a>; rel*=UTF-8''next", .next("/a")), ("</a>;", .next("/a")),
            ("</a", .unreadable), ("rel=next", .unreadable), ("/v2/x; rel=next", .unreadable),
            ("</a>; rel=prev x </b>; rel=next", .unreadable), ("</a> rel=next", .unreadable),
        ]
        for (field, target) in rows { #expect(nextReference(in: field) == target, "\(field)") }
    }

    @Test("no header makes a reader trap, whatever stands in it")
    func mutations() {
        let seeds = [
            "Negotiate YWI=, Bearer realm=\"https://a/t\",scope=\"a b\", Basic realm=y",
            "</v2/x?n=1>; rel=\"next\", </b,c>; title=x", "https://[::ffff:1.2.3.4]:5000/v2/?a#b",
        ]
        var state: UInt64 = 7
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var read = 0
        for round in 0..<3000 {
            var bytes = Array(seeds[round % seeds.count].utf8)
            for _ in 0...next(4) { bytes[next(bytes.count)] = UInt8(next(256)) }
            let text = String(decoding: bytes.prefix(1 + next(bytes.count)), as: UTF8.self)
            if (try? AuthorizationChallenge.list(parsing: text)) != nil { read += 1 }
            if nextReference(in: text) != .none { read += 1 }
            guard let address = try? HTTPURL(parsing: text) else { continue }
            read += 1
            #expect(address.target.hasPrefix("/"))
            #expect(!address.authority.contains("@"))
            _ = try? NetworkScope(of: address.hostName)
            _ = try? address.resolving(text)
        }
        #expect(read > 100)
    }

    @Test("references resolve as RFC 3986 says")
    func references() throws {
        let base = try HTTPURL(parsing: "https://Reg.example:5000/v2/a/uploads/1?x=1")
        let rows = [
            ("/b?c", "https://reg.example:5000/b?c"),
            ("2?y", "https://reg.example:5000/v2/a/uploads/2?y"),
            ("?y=2", "https://reg.example:5000/v2/a/uploads/1?y=2"),
            ("//other/p#f", "https://other/p"), ("HTTPS://Other", "https://other/"),
        ]
        for (reference, expected) in rows {
            let found = try base.resolving(reference)
            #expect("\(found.scheme)://\(found.authority)\(found.target)" == expected)
        }
        #expect(try HTTPURL(parsing: "https://a/b?secret=1").description == "https://a/b")
        for bad in [
            "file:///etc", "https://u:p@a/", "https://a b/", "https:///x", "https://a/\r\nX: y",
        ] {
            #expect(throws: Failure.self, "\(bad)") { try base.resolving(bad) }
        }
    }

    @Test("hosts are told by what they are, not by how they start")
    func reach() throws {
        let rows: [(String, NetworkScope)] = [
            ("localhost", .loopback), ("127.1.2.3", .loopback), ("::1", .loopback),
            ("::ffff:127.0.0.1", .loopback), ("64:ff9b::7f00:1", .loopback),
            ("169.254.1.1", .linkLocal), ("fe80::1", .linkLocal), ("febf::1", .linkLocal),
            ("fd00:ec2::254", .linkLocal), ("100.100.100.200", .linkLocal), ("::", .unspecified),
            ("0.0.0.0", .unspecified), ("127.example", .elsewhere), ("10.0.0.1", .elsewhere),
            ("2001:db8::1", .elsewhere), ("fec0::1", .elsewhere), ("localhost.example", .elsewhere),
        ]
        for (host, expected) in rows { #expect(try NetworkScope(of: host) == expected, "\(host)") }
        for host in [
            "127.1", "0x7f000001", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1::2::3", "fe80::1%eth0",
        ] {
            #expect(throws: Failure.self, "\(host)") { try NetworkScope(of: host) }
        }
    }
}
