// SPDX-License-Identifier: Apache-2.0
// Other people's programs that are asked one question: keepers of passwords and of keys.

internal import Foundation
internal import Primitives
internal import Subprocess

/// A program of `PATH`, started for each question, and never believed to end or to be brief.
struct HelperProgram: Sendable {
    let name: String
    /// What failed when nothing useful comes back: "cannot ask NAME for credentials".
    let purpose: String
    /// What to do when there is no such program.
    let installation: String?
    let limits: Bounds

    /// How long it may take, and how much it may say.
    struct Bounds: Sendable {
        let seconds: Int
        let bytes: Int
    }

    /// What came on standard output, and how the program ended. Its words on standard error are not
    /// read: nobody knows what secrets they hold.
    struct Answer: Sendable {
        let bytes: [UInt8]
        let end: TerminationStatus
    }

    /// - Throws: `Failure`: `notFound` without such a program, `overLimit` when it says too much,
    ///   `unavailable` when it takes too long or cannot be run.
    func answer(
        to arguments: [String], input: [UInt8], environment: Environment
    ) async throws -> Answer {
        let answer = try await withThrowingTaskGroup(of: Answer?.self) { group in
            group.addTask { try await run(arguments, input, environment) }
            group.addTask {
                try await Task.sleep(for: .seconds(limits.seconds))
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let answer else {
            throw failure(.unavailable, "it did not answer in \(limits.seconds) seconds")
        }
        return answer
    }

    private func run(
        _ arguments: [String], _ input: [UInt8], _ environment: Environment
    ) async throws -> Answer {
        do {
            let result = try await Subprocess.run(
                .name(name), arguments: Arguments(arguments), environment: environment,
                input: .array(input), output: .bytes(limit: limits.bytes), error: .discarded)
            return Answer(bytes: Array(result.standardOutput), end: result.terminationStatus)
        } catch let error as SubprocessError {
            switch error.code {
            case .executableNotFound:
                throw failure(
                    .notFound, "there is no program of that name in PATH", next: installation)
            case .outputLimitExceeded:
                throw failure(.overLimit, "it answered more than \(limits.bytes) bytes")
            default: throw failure(.unavailable, "it could not be run")
            }
        }
    }

    func failure(_ kind: Failure.Kind, _ why: String, next: String? = nil) -> Failure {
        Failure(kind, purpose, because: why, next: next)
    }
}
