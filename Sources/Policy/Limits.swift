// SPDX-License-Identifier: Apache-2.0
// The limits of Policy, with where their numbers come from.

package import Primitives

extension Limits {
    // MARK: Manifests

    /// Images of one resource that are named as not evaluated. All of them are counted.
    package static let unevaluatedImages = 100
    /// Bytes of the names and texts of one file of manifests in which images are looked for, aliases
    /// expanded: that of five of the largest objects.
    package static let imageSearchBytes = yamlBytes / 4

    /// Bytes of a Namespace whose labels are known, as JSON. With the copy that `kubectl apply` adds,
    /// in which each byte may take six, its annotations stay below the 256 KiB of the API server.
    package static let namespaceBytes = 32 * 1_024

    // MARK: Policies

    /// Nesting of attestor sets.
    package static let attestorDepth = 16
    /// Keys, identities and sets of one rule, counted together.
    package static let attestorsPerRule = 1_000
    /// Bytes of an image pattern that is examined for whether it can fit an image. A name has at most
    /// 255, then a port, a tag or a digest.
    package static let examinedPatternBytes = 1_024
    /// Steps that one condition may take to look up values in a list, at worst. A bill of materials
    /// with 20,000 components against 100 names takes 2,000,000.
    package static let conditionSteps = 50_000_000
    /// Checks, or steps of a remediation, in one stored decision.
    package static let checksPerDecision = 100_000
}
