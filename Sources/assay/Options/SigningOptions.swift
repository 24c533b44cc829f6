// SPDX-License-Identifier: Apache-2.0
// How something is signed: by a key, or by a certificate for whoever a token names.

import ArgumentParser
import Foundation
import Host
import Keys
import Primitives
import Registry
import Signing
import Workflows

/// What every command that signs has in common.
struct SigningOptions: ParsableArguments {
    @Option(
        help: """
            The private key: a file, env://NAME, awskms://…, hashivault://NAME, openbao://NAME, a \
            pkcs11: URI, or x://… for the program sigstore-kms-x. The password of a file is read \
            from COSIGN_PASSWORD. Without a key, a certificate is issued for an identity token.
            """)
    var key: KeyLocation?

    @OptionGroup var services: SigningServiceOptions

    func validate() throws {
        guard key == nil || services.identityToken == nil else {
            throw ValidationError("--key and --identity-token cannot stand together")
        }
        guard key == nil || services.fulcioUrl == nil else {
            throw ValidationError(
                "--fulcio-url names who issues a certificate, and a signature by --key has none")
        }
    }

    /// Whether a key signs and no service takes part.
    var isKeyAlone: Bool { key != nil && !services.asksForServices }

    /// Opens what signs, works, closes the connections.
    func using<Result: Sendable>(
        _ work: (BundleSigner) async throws -> Result
    ) async throws -> Result {
        let material = try await services.material(withKey: key != nil)
        // A trusted root that knows none of these services is told before they are asked.
        try material.requirements(on: key == nil ? .certificates([]) : .keys([]))
            .check(against: material.root)
        guard let key else {
            return try await Network.using(true) { transport in
                try await work(try await keyless(material, over: transport))
            }
        }
        let reference = try key.reference()
        let isNetworkNeeded = reference.needsNetwork || material.services != .none
        return try await Network.using(isNetworkNeeded) { transport in
            let signer = try await KeyOpener.ofThisProcess(transport).signerWithWarning(reference)
            return try await work(
                BundleSigner(
                    means: .key(signer), material: material, client: client(over: transport),
                    random: KeyGenerator.randomBytes,
                    approve: services.approval()))
        }
    }

    private func keyless(
        _ material: SigningMaterial, over transport: (any Transport)?
    ) async throws -> BundleSigner {
        guard let client = client(over: transport) else {
            throw Failure(.bug, "cannot sign without a key", because: "there is no network")
        }
        // Before a token is asked for.
        let signer = try KeylessSigner(
            services: material.services, client: client, trust: material.root,
            random: KeyGenerator.randomBytes)
        let token = try await IdentityTokenFinder(
            explicit: services.identityToken,
            environment: ProcessInfo.processInfo.environment, client: client
        ).token()
        return BundleSigner(
            means: .identity(token, signer), material: material, client: client,
            random: KeyGenerator.randomBytes,
            approve: services.approval())
    }

    private func client(over transport: (any Transport)?) -> ServiceClient? {
        transport.map {
            ServiceClient(
                transport: $0, clock: SystemClock(), userAgent: "assay/\(assayVersion)")
        }
    }
}
