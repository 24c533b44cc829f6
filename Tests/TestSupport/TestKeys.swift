// SPDX-License-Identifier: Apache-2.0
// Keys for tests, made anew in each run.

import Crypto
import FoundationEssentials
package import Keys
package import OCI
internal import Primitives

/// Fresh keys of every kind that signs.
package enum TestKeys {
    package static let algorithms: [@Sendable () throws -> PrivateKey] = [
        { try ecdsaP256() }, { try ecdsaP384() }, { try ecdsaP521() }, { try ed25519() },
    ]

    package static func ecdsaP256() throws -> PrivateKey {
        try PrivateKey(pkcs8: Array(P256.Signing.PrivateKey().derRepresentation))
    }

    package static func ecdsaP384() throws -> PrivateKey {
        try PrivateKey(pkcs8: Array(P384.Signing.PrivateKey().derRepresentation))
    }

    package static func ecdsaP521() throws -> PrivateKey {
        try PrivateKey(pkcs8: Array(P521.Signing.PrivateKey().derRepresentation))
    }

    package static func ed25519() throws -> PrivateKey {
        try PrivateKey(
            pkcs8: PrivateKey.pkcs8(
                ed25519: Array(Curve25519.Signing.PrivateKey().rawRepresentation)))
    }
}

/// A small image in a repository, for stories that need something to sign.
package func smallImage(in repository: any ArtifactDestination, says text: String) async throws
    -> Manifest
{
    let config = Array(
        #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"x":"\#(text)"}"#
            .utf8)
    let descriptor = Descriptor(of: config, as: .ociConfig)
    try await repository.push(descriptor, content: ByteStream(config), mountSource: nil)
    let manifest = try ImageManifest(config: descriptor, layers: []).manifest()
    try await repository.push(manifest, tag: nil)
    return manifest
}
