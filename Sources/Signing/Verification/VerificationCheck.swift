// SPDX-License-Identifier: Apache-2.0
// The checks of one piece of evidence.

package import Primitives

/// One check and its outcome. The order of the names is the order of display.
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

    /// The outcome of a check.
    package enum Outcome: Hashable, Sendable {
        /// The check passed, with what was found.
        case passed(String)
        case failed(VerificationError)
        /// The check was not required, or was impossible after a failure.
        case skipped(String)
    }

    package let name: Name
    package let outcome: Outcome

    package init(_ name: Name, _ outcome: Outcome) {
        self.name = name
        self.outcome = outcome
    }

    /// The problem of a failed check; nil for others.
    package var problem: VerificationError? {
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

/// Collects checks in order.
struct CheckCollector {
    private(set) var checks: [VerificationCheck]

    init(_ checks: [VerificationCheck] = []) { self.checks = checks }

    var failed: Bool { checks.contains { $0.problem != nil } }

    /// Runs one check; nil if it fails.
    mutating func check<Found>(
        _ name: VerificationCheck.Name,
        _ make: () throws(VerificationError) -> (Found, says: String)
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

    /// Runs one check without a result.
    mutating func verify(
        _ name: VerificationCheck.Name, _ make: () throws(VerificationError) -> String
    ) {
        _ = check(name) { () throws(VerificationError) in ((), says: try make()) }
    }

    mutating func fail(_ name: VerificationCheck.Name, _ problem: VerificationError) {
        checks.append(VerificationCheck(name, .failed(problem)))
    }

    mutating func skip(_ name: VerificationCheck.Name, _ why: String) {
        checks.append(VerificationCheck(name, .skipped(why)))
    }
}

extension [VerificationCheck] {
    /// The problem of the first failed check, the most basic one.
    package var problem: VerificationError? { lazy.compactMap(\.problem).first }
}
