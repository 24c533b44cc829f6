// SPDX-License-Identifier: Apache-2.0
// Package URLs against the specification's own tests, in the direction of writing.

import Foundation
import Primitives
import TestSupport
import Testing

@testable import SBOM

@Suite(
    "package URLs of the specification",
    .enabled(if: SharedSuites.packageURLs != nil, "suites are not beside the project"))
struct PackageURLSuite {
    @Test("built as the specification builds them", arguments: ["deb", "apk", "oci", "generic"])
    func builds(_ type: String) throws {
        let directory = try #require(SharedSuites.packageURLs)
        let bytes = try Data(contentsOf: directory.appendingPathComponent("\(type)-test.json"))
        let json = try JSONReader(parsing: Array(bytes), named: type)
        var count = 0
        for test in try json.required("tests").items(atMost: 1000)
        where try test.required("test_type").string() == "build" {
            let input = try test.required("input")
            let isFailure = try test.required("expected_failure").boolean()
            let built = Result {
                try PackageURL(
                    type: try input.required("type").string(),
                    namespace: try input.optional("namespace")?.string(),
                    name: try input.optional("name")?.string() ?? "",
                    version: try input.optional("version")?.string(),
                    qualifiers: try input.optional("qualifiers")?.stringMap() ?? [:],
                    subpath: try input.optional("subpath")?.string())
            }
            count += 1
            switch built {
            case .success(let url):
                #expect(!isFailure)
                #expect(url.description == (try test.required("expected_output").string()))
            case .failure(let error): #expect(isFailure, "\(error)")
            }
        }
        #expect(count > 0)
    }
}

@Suite("package URLs")
struct PackageURLTests {
    @Test("every odd byte is escaped, so the text is plain ASCII")
    func escapes() throws {
        let url = try PackageURL(
            type: "deb", namespace: "debian", name: "a/b@c?d#e é", version: "1:2+3~4%5",
            qualifiers: ["arch": "all", "empty": "", "Distro": "x&y=z"])
        #expect(
            url.description
                == "pkg:deb/debian/a%2Fb%40c%3Fd%23e%20%C3%A9@1:2%2B3~4%255?arch=all&distro=x%26y%3Dz"
        )
    }

    @Test("only ASCII letters change case, so nothing comes to look like something else")
    func lowerCase() throws {
        let url = try PackageURL(
            type: "apk", namespace: "Alpine", name: "K\u{212A}", version: nil, qualifiers: [:])
        #expect(url.description == "pkg:apk/alpine/k%E2%84%AA")
    }

    @Test(
        "a missing name or namespace is refused, and so is one too many",
        arguments: [
            ("deb", nil, "x"), ("apk", "", "x"), ("oci", "acme", "x"), ("generic", nil, ""),
        ]
            as [(String, String?, String)])
    func refusals(_ type: String, _ namespace: String?, _ name: String) {
        #expect {
            try PackageURL(
                type: type, namespace: namespace, name: name, version: "1", qualifiers: [:])
        } throws: {
            ($0 as? Failure)?.kind == .malformed
        }
    }
}
