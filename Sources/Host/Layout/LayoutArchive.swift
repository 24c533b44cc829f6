// SPDX-License-Identifier: Apache-2.0
// An OCI image layout inside a tar file, read in place.

package import OCI
package import Primitives

/// Reads images out of a layout archive; nothing is unpacked.
package struct LayoutArchive: LocalArtifacts {
    private let layout: LayoutReader

    init(_ index: TarFileIndex) throws(Failure) {
        layout = LayoutReader(files: index)
        try layout.checkVersion()
    }

    package var sourceName: String { layout.name }

    package func manifest(_ reference: ManifestReference) throws(Failure) -> Manifest {
        try layout.manifest(reference)
    }

    package func resolve(_ reference: ManifestReference) throws(Failure) -> Descriptor {
        try layout.manifest(reference).descriptor
    }

    package func referrers(of subject: Digest) throws(Failure) -> ReferrersAnswer {
        try layout.referrers(of: subject)
    }

    package func tags() throws(Failure) -> [Tag] { try layout.tags() }

    package func roots() throws(Failure) -> [Descriptor] { try layout.roots() }

    package func unverifiedStream(of descriptor: Descriptor) throws(Failure) -> ByteStream {
        try layout.stream(descriptor)
    }
}
