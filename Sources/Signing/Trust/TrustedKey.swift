// SPDX-License-Identifier: Apache-2.0
// Keys somebody decided to trust, and which of them signed.

package import Keys
package import Primitives

/// One accepted key: of a file, of a trusted root, or one version of a key in a service.
package struct TrustedKey: Hashable, Sendable {
    package let key: PublicKey
    /// When its signatures count; nil for always.
    package let validFor: ValidityPeriod?
    /// What people call it: "hashivault://release, version 3". Its fingerprint names it for programs.
    package let name: String?
    /// The hash its signatures must be made with, where one is demanded by name; nil for any that the
    /// key can have.
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

    /// The same key, its signatures made with that hash and no other; nil for any.
    package func signing(with hash: HashAlgorithm?) -> TrustedKey {
        TrustedKey(key: key, validFor: validFor, name: name, hash: hash)
    }

    /// The schemes its signatures may be made in.
    package var schemes: [SignatureScheme] {
        hash.map { key.algorithm.schemes(with: $0) } ?? key.algorithm.allSchemes
    }

    /// The name with the fingerprint, or the fingerprint alone.
    package var label: String {
        name.map { "\($0) (\(key.fingerprint))" } ?? key.fingerprint.description
    }

    /// Whether a signature made at each of these times counts.
    ///
    /// Spec: CVE-2026-54787 / GHSA-wqqc-jjcq-vfxm: a key with a window needs a trusted time inside
    /// it, so no time at all is not enough.
    package func isUsable(at times: [Timestamp]) -> Bool {
        guard let validFor else { return true }
        return !times.isEmpty && times.allSatisfy(validFor.contains)
    }

    /// Whether a hint means this key: cosign's base64 of the fingerprint, the fingerprint in hex
    /// with or without `sha256:`, or the key's name.
    package func answers(to hint: String) -> Bool {
        hint == key.hint || hint == key.fingerprint.description || hint == key.fingerprint.hex
            || hint == name
    }
}

extension [TrustedKey] {
    /// The keys, those that a hint means first.
    ///
    /// A hint is not signed: it changes the order in which keys are tried and never which are.
    package func ordered(hint: String) -> [TrustedKey] {
        hint.isEmpty
            ? self : filter { $0.answers(to: hint) } + filter { !$0.answers(to: hint) }
    }

    /// The first key that made this signature, so that it can be reported which one did.
    ///
    /// - Parameter scheme: nil where the document names none: each key's customary ones are tried.
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
