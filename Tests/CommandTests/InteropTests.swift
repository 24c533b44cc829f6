// SPDX-License-Identifier: Apache-2.0
// Stories with real peers: skopeo, docker-registry, umoci, kubectl, validators from PyPI.

import Foundation
import Testing

/// Each story is a script in Tests/Interop; exit 77 says that a peer is not on this machine.
@Suite("interop", .enabled(if: BuiltBinary.isHere, "the assay binary is not built"), .serialized)
struct InteropTests {
    static let stories =
        (try? FileManager.default.contentsOfDirectory(
            atPath: BuiltBinary.root.appendingPathComponent("Tests/Interop").path))?
        .filter { $0.hasSuffix(".sh") && $0 != "story.sh" }.sorted() ?? []

    @Test("there are stories to tell")
    func thereAreSome() {
        #expect(Self.stories.count >= 4)
    }

    @Test("peers and Assay understand each other", arguments: stories)
    func understands(_ story: String) throws {
        try BuiltBinary.withTemporaryDirectory { directory in
            let script = BuiltBinary.root.appendingPathComponent("Tests/Interop/\(story)").path
            let outcome = try BuiltBinary.shell("exec bash '\(script)'", in: directory)
            if outcome.status == 77 {
                try Test.cancel(
                    "\(story): \(outcome.errors.split(separator: "\n").last ?? "a peer is missing")"
                )
            }
            #expect(outcome.status == 0, "\(story)\n\(outcome.output)\n\(outcome.errors)")
        }
    }
}
