// SPDX-License-Identifier: Apache-2.0
// An OCI image layout inside a tar file, read in place.

internal import OCI
internal import Primitives

/// Reads images out of a layout archive; nothing is unpacked.
package struct LayoutArchive: LayoutReading {
    package let layout: LayoutReader

    package var transport: LocalTransport { .ociArchive }

    init(_ index: TarFileIndex) throws(Failure) {
        layout = LayoutReader(files: index)
        try layout.checkVersion()
    }
}
