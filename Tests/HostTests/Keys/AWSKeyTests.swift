// SPDX-License-Identifier: Apache-2.0
// Rules about keys in AWS KMS: against a double, and against moto where it is installed.

import Foundation
import Keys
import Primitives
import Registry
import Signing
import TestSupport
import Testing

@testable import Host

private let settings = [
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "AWS_REGION": "us-east-1",
]

@Suite("keys in AWS KMS")
struct AWSKeyTests {
    @Test("the signature of AWS's own example (get-vanilla) is made")
    func standardVector() {
        let request = AWSRequestSignature(
            method: "GET", path: "/",
            headers: ["host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z"], body: [],
            region: "us-east-1", service: "service", date: "20150830T123600Z")
        let credentials = AWSCredentials(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: settings["AWS_SECRET_ACCESS_KEY"] ?? "",
            sessionToken: nil)
        #expect(
            request.authorization(credentials)
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                + "SignedHeaders=host;x-amz-date, "
                + "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
    }

    /// A service that has that key, and signs the message that is expected.
    private func service(_ key: PrivateKey, signs message: [UInt8]) -> KeyServiceDouble {
        KeyServiceDouble { request -> (status: Int, body: JSONValue) in
            guard request.body?["KeyId"]?.string == "alias/release" else {
                return (400, ["__type": "NotFoundException", "message": "Alias is not found."])
            }
            switch request.fields["x-amz-target"] {
            case "TrentService.GetPublicKey":
                return (
                    200,
                    [
                        "KeyUsage": "SIGN_VERIFY",
                        "PublicKey": .string(base64Text(key.publicKey.derBytes)),
                    ]
                )
            case "TrentService.Sign":
                let hash = key.scheme.hash ?? .sha512
                #expect(request.body?["Message"]?.string == base64Text(hash.hash(of: message)))
                #expect(request.body?["MessageType"]?.string == "DIGEST")
                return (200, ["Signature": .string(base64Text(try key.sign(message)))])
            default: return (400, ["__type": "UnknownOperationException"])
            }
        }
    }

    @Test("the public half is fetched, the digest signed, the answer checked", arguments: 0..<4)
    func signs(index: Int) async throws {
        let key = index < 3 ? try TestKeys.algorithms[index]() : try rsaKey()
        let message = Array("the message".utf8)
        let double = service(key, signs: message)
        let reference = try KeyReference(parsing: "awskms:///alias/release")
        var environment = settings
        environment["AWS_SESSION_TOKEN"] = "the-session"
        let signer = try await opener(environment, double).signer(reference)
        #expect(signer.publicKey == key.publicKey)
        let signature = try await signer.sign(message)
        #expect(key.publicKey.isValid(signature, over: message, scheme: signer.scheme))
        let keys = try await opener(settings, double).trustedKeys(reference)
        #expect(keys.map(\.name) == ["awskms:///alias/release"])
        for request in double.requests.prefix(2) {
            #expect(request.address == "https://kms.us-east-1.amazonaws.com/")
            let authorization = request.fields["authorization"] ?? ""
            #expect(authorization.contains("AKIDEXAMPLE/20150830/us-east-1/kms/aws4_request"))
            #expect(authorization.contains("x-amz-security-token"))
            #expect(!request.fields.values.contains { $0.contains("wJalr") })
        }
    }

    @Test("a service that signs something else, or with another key, is caught")
    func wrongSignature() async throws {
        let (key, other) = (try TestKeys.ecdsaP256(), try TestKeys.ecdsaP256())
        let double = KeyServiceDouble { request -> (status: Int, body: JSONValue) in
            request.fields["x-amz-target"] == "TrentService.Sign"
                ? (200, ["Signature": .string(base64Text(try other.sign([1])))])
                : (
                    200,
                    [
                        "KeyUsage": "SIGN_VERIFY",
                        "PublicKey": .string(base64Text(key.publicKey.derBytes)),
                    ]
                )
        }
        let signer = try await opener(settings, double).signer(
            try KeyReference(parsing: "awskms:///alias/release"))
        await expectFailure(.rejected, "not a signature by its key") {
            _ = try await signer.sign([1])
        }
    }

    @Test(
        "a resource name carries its region, an endpoint its host; a key for encryption is refused")
    func addresses() async throws {
        let double = KeyServiceDouble { _ -> (status: Int, body: JSONValue) in
            (200, ["KeyUsage": "ENCRYPT_DECRYPT", "PublicKey": ""])
        }
        for (text, address) in [
            (
                "awskms:///arn:aws:kms:eu-north-1:1:key/a", "https://kms.eu-north-1.amazonaws.com/"
            ),
            (
                "awskms:///arn:aws-cn:kms:cn-north-1:1:key/a",
                "https://kms.cn-north-1.amazonaws.com.cn/"
            ),
            ("awskms://kms.local:8443/alias/a", "https://kms.local:8443/"),
        ] {
            await expectFailure(.usage, "not a key for signing") {
                _ = try await opener(settings, double).signer(try KeyReference(parsing: text))
            }
            #expect(double.requests.last?.address == address)
        }
    }

    @Test("what the service answers is told by kind, and never with the secret")
    func failures() async throws {
        let rows: [(Int, String, Failure.Kind)] = [
            (400, "NotFoundException", .notFound),
            (400, "com.amazonaws.kms#AccessDeniedException", .denied),
            (400, "ThrottlingException", .rateLimited), (400, "KMSInvalidStateException", .usage),
            (500, "KMSInternalException", .unavailable), (503, "", .unavailable),
        ]
        for (status, type, kind) in rows {
            let double = KeyServiceDouble { _ -> (status: Int, body: JSONValue) in
                (status, ["__type": .string(type), "message": "told"])
            }
            await expectFailure(kind, "awskms:///alias/a") {
                _ = try await opener(settings, double).signer(
                    try KeyReference(parsing: "awskms:///alias/a"))
            }
        }
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] {
            var less = settings
            less[name] = nil
            await expectFailure(.usage, name == "AWS_REGION" ? "AWS_REGION" : "not set") {
                _ = try await opener(less, KeyServiceDouble(json: { _ in (200, [:]) })).signer(
                    try KeyReference(parsing: "awskms:///alias/a"))
            }
        }
    }

    @Test("answers that are endless, no JSON, or hold no key are refused")
    func hostileAnswers() async throws {
        let rows: [([UInt8], Failure.Kind)] = [
            ([UInt8](repeating: 0x20, count: Limits.keyServiceBytes + 1), .overLimit),
            (Array("<html>".utf8), .malformed), (Array("{}".utf8), .malformed),
            (Array(#"{"KeyUsage":"SIGN_VERIFY","PublicKey":"!"}"#.utf8), .malformed),
            (Array(#"{"KeyUsage":"SIGN_VERIFY","PublicKey":"AAAA"}"#.utf8), .malformed),
            (Array(#"{"KeyUsage":"SIGN_VERIFY","KeyUsage":"x"}"#.utf8), .malformed),
        ]
        for (body, kind) in rows {
            let double = KeyServiceDouble { _ in (200, body) }
            await expectFailure(kind, "") {
                _ = try await opener(settings, double).signer(
                    try KeyReference(parsing: "awskms:///alias/a"))
            }
        }
    }

    @Test(
        "moto's KMS gives public keys, errors, and signatures that verify",
        .enabled(if: MotoServer.python != nil, "moto is not installed; scripts/peers does"))
    func moto() async throws {
        try await with(try await MotoServer(knowsDigests: true)) { opener, server in
            for spec in ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "RSA_2048"] {
                let alias = "alias/\(spec)"
                try server.makeKey(spec, alias: alias)
                let reference = try KeyReference(parsing: "awskms:///\(alias)")
                let signer = try await opener.signer(reference)
                let message = Array("message \(spec)".utf8)
                let signature = try await signer.sign(message)
                #expect(signer.publicKey.isValid(signature, over: message, scheme: signer.scheme))
            }
            await expectFailure(.notFound, "alias/none") {
                _ = try await opener.signer(try KeyReference(parsing: "awskms:///alias/none"))
            }
        }
    }

    @Test(
        "moto as it is hashes a digest again, and such a signature is caught",
        .enabled(if: MotoServer.python != nil, "moto is not installed; scripts/peers does"))
    func motoAsItIs() async throws {
        try await with(try await MotoServer(knowsDigests: false)) { opener, server in
            try server.makeKey("ECC_NIST_P256", alias: "alias/a")
            let signer = try await opener.signer(try KeyReference(parsing: "awskms:///alias/a"))
            await expectFailure(.rejected, "not a signature by its key") {
                _ = try await signer.sign([1])
            }
        }
    }

    private func with(
        _ server: MotoServer, _ story: (KeyOpener, MotoServer) async throws -> Void
    ) async throws {
        let transport = try HTTPTransport(extraCertificates: nil, timeouts: .standard)
        var environment = settings
        environment["AWS_ENDPOINT_URL_KMS"] = server.address
        do {
            try await story(opener(environment, transport), server)
            try await transport.shutdown()
        } catch {
            try await transport.shutdown()
            throw error
        }
    }
}

/// RSA keys are slow to make; one serves.
func rsaKey() throws -> PrivateKey {
    let pem = try #require(try shellOutput("openssl genrsa 2048"))
    return try PrivateKey(plainPEM: String(decoding: pem, as: UTF8.self))
}

/// moto's server on a free port of the loopback interface, gone with the value.
private final class MotoServer: Sendable {
    static let python: String? = {
        let peers = SharedSuites.interop?.appendingPathComponent("../../.build-peers/bin/python3")
        return [peers?.standardizedFileURL.path, "python3"].compactMap { $0 }.first { python in
            (try? shellOutput("'\(python)' -c 'import moto.server, boto3'")) ?? nil != nil
        }
    }()

    let address: String
    private let process = Process()

    /// - Parameter knowsDigests: moto's own words: "The MessageType-parameter DIGEST is not yet
    ///   implemented". Its hashes are then replaced by ones that take what is hashed already.
    init(knowsDigests: Bool) async throws {
        let directory = try TemporaryDirectory()
        try directory.write("", to: "log")
        let teaching = """
            from types import SimpleNamespace
            from cryptography.hazmat.primitives import hashes
            from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
            import moto.kms.utils
            moto.kms.utils.hashes = SimpleNamespace(
                SHA256=lambda: Prehashed(hashes.SHA256()),
                SHA384=lambda: Prehashed(hashes.SHA384()),
                SHA512=lambda: Prehashed(hashes.SHA512()))

            """
        try directory.write(
            (knowsDigests ? teaching : "")
                + "from moto.server import main\nmain(['-H', '127.0.0.1', '-p', '0'])\n",
            to: "serve.py")
        let python = try #require(Self.python)
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c",
            "exec env --default-signal=TERM '\(python)' '\(directory.file("serve.py"))'",
        ]
        process.standardOutput = FileHandle.nullDevice
        let log = try FileHandle(forWritingTo: URL(fileURLWithPath: directory.file("log")))
        process.standardError = log
        try process.run()
        var found: String?
        for _ in 0..<200 where found == nil {
            try await SystemClock().wait(milliseconds: 100)
            let text = String(decoding: try directory.read("log"), as: UTF8.self)
            found = text.split(whereSeparator: \.isWhitespace).map(String.init)
                .first { $0.hasPrefix("http://127.0.0.1:") }
        }
        address = try #require(found, "moto did not start")
    }

    deinit { process.terminate() }

    /// boto3 makes the key: a client that is not ours.
    func makeKey(_ spec: String, alias: String) throws {
        let script = """
            import boto3
            kms = boto3.client("kms", endpoint_url="\(address)", region_name="us-east-1",
                aws_access_key_id="a", aws_secret_access_key="b")
            key = kms.create_key(KeySpec="\(spec)", KeyUsage="SIGN_VERIFY")
            kms.create_alias(AliasName="\(alias)", TargetKeyId=key["KeyMetadata"]["KeyId"])
            """
        let python = try #require(Self.python)
        try #require(
            try shellOutput("'\(python)' make.py", files: ["make.py": Array(script.utf8)]) != nil)
    }
}
