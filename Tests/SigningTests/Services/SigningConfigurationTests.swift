// SPDX-License-Identifier: Apache-2.0
// Which services a signature is made with: the selection table, and documents that are refused.

import Primitives
import Signing
import TestSupport
import Testing

/// One service in short: `operator version start-end`, years; `x 2 2020-2024`, `y 1 2021-`.
private func service(_ text: String) throws -> SigningService {
    let words = text.split(separator: " ").map(String.init)
    let years = words[2].split(separator: "-", omittingEmptySubsequences: false)
    let end = try years[1].isEmpty ? nil : Timestamp(parsing: "\(years[1])-06-01T00:00:00Z")
    return try SigningService(
        url: words.count > 3 ? words[3] : "https://\(words[0])\(words[1]).\(years[0]).example",
        majorVersion: Int(words[1]) ?? 0,
        validFor: ValidityPeriod(
            start: try Timestamp(parsing: "\(years[0])-06-01T00:00:00Z"), end: end),
        operatorName: words[0])
}

struct SelectionRow: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let kind: SigningService.Kind
    let services: [String]
    let selector: ServiceSelector
    /// Places in `services`, in the order they are asked; nil for a failure.
    let chosen: [Int]?

    init(
        _ name: String, _ selector: ServiceSelector, _ services: [String], _ chosen: [Int]?,
        kind: SigningService.Kind = .log
    ) {
        testDescription = name
        self.kind = kind
        self.services = services
        self.selector = selector
        self.chosen = chosen
    }
}

private let now = "2026-06-01T00:00:00Z"

@Suite("signing configuration")
struct SigningConfigurationTests {
    static let rows: [SelectionRow] = [
        .init("nothing listed, nothing chosen", .any, [], []),
        .init("nothing listed and ALL", .all, [], []),
        .init("nothing listed and EXACT: the kind is left away", .exact(2), [], []),
        .init("one valid", .any, ["x 1 2021-"], [0]),
        .init("one valid and ALL", .all, ["x 1 2021-"], [0]),
        .init("one valid and EXACT:1", .exact(1), ["x 1 2021-"], [0]),
        .init("one valid and EXACT:2", .exact(2), ["x 1 2021-"], nil),
        .init("ended", .any, ["x 1 2021-2025"], nil),
        .init("not begun", .any, ["x 1 2027-"], nil),
        .init("its end is inside", .any, ["x 1 2021-2026"], [0]),
        .init("its start is inside", .any, ["x 1 2026-"], [0]),
        .init("ended and ALL", .all, ["x 1 2021-2025"], nil),
        .init("the valid one of two", .any, ["x 1 2021-2025", "y 1 2020-"], [1]),
        .init("the newest start wins", .any, ["x 1 2021-", "y 1 2023-", "z 1 2022-"], [1]),
        .init("ALL is newest first", .all, ["x 1 2021-", "y 1 2023-", "z 1 2022-"], [1, 2, 0]),
        .init("equal starts keep their order", .all, ["x 1 2021-", "y 1 2021-"], [0, 1]),
        .init("the highest version wins over the newest", .any, ["x 2 2021-", "y 1 2025-"], [0]),
        .init("ALL means all of the highest version", .all, ["x 2 2021-", "y 1 2025-"], [0]),
        .init("EXACT counts the highest version only", .exact(2), ["x 2 2021-", "y 1 2025-"], nil),
        .init("an unsupported version is passed over", .any, ["x 3 2021-", "y 2 2020-"], [1]),
        .init("only unsupported versions", .any, ["x 3 2021-", "y 9 2020-"], nil),
        .init("an ended higher version does not count", .any, ["x 2 2021-2022", "y 1 2020-"], [1]),
        .init("one of each operator", .all, ["x 2 2021-", "x 2 2023-", "y 2 2022-"], [1, 2]),
        .init("EXACT counts operators", .exact(2), ["x 2 2021-", "x 2 2023-"], nil),
        .init("EXACT takes no more", .exact(2), ["x 2 2021-", "y 2 2023-", "z 2 2022-"], [1, 2]),
        .init("EXACT:3 of three", .exact(3), ["x 2 2021-", "y 2 2023-", "z 2 2022-"], [1, 2, 0]),
        .init(
            "services without an operator are of one", .all,
            ["- 2 2021-", "- 2 2023-"].map { $0.replacing("- 2", with: "none 2") }, [1]),
        .init(
            "one address under two operators is one service", .exact(2),
            ["x 2 2021- https://log.example", "y 2 2022- https://log.example/"], nil),
        .init(
            "one address under two operators, once", .all,
            ["x 2 2021- https://log.example", "y 2 2022- https://log.example/"], [1]),
        .init(
            "a certificate authority of version 2 is not known", .any, ["x 2 2021-"], nil,
            kind: .certificateAuthority),
        .init(
            "a timestamp authority of version 1", .any, ["x 2 2025-", "y 1 2021-"], [1],
            kind: .timestampAuthority),
    ]

    @Test("services are chosen by validity, version, age, operator, selector", arguments: rows)
    func selection(_ row: SelectionRow) throws {
        let services = try row.services.map(service)
        let time = try Timestamp(parsing: now)
        let outcome = Result { () throws(Failure) in
            try chosen(from: services, row.kind, by: row.selector, at: time)
        }
        switch outcome {
        case .success(let found):
            #expect(found == row.chosen?.map { services[$0] })
        case .failure(let failure):
            #expect(row.chosen == nil, "\(failure)")
            #expect(failure.kind == .unsupported)
            #expect(failure.what.contains(row.kind.words))
        }
    }

    @Test("too few services: the failure says which is out and why")
    func reasons() async throws {
        let services = try ["x 1 2021-2025", "y 3 2020-"].map(service)
        await expectFailure(.unsupported, "x1.2021.example is for 2021-06-01T00:00:00Z to 2025") {
            _ = try chosen(from: services, .log, by: .any, at: try Timestamp(parsing: now))
        }
        await expectFailure(.unsupported, "y3.2020.example supports version 3") {
            _ = try chosen(from: services, .log, by: .any, at: try Timestamp(parsing: now))
        }
    }

    static let document = """
        {"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json",\
        "caUrls":[{"url":"https://ca.example","majorApiVersion":1,\
        "validFor":{"start":"2022-04-13T20:06:15.000Z"},"operator":"acme"}],\
        "oidcUrls":[{"url":"https://oidc.example/auth","majorApiVersion":1,\
        "validFor":{"start":"2022-04-13T20:06:15Z"},"operator":"acme"}],\
        "rekorTlogUrls":[{"url":"https://log2.example","majorApiVersion":2,\
        "validFor":{"start":"2025-10-06T00:00:00Z"},"operator":"acme"},\
        {"url":"https://log1.example/","majorApiVersion":1,\
        "validFor":{"start":"2021-01-12T11:53:27Z","end":"2030-01-01T00:00:00Z"},\
        "operator":"acme"}],\
        "tsaUrls":[{"url":"https://tsa.example/api/v1/timestamp","majorApiVersion":1,\
        "validFor":{"start":"2025-07-04T00:00:00Z"},"operator":"acme"}],\
        "rekorTlogConfig":{"selector":"ANY"},"tsaConfig":{"selector":"EXACT","count":1}}
        """

    @Test("a whole configuration is read, and its services are chosen")
    func reading() throws {
        let configuration = try SigningConfiguration(parsing: Array(Self.document.utf8))
        #expect(configuration.logSelector == .any)
        #expect(configuration.timestampSelector == .exact(1))
        #expect(configuration.logs.count == 2)
        #expect(configuration.identityProviders.map(\.url) == ["https://oidc.example/auth"])
        let early = try configuration.selection(at: try Timestamp(parsing: "2025-08-01T00:00:00Z"))
        #expect(early.logs.map(\.base) == ["https://log1.example"])
        let late = try configuration.selection(at: try Timestamp(parsing: now))
        #expect(late.logs.map(\.base) == ["https://log2.example"])
        #expect(late.timestampAuthorities.map(\.host) == ["tsa.example"])
        #expect(try late.forShortLivedCertificate().host == "ca.example")
    }

    static let breaks: [(String, String, String)] = [
        ("signingconfig.v0.2", "signingconfig.v0.1", "its type is"),
        ("signingconfig.v0.2", "signingconfig.v0.3", "its type is"),
        ("v0.2+json", "v0.2+json;x=1", "its type is"),
        ("\"caUrls\"", "\"caURLs\"", "is not one of"),
        ("\"selector\":\"ANY\"", "\"selector\":\"SOME\"", "not ANY, ALL or EXACT"),
        ("\"selector\":\"ANY\"", "\"selector\":\"ANY\",\"count\":2", "only EXACT has a count"),
        ("\"count\":1", "\"count\":0", "EXACT needs a count"),
        ("\"count\":1", "\"count\":-1", "EXACT needs a count"),
        ("\"count\":1", "\"count\":257", "EXACT needs a count"),
        (",\"count\":1", "", "EXACT needs a count"),
        ("\"rekorTlogConfig\":{\"selector\":\"ANY\"},", "", "\"rekorTlogConfig\" is missing"),
        ("\"majorApiVersion\":2", "\"majorApiVersion\":0", "versions start with 1"),
        ("\"majorApiVersion\":2", "\"majorApiVersion\":\"2\"", "not a whole number"),
        ("\"majorApiVersion\":2", "\"majorApiVersion\":99999999999999999999", "not a whole"),
        ("\"start\":\"2025-10-06T00:00:00Z\"", "", "\"start\" is missing"),
        ("2025-10-06T00:00:00Z", "2025-02-30T00:00:00Z", "not written like"),
        ("https://ca.example", "ftp://ca.example", "not written like https"),
        ("https://ca.example", "https://user@ca.example", "not written like https"),
        ("https://ca.example", "https://ca.example/?a=b", "not written like https"),
        ("https://ca.example", "https://ca.example#x", "not written like https"),
        ("https://ca.example", "https://", "not written like https"),
        ("https://ca.example", "https://ca.exa mple", "not written like https"),
        ("\"caUrls\":[", "\"caUrls\":[],\"caUrls\":[", "occurs twice"),
        ("\"count\":1}}", "\"count\":1}} x", "follow the end"),
    ]

    @Test("a configuration that is not exactly one is refused", arguments: breaks)
    func refused(_ good: String, _ bad: String, _ why: String) async throws {
        let text = Self.document.replacing(good, with: bad, maxReplacements: 1)
        try #require(text != Self.document)
        do {
            _ = try SigningConfiguration(parsing: Array(text.utf8))
            Issue.record("it was read")
        } catch {
            #expect(error.description.contains(why), "\(error)")
        }
    }

    @Test("more services than a limit are refused before any is read")
    func tooMany() async throws {
        let list = Array(repeating: "{}", count: Limits.trustAnchorsPerKind + 1)
        let text = """
            {"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json",\
            "caUrls":[\(list.joined(separator: ","))]}
            """
        await expectFailure(.overLimit, "257 items") {
            _ = try SigningConfiguration(parsing: Array(text.utf8))
        }
    }

    @Test("single flags make a configuration, each service its own operator")
    func flags() async throws {
        let all = try SigningConfiguration(
            certificateAuthority: "https://ca.example", log: ("https://log.example", 2),
            timestampAuthority: "https://tsa.example/tsr/")
        let chosen = try all.selection(at: try Timestamp(parsing: now))
        #expect(chosen.certificateAuthority?.url == "https://ca.example")
        #expect(chosen.logs.map(\.majorVersion) == [2])
        #expect(chosen.timestampAuthorities.map(\.url) == ["https://tsa.example/tsr/"])
        let none = try SigningConfiguration(
            certificateAuthority: nil, log: nil, timestampAuthority: nil)
        #expect(try none.selection(at: try Timestamp(parsing: now)) == .none)
        await expectFailure(.usage, "version 3") {
            _ = try SigningConfiguration(
                certificateAuthority: nil, log: ("https://log.example", 3), timestampAuthority: nil)
        }
    }

    @Test("a short-lived certificate needs an authority, and somebody who signs the time")
    func needsTime() async throws {
        let time = try Timestamp(parsing: now)
        func selection(_ authority: String?, _ version: Int?, _ stamps: String?) throws
            -> ServiceSelection
        {
            try SigningConfiguration(
                certificateAuthority: authority, log: version.map { ("https://log.example", $0) },
                timestampAuthority: stamps
            ).selection(at: time)
        }
        let (ca, tsa) = ("https://ca.example", "https://tsa.example")
        for good in [
            try selection(ca, 1, nil), try selection(ca, 2, tsa), try selection(ca, nil, tsa),
        ] {
            #expect(try good.forShortLivedCertificate().host == "ca.example")
        }
        await expectFailure(.usage, "logs of version 2 sign none") {
            _ = try selection(ca, 2, nil).forShortLivedCertificate()
        }
        await expectFailure(.usage, "and no log") {
            _ = try selection(ca, nil, nil).forShortLivedCertificate()
        }
        await expectFailure(.usage, "no certificate authority") {
            _ = try selection(nil, 1, tsa).forShortLivedCertificate()
        }
    }

    @Test("a client trust configuration keeps its trusted root as it came")
    func clientTrust() async throws {
        let text = """
            {"mediaType":"application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",\
            "trustedRoot":{"mediaType":"anything","tlogs":[1]},"signingConfig":\(Self.document)}
            """
        let read = try ClientTrustConfiguration(parsing: Array(text.utf8))
        #expect(read.trustedRoot.compactText == #"{"mediaType":"anything","tlogs":[1]}"#)
        #expect(
            read.signingConfiguration
                == (try SigningConfiguration(parsing: Array(Self.document.utf8))))
        for (good, bad, why) in [
            ("trustconfig.v0.1", "trustconfig.v0.2", "its type is"),
            ("{\"mediaType\":\"anything\",\"tlogs\":[1]}", "7", "not an object"),
            ("\"trustedRoot\"", "\"trustRoot\"", "is not one of"),
            ("\"selector\":\"ANY\"", "\"selector\":7", "/signingConfig/rekorTlogConfig/selector"),
        ] {
            let broken = text.replacing(good, with: bad)
            do {
                _ = try ClientTrustConfiguration(parsing: Array(broken.utf8))
                Issue.record("it was read: \(bad)")
            } catch {
                #expect(error.description.contains(why), "\(error)")
            }
        }
    }
}
