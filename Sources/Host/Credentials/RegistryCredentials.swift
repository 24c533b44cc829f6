// SPDX-License-Identifier: Apache-2.0
// Who we are at a registry: what the caller says, else what Docker and Podman wrote down.
// Spec: docker/cli config.json; containers-auth.json(5).

internal import Files
package import OCI
internal import Primitives
package import Registry

/// Looks credentials up the way docker, podman and skopeo do.
package struct RegistryCredentials: CredentialSource {
    private let explicit: RegistryCredential?
    private let environment: [String: String]

    /// - Parameters:
    ///   - explicit: what the caller gave on purpose; it wins everywhere.
    ///   - environment: this process's variables. `DOCKER_CONFIG`, `REGISTRY_AUTH_FILE`,
    ///     `XDG_RUNTIME_DIR`, `XDG_CONFIG_HOME` and `HOME` say where the files are, `PATH` where
    ///     helpers are; helpers get all but the secrets that are not for them.
    package init(explicit: RegistryCredential?, environment: [String: String]) {
        self.explicit = explicit
        self.environment = environment
    }

    /// The first file that knows the registry decides; a file that is there and cannot be read is
    /// a failure, because going on would silently make us somebody else.
    package func credential(for repository: Repository) async throws -> RegistryCredential {
        if let explicit { return explicit }
        for path in paths {
            guard let file = try load(path) else { continue }
            if let helper = file.helper(for: repository.registry) {
                let found = try await CredentialHelper(named: helper, environment: environment)
                    .credential(for: serverName(repository.registry))
                if let found { return found }
            }
            if let found = try file.credential(for: repository) { return found }
        }
        return .anonymous
    }

    /// The files in the order they are asked. A file named by `REGISTRY_AUTH_FILE` stands for all
    /// of Podman's.
    var paths: [String] {
        var paths: [String] = []
        func add(_ directory: String?, _ rest: String) {
            if let directory, !directory.isEmpty { paths.append("\(directory)/\(rest)") }
        }
        let home = environment["HOME"]
        if let directory = environment["DOCKER_CONFIG"], !directory.isEmpty {
            add(directory, "config.json")
        } else {
            add(home, ".docker/config.json")
        }
        if let file = environment["REGISTRY_AUTH_FILE"], !file.isEmpty {
            paths.append(file)
        } else {
            add(environment["XDG_RUNTIME_DIR"], "containers/auth.json")
            let configurations = environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 }
            add(configurations ?? home.map { "\($0)/.config" }, "containers/auth.json")
        }
        return paths
    }

    private func load(_ path: String) throws(Failure) -> CredentialFile? {
        let bytes: [UInt8]
        do {
            bytes = try readFile(
                at: path, atMost: Limits.credentialFileBytes, named: "the credentials")
        } catch  where error.kind == .notFound {
            return nil
        }
        // Podman leaves empty files behind.
        return bytes.isEmpty ? nil : try CredentialFile(parsing: bytes, at: path)
    }

    /// What helpers know Docker Hub as.
    private func serverName(_ registry: RegistryHost) -> String {
        registry == .dockerHub ? dockerHubAddress : registry.description
    }
}
