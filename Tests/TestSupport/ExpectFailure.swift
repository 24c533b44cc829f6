// SPDX-License-Identifier: Apache-2.0
// Failures as tests expect them: by kind, and by a telling part of their text.

package import Primitives
package import Testing

/// Expects a failure of that kind whose text has that part.
package func expectFailure(
    _ kind: Failure.Kind, _ part: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ work: () async throws -> Void
) async {
    do {
        try await work()
        Issue.record("there was no failure", sourceLocation: sourceLocation)
    } catch let failure as Failure {
        #expect(failure.kind == kind, "\(failure)", sourceLocation: sourceLocation)
        #expect(
            failure.description.contains(part), "\(failure)", sourceLocation: sourceLocation)
    } catch {
        Issue.record("another error: \(error)", sourceLocation: sourceLocation)
    }
}
