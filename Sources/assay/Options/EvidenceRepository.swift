// SPDX-License-Identifier: Apache-2.0
// COSIGN_REPOSITORY: evidence in another repository than the image.
// Spec: cosign v3.1.2, pkg/oci/remote/options.go, GetEnvTargetRepository; referrers.go; write.go.

import Foundation
import OCI
import Primitives

/// The repository that COSIGN_REPOSITORY names.
enum EvidenceRepository {
    private static let variable = "COSIGN_REPOSITORY"

    /// nil when the variable is not set, or is empty, as for cosign.
    static func named() throws(Failure) -> Repository? {
        guard let text = ProcessInfo.processInfo.environment[variable], !text.isEmpty else {
            return nil
        }
        do {
            return try Repository(parsing: text)
        } catch {
            throw Failure(
                .usage, "cannot use \(variable)", because: "\(error.what): \(error.why)",
                next: "set it to a repository such as registry.example/signatures, or unset it")
        }
    }

    /// Warns that a command does not read the variable although it is set.
    static func warnIgnored(_ why: String) {
        guard let text = ProcessInfo.processInfo.environment[variable], !text.isEmpty else {
            return
        }
        StandardError.warn("\(variable) is not used here: \(why)")
    }

    /// Says where evidence is.
    static func say(_ what: String, _ repository: Repository) {
        StandardError.say("\(what) \(repository), as \(variable) says")
    }
}

extension ImageLocation {
    /// Where evidence about the image is stored, as it is typed: beside the image, or in the
    /// repository that COSIGN_REPOSITORY names.
    func evidencePlace() throws -> String {
        guard case .registry = place, let evidence = try EvidenceRepository.named() else {
            return repositoryText
        }
        return evidence.description
    }
}

/// Why `policy apply` and `verify --policy` do not read the variable.
let besideImages = "policies ask for evidence beside each image, as Kyverno does"

/// Why `push` and `load` do not write to it.
let besideCopies = "the evidence of the layout is stored beside the image"
