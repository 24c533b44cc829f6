// SPDX-License-Identifier: Apache-2.0
// From what the user wrote to something that signs, or to the keys that may have signed.

internal import Files
package import Keys
internal import Primitives
package import Registry
package import Signing

/// Opens key references. It holds what that needs and no key.
package struct KeyOpener: Sendable {
    /// The process's variables: `env://`, and the settings of services and tokens.
    package let environment: [String: String]
    /// Nil when nothing may go over the network.
    package let transport: (any Transport)?
    package let clock: any WallClock
    /// Asked at most once for a private key file that needs it.
    package let password: @Sendable () throws -> [UInt8]

    package init(
        environment: [String: String], transport: (any Transport)?, clock: any WallClock,
        password: @escaping @Sendable () throws -> [UInt8]
    ) {
        self.environment = environment
        self.transport = transport
        self.clock = clock
        self.password = password
    }

    /// A private key's file or variable, before its password is asked for. A caller can warn of one
    /// that needs none.
    ///
    /// - Returns: nil when the key is not in a file or variable.
    package func privateKeyFile(_ reference: KeyReference) throws -> PrivateKeyFile? {
        switch reference {
        case .file, .environment:
            try PrivateKeyFile(pem: try text(of: reference, named: "the private key"))
        default: nil
        }
    }

    /// Something that signs with that key.
    package func signer(_ reference: KeyReference) async throws -> any Signer {
        if let file = try privateKeyFile(reference) { return try file.decrypted(with: password) }
        return try await remoteKey(reference).signer
    }

    /// Every key that may have signed: all of a file, all versions of a key in a service.
    package func trustedKeys(_ reference: KeyReference) async throws -> [TrustedKey] {
        switch reference {
        case .file, .environment:
            let keys = try PublicKey.list(
                pem: try text(of: reference, named: "the public key"))
            return keys.enumerated().map { index, key in
                let number = keys.count > 1 ? ", key \(index + 1)" : ""
                return TrustedKey(key: key, name: "\(reference)\(number)")
            }
        default:
            let remote = try await remoteKey(reference)
            guard let versions = remote.versions else {
                return [TrustedKey(key: remote.signer.publicKey, name: "\(reference)")]
            }
            return versions.map {
                TrustedKey(key: $0.key, name: "\(reference), version \($0.number)")
            }
        }
    }

    /// A key in a service or token.
    private struct RemoteKey {
        let signer: any Signer
        /// The newest first; nil where a key has no versions.
        var versions: [VaultKeySigner.Version]?
    }

    private func remoteKey(_ reference: KeyReference) async throws -> RemoteKey {
        switch reference {
        case .file, .environment:
            throw Failure(.bug, "cannot open \(reference)", because: "it is not a remote key")
        case .awsKMS(let name):
            let service = try AWSKeyService(
                name, environment: environment, transport: try network(for: reference),
                clock: clock)
            return RemoteKey(signer: try await AWSKeySigner(service))
        case .vault(let name):
            let service = try VaultService(
                name, environment: environment, transport: try network(for: reference))
            let signer = try await VaultKeySigner(service)
            return RemoteKey(signer: signer, versions: signer.versions)
        case .pkcs11(let address):
            let token = try PKCS11Token(address, environment: environment)
            return RemoteKey(signer: try await PKCS11Signer(token))
        case .plugin(let name):
            _ = try network(for: reference)
            let plugin = KeyPlugin(name: name, environment: environment)
            return RemoteKey(signer: try await PluginKeySigner(plugin))
        }
    }

    func network(for reference: KeyReference) throws(Failure) -> any Transport {
        guard let transport else {
            throw Failure(
                .usage, "cannot ask for the key \(reference)",
                because: "that needs the network, and we were told to stay offline",
                next: "give the public key as a file; assay public-key --key \(reference) prints it"
            )
        }
        return transport
    }

    private func text(of reference: KeyReference, named what: String) throws(Failure) -> String {
        let bytes: [UInt8]
        switch reference {
        case .environment(let name):
            guard let value = environment[name], !value.isEmpty else {
                throw Failure(
                    .usage, "cannot read \(what)",
                    because: "the variable \(quoted(name)) is not set")
            }
            bytes = Array(value.utf8)
        case .file(let path):
            bytes = try readFile(at: path, atMost: Limits.keyFileBytes, named: what)
        default:
            throw Failure(.bug, "cannot read \(what)", because: "\(reference) is not a file")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(
                .malformed, "cannot read \(what)", at: .named("\(reference)"),
                because: "it is not text")
        }
        return text
    }
}
