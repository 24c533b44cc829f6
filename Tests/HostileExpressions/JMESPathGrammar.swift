// SPDX-License-Identifier: Apache-2.0
// JMESPath expressions grown from the grammar: well-formed, seldom sensible.

package import JMESPath
internal import TestSupport

/// Writes expressions that the grammar allows.
package struct JMESPathGrammar {
    var dice: SeededGenerator
    let functions: [JMESPathFunction]

    package init(seed: UInt64, dialect: JMESPathDialect) {
        dice = SeededGenerator(seed: seed)
        functions = JMESPathFunction.all(in: dialect)
    }

    package mutating func expression(depth: Int) -> String {
        guard depth > 0 else { return leaf() }
        let (one, other) = (depth - 1, Int.random(in: 0..<depth, using: &dice))
        switch Int.random(in: 0..<14, using: &dice) {
        case 0: return expression(depth: one) + "." + name()
        case 1: return expression(depth: one) + "[\(Int.random(in: -3...3, using: &dice))]"
        case 2: return expression(depth: one) + "[*]"
        case 3: return expression(depth: one) + "[]"
        case 4: return expression(depth: one) + "[?\(expression(depth: other))]"
        case 5: return "(\(expression(depth: one)) || \(expression(depth: other)))"
        case 6: return "(\(expression(depth: one)) && \(expression(depth: other)))"
        case 7: return "!" + expression(depth: one)
        case 8: return "(\(expression(depth: one)) == \(expression(depth: other)))"
        case 9: return "[\(expression(depth: one)), \(expression(depth: other))]"
        case 10: return "{k: \(expression(depth: one)), l: \(expression(depth: other))}"
        case 11: return "(\(expression(depth: one)) | \(expression(depth: other)))"
        default: return call(depth: other)
        }
    }

    private mutating func call(depth: Int) -> String {
        let function = functions[Int.random(in: 0..<functions.count, using: &dice)]
        let list = function.signature.split(separator: "(")[1].split(separator: ")")[0]
        var arguments: [String] = []
        for kind in list.split(separator: ",") where !function.signature.contains("()") {
            arguments.append(
                kind.contains("expression")
                    ? "&" + name() : kind.contains("…") ? "@" : expression(depth: depth))
        }
        return function.name + "(" + arguments.joined(separator: ", ") + ")"
    }

    private mutating func name() -> String {
        ["a", "b", "c", "d", "list", "x", "y", "\"k\"", "when"][Int.random(in: 0..<9, using: &dice)]
    }

    private mutating func leaf() -> String {
        let leaves = [
            "@", "'1Gi'", "'2h'", "`[1,2,3]`", "`{\"a\":1}`", "'a*'", "`3`", "`-1.5`", "when",
            "`null`",
            "'2006-01-02'", "a.b", "list[*].x", "'1.2.3'", "'(a|b)+'",
        ]
        return leaves[Int.random(in: 0..<leaves.count, using: &dice)]
    }
}
