// SPDX-License-Identifier: Apache-2.0
// The limits of SBOM and their sources.

package import Primitives

extension Limits {
    /// Bytes of one licence expression. The longest real ones have under 1,000.
    package static let licenseExpressionBytes = 8 * 1024
    /// Bytes of one os-release file. Real ones have under 2 KiB.
    package static let operatingSystemFileBytes = 64 * 1024
    /// Packages of one inventory. A full Debian archive has 65,000.
    package static let packagesPerSBOM = 500_000
    /// Stanzas of all package databases of one inventory, with those of dpkg's journal and of
    /// packages that are not installed. dpkg keeps few of the latter; a full Debian archive has
    /// 65,000 packages.
    package static let packageStanzas = 1_000_000
    /// Dependency edges of one inventory. Full desktop images have about 20,000.
    package static let dependencyEdges = 5_000_000
}
