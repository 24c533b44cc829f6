// SPDX-License-Identifier: Apache-2.0
// The reasons why metadata of an update repository is not trusted.

package import Primitives

/// The reason why metadata or a target file is not trusted.
///
/// It is an error of the repository, or an attack on the connection to it. If the repository cannot
/// be read, the error is a `Failure`.
package struct MetadataProblem: Error, Hashable, Sendable {
    /// The checks that can fail.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// The bytes are not metadata, or a field is invalid.
        case malformed
        /// A limit was reached: length, counts, rotations, visited roles.
        case overLimit = "over-limit"
        /// Metadata of another role.
        case wrongRole = "wrong-role"
        /// An unsupported version of the specification.
        case unsupportedSpecification = "unsupported-specification"
        /// The threshold of a role is less than 1.
        case thresholdInvalid = "threshold-invalid"
        /// A KEYID occurs twice in one role, or in the signatures of one file.
        case keyIDRepeated = "key-id-repeated"
        /// Fewer distinct keys signed than the threshold requires.
        case thresholdNotMet = "threshold-not-met"
        /// The version is not the announced one, or not that of the next root.
        case versionMismatch = "version-mismatch"
        /// The metadata is older than the metadata that was trusted before.
        case rollback
        /// The snapshot lacks a role that the last trusted snapshot lists.
        case roleRemoved = "role-removed"
        /// The metadata has expired.
        case expired
        /// The length is not the announced one.
        case lengthMismatch = "length-mismatch"
        /// The hash is not the announced one.
        case hashMismatch = "hash-mismatch"
        /// The repository lacks a file that its metadata announces.
        case missing
        /// The snapshot does not list the role.
        case notInSnapshot = "not-in-snapshot"
        /// No trusted role lists the target.
        case targetUnknown = "target-unknown"
    }

    package let code: Code
    /// What was verified: "timestamp", "the target \"a/b\"".
    package let subject: String
    /// What was found and what was expected.
    package let why: String

    package init(_ code: Code, _ subject: String, _ why: String) {
        self.code = code
        self.subject = subject
        self.why = why
    }

    /// The problem as a `Failure`.
    package var failure: Failure {
        let kind: Failure.Kind =
            switch code {
            case .malformed: .malformed
            case .overLimit: .overLimit
            case .targetUnknown: .notFound
            case .unsupportedSpecification: .unsupported
            default: .rejected
            }
        return Failure(
            kind, "cannot trust \(subject) of the update repository", because: why, next: next)
    }

    private var next: String? {
        switch code {
        case .expired:
            "look at this machine's clock; if it is right, the repository or its mirror is not maintained"
        case .overLimit where subject == TopLevelRole.root.rawValue:
            "if the root is an old one, run again: each root that was trusted is kept"
        case .thresholdNotMet, .rollback, .roleRemoved, .hashMismatch, .versionMismatch:
            "try again later; if it repeats, the repository or its mirror is broken or attacked"
        default: nil
        }
    }
}

extension MetadataProblem: CustomStringConvertible {
    package var description: String { "\(code.rawValue): \(subject): \(why)" }
}

extension MetadataProblem {
    /// The problem for the failure of a strict parser.
    init(_ failure: Failure, in subject: String) {
        let place = failure.place.map { " (\($0))" } ?? ""
        self.init(
            failure.kind == .overLimit ? .overLimit : .malformed, subject, failure.why + place)
    }
}

/// Runs a strict parser; its failure is a problem of the metadata.
func reading<Result>(
    _ subject: String, _ work: () throws(Failure) -> Result
) throws(MetadataProblem) -> Result {
    do {
        return try work()
    } catch {
        throw MetadataProblem(error, in: subject)
    }
}
