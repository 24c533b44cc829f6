// SPDX-License-Identifier: Apache-2.0
// One verdict about one image by one rule, with everything that went into it.
// Spec: docs/exit-codes-and-reasons.md, "Five results of a check".

package import Primitives

/// A verdict that can be told, stored, read again and explained without its surroundings.
package struct Decision: Hashable, Sendable {
    /// The rule that spoke.
    package struct Rule: Hashable, Sendable {
        package let policy: String
        /// The namespace of a `Policy`; nil for a `ClusterPolicy`.
        package let namespace: String?
        /// Generated rules have their generated name.
        package let name: String
        /// SHA-256 of the file the policy was read from.
        package let digest: Digest
        package let source: String
        /// What a fail means for the request.
        package let action: FailureAction
    }

    /// What was asked about.
    package struct Request: Hashable, Sendable {
        package let resource: ResourceIdentity
        package let operation: ResourceOperation
        package let subresource: String
        /// The resource's content by digest, whatever the order of its fields was.
        package let digest: Digest
        package let file: String?
    }

    /// The image, from how it is written to what it means.
    package struct Image: Hashable, Sendable {
        package let use: ImageUse
        /// The name with its registry filled in; nil when it cannot be read as one.
        package let normalized: String?
        /// nil when it could not be found out, or nobody needed to know.
        package let digest: Digest?
    }

    /// The reference that pins what was verified; the one change Assay makes to a resource.
    package struct Patch: Hashable, Sendable {
        package let pointer: String
        package let value: String
    }

    /// nil when no rule spoke.
    package let rule: Rule?
    package let request: Request
    package let image: Image
    package let result: ImageResult
    /// nil exactly when the result is `pass`.
    package let reason: ReasonCode?
    package let checks: [DecisionCheck]
    package let patch: Patch?
    package let remediation: Remediation?
    /// The sentence in Kyverno's words.
    package let message: String

    /// The check that decided: the first with the verdict's reason, else the first that was not met.
    package var decisive: DecisionCheck? {
        guard result != .pass else { return checks.first }
        return checks.first { $0.reason == reason && $0.outcome != .met }
            ?? checks.first { $0.outcome != .met }
    }

    /// What was found; of a pass, everything that made it one.
    package var found: String { told(\.observed) }
    package var expected: String { told(\.expected) }

    private func told(_ part: KeyPath<DecisionCheck, String>) -> String {
        guard result == .pass else { return decisive?[keyPath: part] ?? "" }
        return checks.filter { $0.outcome == .met }.map { $0[keyPath: part] }.inOrderOnce
            .joined(separator: "; ")
    }
}
