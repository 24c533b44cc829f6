// SPDX-License-Identifier: Apache-2.0
// Bundles of the stand-ins, judged from their bytes to the last check.

import Keys
import Primitives
import Signing
import StandIns

/// A bundle that is to be made, and what it will be judged by.
struct Attempt: Sendable {
    var instance: StandInSigstore
    var recipe: StandInRecipe
    var signer: TrustedSigner
    /// The demand; nil for what a client of the suite demands.
    var requirements: VerificationRequirements?
    /// What the judge holds in hands: nil for what was signed.
    var artifact: [UInt8] = StandIn.artifact
    /// Whom the judge believes, made from the instance's own trusted root.
    var trust: @Sendable (TrustedRoot) throws -> TrustedRoot = { $0 }
    /// The bundle as it arrives.
    var change: @Sendable (StandInBundle) throws -> [UInt8] = { $0.bytes }

    /// Bytes that a certificate for `StandInIdentity.person` vouches for.
    static func byPerson(
        _ content: StandInRecipe.Content,
        _ change: (inout StandInRecipe) -> Void = { _ in }
    ) throws -> Attempt {
        Attempt(
            instance: try StandIn.instance.get(),
            recipe: StandInRecipe(content).with(change),
            signer: .certificates([
                CertificateIdentity(
                    subjects: [.exact(StandInIdentity.person.name.text)],
                    issuers: [.exact(StandInIdentity.person.issuer)])
            ]))
    }

    /// Bytes that a key vouches for.
    static func byKey(
        _ key: StandInKey, _ content: StandInRecipe.Content,
        _ change: (inout StandInRecipe) -> Void = { _ in }
    ) throws -> Attempt {
        var attempt = try byPerson(content, change)
        attempt.recipe.signer = .key(key)
        attempt.signer = .key(try key.publicKey)
        return attempt
    }

    /// A statement about `StandIn.artifact`.
    static let statement = StandInRecipe.Content.statement(
        Statement.document(
            about: Digest(of: StandIn.artifact, by: .sha256), name: "artifact",
            predicateType: .custom, predicate: ["a": 1]
        ).compactBytes)

    func with(_ change: (inout Attempt) throws -> Void) rethrows -> Attempt {
        var attempt = self
        try change(&attempt)
        return attempt
    }

    /// "accepted", the code of the refusal, or "cannot read: " and the kind of failure.
    func outcome(byDigest: Bool = false) throws -> String {
        let bytes = try change(instance.make(recipe))
        let root = try trust(TrustedRoot(parsing: instance.trustedRoot().compactBytes))
        let verifier = try SignatureVerifier(
            requirements: requirements ?? usualRequirements, root: root)
        let bundle: SignatureBundle
        do {
            bundle = try SignatureBundle(parsing: bytes)
        } catch {
            return "cannot read: \(error.kind.rawValue): \(error.why)"
        }
        let signed =
            byDigest
            ? SignedArtifact(digests: [.sha256: HashAlgorithm.sha256.hash(of: artifact)])
            : SignedArtifact(content: artifact)
        let finding = verifier.verify(bundle, about: signed, type: nil)
        guard let problem = finding.problem else {
            return finding.signer == nil ? "nobody" : "accepted"
        }
        return problem.code.rawValue
    }

    /// The same demand with other numbers.
    func requiring(
        _ log: VerificationRequirements.Transparency, signedTimestampThreshold: Int = 0,
        sctThreshold: Int = 1
    ) -> VerificationRequirements {
        VerificationRequirements(
            signer: signer, transparency: log, signedTimestampThreshold: signedTimestampThreshold,
            sctThreshold: sctThreshold, time: .signed, acceptsChains: false)
    }

    /// One log if the recipe has one, one signed time, one certificate log.
    var usualRequirements: VerificationRequirements {
        let isByKey = if case .keys = signer { true } else { false }
        return VerificationRequirements(
            signer: signer, transparency: recipe.log == .none ? .ignored : .oneLog,
            signedTimestampThreshold: 0,
            sctThreshold: isByKey ? 0 : 1, time: .signed, acceptsChains: false)
    }
}

extension JSONValue {
    /// The document with another value at a path such as `a/0/b`; nil takes the member away.
    func replacing(_ path: String, with value: JSONValue?) -> JSONValue {
        replacing(path.split(separator: "/")[...], with: value)
    }

    private func replacing(_ path: ArraySlice<Substring>, with value: JSONValue?) -> JSONValue {
        guard let step = path.first else { return value ?? .null }
        let rest = path.dropFirst()
        switch self {
        case .object(var object):
            object[String(step)] =
                rest.isEmpty ? value : (object[String(step)] ?? .null).replacing(rest, with: value)
            return .object(object)
        case .array(var items):
            guard let place = Int(step), items.indices.contains(place) else { return self }
            items[place] = items[place].replacing(rest, with: value)
            return .array(items)
        default: return self
        }
    }
}
