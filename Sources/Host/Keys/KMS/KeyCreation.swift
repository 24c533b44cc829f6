// SPDX-License-Identifier: Apache-2.0
// New keys in key services. Spec: Vault API, "Transit secrets engine", Create Key; AWS KMS API
// Reference, CreateKey, CreateAlias; sigstore cliplugin common/interface.go, createKey.

package import Keys
internal import Primitives

extension KeyOpener {
    /// Makes an ECDSA P-256 key where the reference says, as cosign does.
    ///
    /// - Returns: the public half.
    /// - Throws: `Failure`: `usage` for a reference to a file, variable or token, and for a key that
    ///   is there already.
    package func createKey(_ reference: KeyReference) async throws -> PublicKey {
        switch reference {
        case .vault(let name):
            let service = try VaultService(
                name, environment: environment, transport: try network(for: reference))
            try await refuseExisting(reference) { _ = try await service.versions() }
            try await service.createKey()
            return try await VaultKeySigner(service).publicKey
        case .awsKMS(let name):
            let service = try AWSKeyService(
                name, environment: environment, transport: try network(for: reference),
                clock: clock)
            try await refuseExisting(reference) { _ = try await AWSKeySigner(service) }
            try await service.createKey()
            return try await AWSKeySigner(service).publicKey
        case .plugin(let name):
            _ = try network(for: reference)
            return try await KeyPlugin(name: name, environment: environment).createKey()
        case .file, .environment, .pkcs11:
            throw Failure(
                .usage, "cannot make a key at \(reference)", because: "that is not a key service",
                next: "leave out --kms for a key in files; pkcs11-tool --keypairgen for a token")
        }
    }

    private func refuseExisting(
        _ reference: KeyReference, _ find: () async throws -> Void
    ) async throws {
        do {
            try await find()
        } catch let failure as Failure where failure.kind == .notFound {
            return
        }
        throw Failure(
            .usage, "cannot make the key \(reference)",
            because: "there is one of that name already",
            next: "assay public-key --key \(reference) prints its public half")
    }
}

extension AWSKeyService {
    /// Makes a key and gives it the alias of the reference.
    fileprivate func createKey() async throws {
        guard name.keyID.utf8.starts(with: "alias/".utf8) else {
            throw client.failure(
                .usage, "AWS names keys itself", next: "write awskms:///alias/NAME")
        }
        let made = try await ask(
            "CreateKey",
            ["KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY", "Description": "made by assay"])
        let identifier = try made.required("KeyMetadata").required("KeyId").string()
        _ = try await ask(
            "CreateAlias",
            ["AliasName": .string(name.keyID), "TargetKeyId": .string(identifier)])
    }
}

extension KeyPlugin {
    /// Makes a key of the kind that the plugin prefers.
    fileprivate func createKey() async throws -> PublicKey {
        let preferred = try await ask("defaultAlgorithm", [:], hash: .sha256, data: [])
            .required("defaultAlgorithm").string()
        let answer = try await ask(
            "createKey", ["algorithm": .string(preferred)], hash: .sha256, data: [])
        let pem = try answer.required("publicKeyPEM").base64()
        return try PublicKey(pem: String(decoding: pem, as: UTF8.self))
    }
}
