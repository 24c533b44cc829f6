// SPDX-License-Identifier: Apache-2.0
// Every kind of bundle that is accepted, with what accepts it: what changed bundles start from.

import Keys
import Primitives
import Signing
import StandIns
import Testing

/// A bundle that verifies, and the verifier that says so.
struct AcceptedBundle: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let artifact: SignedArtifact
    let verifier: SignatureVerifier

    var testDescription: String { name }

    func verify(_ bundle: SignatureBundle) -> ArtifactVerificationResult {
        verifier.verify(bundle, about: artifact, type: nil)
    }

    /// The accepted cases of the conformance suite; none where it is not beside the project.
    static let conformance: [AcceptedBundle] = SigstoreCase.all.compactMap { suiteCase in
        guard !suiteCase.mustFail, let bytes = try? suiteCase.read("bundle.sigstore.json"),
            let artifact = try? suiteCase.artifact(byDigest: false),
            let verifier = try? suiteCase.verifier()
        else { return nil }
        return AcceptedBundle(
            name: suiteCase.name, bytes: bytes, artifact: artifact, verifier: verifier)
    }

    /// Ours: signature or statement, certificate or key, every log, version and entry kind, with a
    /// timestamp and without.
    static let standIns = Result { try makeStandIns() }

    private static func makeStandIns() throws -> [AcceptedBundle] {
        let sigstore = try StandIn.instance.get()
        let root = try TrustedRoot(parsing: sigstore.trustedRoot().compactBytes)
        let key = try StandInKey(.p256)
        var accepted: [AcceptedBundle] = []
        for recipe in recipes(key) {
            let made = try sigstore.make(recipe)
            let verifier = try SignatureVerifier(
                requirements: requirements(recipe, key), root: root)
            let bundle = AcceptedBundle(
                name: name(recipe), bytes: made.bytes,
                artifact: SignedArtifact(content: StandIn.artifact), verifier: verifier)
            // Version 0.1 asks for a promise, which Rekor v2 lacks; a certificate asks for a time.
            if try bundle.verify(SignatureBundle(parsing: made.bytes)).problem == nil {
                accepted.append(bundle)
            }
        }
        return accepted
    }

    private static func recipes(_ key: StandInKey) -> [StandInRecipe] {
        let statement = Statement.document(
            about: Digest(of: StandIn.artifact, by: .sha256), name: "artifact",
            predicateType: .custom, predicate: ["Data": "a"]
        ).compactBytes
        var recipes: [StandInRecipe] = []
        for content in [StandInRecipe.Content.artifact(StandIn.artifact), .statement(statement)] {
            for log in StandInRecipe.Log.allCases {
                for version in StandInRecipe.Version.allCases {
                    for isTimestamped in [true, false] {
                        let recipe = StandInRecipe(content).with {
                            ($0.log, $0.version, $0.isTimestamped) = (log, version, isTimestamped)
                        }
                        recipes += [recipe, recipe.with { $0.signer = .key(key) }]
                    }
                }
            }
        }
        for version in StandInRecipe.Version.allCases {
            recipes.append(
                StandInRecipe(.statement(statement)).with {
                    ($0.entryKind, $0.version, $0.signer) = (
                        .intoto002, version, .identity(.workflow)
                    )
                })
        }
        return recipes
    }

    /// As much as the bundle can show.
    private static func requirements(
        _ recipe: StandInRecipe, _ key: StandInKey
    ) throws -> VerificationRequirements {
        let signer: TrustedSigner =
            switch recipe.signer {
            case .key: .key(try key.publicKey)
            case .identity(let identity):
                .certificates([
                    CertificateIdentity(
                        subjects: [.exact(identity.name.text)], issuers: [.exact(identity.issuer)])
                ])
            }
        return VerificationRequirements(
            signer: signer, transparency: recipe.log == .none ? .ignored : .oneLog,
            signedTimestampThreshold: recipe.isTimestamped ? 1 : 0,
            sctThreshold: recipe.hasCertificate ? 1 : 0, time: .signed, acceptsChains: false)
    }

    private static func name(_ recipe: StandInRecipe) -> String {
        [
            recipe.isEnvelope ? "statement" : "signature",
            recipe.hasCertificate ? "certificate" : "key", recipe.log.rawValue,
            recipe.version.rawValue, recipe.isTimestamped ? "timestamp" : "no timestamp",
            recipe.entryKind == nil ? "" : "intoto",
        ].filter { !$0.isEmpty }.joined(separator: ", ")
    }
}
