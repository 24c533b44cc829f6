// SPDX-License-Identifier: Apache-2.0
// Every limit of Assay, with where its number comes from.

/// The named limits. A limit that is reached is a failure of kind `overLimit`, never a cut; only
/// text that is shown to people is cut, and pages are.
package enum Limits {
    // MARK: Text

    /// Characters of outside text shown in one error. Longer texts hide the sentence around them.
    package static let quotedTextLength = 80
    /// Characters of outside text that gets a line of its own.
    package static let plainTextLength = 400
    /// Characters of a place in an error: the longest path Linux has.
    package static let placeLength = 4_096
    /// Combining marks in a row of outside text. Languages need under 10, UAX #15 asks for no more
    /// than 30, ornaments made of marks have under 100; comparing a run takes the square of its length.
    package static let combiningMarks = 128
    /// Nesting of JSON and YAML. Peers: Go 10,000, Foundation 512; real documents stay under 20.
    package static let documentDepth = 64
    /// Values of one JSON document, lists and objects counted too. A value costs us about 60 bytes
    /// and its author two; an SBOM of 64 MiB has about three million.
    package static let jsonValues = 8_000_000
    /// Bytes of one YAML file of policies or manifests. Kubernetes stops at 1.5 MiB an object.
    package static let yamlBytes = 32 * mebibyte
    /// Nodes of one YAML file after aliases are expanded ("billion laughs").
    package static let yamlNodes = 2_000_000
    /// Bytes of one YAML file times the names in it that are written with `?`. libyaml nests 1,000 of
    /// them, and each level is hashed whole before it can be refused.
    package static let yamlNameBytes = 64 * mebibyte
    /// Images of one resource that are named as not evaluated. All of them are counted.
    package static let unevaluatedImages = 100
    /// Bytes of the names and texts of one file of manifests in which images are looked for, aliases
    /// expanded: that of five of the largest objects.
    package static let imageSearchBytes = yamlBytes / 4
    /// Bytes of one version. Registries take 128 for a tag.
    package static let versionBytes = 256
    /// Bytes of one regular expression. Real ones have under 200.
    package static let regularExpressionBytes = 16 * 1024
    /// Bytes RE2 may take for one compiled expression and its state machines; RE2's own default.
    package static let regularExpressionMemory: Int64 = 8 << 20

    // MARK: Registry documents

    /// Bytes of one manifest or index. Spec: distribution-spec 1.1 asks for at least 4 MiB.
    package static let manifestBytes = 8 * mebibyte
    /// Layers of one manifest. cosign stops at 1,000 too.
    package static let layersPerManifest = 1_000
    /// Entries of one index.
    package static let manifestsPerIndex = 10_000

    /// Images that `sign --recursive` signs below one index: the largest official images list about
    /// 30 platforms, each with a BuildKit attestation beside it.
    package static let recursivelySigned = 500
    /// Bytes of one image configuration.
    package static let imageConfigBytes = 8 * mebibyte
    /// Steps in the history of one image configuration, empty layers counted too.
    package static let historySteps = 10_000
    /// Addresses of one descriptor; they are kept and never followed.
    package static let addressesPerDescriptor = 100
    /// Bytes of a token answer. go-containerregistry stops at 64 KiB too.
    package static let tokenAnswerBytes = 64 * 1024
    /// Bytes of an error body that are looked at.
    package static let errorBodyBytes = 16 * 1024
    /// Pages of one paginated list.
    package static let pagesPerList = 1_000
    /// Informational (1xx) responses before a final one. A server that says 102 every 20 seconds sends
    /// them for half an hour; Go's client stopped at 5 for years.
    package static let informationalResponses = 100
    /// Redirects of one request.
    package static let redirects = 10
    /// Nesting of indexes in indexes, and of referrers of referrers.
    package static let graphDepth = 8
    /// Indexes read to choose one image, the outer one counted too. Real images nest one or two.
    package static let indexesPerIndex = 100
    /// Nodes (manifests) of one evidence graph.
    package static let graphNodes = 10_000
    /// Bytes of a name, registry host included. Spec: distribution reference grammar, 255.
    package static let repositoryNameLength = 255
    /// Bytes of one address in a header (Location, Link, realm). Signed storage addresses stay under
    /// 4 KiB.
    package static let addressBytes = 16 * 1024
    /// Challenges of one 401 answer. Real registries send one or two.
    package static let challengesPerAnswer = 16
    /// Times one request is sent before its failure counts. go-containerregistry: 3.
    package static let requestAttempts = 4
    /// Milliseconds before the first repetition; each further one waits twice as long.
    package static let firstRetryMilliseconds = 400
    /// Milliseconds of the longest wait between two repetitions.
    package static let longestRetryMilliseconds = 10_000
    /// Seconds of `Retry-After` we are willing to wait; a longer one ends the attempt at once.
    package static let retryAfterSeconds = 60
    /// Seconds for one document (manifest, list, token), from the request to its last byte.
    package static let documentSeconds = 60
    /// Seconds for one document or question, all its attempts, redirects, tokens and waits together.
    package static let requestSeconds = 2 * documentSeconds
    /// Bytes one descriptor may claim: the same as a layer may inflate to. A million such
    /// descriptors can still be summed.
    package static let descriptorBytes = layerBytes
    /// Pages of one list of referrers: ten on each of them are all that we would look at.
    package static let referrersPages = referrersPerDigest / 10
    /// Bytes a second under which a transfer is not slow but stalled.
    package static let slowestBytesPerSecond = 8 * 1024
    /// Times one broken blob transfer is taken up again.
    package static let transferResumes = 5
    /// Bytes of a blob that is kept in memory so that its upload can be repeated.
    package static let replayableBlobBytes = 4 * mebibyte
    /// Bytes of one upload chunk, kept in memory until the registry has it.
    package static let uploadChunkBytes = 16 * mebibyte
    /// Bytes a registry may demand as its smallest chunk. ECR: 5 MiB; GCS: 256 KiB.
    package static let largestMinimumChunkBytes = 128 * mebibyte
    /// Blobs of one copy on their way at the same time. skopeo: 6; crane: 4.
    package static let parallelTransfers = 4
    /// Connections to one registry.
    package static let connectionsPerRegistry = 16
    /// Times the index under a referrers tag is written before other writers have won.
    package static let referrersTagAttempts = 12
    /// Milliseconds after which a writer that read the index before us has written it.
    package static let referrersTagSettleMilliseconds = 250
    /// Tags of one repository.
    package static let tagsPerRepository = 1_000_000
    /// Bytes of a file with certificate authorities. Debian's whole bundle has 220 KiB.
    package static let certificateFileBytes = 4 * mebibyte
    /// Bytes of a file with registry credentials.
    package static let credentialFileBytes = 4 * mebibyte
    /// Bytes a credential helper may answer.
    package static let credentialAnswerBytes = 256 * 1024
    /// Seconds a credential helper may think; some ask their user.
    package static let credentialHelperSeconds = 60
    /// Milliseconds between two looks at a program that runs and writes nothing.
    package static let childPollMilliseconds = 20
    /// Bytes of all manifests of one graph, kept in memory. The largest real graphs have 2 MiB.
    package static let graphBytes = 256 * mebibyte

    // MARK: Evidence

    /// Draws of random bytes for one key. One in 2^32 is outside the curve P-256.
    package static let keyDraws = 8
    /// Bytes of one bundle, envelope or signature payload. cosign's own default is 128 MiB.
    package static let evidenceBytes = 64 * mebibyte
    /// Values of one bundle, envelope or signature payload, whose statement is one text in it. The
    /// largest real ones have a few thousand.
    package static let evidenceValues = 100_000
    /// Bytes of all evidence read for one digest, manifests included: almost four of the largest.
    package static let evidenceBytesPerDigest = 256 * mebibyte
    /// Manifests or blobs of evidence that are read at a time. Half of the connections to a registry.
    package static let parallelEvidenceReads = connectionsPerRegistry / 2
    /// Seconds for one question to registries (one image to verify, show or sign), all its requests
    /// together, unless `--timeout` says otherwise. cosign's default is 3 minutes too.
    package static let questionSeconds = 180
    /// Images that one run of policies asks about at a time.
    package static let parallelImages = 4
    /// Seconds of the longest `--timeout`: a day.
    package static let longestQuestionSeconds = 86_400
    /// Work of one question to evidence, in bytes hashed for signature checks: hashing them takes two
    /// to four seconds. All that may be read for one digest, hashed in every way, takes a third.
    package static let verificationWork = 2_048 * mebibyte
    /// What one P-256 check costs beside its hashing: 40 microseconds, which hash so many bytes. P-384
    /// takes 8 times as long, P-521 16 times.
    package static let signatureCheckWork = 64 * 1024
    /// Referrers looked at for one digest. Kyverno errors at 50 of any kind.
    package static let referrersPerDigest = 1_000
    /// Signatures or attestations tried for one digest. Real images carry fewer than 20.
    package static let candidatesPerDigest = 200
    /// Subjects of one statement. Spec: Sigstore clients stop at 1,024.
    package static let subjectsPerStatement = 1_024
    /// Digests of one subject. Sigstore clients stop at 32.
    package static let digestsPerSubject = 32
    /// Signatures read from one envelope. A bundle has exactly one; bare envelopes may have more.
    package static let signaturesPerEnvelope = 100
    /// Log entries, timestamps, or certificates in one bundle. sigstore-go stops at 32 too.
    package static let proofsPerBundle = 32
    /// Bytes of a predicate type. Longer addresses are refused by many servers too.
    package static let predicateTypeBytes = 2_048
    /// Times an old evidence tag is written before a signer gives up. Ten signers at once need
    /// about as many.
    package static let tagWriteAttempts = 20
    /// Bytes of one key file.
    package static let keyFileBytes = 64 * 1024

    // MARK: Files that are signed

    /// A file that is held in memory as a whole, because a signature is made or checked over the
    /// file itself (pure Ed25519). Larger files are known by their hashes.
    package static let wholeMessageBytes = 256 * mebibyte
    /// The bundles beside one file. Source: as `candidatesPerDigest`.
    package static let bundlesPerFile = 200

    // MARK: Certificates, logs, timestamps

    /// Bytes of one X.509 certificate. Fulcio's have about 1 KiB.
    package static let certificateBytes = 32 * 1024
    /// Extensions of one certificate: the X.509 library's own limit. Fulcio's have up to 29.
    package static let extensionsPerCertificate = 32
    /// Names in one certificate, or in one list of name constraints. Fulcio writes exactly one.
    package static let namesPerCertificate = 100
    /// Signed certificate timestamps of one certificate. Fulcio's have one; browsers ask for three.
    package static let timestampsPerCertificate = 32
    /// Certificates of one PEM file or chain. sigstore-go and web browsers stop near 10.
    package static let certificatesPerChain = 16
    /// Bytes of one RFC 3161 response. Real ones, certificates embedded, stay under 8 KiB.
    package static let timestampBytes = 128 * 1024
    /// Bytes of a number in a timestamp. Spec: RFC 3161 §2.4.2 asks for serial numbers of 160 bits.
    package static let timestampIntegerBytes = 64
    /// Certificates, algorithms, attributes or extensions in one list of a timestamp. Real ones
    /// have up to 6.
    package static let timestampListElements = 16
    /// Bytes of one object identifier. Registered ones stay under 20.
    package static let objectIdentifierBytes = 64
    /// Bytes of one canonicalised log entry. Rekor's own limit for a request is 100 KiB by default.
    package static let logEntryBytes = 16 * mebibyte
    /// Bytes of one signed note. The specification of witnesses stops at 64 KiB too.
    package static let signedNoteBytes = 64 * 1024
    /// Signature lines of one note. Spec: C2SP signed-note asks verifiers to stop at a number; Go: 100.
    package static let signaturesPerNote = 100
    /// Bytes of one signature of a log. RSA with 4,096 bits has 512.
    package static let logSignatureBytes = 1_024
    /// Hashes of one Merkle proof: a tree of 2^63 leaves has 63 levels.
    package static let hashesPerProof = 63
    /// Bytes of one trusted root or signing configuration. The public-good one has 7 KiB.
    package static let trustedRootBytes = 4 * mebibyte
    /// Logs, authorities of each kind, services of each kind in one trusted root or configuration.
    package static let trustAnchorsPerKind = 256
    /// Signature checks that building chains for one piece of evidence may cost, and ways it may walk.
    package static let chainWork = 64

    // MARK: Signing services

    /// Bytes of one OIDC token. GitHub's have under 2 KiB; many servers stop at 8 KiB of header.
    package static let identityTokenBytes = 32 * 1024
    /// Audiences of one OIDC token. Real ones have one.
    package static let audiencesPerToken = 16
    /// Seconds that two clocks may differ when a token says from when on it is valid.
    package static let clockLeewaySeconds = 60
    /// Bytes of a certificate authority's answer: a whole chain, as PEM inside JSON.
    package static let certificateAnswerBytes = 2 * certificatesPerChain * certificateBytes
    /// Bytes of a log's answer: one entry in base64, and its proof.
    package static let logAnswerBytes = 2 * logEntryBytes
    /// Times one request to a signing service is sent before its failure counts.
    package static let serviceAttempts = 3
    /// Seconds for one attempt. Spec: a Rekor v2 log answers when the entry is in the tree; clients
    /// are told to wait for at least 20.
    package static let serviceSeconds = 60
    /// Seconds for one question to a signing service, all its attempts and waits together.
    package static let serviceTotalSeconds = 2 * serviceSeconds

    // MARK: Keys, tokens, key services

    /// Keys of one file, or versions of one key in a service. Vault keeps ten by default in its tools.
    package static let keysPerFile = 100
    /// Bits of an RSA modulus. Spec: NIST SP 800-131A; BoringSSL stops at 8,192.
    package static let rsaKeyBits = 2_048...8_192
    /// Rounds of PBKDF2 on a password. OWASP asks for 600,000 (1,300,000 of SHA-1); ours take 3 s.
    package static let passwordRounds = 5_000_000
    /// Bytes scrypt may touch for a password, N, r and p multiplied. OpenSSL's default takes 16 MiB.
    package static let scryptBytes = 256 * mebibyte
    /// Bytes of one answer of a key service or plugin. A key with a hundred RSA versions has 100 KiB.
    package static let keyServiceBytes = mebibyte
    /// Seconds for one question to a key service or plugin.
    package static let keyServiceSeconds = 30
    /// Bytes of one message that is handed to something that signs elsewhere, where it needs all.
    package static let remoteMessageBytes = 16 * mebibyte
    /// Bytes of a key reference. PKCS #11 URIs with every attribute stay under 1 KiB.
    package static let keyReferenceBytes = 4_096
    /// Bytes of one attribute of an object in a token.
    package static let tokenAttributeBytes = 32 * 1024
    /// Slots, and objects with one name, looked at in a token.
    package static let tokenObjects = 256
    /// Bytes of a PIN or of a token for a service.
    package static let secretBytes = 8 * 1024
    // MARK: Update repositories (TUF)

    /// Bytes of one root metadata file. python-tuf stops there too; Sigstore's has 6 KiB.
    package static let rootMetadataBytes = 512_000
    /// Bytes of one timestamp metadata file. python-tuf: the same.
    package static let timestampMetadataBytes = 16_384
    /// Bytes of one snapshot metadata file. python-tuf: the same.
    package static let snapshotMetadataBytes = 2_000_000
    /// Bytes of one targets metadata file. python-tuf: the same.
    package static let targetsMetadataBytes = 5_000_000
    /// Root versions taken in one update. python-tuf: the same. Spec: TUF 1.0.34 §5.3.3 asks for one.
    package static let rootRotations = 256
    /// Delegated roles visited in one search. python-tuf: the same. Spec: TUF 1.0.34 §5.6.7.1.
    package static let delegationsVisited = 32
    /// Keys of one metadata file, or of one role. Sigstore's root has 6.
    package static let keysPerMetadata = 1_024
    /// Signatures of one metadata file. Sigstore's root has 5.
    package static let signaturesPerMetadata = 1_024
    /// Roles one targets file delegates to by name; more of them use hash bins.
    package static let delegationsPerRole = 4_096
    /// Paths or hash prefixes of one delegation. PyPI's plan for hash bins had 16,384 in all.
    package static let pathsPerDelegation = 16_384
    /// Comparisons that the path patterns of one search may cost: about a second.
    package static let patternSteps = 20_000_000
    /// Bytes of a role's name once it is encoded: with `.json` it still fits Linux's 255.
    package static let roleFileNameBytes = 200
    /// Bytes of one target file; it is kept in memory. Sigstore's largest has 12 KiB.
    package static let targetFileBytes = 64 * mebibyte
    /// Bytes of the trust folder's `source.json`, which Assay writes: two names and an address.
    package static let trustSourceBytes = 16_384
    /// Seconds to wait for another process that updates the same folder.
    package static let trustLockSeconds = 60
    /// Milliseconds between two looks at its lock.
    package static let trustLockMilliseconds = 20

    // MARK: Archives and inventories

    /// Entries of one layer or archive. The largest real layers have about one million.
    package static let archiveEntries = 4_000_000
    /// Files of an image layout or `docker save` archive; content of layers is not counted.
    package static let filesPerImageArchive = 100_000
    /// Blobs of one image layout that are searched for referrers; as many as an archive may hold.
    package static let blobsPerLayoutSearch = 100_000
    /// Bytes of the blobs that look like JSON and are read whole in that search: a manifest has
    /// a few KiB, so this is the layout of a small registry.
    package static let layoutSearchBytes = 256 * mebibyte
    /// Bytes at the start of a blob that decide whether it may be a manifest.
    package static let blobHeadBytes = 64
    /// Nesting of a folder that becomes a layer; every level is an open file.
    package static let folderDepth = 128
    /// Seconds that a pipe named as a file may stay silent; as long as a question may take.
    package static let pipeSeconds = 180
    /// Bytes of one path. Linux stops at 4,096.
    package static let pathBytes = 4_096
    /// Bytes of one name in a path. Linux stops at 255.
    package static let nameBytes = 255
    /// Bytes a layer may inflate to.
    package static let layerBytes = 64 * 1024 * mebibyte
    /// How many bytes one compressed byte may become, once a layer is past `ratioFloor`.
    /// Real layers stay under 20; gzip ends at about 1,032, zstd has no end.
    package static let compressionRatio = 200
    /// Bytes all layers of one image may inflate to. The largest CUDA images have about 20 GiB.
    package static let imageBytes = layerBytes
    /// Bytes under which the ratio is not looked at.
    package static let ratioFloor = 64 * mebibyte
    /// Bytes of one package database file that is read whole.
    package static let packageDatabaseBytes = 128 * mebibyte
    /// Bytes of all evidence files of one image that are kept in memory.
    package static let keptFilesBytes = 256 * mebibyte
    /// Links followed for one path. Linux stops at 40.
    package static let symbolicLinks = 40
    /// Bytes of one extended tar header (pax or GNU long name). Go's archive/tar stops at 1 MiB too.
    package static let extendedHeaderBytes = mebibyte
    /// Bytes of all paths and link targets of one image or folder. A million files need about 80 MB.
    package static let treePathBytes = 512 * mebibyte
    /// Files, links and folders of one image or folder, implied folders counted too.
    package static let treeNodes = 8_000_000
    /// Path components walked while layers are laid over each other. A million files need 10 million.
    package static let treeSteps = 200_000_000
    /// Window of one zstd frame as a power of two: 128 MiB, as the zstd tool's own default.
    package static let zstandardWindowLog = 27
    /// Bytes of one copyright file of a package. The largest of Debian have about 2 MiB.
    package static let copyrightFileBytes = 8 * mebibyte
    /// Bytes of one licence expression. The longest real ones have under 1,000.
    package static let licenseExpressionBytes = 8 * 1024
    /// Bytes of one os-release file. Real ones have under 2 KiB.
    package static let operatingSystemFileBytes = 64 * 1024
    /// Packages of one inventory. A full Debian archive has 65,000.
    package static let packagesPerInventory = 500_000
    /// Dependency edges of one inventory. Full desktop images have about 20,000.
    package static let dependencyEdges = 5_000_000

    // MARK: Policies

    /// Nesting of attestor sets.
    package static let attestorDepth = 16
    /// Keys, identities and sets of one rule, counted together.
    package static let attestorsPerRule = 1_000
    /// Bytes of an image pattern that is examined for whether it can fit an image. A name has at most
    /// 255, then a port, a tag or a digest.
    package static let examinedPatternBytes = 1_024
    /// Steps that one wildcard match may take.
    package static let wildcardSteps = 100_000
    /// Steps that one condition may take to look up values in a list, at worst. A bill of materials
    /// with 20,000 components against 100 names takes 2,000,000.
    package static let conditionSteps = 50_000_000
    /// Exponent of an amount such as `1e3`: billionths of 1e27 still fit into 128 bits.
    package static let amountExponent = 27
    /// Checks, or steps of a remediation, in one stored decision.
    package static let checksPerDecision = 100_000

    // MARK: Expressions

    /// Bytes of one CEL expression. cel-go reads 100,000 code points.
    package static let expressionBytes = 100_000
    /// Nodes of one CEL expression. The largest real ones have about 500.
    package static let expressionNodes = 10_000
    /// Nesting of one CEL expression. Spec: langdef.md asks for 32 at least; cel-go: 250.
    package static let expressionDepth = 100
    /// Calls on the stack while a CEL expression is read; parentheses take two each.
    package static let expressionRecursion = 220
    /// Cost of one evaluation. Kubernetes: 1,000,000 an expression, about 0.1 s.
    package static let expressionCost = 1_000_000
    /// Items of a value that an expression makes, nested ones and each 64 bytes of text counted,
    /// where it is written out.
    package static let expressionResultItems = 100_000
    /// Steps of all constant patterns of one expression, as RE2 makes them; up to 700 ns each.
    package static let expressionPatternEffort = 25_000
    /// Nodes of a YAML text that an expression reads, after aliases are expanded.
    package static let expressionYAMLNodes = 10_000
    /// Values, nested ones counted, that one question for a fact may be about.
    package static let expressionNeedParts = 1_000
    /// Facts one evaluation may ask for at once.
    package static let expressionNeeds = 1_000

    // MARK: Embedded registry

    /// Connections served at once; the longest idle one is closed for the next. Each may hold one
    /// batch.
    package static let serverConnections = 512
    /// Connections of one address, or of one IPv6 network: half of all, so that others get in.
    package static let serverConnectionsPerClient = 256
    /// Seconds a connection may stay silent inside a request, or after an answer.
    package static let serverIdleSeconds = 60
    /// Seconds until the head of a connection's first request is whole. Clients send it at once.
    package static let serverHeadSeconds = 10
    /// Seconds of waiting for a client in which a body must bring `serverBodyPeriodBytes`.
    package static let serverBodyPeriodSeconds = 20
    /// 1 KiB a second: a modem of 1994 is seven times as fast.
    package static let serverBodyPeriodBytes = serverBodyPeriodSeconds * 1024
    /// Bytes of manifests that arrive at once: 32 of the largest.
    package static let manifestMemoryBytes = 32 * manifestBytes
    /// Threads that read manifests: a large one is half a second of work, so others go first.
    package static let manifestThreads = 2
    /// Seconds that running requests get after SIGINT or SIGTERM.
    package static let serverShutdownSeconds = 10
    /// Bytes of all header fields of one request. nginx stops at 32 KiB too.
    package static let requestHeaderBytes = 32 * 1024
    /// Bytes of one upload that wait for the disk.
    package static let uploadBatchBytes = 512 * 1024
    /// Pieces of one upload that wait for the disk: a sender of single bytes must not fill memory.
    package static let uploadBatchPieces = 64
    /// Bytes of one blob on its way in; the same as a layer may inflate to.
    package static let uploadBytes = layerBytes
    /// Uploads begun and not finished.
    package static let uploadSessions = 4_096
    /// Seconds after which an unfinished upload is swept at start-up: a week, as distribution does.
    package static let uploadLifetimeSeconds = 7 * 24 * 3_600
    /// Bytes of one blob read at a time on its way out.
    package static let downloadChunkBytes = 256 * 1024
    /// Threads that wait for the disk.
    package static let diskThreads = 16
    /// Names of one page of tags or repositories, when the client asks for more or does not say.
    package static let namesPerPage = 10_000
    /// Bytes of one page of referrers. Spec: distribution-spec 1.1, an answer stays under 4 MiB.
    package static let referrersPageBytes = 4 * mebibyte
    /// Tags set by one push. Spec: distribution-spec 1.2-dev asks for at least 10.
    package static let tagsPerPush = 100

    // MARK: JMESPath

    /// Bytes of one JMESPath expression. Real ones have under 1,000; the suite's longest 3,000.
    package static let jmespathBytes = 64 * 1024
    /// Nesting of one JMESPath expression, and of the lists and objects it makes around what came in.
    /// The suite's deepest has 104 projections in each other; a debug build walks this many levels
    /// on 512 KiB of stack.
    package static let jmespathDepth = 120
    /// Steps of one evaluation: a node on a value, an item looked at. Kyverno has no such limit.
    package static let jmespathSteps = 250_000
    /// Bytes of text and values that one evaluation makes.
    package static let jmespathOutputBytes = 8 * mebibyte
    /// Names of a path that are told before an expression is evaluated.
    package static let expressionReach = 16
    /// Nesting of a value that an expression puts together: a document's, the expression's own, and
    /// some for variables inside variables.
    package static let jmespathResultDepth = 256
    /// Bytes of a value that an expression puts together, written out.
    package static let jmespathResultBytes = 4 * mebibyte
    /// Variables in one string, and `$(…)` references in one document.
    package static let variablesPerText = 1_000
    /// References that lead from one to the next.
    package static let referenceDepth = 16
    /// Rounds of the compatibility switch that substitutes variables in values again.
    package static let substitutionRounds = 8
    /// Repeats that `*` and `+` stand for at most when text is made to fit an expression.
    package static let generatedRepeats = 16
    /// Bytes of text made to fit an expression.
    package static let generatedBytes = 4_096

    // MARK: Files of our own

    /// Seconds without a write after which an unfinished file counts as left behind: a day.
    package static let partialFileSeconds = 24 * 3_600
    /// Bytes of a tag memory: about 100,000 tags.
    package static let tagMemoryBytes = 16 * mebibyte
    /// Bytes of a stored decision or report.
    package static let decisionFileBytes = 64 * mebibyte
    /// Decisions in one report.
    package static let decisionsPerReport = 100_000

    package static let mebibyte = 1024 * 1024
}
