// SPDX-License-Identifier: Apache-2.0
// Whom fuzzed evidence is checked against, and the good examples that changes start from.

import Keys
import Primitives
import Signing
import StandIns
import TUF

/// One small Sigstore and one update repository of our own, made when the program starts.
struct FuzzWorld: Sendable {
    /// Metadata that leads to the place where targets are read.
    struct Metadata: Sendable {
        let root: TrustedMetadata<RootContent>
        let snapshot: TrustedMetadata<SnapshotContent>
        let files: [[UInt8]]
    }

    let time = Timestamp(seconds: 1_764_000_000)
    let content = Array("an artifact".utf8)
    let artifact: SignedArtifact
    let root: TrustedRoot
    let rootBytes: [UInt8]
    let verifiers: [SignatureVerifier]
    let bundles: [StandInBundle]
    let issuer: Certificate
    /// What the timestamps among the examples are over.
    let stamped: [UInt8]
    let metadata: Metadata
    private let sigstore: StandInSigstore

    init() throws {
        let sigstore = try StandInSigstore(at: time)
        self.sigstore = sigstore
        artifact = SignedArtifact(content: content)
        rootBytes = sigstore.trustedRoot().compactBytes
        let root = try TrustedRoot(parsing: rootBytes)
        self.root = root
        let key = try StandInKey(.p256)
        var bundles: [StandInBundle] = []
        for recipe in try FuzzWorld.recipes(content, key) {
            bundles.append(try sigstore.make(recipe))
        }
        self.bundles = bundles
        stamped = bundles.first?.signature ?? []
        let anybody = CertificateIdentity(subjects: [.exact("")], issuers: [.exact("")])
        let identity = CertificateIdentity(
            subjects: [.exact(StandInIdentity.person.name.text)],
            issuers: [.exact("https://accounts.stand-in.example")])
        let demands: [VerificationRequirements] = [
            .sigstore(.certificates([anybody, identity])),
            VerificationRequirements(
                signer: .key(try key.publicKey), transparency: .oneLog, signedTimestampThreshold: 0,
                sctThreshold: 0, time: .signed, acceptsChains: true),
        ]
        var verifiers: [SignatureVerifier] = []
        for requirements in demands {
            verifiers.append(try SignatureVerifier(requirements: requirements, root: root))
        }
        self.verifiers = verifiers
        issuer = try Certificate(derBytes: sigstore.certificateAuthority.intermediateDER)
        metadata = try Metadata()
    }

    private static func recipes(_ content: [UInt8], _ key: StandInKey) throws -> [StandInRecipe] {
        let statement = Statement.document(
            about: Digest(of: content, by: .sha256), name: "artifact", predicateType: .custom,
            predicate: ["a": 1]
        ).compactBytes
        var recipes: [StandInRecipe] = []
        for kind in [StandInRecipe.Content.artifact(content), .statement(statement)] {
            for log in StandInRecipe.Log.allCases {
                for version in StandInRecipe.Version.allCases {
                    let recipe = StandInRecipe(kind).with {
                        ($0.log, $0.version) = (log, version)
                        if version == .v2 { $0.signer = .identity(.workflow) }
                    }
                    recipes += [recipe, recipe.with { $0.signer = .key(key) }]
                }
            }
        }
        let inToto = StandInRecipe(.statement(statement)).with { $0.entryKind = .intoto002 }
        return recipes + [inToto]
    }

    /// Good examples for a target.
    func examples(for target: FuzzTarget) -> [[UInt8]] {
        switch target {
        case .bundle: bundles.map(\.bytes)
        case .certificate: certificates
        case .timestamp: bundles.flatMap(\.timestamps)
        case .note: checkpoints
        case .logEntry: entries.flatMap { [$0.json.compactBytes, $0.body] }
        case .metadata: metadata.files
        case .manifest: manifests.map { Array($0.utf8) }
        case .statement: bundles.compactMap { $0.envelope?.payload } + envelopes
        case .trustedRoot:
            [
                rootBytes, sigstore.signingConfig(rekorVersions: [1, 2]).compactBytes,
                sigstore.clientTrustConfig(rekorVersions: [2]).compactBytes,
            ]
        case .pem:
            certificates.map { Array(pemText("CERTIFICATE", $0).utf8) }
                + privateKeys.map {
                    Array(pemText("PRIVATE KEY", $0).utf8)
                }
        case .privateKey: privateKeys
        case .token: tokens.map { Array($0.utf8) }
        }
    }

    private var certificates: [[UInt8]] {
        let leaves = bundles.compactMap { bundle -> [UInt8]? in
            if case .certificate(let bytes) = bundle.signer { bytes } else { nil }
        }
        return leaves + sigstore.certificateAuthority.chain + sigstore.timestampAuthority.chain
    }

    private var entries: [TransparencyLogEntry] {
        bundles.compactMap { try? SignatureBundle(parsing: $0.bytes) }.flatMap(\.logEntries)
    }

    private var checkpoints: [[UInt8]] {
        entries.compactMap { $0.proofs.inclusion?.checkpoint }.map { Array($0.utf8) }
    }

    private var envelopes: [[UInt8]] {
        bundles.compactMap { $0.json["dsseEnvelope"]?.compactBytes }
    }

    private var privateKeys: [[UInt8]] {
        StandInKey.Kind.allCases.compactMap { try? StandInKey($0).pkcs8 }
    }

    private var tokens: [String] {
        let token = try? sigstore.identityProvider.token(
            email: "person@example.org", audience: "sigstore", at: time)
        return token.map { [$0] } ?? []
    }
}

extension FuzzWorld.Metadata {
    /// A chain in which nothing tells how long or which the targets are: any bytes are read.
    init() throws {
        let key = try StandInKey(.ed25519)
        let fields: JSONObject = ["spec_version": "1.0.31", "version": 1, "expires": expiry]
        func signed(_ more: JSONObject) throws -> [UInt8] {
            var content = fields
            for member in more { content[member.name] = member.value }
            let value = JSONValue.object(content)
            let signature = hexText(try key.sign(canonicalJSON(value)))
            let document: JSONValue = [
                "signatures": [["keyid": "k", "sig": .string(signature)]], "signed": value,
            ]
            return document.compactBytes
        }
        let publicKey: JSONValue = [
            "keytype": "ed25519", "scheme": "ed25519",
            "keyval": ["public": .string(hexText(Array(key.publicDER.suffix(32))))],
        ]
        let role: JSONValue = ["keyids": ["k"], "threshold": 1]
        let rootFile = try signed([
            "_type": "root", "consistent_snapshot": true, "keys": ["k": publicKey],
            "roles": ["root": role, "timestamp": role, "snapshot": role, "targets": role],
        ])
        let timestampFile = try signed([
            "_type": "timestamp", "meta": ["snapshot.json": ["version": 1]],
        ])
        let snapshotFile = try signed([
            "_type": "snapshot", "meta": ["targets.json": ["version": 1]],
        ])
        let targetsFile = try signed([
            "_type": "targets",
            "targets": ["a": ["length": 1, "hashes": ["sha256": .string(sixtyFourZeros)]]],
            "delegations": [
                "keys": ["k": publicKey],
                "roles": [
                    [
                        "name": "b", "keyids": ["k"], "threshold": 1, "terminating": false,
                        "paths": ["b/*"],
                    ]
                ],
            ],
        ])
        let trusted = try SignedMetadata<RootContent>(given: rootFile).trusted(at: nil)
        let timestamp = try trusted.signedTimestamp(timestampFile).trusted(at: nil)
        root = trusted
        snapshot = try trusted.snapshot(
            snapshotFile, announcedBy: timestamp, following: nil, at: nil)
        _ = try snapshot.targets(targetsFile, under: trusted, at: nil)
        files = [
            rootFile, timestampFile, snapshotFile, targetsFile,
            Array(PublicGoodInstance.tufRoot.utf8),
        ]
    }
}

private let expiry: JSONValue = "2035-01-01T00:00:00Z"
private let sixtyFourZeros = String(repeating: "0", count: 64)

/// One of each form that registries hold.
private let manifests = [
    #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.example+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2,"data":"e30="},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2,"urls":["https://example.org/a"],"annotations":{"a":"b"}}],"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"annotations":{"c":"d"}}"#,
    #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e","size":7,"platform":{"architecture":"arm","os":"linux","variant":"v7","os.version":"1","os.features":["x"]}}]}"#,
    #"{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}"#,
    #"{"architecture":"amd64","os":"linux","created":"2026-01-01T00:00:00Z","rootfs":{"type":"layers","diff_ids":["sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"]},"history":[{"created":"2026-01-01T00:00:00Z","created_by":"x","empty_layer":true}]}"#,
]
