// SPDX-License-Identifier: Apache-2.0
// The order in which delegated roles are searched for a target. Spec: TUF 1.0.34 §5.6.7.

internal import Primitives

/// One pre-order depth-first search with a budget.
struct TargetSearch {
    private let path: String
    private var visited: Set<ByteString> = [ByteString(TopLevelRole.targets.rawValue)]
    /// The roles to visit; the next role is the last one.
    private var waiting: [DelegatedRole] = []
    private var patternSteps = Limits.patternSteps

    init(_ path: String) { self.path = path }

    /// The role to visit after `role`, which does not list the target; nil if none is left.
    mutating func next(after role: TargetsRole) throws(MetadataProblem) -> DelegatedRole? {
        let children = try role.metadata.content.delegations.roles(for: path, &patternSteps)
        // §5.6.7.2.2: no other role is visited after a terminating delegation.
        if let end = children.firstIndex(where: \.isTerminating) {
            waiting = children[...end].reversed()
        } else {
            waiting += children.reversed()
        }
        // §5.6.7.1: "If this role has been visited before, then skip this role".
        while let delegation = waiting.popLast() {
            guard visited.insert(ByteString(delegation.name)).inserted else { continue }
            guard visited.count - 1 <= Limits.delegationsVisited else {
                throw MetadataProblem(
                    .overLimit, "the target \(quoted(path))",
                    "more than \(Limits.delegationsVisited) roles would have to be visited")
            }
            return delegation
        }
        return nil
    }
}
