// SPDX-License-Identifier: Apache-2.0
// Configurations of private instances. Spec: sigstore_trustroot.proto, ClientTrustConfig v0.1.

package import Primitives

/// A trusted root and a signing configuration in one document.
package struct ClientTrustConfiguration: Hashable, Sendable {
    /// The original trusted root.
    package let trustedRoot: JSONValue
    package let signingConfiguration: SigningConfiguration

    package init(parsing bytes: [UInt8]) throws(Failure) {
        guard bytes.count <= 2 * Limits.trustedRootBytes else {
            throw Failure(
                .overLimit, "cannot read the client trust configuration",
                because: "it has \(bytes.count) bytes, the limit is "
                    + "\(2 * Limits.trustedRootBytes)")
        }
        let json = try JSONReader(parsing: bytes, named: "the client trust configuration")
        try json.expectMediaType("application/vnd.dev.sigstore.clienttrustconfig.v0.1+json")
        try json.refuseFields(otherThan: ["mediaType", "trustedRoot", "signingConfig"])
        let root = try json.required("trustedRoot")
        _ = try root.object()
        trustedRoot = root.value
        signingConfiguration = try SigningConfiguration(
            reading: try json.required("signingConfig"))
    }
}
