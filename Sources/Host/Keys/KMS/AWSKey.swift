// SPDX-License-Identifier: Apache-2.0
// Keys in AWS KMS. Spec: AWS KMS API Reference, GetPublicKey, Sign; JSON 1.1 protocol.

internal import HTTPTypes
internal import Keys
internal import Primitives
internal import Registry

/// `awskms://[ENDPOINT]/(KEYID|alias/NAME|arn:…)`.
package struct AWSKeyName: Hashable, Sendable, CustomStringConvertible {
    /// Host and port instead of the region's own; always over https.
    let endpoint: String?
    let keyID: String

    /// - Parameter text: what follows `awskms://`.
    init(parsing text: String) throws(Failure) {
        guard let (endpoint, keyID) = text.utf8.split(atFirst: "/") else { throw broken }
        // Two slashes instead of three make the name's first part a host.
        guard !keyID.isEmpty, keyID.utf8.count <= 2_048, isPlainName(keyID, allowing: "-_:/."),
            endpoint != "alias", !endpoint.utf8.hasPrefix("arn:")
        else { throw broken }
        if keyID.utf8.hasPrefix("arn:") {
            guard region(ofResource: keyID) != nil else { throw broken }
        } else if keyID.utf8.contains("/") && !keyID.utf8.hasPrefix("alias/") {
            throw broken
        }
        if !endpoint.isEmpty { _ = try HTTPURL(parsing: "https://\(endpoint)/") }
        self.endpoint = endpoint.isEmpty ? nil : String(endpoint)
        self.keyID = String(keyID)
    }

    package var description: String { "awskms://\(endpoint ?? "")/\(keyID)" }

    var regionOfResource: String? { region(ofResource: keyID) }
}

/// A key that AWS KMS keeps and that signs there; signatures are checked here.
struct AWSKeySigner: Signer {
    let publicKey: PublicKey
    let scheme: SignatureScheme
    private let service: AWSKeyService

    /// Asks for the public half.
    init(_ service: AWSKeyService) async throws {
        let answer = try await service.ask("GetPublicKey", ["KeyId": .string(service.name.keyID)])
        guard try answer.required("KeyUsage").string() == "SIGN_VERIFY" else {
            throw service.client.failure(.usage, "it is not a key for signing (SIGN_VERIFY)")
        }
        publicKey = try PublicKey(derBytes: try answer.required("PublicKey").base64())
        guard signingAlgorithms[publicKey.algorithm.standardScheme] != nil else {
            throw service.client.failure(
                .unsupported,
                "Assay signs with ECDSA and RSA keys in AWS KMS, this is "
                    + publicKey.summary)
        }
        scheme = publicKey.algorithm.standardScheme
        self.service = service
    }

    func sign(_ message: [UInt8]) async throws -> [UInt8] {
        guard let hash = scheme.hash, let algorithm = signingAlgorithms[scheme] else {
            throw Failure(.bug, "cannot sign", because: "\(scheme) has no name in AWS KMS")
        }
        let answer = try await service.ask(
            "Sign",
            [
                "KeyId": .string(service.name.keyID),
                "Message": .string(base64Text(hash.hash(of: message))),
                "MessageType": "DIGEST", "SigningAlgorithm": .string(algorithm),
            ])
        let signature = try answer.required("Signature").base64()
        return try checked(signature, over: message, madeBy: service.name.description)
    }
}

/// KMS of one region, with the credentials for it.
struct AWSKeyService: Sendable {
    let name: AWSKeyName
    let client: KeyServiceClient
    private let address: HTTPURL
    private let region: String
    private let credentials: AWSCredentials
    private let clock: any WallClock

    /// - Parameter environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN,
    ///   AWS_REGION or AWS_DEFAULT_REGION, AWS_ENDPOINT_URL_KMS or AWS_ENDPOINT_URL. Configuration
    ///   files and the metadata service of a machine are not looked at.
    init(
        _ name: AWSKeyName, environment: [String: String], transport: any Transport,
        clock: any WallClock
    ) throws(Failure) {
        client = KeyServiceClient(subject: "the key \(name)", transport: transport)
        guard let identifier = environment["AWS_ACCESS_KEY_ID"], !identifier.isEmpty,
            let secret = environment["AWS_SECRET_ACCESS_KEY"], !secret.isEmpty
        else {
            throw client.failure(
                .usage, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
                next: "aws configure export-credentials --format env prints them")
        }
        let token = environment["AWS_SESSION_TOKEN"] ?? ""
        credentials = AWSCredentials(
            accessKeyID: identifier, secretAccessKey: secret,
            sessionToken: token.isEmpty ? nil : token)
        let region =
            name.regionOfResource ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
        guard let region, !region.isEmpty, isPlainName(region, allowing: "-") else {
            throw client.failure(.usage, "no region is named", next: "set AWS_REGION")
        }
        self.region = region
        self.name = name
        self.clock = clock
        let configured = environment["AWS_ENDPOINT_URL_KMS"] ?? environment["AWS_ENDPOINT_URL"]
        if let endpoint = name.endpoint {
            address = try HTTPURL(parsing: "https://\(endpoint)/")
        } else if let configured, !configured.isEmpty {
            address = try HTTPURL(parsing: configured)
        } else {
            let domain = region.utf8.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
            address = try HTTPURL(parsing: "https://kms.\(region).\(domain)/")
        }
    }

    /// One action of the service.
    func ask(_ action: String, _ parameters: JSONValue) async throws -> JSONReader {
        let body = parameters.compactBytes
        let answer = try await client.ask(
            address, method: .post, fields: fields(action, body), body: body)
        guard answer.status == 200 else { throw refusal(answer) }
        return try client.document(answer)
    }

    private func fields(_ action: String, _ body: [UInt8]) throws(Failure) -> HTTPFields {
        let now = clock.now().description
        let date = String(decoding: now.utf8.filter { !"-:".utf8.contains($0) }, as: UTF8.self)
        var headers = [
            "content-type": "application/x-amz-json-1.1", "host": address.authority,
            "x-amz-date": date, "x-amz-target": "TrentService.\(action)",
        ]
        if let token = credentials.sessionToken { headers["x-amz-security-token"] = token }
        let signature = AWSRequestSignature(
            method: "POST", path: address.target, headers: headers, body: body, region: region,
            service: "kms", date: date)
        headers["authorization"] = signature.authorization(credentials)
        var fields = HTTPFields()
        for (name, value) in headers where name != "host" {
            guard let name = HTTPField.Name(name), HTTPField.isValidValue(value) else {
                throw client.failure(.usage, "the credentials have characters that no header has")
            }
            fields[name] = value
        }
        return fields
    }

    /// Spec: the error's name stands in `__type`, after a `#` at times.
    private func refusal(_ answer: KeyServiceClient.Answer) -> Failure {
        let type = answer.json?.value["__type"]?.string?.utf8.split(separator: "#").last ?? ""
        let message = (answer.json?.value["message"] ?? answer.json?.value["Message"])?.string
        let words = [String(type), message ?? ""].filter { !$0.isEmpty }.joined(separator: ": ")
        let status: Int =
            switch type {
            case "NotFoundException": 404
            case "AccessDeniedException", "UnrecognizedClientException",
                "InvalidSignatureException", "ExpiredTokenException":
                403
            case "ThrottlingException", "LimitExceededException": 429
            default: answer.status
            }
        return client.failure(status: status, saying: words.isEmpty ? nil : words)
    }
}

/// Spec: SigningAlgorithm.
private let signingAlgorithms: [SignatureScheme: String] = [
    .ecdsa(.sha256): "ECDSA_SHA_256", .ecdsa(.sha384): "ECDSA_SHA_384",
    .ecdsa(.sha512): "ECDSA_SHA_512", .rsaPKCS1(.sha256): "RSASSA_PKCS1_V1_5_SHA_256",
]

/// `arn:PARTITION:kms:REGION:ACCOUNT:key/…` or `…:alias/…`.
private func region(ofResource text: some StringProtocol) -> String? {
    let parts = String(text).utf8.split(
        separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0] == "arn", parts[2] == "kms", !parts[3].isEmpty,
        parts[5].utf8.hasPrefix("key/") || parts[5].utf8.hasPrefix("alias/")
    else { return nil }
    return String(parts[3])
}

private let broken = Failure(
    .usage, "cannot use the key reference",
    because: "it is not awskms://[ENDPOINT]/KEYID, …/alias/NAME or …/arn:…",
    next: "for a key of the region in AWS_REGION write awskms:///alias/NAME")
