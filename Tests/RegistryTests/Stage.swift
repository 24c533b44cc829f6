// SPDX-License-Identifier: Apache-2.0
// The scenery of the registry tests: a client in front of a registry double, and an image.

import OCI
import Primitives
import Registry
import Testing

/// One registry, one client, one repository.
struct Stage {
    let registry = RegistryDouble()
    let clock = VirtualClock()
    let client: RegistryClient
    let repository: RegistryRepository

    init(
        host: String = "registry.example", path: String = "acme/api",
        credential: RegistryCredential = .anonymous,
        upload: RegistryOptions.UploadStyle = .whole, plainHTTP: Set<RegistryHost> = []
    ) throws {
        var options = RegistryOptions(plainHTTP: plainHTTP)
        options.upload = upload
        client = RegistryClient(
            transport: registry, clock: clock, credentials: FixedCredential(credential),
            options: options)
        repository = client.repository(try Repository(parsing: "\(host)/\(path)"))
    }

    /// The manifest of a small image that is in the repository, under the tag `1`.
    func image(_ text: String = "layer") async throws -> Manifest {
        let layer = Array(text.utf8)
        let config = Array(#"{"architecture":"amd64","os":"linux"}"#.utf8)
        let manifest = try ImageManifest(
            config: Descriptor(of: config, as: .ociConfig),
            layers: [Descriptor(of: layer, as: .ociLayer)]
        ).manifest()
        try await put(config, .ociConfig)
        try await put(layer, .ociLayer)
        try await repository.push(manifest, tag: try Tag(parsing: "1"))
        return manifest
    }

    func put(_ bytes: [UInt8], _ type: MediaType) async throws {
        try await repository.push(
            Descriptor(of: bytes, as: type), content: ByteStream(bytes), mountSource: nil)
    }

    /// Evidence about another manifest, pushed.
    func referrer(to subject: Manifest, _ text: String) async throws -> Manifest {
        let manifest = try evidence(about: subject, text)
        try await put(Array(text.utf8), .octets)
        try await put(Array("{}".utf8), .ociEmpty)
        try await repository.push(manifest, tag: nil)
        return manifest
    }
}

func evidence(about subject: Manifest, _ text: String) throws -> Manifest {
    try ImageManifest(
        config: Descriptor(of: Array("{}".utf8), as: .ociEmpty),
        layers: [Descriptor(of: Array(text.utf8), as: .octets)],
        artifactType: .sigstoreBundle, subject: subject.descriptor,
        annotations: ["org.example.text": text]
    ).manifest()
}
