// SPDX-License-Identifier: Apache-2.0
// assay save, assay load: cosign's names for pull and push with an image layout.
// Spec: cosign v3.1.2, cmd/cosign/cli/save.go and load.go.

import ArgumentParser
import Host
import OCI
import Primitives
import Registry

struct SaveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "save",
        abstract: "Fetches an image with its evidence into a layout, as cosign save does.",
        discussion: """
            The same as assay pull IMAGE DIR. cosign load and cosign verify --local-image read the \
            layout; cosign knows one image in a layout, and that is the one saved last.
            """)

    @Argument(help: "The image.")
    var image: ImageLocation

    @Option(help: "The layout folder; created if it does not exist.")
    var dir: String

    @OptionGroup var access: RegistryAccessOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await CopyRun.pull(
            image, into: dir, evidence: .include, access: access, output: output.output)
    }
}

struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract:
            "Puts an image of a layout into a registry with its evidence, as cosign load does.",
        discussion: """
            The same as assay push oci:DIR IMAGE. Where a layout holds several images, it is the one \
            that cosign save, assay save or assay pull stored last.
            """)

    @Argument(help: "The destination: NAME:TAG.")
    var image: ImageLocation

    @Option(help: "The layout folder.")
    var dir: String

    @OptionGroup var access: RegistryAccessOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await CopyRun.push(to: image, access: access, output: output.output) { _ in
            let layout = try LayoutDirectory.open(at: dir)
            let saved = try layout.markedImage().map { ManifestReference.digest($0) }
            guard let saved else {
                return LocatedImage(
                    place: layout, reference: try await layout.onlyReference(tag: nil))
            }
            return LocatedImage(place: layout, reference: saved)
        }
    }
}
