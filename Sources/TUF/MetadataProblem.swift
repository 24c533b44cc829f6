// SPDX-License-Identifier: Apache-2.0
// Why metadata of an update repository is not believed. One closed list, for people and tests.

package import Primitives

/// A "no" to metadata, or to a target file, with its reason.
///
/// It is what the repository, or whoever stands between us and it, has to answer for. "Could not
/// look" is never one of these; that is a `Failure`.
package struct MetadataProblem: Error, Hashable, Sendable {
    /// The checks that can fail.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// The bytes are not metadata, or a field is not what the format demands.
        case malformed
        /// A named limit was reached: length, counts, rotations, roles visited.
        case overLimit = "over-limit"
        /// Metadata of another role.
        case wrongRole = "wrong-role"
        /// A version of the specification that we do not know.
        case unsupportedSpecification = "unsupported-specification"
        /// A role that nobody, or less than nobody, would have to sign.
        case thresholdInvalid = "threshold-invalid"
        /// One key identifier stands twice in one role, or in the signatures of one file.
        case keyIDRepeated = "key-id-repeated"
        /// Fewer distinct keys signed than the role demands.
        case thresholdNotMet = "threshold-not-met"
        /// A version that is not the one that was announced, or not the next root.
        case versionMismatch = "version-mismatch"
        /// Something older than what was trusted before.
        case rollback
        /// A role that the last trusted snapshot listed is gone.
        case roleRemoved = "role-removed"
        /// Its time is over: nobody vouches that it is still the newest.
        case expired
        /// Another length than was announced.
        case lengthMismatch = "length-mismatch"
        /// Another hash than was announced.
        case hashMismatch = "hash-mismatch"
        /// The repository lacks a file that its own metadata announces.
        case missing
        /// A role that the snapshot does not list.
        case notInSnapshot = "not-in-snapshot"
        /// No trusted role lists the target.
        case targetUnknown = "target-unknown"
    }

    package let code: Code
    /// What was being checked: "timestamp", "the target \"a/b\"".
    package let subject: String
    /// What was found against what was expected.
    package let why: String

    package init(_ code: Code, _ subject: String, _ why: String) {
        self.code = code
        self.subject = subject
        self.why = why
    }

    /// The problem as the failure of the command that asked.
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
            "look at this machine's clock; if it is right, the repository or its mirror is not kept up"
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
    /// What our strict readers found.
    init(_ failure: Failure, in subject: String) {
        let place = failure.place.map { " (\($0))" } ?? ""
        self.init(
            failure.kind == .overLimit ? .overLimit : .malformed, subject, failure.why + place)
    }
}

/// Runs a strict reader; what it refuses is the metadata's fault.
func reading<Result>(
    _ subject: String, _ work: () throws(Failure) -> Result
) throws(MetadataProblem) -> Result {
    do {
        return try work()
    } catch {
        throw MetadataProblem(error, in: subject)
    }
}
