// SPDX-License-Identifier: Apache-2.0
// A folder as an image of one layer. Spec: OCI image-spec 1.1, manifest.md and config.md.

internal import Files
package import OCI
package import Primitives

/// An image made from a folder. The same folder, platform, time and text give the same digest.
package struct DirectoryImage: LocalArtifacts {
    /// The image's manifest.
    package let root: Manifest
    /// What the image is told to be: platform, layer, time.
    package let configuration: [UInt8]
    package let layer: Descriptor
    private let layerFile: OpenFile
    package let sourceName: String

    /// - Parameters:
    ///   - created: the time of every file and of the image: `SOURCE_DATE_EPOCH`, or 1970.
    ///   - createdBy: what the image's history says made the layer.
    package init(directory: String, platform: Platform, created: Timestamp, createdBy: String)
        throws(Failure)
    {
        let made = try DirectoryLayer(directory: directory, modified: created)
        configuration =
            ImageConfiguration.document(
                platform: platform, layerDigests: [made.contentDigest], created: created,
                createdBy: createdBy
            ).compactBytes
        layer = made.descriptor
        layerFile = made.file
        sourceName = directory
        root = try ImageManifest(
            config: Descriptor(of: configuration, as: .ociConfig), layers: [made.descriptor]
        ).manifest()
    }

    package var transport: LocalTransport { .oci }

    package func entries() -> [Descriptor] { roots() }

    package func namedEntries() -> [Descriptor] { roots() }

    package func roots() -> [Descriptor] { [root.descriptor] }

    package func manifest(_ reference: ManifestReference) throws(Failure) -> Manifest {
        guard case .digest(root.digest) = reference else {
            throw Failure(
                .notFound, "cannot find \(reference)", at: .named(sourceName),
                because: "the image made from the folder is \(root.digest)")
        }
        return root
    }

    package func referrers(of subject: Digest) -> ReferrersResult {
        ReferrersResult(descriptors: [], discovery: .layout)
    }

    package func tags() -> [Tag] { [] }

    package func unverifiedStream(of descriptor: Descriptor) throws(Failure) -> ByteStream {
        switch descriptor.digest {
        case layer.digest: return layerFile.stream(length: layer.size)
        case Digest(of: configuration, by: .sha256): return ByteStream(configuration)
        default:
            throw Failure(
                .notFound, "cannot read \(descriptor.digest)", at: .named(sourceName),
                because: "it is neither the layer nor the configuration made from the folder")
        }
    }
}
