// SPDX-License-Identifier: Apache-2.0
// Descriptors that are wrong about the bytes of what they name. Spec: image-spec 1.1, descriptor.md.

import HTTPTypes
import HummingbirdTesting
import OCI
import Primitives
import Testing

@testable import RegistryServer

@Suite("sizes in descriptors")
struct DescriptorSizeTests {
    private static let image = MediaType.ociManifest.description
    private static let index = MediaType.ociIndex.description

    private func descriptor(_ bytes: [UInt8], _ type: String, size: Int? = nil) -> JSONValue {
        [
            "mediaType": .string(type),
            "digest": .string(Digest(of: bytes, by: .sha256).description),
            "size": .number(JSONNumber(size ?? bytes.count)),
        ]
    }

    private func put(_ document: JSONValue, _ type: String, _ tag: String, _ client: TrialClient)
        async throws -> (status: Int, text: String)
    {
        let answer = try await client.send(
            .put, "/v2/a/manifests/\(tag)", ["Content-Type": type], body: document.compactBytes)
        return (answer.status.code, String(decoding: answer.bytes, as: UTF8.self))
    }

    @Test(
        "a manifest whose descriptor lies about a size is refused, whatever the descriptor is for",
        arguments: [RegistryConfiguration.standard, .sparse])
    func lies(configuration: RegistryConfiguration) async throws {
        try await withRegistry(configuration) { client in
            let (config, layer) = (Array("{}".utf8), Array("layer".utf8))
            for blob in [config, layer] {
                try await client.push(blob, as: Digest(of: blob, by: .sha256), to: "a")
            }
            func image(
                config configSize: Int? = nil, layers: [Int?] = [nil], subject: JSONValue? = nil
            ) -> JSONValue {
                let layers = layers.map { descriptor(layer, "application/x.layer", size: $0) }
                var object: JSONObject = [
                    "schemaVersion": 2, "mediaType": .string(Self.image),
                    "config": descriptor(config, "application/x.config", size: configSize),
                    "layers": .array(layers),
                ]
                if let subject { object["subject"] = subject }
                return .object(object)
            }
            let good = image()
            #expect(try await put(good, Self.image, "good", client).status == 201)
            func index(_ size: Int?) -> JSONValue {
                let child = descriptor(good.compactBytes, Self.image, size: size)
                return [
                    "schemaVersion": 2, "mediaType": .string(Self.index), "manifests": [child],
                ]
            }
            func subject(_ size: Int?) -> JSONValue {
                image(subject: descriptor(good.compactBytes, Self.image, size: size))
            }
            #expect(try await put(index(nil), Self.index, "list", client).status == 201)
            #expect(try await put(subject(nil), Self.image, "about", client).status == 201)
            for (document, type) in [
                (image(config: 3), Self.image), (image(layers: [4]), Self.image),
                (image(layers: [nil, 500]), Self.image), (image(layers: [0]), Self.image),
                (index(1), Self.index), (subject(good.compactBytes.count + 1), Self.image),
            ] {
                let (status, text) = try await put(document, type, "bad", client)
                #expect(status == 400 && text.contains("MANIFEST_INVALID"), "\(text)")
                #expect(text.contains("a descriptor says"))
            }
            #expect(try await client.send(.get, "/v2/a/manifests/bad").status == .notFound)
        }
    }
}

extension RegistryConfiguration {
    static let sparse = RegistryConfiguration(
        referrersAPI: true, acceptsChanges: true, acceptsSparseImages: true)
}
