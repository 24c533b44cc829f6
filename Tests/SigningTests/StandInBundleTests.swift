// SPDX-License-Identifier: Apache-2.0
// Complete bundles of the stand-ins: every combination and every fault.

import Keys
import Primitives
import Signing
import StandIns
import Testing

@Suite("stand-in bundles")
struct StandInBundleTests {
    static let recipes: [StandInRecipe] = {
        var recipes: [StandInRecipe] = []
        for content in [
            StandInRecipe.Content.artifact(StandIn.artifact), .statement(StandIn.statement),
        ] {
            for log in StandInRecipe.Log.allCases {
                for version in StandInRecipe.Version.allCases {
                    for isTimestamped in [true, false] {
                        recipes.append(
                            StandInRecipe(content).with {
                                ($0.log, $0.version, $0.isTimestamped) = (
                                    log, version, isTimestamped
                                )
                            })
                    }
                }
            }
        }
        return recipes
    }()

    @Test("every combination is a bundle that reads, with the proofs it should have")
    func combinations() throws {
        let instance = try StandIn.instance.get()
        for recipe in Self.recipes {
            let bundle = try SignatureBundle(parsing: try instance.bundle(recipe))
            #expect(bundle.logEntries.count == (recipe.log == .none ? 0 : 1))
            #expect(bundle.timestamps.count == (recipe.isTimestamped ? 1 : 0))
            guard case .certificate(let certificates) = bundle.signer else {
                Issue.record("there is no certificate")
                continue
            }
            #expect(certificates.count == (recipe.version == .v3 ? 1 : 2))
        }
    }

    @Test("the signature of a bundle is its key's", arguments: StandInKey.Kind.allCases)
    func keys(_ kind: StandInKey.Kind) throws {
        let key = try StandInKey(kind)
        let instance = try StandIn.instance.get()
        for content in [
            StandInRecipe.Content.artifact(StandIn.artifact), .statement(StandIn.statement),
        ] {
            let made = try instance.make(
                StandInRecipe(content).with {
                    $0.signer = .key(key)
                    $0.log = .rekor2
                })
            #expect(try key.publicKey.isValid(made.signature, over: made.signedBytes))
            let bundle = try SignatureBundle(parsing: made.bytes)
            #expect(bundle.signer == .publicKey(hint: try key.publicKey.hint))
        }
    }

    @Test("an envelope's signed bytes are ours too")
    func preAuthentication() throws {
        let made = try StandIn.instance.get().make(StandInRecipe(.statement(StandIn.statement)))
        #expect(
            made.signedBytes
                == preAuthenticationEncoding(
                    payloadType: inTotoPayloadType, payload: StandIn.statement))
    }

    @Test(
        "every fault can be made where a recipe has its part",
        arguments: StandInFault.allCases)
    func faults(_ fault: StandInFault) throws {
        let instance = try StandIn.instance.get()
        var concerned = 0
        for recipe in Self.recipes where fault.concerns(recipe) {
            let made = try instance.make(recipe.with { $0.faults = [fault] })
            #expect(try JSONValue(parsing: made.bytes, named: "the bundle") == made.json)
            concerned += 1
        }
        #expect(concerned > 0, "no recipe has the part that \(fault.rawValue) is about")
    }

    @Test("a fault's name says its part")
    func names() {
        let parts: Set = [
            "certificate", "transparency", "log", "promise", "proof", "checkpoint", "timestamp",
            "bundle",
        ]
        for fault in StandInFault.allCases {
            #expect(parts.contains(String(fault.rawValue.prefix { $0 != "-" })))
        }
    }

    @Test("broken signatures are not the key's")
    func brokenSignatures() throws {
        let instance = try StandIn.instance.get()
        for fault in [StandInFault.bundleBrokenSignature, .bundleForeignSignature] {
            let made = try instance.make(
                StandInRecipe(.artifact(StandIn.artifact)).with { $0.faults = [fault] })
            #expect(try !made.key.publicKey.isValid(made.signature, over: made.signedBytes))
        }
    }

    @Test("the trust root lists every service with its key")
    func trustedRoot() throws {
        let instance = try StandIn.instance.get()
        let root = instance.trustedRoot()
        #expect(root["mediaType"] == "application/vnd.dev.sigstore.trustedroot+json;version=0.1")
        let identifiers = root["tlogs"]?.array?.map { $0["logId"]?["keyId"]?.string }
        #expect(
            identifiers == [
                base64Text(instance.rekor1.identifier), base64Text(instance.rekor2.identifier),
            ])
        let chain = root["timestampAuthorities"]?.array?.first?["certChain"]?["certificates"]
        #expect(chain?.array?.count == 3)
        #expect(root["ctlogs"]?.array?.count == 1)
        #expect(root["certificateAuthorities"]?.array?.count == 1)
        let config = instance.clientTrustConfig(rekorVersions: [2])
        #expect(config["trustedRoot"] == root)
        #expect(
            config["signingConfig"]?["rekorTlogUrls"]?.array?.map { $0["majorApiVersion"] }
                == [2])
    }
}
