// SPDX-License-Identifier: Apache-2.0
// Things that may be wrong with a repository, and what a client makes of them.

import SimulatedUpdates
import TUF
import Testing

/// Expects a refusal of that kind.
func expectRefusal(
    _ code: MetadataProblem.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ work: () async throws -> Void
) async {
    do {
        try await work()
        Issue.record("nothing was refused", sourceLocation: sourceLocation)
    } catch let problem as MetadataProblem {
        #expect(problem.code == code, "\(problem)", sourceLocation: sourceLocation)
    } catch {
        Issue.record("another error: \(error)", sourceLocation: sourceLocation)
    }
}

/// One thing that may be wrong with a repository that was sound when the client last came.
struct Refusal: Sendable, CustomTestStringConvertible {
    let sentence: String
    let code: MetadataProblem.Code
    /// The role that must stay what it was; nil when nothing was kept before.
    let role: String
    let change: @Sendable (inout UpdateWorld) throws -> Void

    var testDescription: String { sentence }

    init(
        _ sentence: String, _ code: MetadataProblem.Code, _ role: String,
        _ change: @escaping @Sendable (inout UpdateWorld) throws -> Void
    ) {
        self.sentence = sentence
        self.code = code
        self.role = role
        self.change = change
    }

    /// The client comes, the repository changes, the client comes again and believes none of it.
    func happens() async throws {
        var world = try UpdateWorld()
        try await world.refresh()
        let before = try world.cache.metadata(of: role)
        try change(&world)
        await expectRefusal(code) { try await world.refresh() }
        #expect(try world.cache.metadata(of: role) == before)
    }
}
