// SPDX-License-Identifier: Apache-2.0
// What a name means: bytes that were read and hashed, of a type that they name themselves.

import OCI
import Primitives
import Registry
import TestSupport
import Testing

@Suite("what a name means")
struct NameMeaningTests {
    @Test("what a name means costs one request, which reads the manifest")
    func resolvingCosts() async throws {
        let stage = try Stage()
        let image = try await stage.image()
        for reference in [ManifestReference.tag(try Tag(parsing: "1")), .digest(image.digest)] {
            let before = stage.registry.seen.count
            _ = try await stage.repository.resolve(reference)
            #expect(stage.registry.seen[before...].map(\.method) == ["GET"])
        }
    }

    @Test("a document that is an image and an index at once has no meaning, by tag or by digest")
    func twoDocumentsInOne() async throws {
        let stage = try Stage()
        let image = try await stage.image()
        let text = String(decoding: image.bytes, as: UTF8.self).dropLast() + #","manifests":[]}"#
        let both = Array(text.utf8)
        let type = image.mediaType.description
        stage.registry.intercept { request, _ in
            answer(
                200,
                [
                    "Docker-Content-Digest": Digest(of: both, by: .sha256).description,
                    "Content-Length": "\(both.count)", "Content-Type": type,
                ], body: request.method == "HEAD" ? [] : both)
        }
        for reference in [
            ManifestReference.tag(try Tag(parsing: "1")), .digest(Digest(of: both, by: .sha256)),
        ] {
            await expectFailure(.malformed, "both layers and manifests") {
                _ = try await stage.repository.resolve(reference)
            }
        }
    }

    @Test("whether a manifest is there is asked with HEAD, and read where HEAD does not tell")
    func presence() async throws {
        let rows: [(Int, [String: String], Bool, [String])] = [
            (200, [:], true, ["HEAD"]), (404, [:], false, ["HEAD"]),
            (404, ["Content-Type": "text/html"], true, ["HEAD", "GET"]),
            (200, ["Content-Type": "text/html"], true, ["HEAD", "GET"]),
            (405, [:], true, ["HEAD", "GET"]),
            (
                200, ["Docker-Content-Digest": Digest(of: [1], by: .sha256).description], true,
                ["HEAD", "GET"]
            ),
        ]
        for (status, fields, isThere, methods) in rows {
            let stage = try Stage()
            let image = try await stage.image()
            let before = stage.registry.seen.count
            stage.registry.intercept { request, _ in
                request.method == "HEAD" ? answer(status, fields) : nil
            }
            #expect(try await stage.repository.hasManifest(.digest(image.digest)) == isThere)
            #expect(stage.registry.seen[before...].map(\.method) == methods)
        }
        let stage = try Stage()
        stage.registry.intercept { _, _ in answer(403) }
        await expectFailure(.denied, "answered 403") {
            _ = try await stage.repository.hasManifest(.tag(try Tag(parsing: "1")))
        }
    }

    @Test("a generic type contradicts no manifest, and the document's own type decides")
    func genericTypes() async throws {
        for type in [
            "application/json", "application/json; charset=utf-8", "text/plain", "text/json",
            "application/octet-stream", "binary/octet-stream", "", nil,
        ] {
            let stage = try Stage()
            let image = try await stage.image()
            let index = try ImageIndex(manifests: [image.descriptor]).manifest()
            for manifest in [image, index] {
                // Old images do not name their own type: the shape tells.
                var bare = try JSONReader(parsing: manifest.bytes, named: "it").object()
                bare["mediaType"] = nil
                for bytes in [manifest.bytes, JSONValue.object(bare).compactBytes] {
                    stage.registry.intercept { _, _ in
                        answer(200, type.map { ["Content-Type": $0] } ?? [:], body: bytes)
                    }
                    let read = try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
                    #expect(read.mediaType == manifest.mediaType, "\(type ?? "none")")
                }
            }
        }
    }

    @Test("a specific type that contradicts the document is refused")
    func contradictingTypes() async throws {
        for type in [MediaType.ociIndex, .dockerManifest, .sigstoreBundle] {
            let stage = try Stage()
            let image = try await stage.image()
            stage.registry.intercept { _, _ in
                answer(
                    200,
                    [
                        "Content-Type": type.description,
                        "Docker-Content-Digest": image.digest.description,
                    ], body: image.bytes)
            }
            await expectFailure(.malformed, "its Content-Type is \(type)") {
                _ = try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
            }
        }
    }
}
