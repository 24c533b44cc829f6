// SPDX-License-Identifier: Apache-2.0
// The sigstore-conformance suite. A client that always says no passes 98 of its 140 tests, so every
// rejection here has its own reason.

import Primitives
import Signing
import TestSupport
import Testing

@Suite(
    "sigstore conformance",
    .enabled(if: !SigstoreCase.all.isEmpty, "the suites are not beside the project"))
struct SigstoreConformanceTests {
    @Test(
        "a bundle is accepted, or refused for its own reason", arguments: SigstoreCase.all,
        [
            false, true,
        ])
    func behaves(_ suiteCase: SigstoreCase, byDigest: Bool) throws {
        let outcome: String
        do {
            let finding = try suiteCase.verify(byDigest: byDigest)
            outcome = finding.problem?.code.rawValue ?? "accepted"
            if outcome == "accepted" { #expect(finding.signer != nil) }
        } catch let failure as Failure {
            outcome = "cannot read: \(failure.kind.rawValue)"
        }
        #expect(outcome == expectedOutcomes[suiteCase.name])
    }

    @Test("every case of the suite has an expected outcome")
    func complete() {
        #expect(Set(SigstoreCase.all.map(\.name)) == Set(expectedOutcomes.keys))
    }
}
