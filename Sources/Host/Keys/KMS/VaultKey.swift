// SPDX-License-Identifier: Apache-2.0
// Keys in HashiCorp Vault and OpenBao. Spec: Vault API, "Transit secrets engine": Read Key, Sign
// Data; OpenBao keeps the same interface.

internal import HTTPTypes
internal import Keys
internal import Primitives
internal import Registry
internal import Workflows

/// `hashivault://NAME` or `openbao://NAME`.
package struct VaultKeyName: Hashable, Sendable, CustomStringConvertible {
    package enum Product: String, Hashable, Sendable {
        case vault = "hashivault"
        case openBao = "openbao"
    }

    let product: Product
    let key: String

    /// Spec: cosign: a name has letters, digits, `_`, `-` and `.`, and a letter or digit at both
    /// ends.
    init(parsing text: String, product: Product) throws(Failure) {
        guard isPlainName(text, allowing: "_-."), text.utf8.count <= 256,
            let (first, last) = text.first.flatMap({ first in text.last.map { (first, $0) } }),
            isPlainName(String([first, last]), allowing: "_")
        else {
            throw Failure(
                .usage, "cannot use the key reference",
                because: "\(quoted(text)) is not the name of a transit key",
                next: "the engine's path is TRANSIT_SECRET_ENGINE_PATH, the server VAULT_ADDR")
        }
        self.product = product
        key = text
    }

    package var description: String { "\(product.rawValue)://\(key)" }
}

/// A transit key: it signs with its latest version, and any version it still keeps may have signed.
struct VaultKeySigner: Signer {
    /// One version of the key.
    struct Version: Sendable {
        let number: Int
        let key: PublicKey
    }

    let publicKey: PublicKey
    let scheme: SignatureScheme
    /// The newest first.
    let versions: [Version]
    private let service: VaultService

    /// Asks for the public halves.
    init(_ service: VaultService) async throws {
        let versions = try await service.versions()
        guard let latest = versions.first else {
            throw service.client.failure(.notFound, "it has no version that can verify")
        }
        publicKey = latest.key
        scheme = latest.key.algorithm.standardScheme
        self.versions = versions
        self.service = service
    }

    func sign(_ message: [UInt8]) async throws -> [UInt8] {
        guard let version = versions.first?.number else {
            throw Failure(.bug, "cannot sign", because: "the key has no version")
        }
        let signature = try await service.signature(over: message, in: scheme, version: version)
        return try checked(signature, over: message, madeBy: service.name.description)
    }
}

/// One transit engine, with the token for it.
struct VaultService: Sendable {
    let name: VaultKeyName
    let client: KeyServiceClient
    private let base: HTTPURL
    private let engine: String
    private let fields: HTTPFields

    /// - Parameter environment: VAULT_ADDR, VAULT_TOKEN, VAULT_NAMESPACE (for OpenBao BAO_… first),
    ///   TRANSIT_SECRET_ENGINE_PATH.
    init(_ name: VaultKeyName, environment: [String: String], transport: any Transport)
        throws(Failure)
    {
        self.name = name
        client = KeyServiceClient(subject: "the key \(name)", transport: transport)
        let prefixes = name.product == .openBao ? ["BAO", "VAULT"] : ["VAULT"]
        func setting(_ suffix: String) -> String? {
            prefixes.lazy.compactMap { environment["\($0)_\(suffix)"] }.first { !$0.isEmpty }
        }
        guard let address = setting("ADDR"), let token = setting("TOKEN") else {
            throw client.failure(
                .usage, "\(prefixes[0])_ADDR and \(prefixes[0])_TOKEN are not both set",
                next: "set them, as for the \(name.product == .openBao ? "bao" : "vault") command")
        }
        base = try HTTPURL(parsing: address)
        let engine = environment["TRANSIT_SECRET_ENGINE_PATH"] ?? ""
        self.engine = engine.isEmpty ? "transit" : engine
        guard isPlainName(self.engine, allowing: "-_./"), !self.engine.utf8.contains("..") else {
            throw client.failure(.usage, "TRANSIT_SECRET_ENGINE_PATH is not a plain path")
        }
        fields = try headers(token, setting("NAMESPACE"), client)
    }

    /// The versions that the service still lets verify, the newest first.
    func versions() async throws -> [VaultKeySigner.Version] {
        let data = try await ask("keys/\(name.key)", nil)
        let oldest = try data.optional("min_decryption_version")?.integer() ?? 1
        let listed = try data.required("keys")
        guard try listed.object().count <= Limits.keysPerFile else {
            throw client.failure(
                .overLimit, "it has more than \(Limits.keysPerFile) versions",
                next: "raise its min_decryption_version")
        }
        var versions: [VaultKeySigner.Version] = []
        for member in try listed.object() {
            guard let number = Int(member.name), number > 0 else {
                throw listed.broken("\(quoted(member.name)) is not a version")
            }
            guard member.value.object != nil else {
                throw client.failure(.usage, "it is a key for encryption, not for signing")
            }
            guard number >= oldest else { continue }
            let text = try listed.required(member.name).required("public_key").string()
            versions.append(.init(number: number, key: try publicKey(text)))
        }
        return versions.sorted { $0.number > $1.number }
    }

    /// A signature by that version. Spec: Sign Data; `prehashed` input is the digest itself.
    func signature(over message: [UInt8], in scheme: SignatureScheme, version: Int) async throws
        -> [UInt8]
    {
        var path = "sign/\(name.key)"
        var input = message
        var parameters: JSONObject = ["key_version": .number(JSONNumber(version))]
        if let hash = scheme.hash {
            path += "/sha2-\(hash.byteCount * 8)"
            input = hash.hash(of: message)
            parameters["prehashed"] = true
            parameters["marshaling_algorithm"] = "asn1"
            // Spec: the service's own choice for RSA is PSS.
            if case .rsaPKCS1 = scheme { parameters["signature_algorithm"] = "pkcs1v15" }
        } else if message.count > Limits.remoteMessageBytes {
            throw client.failure(
                .overLimit,
                "an Ed25519 key must be sent the whole message, and this one has "
                    + "\(message.count) bytes")
        }
        parameters["input"] = .string(base64Text(input))
        let answer = try await ask(path, .object(parameters)).required("signature")
        let parts = try answer.string().utf8.split(
            separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "vault", parts[1] == "v\(version)",
            let signature = bytes(fromBase64: parts[2])
        else { throw answer.broken("it is not vault:v\(version):BASE64") }
        return signature
    }

    /// Makes an ECDSA P-256 key. Older servers answer with 204, newer ones with the key.
    func createKey() async throws {
        let answer = try await send("keys/\(name.key)", ["type": "ecdsa-p256"])
        guard [200, 204].contains(answer.status) else { throw refusal(answer) }
    }

    /// ECDSA and RSA keys are PEM, Ed25519 keys base64 of their 32 bytes.
    private func publicKey(_ text: String) throws(Failure) -> PublicKey {
        if let raw = bytes(fromBase64: text) { return try PublicKey(ed25519: raw) }
        return try PublicKey(pem: text)
    }

    private func ask(_ path: String, _ body: JSONValue?) async throws -> JSONReader {
        let answer = try await send(path, body)
        guard answer.status == 200 else { throw refusal(answer) }
        return try client.document(answer).required("data")
    }

    private func send(
        _ path: String, _ body: JSONValue?
    ) async throws -> KeyServiceClient.Answer {
        let start = base.target.utf8.hasSuffix("/") ? String(base.target.dropLast()) : base.target
        let address = try HTTPURL(
            parsing: "\(base.scheme.rawValue)://\(base.authority)\(start)/v1/\(engine)/\(path)")
        return try await client.ask(
            address, method: body == nil ? .get : .post, fields: fields, body: body?.compactBytes)
    }

    private func refusal(_ answer: KeyServiceClient.Answer) -> Failure {
        let words = answer.json?.value["errors"]?.array?.compactMap(\.string)
            .joined(separator: "; ")
        return client.failure(
            status: answer.status, saying: words?.isEmpty == false ? words : nil)
    }
}

private func headers(_ token: String, _ namespace: String?, _ client: KeyServiceClient)
    throws(Failure) -> HTTPFields
{
    var fields = HTTPFields()
    let values = [
        ("X-Vault-Token", token), ("X-Vault-Namespace", namespace), ("X-Vault-Request", "true"),
    ]
    for (name, value) in values {
        guard let name = HTTPField.Name(name), let value else { continue }
        guard HTTPField.isValidValue(value), value.utf8.count <= Limits.secretBytes else {
            throw client.failure(
                .usage, "the token or namespace has characters that no header has")
        }
        fields[name] = value
    }
    return fields
}
