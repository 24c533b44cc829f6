// SPDX-License-Identifier: Apache-2.0
// Keys behind other programs. Spec: sigstore, pkg/signature/kms/cliplugin (README and
// common/interface.go): argument 1 is the protocol's version, argument 2 JSON, the data comes on
// standard input, the answer is JSON on standard output, and the exit status means nothing.

internal import Keys
internal import Primitives
internal import Workflows

/// `NAME://KEY`: the program `sigstore-kms-NAME` knows the key.
package struct PluginKeyName: Hashable, Sendable, CustomStringConvertible {
    let plugin: String
    let key: String

    /// - Parameter plugin: it becomes part of a program's name, so it is small letters, digits,
    ///   `-` and `_` only.
    init(program plugin: String, key: String) throws(Failure) {
        guard !plugin.isEmpty, plugin.utf8.count <= 64, isPlainName(plugin, allowing: "-_"),
            plugin == plugin.utf8.lowercased()
        else {
            throw Failure(
                .usage, "cannot use the key reference",
                because: "\(quoted(plugin)):// is no scheme that Assay knows, and no plugin's name",
                next: "for a file whose path holds ://, write ./PATH")
        }
        guard !key.isEmpty else {
            throw Failure(
                .usage, "cannot use the key reference",
                because: "nothing follows \(plugin)://")
        }
        self.plugin = plugin
        self.key = key
    }

    var program: String { "sigstore-kms-\(plugin)" }

    package var description: String { "\(plugin)://\(key)" }
}

/// A key that a plugin signs with.
struct PluginKeySigner: Signer {
    let publicKey: PublicKey
    let scheme: SignatureScheme
    private let plugin: KeyPlugin

    init(_ plugin: KeyPlugin) async throws {
        let answer = try await plugin.ask(
            "publicKey", ["publicKeyOptions": ["rpcOptions": [:]]], hash: .sha256, data: [])
        let pem = try answer.required("publicKeyPEM").base64()
        publicKey = try PublicKey(pem: String(decoding: pem, as: UTF8.self))
        scheme = publicKey.algorithm.standardScheme
        self.plugin = plugin
    }

    /// The whole message is the plugin's to hash, with the hash that fits the key.
    func sign(_ message: [UInt8]) async throws -> [UInt8] {
        let answer = try await plugin.ask(
            "signMessage", ["signOptions": ["rpcOptions": [:], "messageOptions": [:]]],
            hash: scheme.hash ?? .sha512, data: message)
        let signature = try answer.required("signature").base64()
        return try checked(signature, over: message, madeBy: plugin.name.description)
    }
}

/// The program, asked once for each method.
struct KeyPlugin: Sendable {
    let name: PluginKeyName
    /// PATH among it, and whatever the plugin needs to reach its service.
    let environment: [String: String]

    /// The answer's member of the method's own name.
    func ask(_ method: String, _ arguments: JSONValue, hash: HashAlgorithm, data: [UInt8])
        async throws -> JSONReader
    {
        guard data.count <= Limits.remoteMessageBytes else {
            throw helper.failure(
                .overLimit,
                "the message has \(data.count) bytes, a plugin is sent at most "
                    + "\(Limits.remoteMessageBytes)")
        }
        let question: JSONValue = .object([
            "initOptions": [
                "protocolVersion": .string(protocolVersion), "keyResourceID": .string(name.key),
                "hashFunc": .number(JSONNumber(number(of: hash))),
            ],
            "methodName": .string(method), method: arguments,
        ])
        let output = try await answer(question.compactText, data)
        let json: JSONReader
        do {
            json = try JSONReader(parsing: output, named: "the answer of \(name.program)")
        } catch {
            throw helper.failure(.malformed, "its answer is not JSON: \(error.why)")
        }
        if let message = try json.optional("errorMessage")?.string(), !message.isEmpty {
            throw helper.failure(.unavailable, "it says \(quoted(message))")
        }
        return try json.required(method)
    }

    private func answer(_ question: String, _ data: [UInt8]) async throws -> [UInt8] {
        let answer = try await helper.answer(to: [protocolVersion, question], input: data)
        // Spec: the exit status is ignored; an end by a signal is not an exit.
        if case .signaled = answer.end {
            throw helper.failure(.unavailable, "it was killed by a signal")
        }
        return answer.bytes
    }

    private var helper: HelperProgram {
        HelperProgram(
            name: name.program, purpose: "cannot ask \(name.program) for the key",
            installation: "install the plugin for \(name.plugin):// keys; "
                + "awskms://, hashivault://, openbao:// and pkcs11: need none",
            bounds: ChildProcess.Bounds(
                seconds: Limits.keyServiceSeconds, bytes: Limits.keyServiceBytes),
            environment: HelperEnvironment(forKeysOf: environment))
    }
}

/// Go's numbers of its hashes, which the protocol uses. Spec: Go, package crypto, type Hash.
private func number(of hash: HashAlgorithm) -> Int {
    switch hash {
    case .sha256: 5
    case .sha384: 6
    case .sha512: 7
    }
}

private let protocolVersion = "1"
