// SPDX-License-Identifier: Apache-2.0
// Problems of nodes that a pass over the tree does not support.

internal import Primitives

extension CELProblem {
    /// A message literal, which Assay does not support.
    init(unknownMessage expression: Expression, in source: String) {
        guard case .message(let name) = expression.kind else {
            self.init(misplaced: expression, in: source)
            return
        }
        self.init(
            .unsupported,
            "the message type \(quoted(name)) is not known: messages are not made here",
            at: expression.position, in: source)
    }

    /// A node that was passed to the wrong function.
    init(misplaced expression: Expression, in source: String) {
        self.init(
            .bug, "a node of the tree came to the wrong place", at: expression.position, in: source)
    }
}
