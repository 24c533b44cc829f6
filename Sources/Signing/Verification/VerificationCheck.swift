// SPDX-License-Identifier: Apache-2.0
// What was checked about one piece of evidence, one by one.

package import Primitives

/// One check and how it ended. The order of the cases is the order in which they are told.
package struct VerificationCheck: Hashable, Sendable {
    package enum Name: String, Hashable, Sendable, CaseIterable {
        case format
        case signature
        case timestamp
        case transparencyLog = "transparency log"
        case signingTime = "signing time"
        case certificateChain = "certificate chain"
        case certificateTransparency = "certificate transparency"
        case identity
        case type
        case subject
    }

    package enum Outcome: Hashable, Sendable {
        /// It holds; the text says what was found.
        case passed(String)
        case failed(EvidenceProblem)
        /// It was not asked for, or could not be asked after an earlier one failed.
        case skipped(String)
    }

    package let name: Name
    package let outcome: Outcome

    package init(_ name: Name, _ outcome: Outcome) {
        self.name = name
        self.outcome = outcome
    }

    package var problem: EvidenceProblem? {
        if case .failed(let problem) = outcome { problem } else { nil }
    }

    package var json: JSONValue {
        switch outcome {
        case .passed(let found):
            return [
                "check": .string(name.rawValue), "result": "pass", "found": .string(plain(found)),
            ]
        case .skipped(let why):
            return ["check": .string(name.rawValue), "result": "skip", "why": .string(plain(why))]
        case .failed(let problem):
            var object: JSONObject = [
                "check": .string(name.rawValue), "result": "fail",
                "reason": .string(problem.code.rawValue), "why": .string(problem.why),
            ]
            if let place = problem.place { object["where"] = .string(plain(place)) }
            return .object(object)
        }
    }
}

/// Collects checks in the order they are made.
struct Examination {
    private(set) var checks: [VerificationCheck]

    init(_ checks: [VerificationCheck] = []) { self.checks = checks }

    var failed: Bool { checks.contains { $0.problem != nil } }

    /// Makes one check; nil when it failed.
    mutating func check<Found>(
        _ name: VerificationCheck.Name, _ make: () throws(EvidenceProblem) -> (Found, says: String)
    ) -> Found? {
        do {
            let (found, text) = try make()
            checks.append(VerificationCheck(name, .passed(text)))
            return found
        } catch {
            checks.append(VerificationCheck(name, .failed(error)))
            return nil
        }
    }

    /// Makes one check that finds nothing to go on with.
    mutating func verify(
        _ name: VerificationCheck.Name, _ make: () throws(EvidenceProblem) -> String
    ) {
        _ = check(name) { () throws(EvidenceProblem) in ((), says: try make()) }
    }

    mutating func fail(_ name: VerificationCheck.Name, _ problem: EvidenceProblem) {
        checks.append(VerificationCheck(name, .failed(problem)))
    }

    mutating func skip(_ name: VerificationCheck.Name, _ why: String) {
        checks.append(VerificationCheck(name, .skipped(why)))
    }
}

extension [VerificationCheck] {
    /// The first check that failed: the most basic thing that is wrong.
    package var problem: EvidenceProblem? { lazy.compactMap(\.problem).first }
}
