// SPDX-License-Identifier: Apache-2.0
// Every limit of Assay, with where its number comes from.

/// The named limits. A limit that is reached is a failure of kind `overLimit`, never a cut.
package enum Limits {
    // MARK: Text

    /// Characters of outside text shown in one error. Longer texts hide the sentence around them.
    package static let quotedTextLength = 80
    /// Nesting of JSON and YAML. Peers: Go 10,000, Foundation 512; real documents stay under 20.
    package static let documentDepth = 64
    /// Bytes of one YAML file of policies or manifests. Kubernetes itself stops at 1.5 MiB an object.
    package static let yamlBytes = 32 * mebibyte
    /// Nodes of one YAML file after aliases are expanded ("billion laughs").
    package static let yamlNodes = 2_000_000

    // MARK: Registry documents

    /// Bytes of one manifest or index. Spec: distribution-spec 1.1 asks for at least 4 MiB.
    package static let manifestBytes = 8 * mebibyte
    /// Layers of one manifest. cosign stops at 1,000 too.
    package static let layersPerManifest = 1_000
    /// Entries of one index.
    package static let manifestsPerIndex = 10_000
    /// Bytes of one image configuration.
    package static let imageConfigBytes = 8 * mebibyte
    /// Bytes of a token answer. go-containerregistry stops at 64 KiB too.
    package static let tokenAnswerBytes = 64 * 1024
    /// Bytes of an error body that are looked at.
    package static let errorBodyBytes = 16 * 1024
    /// Pages of one paginated list.
    package static let pagesPerList = 1_000
    /// Redirects of one request.
    package static let redirects = 10
    /// Nesting of indexes in indexes, and of referrers of referrers.
    package static let graphDepth = 8
    /// Nodes (manifests) of one evidence graph.
    package static let graphNodes = 10_000
    /// Bytes of a name, registry host included. Spec: distribution reference grammar, 255.
    package static let repositoryNameLength = 255

    // MARK: Evidence

    /// Bytes of one bundle, envelope or signature payload. cosign's own default is 128 MiB.
    package static let evidenceBytes = 64 * mebibyte
    /// Referrers looked at for one digest. Kyverno errors at 50 of any kind.
    package static let referrersPerDigest = 1_000
    /// Signatures or attestations tried for one digest. Real images carry fewer than 20.
    package static let candidatesPerDigest = 200
    /// Subjects of one statement. Spec: Sigstore clients stop at 1,024.
    package static let subjectsPerStatement = 1_024
    /// Digests of one subject. Sigstore clients stop at 32.
    package static let digestsPerSubject = 32
    /// Bytes of one key file.
    package static let keyFileBytes = 64 * 1024

    // MARK: Archives and inventories

    /// Entries of one layer or archive. The largest real layers have about one million.
    package static let archiveEntries = 4_000_000
    /// Bytes of one path. Linux stops at 4,096.
    package static let pathBytes = 4_096
    /// Bytes a layer may inflate to.
    package static let layerBytes = 64 * 1024 * mebibyte
    /// How many bytes one compressed byte may become, once a layer is past `ratioFloor`.
    package static let compressionRatio = 1_100
    /// Bytes under which the ratio is not looked at.
    package static let ratioFloor = 64 * mebibyte
    /// Bytes of one package database file that is read whole.
    package static let packageDatabaseBytes = 128 * mebibyte
    /// Bytes of all evidence files of one image that are kept in memory.
    package static let keptFilesBytes = 256 * mebibyte
    /// Links followed for one path. Linux stops at 40.
    package static let symbolicLinks = 40

    // MARK: Policies

    /// Nesting of attestor sets.
    package static let attestorDepth = 16
    /// Keys, identities and sets of one rule, counted together.
    package static let attestorsPerRule = 1_000
    /// Steps that one wildcard match may take.
    package static let wildcardSteps = 100_000

    package static let mebibyte = 1024 * 1024
}
