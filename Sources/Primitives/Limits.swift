// SPDX-License-Identifier: Apache-2.0
// The limits of Primitives, and those that several modules above share, with where their numbers
// come from. Every other module adds its own in a Limits.swift.

/// The named limits. A limit that is reached is a failure of kind `overLimit`, never a cut; only
/// text that is shown to people is cut, and pages are.
package enum Limits {
    // MARK: Texts and documents

    /// Characters of outside text shown in one error. Longer texts hide the sentence around them.
    package static let quotedTextLength = 80
    /// Characters of outside text that gets a line of its own.
    package static let plainTextLength = 400
    /// Characters of a place in an error: the longest path Linux has.
    package static let placeLength = 4_096
    /// Combining marks in a row of outside text. Languages need under 10, UAX #15 asks for no more
    /// than 30, ornaments made of marks have under 100; comparing a run takes the square of its length.
    package static let combiningMarks = 128
    /// Nesting of JSON and YAML. Peers: Go 10,000, Foundation 512; real documents stay under 20.
    package static let documentDepth = 64
    /// Values of one JSON document, lists and objects counted too. A value costs us about 60 bytes
    /// and its author two; an SBOM of 64 MiB has about three million.
    package static let jsonValues = 8_000_000
    /// Bytes of one YAML file of policies or manifests. Kubernetes stops at 1.5 MiB an object.
    package static let yamlBytes = 32 * mebibyte
    /// Nodes of one YAML file after aliases are expanded ("billion laughs").
    package static let yamlNodes = 2_000_000
    /// Bytes of one YAML file times the names in it that are written with `?`. libyaml nests 1,000 of
    /// them, and each level is hashed whole before it can be refused.
    package static let yamlNameBytes = 64 * mebibyte
    /// Bytes of one version. Registries take 128 for a tag.
    package static let versionBytes = 256
    /// Bytes of one regular expression. Real ones have under 200.
    package static let regularExpressionBytes = 16 * 1024
    /// Bytes RE2 may take for one compiled expression and its state machines; RE2's own default.
    package static let regularExpressionMemory: Int64 = 8 << 20
    /// Steps that one wildcard match may take.
    package static let wildcardSteps = 100_000

    // MARK: Shared by modules that do not import each other

    /// Bytes of one address in a header (Location, Link, realm). Signed storage addresses stay under
    /// 4 KiB.
    package static let addressBytes = 16 * 1024
    /// Bytes of one X.509 certificate. Fulcio's have about 1 KiB.
    package static let certificateBytes = 32 * 1024

    package static let mebibyte = 1024 * 1024
}
