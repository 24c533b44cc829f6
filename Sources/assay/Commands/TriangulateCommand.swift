// SPDX-License-Identifier: Apache-2.0
// assay triangulate.

import ArgumentParser
import OCI
import Primitives

struct TriangulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "triangulate",
        abstract: "Prints the tag of cosign's older evidence of an image.")

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case signature, attestation, sbom, digest
    }

    @Argument(help: "The image.")
    var image: ImageLocation

    @Option(help: "The kind of evidence.")
    var type: Kind = .signature

    @OptionGroup var access: RegistryAccessOptions

    func run() async throws {
        let digest = try await digest()
        switch type {
        case .digest: StandardOutput.print(image.pinned(to: digest))
        case .signature:
            StandardOutput.print("\(try image.evidencePlace()):\(Tag(for: digest, suffix: ".sig"))")
        case .attestation:
            StandardOutput.print("\(try image.evidencePlace()):\(Tag(for: digest, suffix: ".att"))")
        case .sbom:
            StandardOutput.print(
                "\(try image.evidencePlace()):\(Tag(for: digest, suffix: ".sbom"))")
        }
    }

    /// The digest in the name; only a tag is resolved.
    private func digest() async throws -> Digest {
        if let digest = image.digest { return digest }
        return try await Connections.using(access, for: image) { connections in
            let located = try await connections.imageSource(image)
            return try await located.place.resolve(located.reference).digest
        }
    }
}
