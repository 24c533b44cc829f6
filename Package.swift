// swift-tools-version: 6.2
import PackageDescription

/// One strictness for every target of ours; a target that needs less must say why, here.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .treatWarning("DeprecatedDeclaration", as: .warning),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A module with no effects: no sockets, no files, no clock. `ArchitectureTests` holds it to that.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["Primitives"], swiftSettings: strict)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let serviceLifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

let package = Package(
    name: "assay",
    products: [.executable(name: "assay", targets: ["assay"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // C libraries from Debian, by pkg-config name.
        // Only declarations; modules are loaded when a pkcs11: key asks for one.
        .systemLibrary(name: "CPKCS11"),
        // Only declarations: functions of glibc that Swift's map of it leaves out.
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

        // RE2 behind a small C door; the C++ stays inside.
        .systemLibrary(name: "CRE2Library", pkgConfig: "re2", providers: [.apt(["libre2-dev"])]),
        .target(name: "CRE2", dependencies: ["CRE2Library"]),

        // Ground and model
        room("Primitives", ["CRE2", crypto, "Yams"]),
        room("OCI", ["Primitives", "CZlib", "CZstd"]),

        // Evidence
        room("Registry", ["OCI", httpTypes]),
        room("SBOM", ["OCI"]),
        room("Keys", ["Primitives", "CSodium", asn1, crypto, cryptoExtras]),
        room("Signing", ["OCI", "Keys", asn1, crypto, x509]),
        room("TUF", ["Primitives", "Keys"]),

        // Languages
        room("CEL", ["Primitives"]),
        room("JMESPath", ["Primitives"]),
        // What Kyverno adds to both, through their extension points.
        room("KyvernoFunctions", ["CEL", "JMESPath", "OCI", "Primitives", asn1, crypto, x509]),

        // Decisions
        room("Policy", ["OCI", "Keys", "Signing", "JMESPath", "KyvernoFunctions"]),

        // Workflows: what the command line and servers have in common, over protocols
        room("Workflows", ["OCI", "Keys", "Policy", "Registry", "Signing", "TUF", crypto, httpTypes]),

        // Effects
        room("Files", ["Primitives", "OCI"]),
        room(
            "Host",
            [
                "Files", "Workflows", "Registry", "Keys", "Signing", "TUF", "OCI", "CLinux", "CPKCS11", "CZlib", asyncHTTPClient,
                crypto, logging, nioSSL, nioCore,
            ]),
        room(
            "RegistryServer",
            [
                "Files", "OCI", httpTypes, hummingbird, hummingbirdCore, logging, nioCore, nioHTTP1, nioPosix,
                nioHTTPTypes, serviceLifecycle, unixSignals,
            ]),

        // Knows everything
        .executableTarget(
            name: "assay",
            dependencies: [
                "Files", "Host", "RegistryServer", "Workflows", "Policy", "JMESPath", "KyvernoFunctions", "SBOM", "Signing",
                "Keys", "TUF", "Registry", argumentParser,
                logging,
            ],
            swiftSettings: strict),

        // The sigstore and TUF conformance suites' client; thin, and never shipped.
        .executableTarget(
            name: "assay-conformance", dependencies: ["Files", "Host", "Workflows", "Keys", "Signing", "TUF"],
            swiftSettings: strict),

        // One expression a line, one answer a line: for suites of the languages.
        .executableTarget(
            name: "assay-expressions", dependencies: ["Primitives", "CEL", "JMESPath", "KyvernoFunctions"],
            swiftSettings: strict),

        // Feeds readers of hostile bytes with changed examples; libFuzzer where scripts/fuzz builds it.
        .executableTarget(
            name: "assay-fuzz",
            dependencies: ["Primitives", "Keys", "OCI", "Signing", "TUF", "StandIns"], path: "Fuzz",
            swiftSettings: strict),
        // Measures the verification of bundles and of the trust repository.
        .executableTarget(
            name: "assay-benchmarks",
            dependencies: [
                "Primitives", "OCI", "Keys", "Signing", "TUF", "CEL", "JMESPath", "KyvernoFunctions", "Policy", "StandIns",
                "TestSupport", "HostileExpressions", "AllocationCounter",
            ],
            path: "Benchmarks", exclude: ["peer.py", "AllocationCounter"], swiftSettings: strict),
        .target(name: "AllocationCounter", path: "Benchmarks/AllocationCounter"),

        // Tests
        .target(
            name: "TestSupport",
            dependencies: ["OCI", "Keys", "Signing", "JMESPath", "KyvernoFunctions", crypto],
            path: "Tests/TestSupport",
            swiftSettings: strict),
        .target(
            name: "StandIns", dependencies: ["Primitives", "Keys", "Signing", asn1, crypto, cryptoExtras, x509],
            path: "Tests/StandIns", swiftSettings: strict),
        .target(
            name: "SimulatedUpdates", dependencies: ["Primitives", "TUF", crypto, cryptoExtras],
            path: "Tests/SimulatedUpdates", swiftSettings: strict),
        .target(
            name: "SigningServiceDoubles",
            dependencies: ["OCI", "Registry", "Signing", "StandIns", "Workflows", httpTypes],
            path: "Tests/SigningServiceDoubles", swiftSettings: strict),
        .executableTarget(
            name: "assay-stand-ins",
            dependencies: ["StandIns", "Primitives", "Keys", "Signing", httpTypes, hummingbird, logging, nioCore],
            path: "Tests/StandInServer", swiftSettings: strict),
        tests("ArchitectureTests", []),
        tests("PrimitivesTests", ["TestSupport"]),
        tests("OCITests", ["OCI", "TestSupport"]),
        tests("RegistryTests", ["OCI", "Registry", "TestSupport", httpTypes]),
        tests("KeysTests", ["Keys", "TestSupport", crypto, cryptoExtras]),
        tests(
            "SigningTests",
            ["OCI", "Keys", "Signing", "StandIns", "TestSupport", asn1, crypto, cryptoExtras, x509]),
        .target(
            name: "HostileExpressions",
            dependencies: ["Primitives", "CEL", "JMESPath", "KyvernoFunctions", "TestSupport"],
            path: "Tests/HostileExpressions", swiftSettings: strict),
        tests("CELTests", ["CEL", "KyvernoFunctions", "HostileExpressions", "TestSupport"]),
        tests("JMESPathTests", ["JMESPath", "KyvernoFunctions", "HostileExpressions", "TestSupport"]),
        tests(
            "KyvernoFunctionsTests", ["CEL", "JMESPath", "KyvernoFunctions", "TestSupport"]),
        tests("TUFTests", ["Keys", "SimulatedUpdates", "TUF", "TestSupport", crypto, cryptoExtras]),
        tests("SBOMTests", ["OCI", "SBOM", "TestSupport"]),
        tests("PolicyTests", ["OCI", "Keys", "Policy", "Signing", "StandIns", "TestSupport", crypto]),
        tests(
            "WorkflowsTests",
            [
                "OCI", "Keys", "Policy", "Registry", "Signing", "SigningServiceDoubles",
                "SimulatedUpdates", "StandIns", "TestSupport", "TUF", "Workflows", httpTypes,
            ]),
        tests("FilesTests", ["Files", "Keys", "OCI", "TestSupport"]),
        tests("HostTests", ["Files", "Host", "Workflows", "Keys", "OCI", "Registry", "Signing", "SigningServiceDoubles", "StandIns", "TestSupport", "TUF"]),
        tests(
            "RegistryServerTests",
            [
                "Files", "OCI", "RegistryServer", httpTypes, hummingbird, hummingbirdTesting, logging, nioCore,
                nioEmbedded, nioHTTPTypes,
            ]),
        tests("CommandTests", ["TestSupport", argumentParser, "assay", "assay-conformance", "assay-stand-ins"]),
    ]
)
