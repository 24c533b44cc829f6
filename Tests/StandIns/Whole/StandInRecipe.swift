// SPDX-License-Identifier: Apache-2.0
// What a bundle is made of.

package import Primitives

/// What is signed, by whom, in which form, with which proofs, and what is wrong with it.
package struct StandInRecipe: Sendable {
    package enum Content: Hashable, Sendable {
        /// A messageSignature over these bytes.
        case artifact([UInt8])
        /// A DSSE envelope with this in-toto statement.
        case statement([UInt8])
    }

    package enum Signer: Sendable {
        /// A fresh key with a certificate for that identity.
        case identity(StandInIdentity)
        /// A key without a certificate.
        case key(StandInKey)
    }

    package enum Version: String, Sendable, CaseIterable {
        case v1 = "0.1"
        case v2 = "0.2"
        case v3 = "0.3"

        package var mediaType: String {
            self == .v3
                ? "application/vnd.dev.sigstore.bundle.v0.3+json"
                : "application/vnd.dev.sigstore.bundle+json;version=\(rawValue)"
        }
    }

    package enum Log: String, Sendable, CaseIterable {
        case rekor1, rekor2, none
    }

    package var content: Content
    package var signer = Signer.identity(.person)
    package var version = Version.v3
    package var log = Log.rekor1
    package var isTimestamped = true
    /// The kind of Rekor v1 entry; nil for hashedrekord 0.0.1 or dsse 0.0.1, as fits the content.
    package var entryKind: LogEntryKind?
    /// When it was signed; nil for the stand-ins' own time.
    package var time: Timestamp?
    package var faults: Set<StandInFault> = []

    package init(_ content: Content) { self.content = content }

    /// The same recipe with changes, for one expression.
    package func with(_ change: (inout StandInRecipe) -> Void) -> StandInRecipe {
        var recipe = self
        change(&recipe)
        return recipe
    }

    package var isEnvelope: Bool { if case .statement = content { true } else { false } }
    package var hasCertificate: Bool { if case .identity = signer { true } else { false } }
}
