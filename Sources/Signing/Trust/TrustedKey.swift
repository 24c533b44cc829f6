// SPDX-License-Identifier: Apache-2.0
// Trusted keys.

package import Keys
package import Primitives

/// A trusted key: from a file, a trusted root, or one version of a key in a KMS.
package struct TrustedKey: Hashable, Sendable {
    package let key: PublicKey
    /// The validity period of its signatures; nil for unlimited.
    package let validFor: ValidityPeriod?
    /// The name in messages: "hashivault://release, version 3". Programs use the fingerprint.
    package let name: String?
    /// The required hash of its signatures; nil for any hash that the key can use.
    package let hash: HashAlgorithm?

    package init(
        key: PublicKey, validFor: ValidityPeriod? = nil, name: String? = nil,
        hash: HashAlgorithm? = nil
    ) {
        self.key = key
        self.validFor = validFor
        self.name = name
        self.hash = hash
    }

    /// The same key with a required hash; nil for any.
    package func signing(with hash: HashAlgorithm?) -> TrustedKey {
        TrustedKey(key: key, validFor: validFor, name: name, hash: hash)
    }

    /// The accepted schemes of its signatures.
    package var schemes: [SignatureScheme] {
        hash.map { key.algorithm.schemes(with: $0) } ?? key.algorithm.allSchemes
    }

    /// The name with the fingerprint, or the fingerprint alone.
    package var label: String {
        name.map { "\($0) (\(key.fingerprint))" } ?? key.fingerprint.description
    }

    /// Whether signatures at all these times are inside the validity period.
    ///
    /// Spec: CVE-2026-54787 / GHSA-wqqc-jjcq-vfxm: a key with a validity period needs a trusted
    /// time in it, so the result is false without any time.
    package func isUsable(at times: [Timestamp]) -> Bool {
        guard let validFor else { return true }
        return !times.isEmpty && times.allSatisfy(validFor.contains)
    }

    /// Whether a hint identifies this key: cosign's base64 of the fingerprint, the fingerprint in
    /// hex with or without `sha256:`, or the key's name.
    package func answers(to hint: String) -> Bool {
        hint == key.hint || hint == key.fingerprint.description || hint == key.fingerprint.hex
            || hint == name
    }
}

extension [TrustedKey] {
    /// The keys, with those that a hint identifies first.
    ///
    /// A hint is unsigned: it changes only the order in which keys are tried.
    package func ordered(hint: String) -> [TrustedKey] {
        hint.isEmpty
            ? self : filter { $0.answers(to: hint) } + filter { !$0.answers(to: hint) }
    }

    /// The first key that made this signature.
    ///
    /// - Parameter scheme: the scheme; nil if the document has none, so that each key's usual
    ///   schemes are tried.
    package func signer(
        of signature: [UInt8], over message: [UInt8], scheme: SignatureScheme? = nil,
        hint: String = ""
    ) -> TrustedKey? {
        ordered(hint: hint).first { trusted in
            guard let scheme else { return trusted.key.isValid(signature, over: message) }
            return trusted.key.isValid(signature, over: message, scheme: scheme)
        }
    }
}
