// SPDX-License-Identifier: Apache-2.0
// CEL expressions that fit together: each part has the type that the whole asks for, so that most
// of them have a value.

package enum CELKind: CaseIterable, Sendable {
    case number, text, truth, list
}

extension CELGrammar {
    /// An expression of that kind, over the variables that hostile expressions are tried on.
    package mutating func valued(_ kind: CELKind, depth: Int) -> String {
        guard depth > 0 else { return valuedAtom(kind) }
        let d = depth - 1
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: return valuedAtom(kind)
        case 1:
            let test = valued(.truth, depth: d)
            return "(\(test) ? \(valued(kind, depth: d)) : \(valued(kind, depth: d)))"
        case 2:
            let bound = CELKind.allCases.randomElement(using: &generator) ?? .number
            return "cel.bind(b, \(valued(bound, depth: d)), \(valued(kind, depth: d)))"
        default:
            switch kind {
            case .number: return number(d)
            case .text: return text(d)
            case .truth: return truth(d)
            case .list: return list(d)
            }
        }
    }

    private mutating func valuedAtom(_ kind: CELKind) -> String {
        switch kind {
        case .number: pick(["x", "0", "1", "2", "7", "-3", "255"])
        case .text: pick(["s", "'a'", "'te'", "'é😀'", "''", "'1.2.3'"])
        case .truth: pick(["true", "false", "has(m.k)"])
        case .list: pick(["l", "[1, 2, 3]", "[]", "[x, 2]", "lists.range(3)"])
        }
    }

    private mutating func number(_ d: Int) -> String {
        switch Int.random(in: 0..<6, using: &generator) {
        case 0, 1:
            let sign = pick(["+", "-", "*"])
            return "(\(valued(.number, depth: d)) \(sign) \(valued(.number, depth: d)))"
        case 2: return "(\(valued(.number, depth: d)) % 7)"
        case 3: return "size(\(valued(pick([.text, .list]), depth: d)))"
        case 4: return "\(valued(.text, depth: d)).indexOf(\(valued(.text, depth: d)))"
        default:
            return "math.greatest(\(valued(.number, depth: d)), \(valued(.number, depth: d)))"
        }
    }

    private mutating func text(_ d: Int) -> String {
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: return "(\(valued(.text, depth: d)) + \(valued(.text, depth: d)))"
        case 1: return "string(\(valued(pick([.number, .truth]), depth: d)))"
        case 2:
            return "\(valued(.text, depth: d)).replace('e', \(valued(.text, depth: d)))"
        case 3: return "\(valued(.text, depth: d)).\(pick(["trim", "lowerAscii", "reverse"]))()"
        case 4: return "\(valued(.list, depth: d)).map(v, string(v)).join(',')"
        default: return "'%s-%s'.format([\(valued(.text, depth: d)), \(valued(.number, depth: d))])"
        }
    }

    private mutating func truth(_ d: Int) -> String {
        switch Int.random(in: 0..<6, using: &generator) {
        case 0:
            let sign = pick(["==", "!=", "<", "<=", ">", ">="])
            return "(\(valued(.number, depth: d)) \(sign) \(valued(.number, depth: d)))"
        case 1:
            let sign = pick(["&&", "||"])
            return "(\(valued(.truth, depth: d)) \(sign) \(valued(.truth, depth: d)))"
        case 2: return "!(\(valued(.truth, depth: d)))"
        case 3:
            let name = pick(["contains", "startsWith", "endsWith"])
            return "\(valued(.text, depth: d)).\(name)(\(valued(.text, depth: d)))"
        case 4:
            let name = pick(["all", "exists", "exists_one"])
            return "\(valued(.list, depth: d)).\(name)(v, v > \(valued(.number, depth: d)))"
        default: return "(\(valued(.number, depth: d)) in \(valued(.list, depth: d)))"
        }
    }

    private mutating func list(_ d: Int) -> String {
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: return "[\(valued(.number, depth: d)), \(valued(.number, depth: d))]"
        case 1: return "\(valued(.list, depth: d)).map(v, v + \(valued(.number, depth: d)))"
        case 2: return "\(valued(.list, depth: d)).filter(v, v != \(valued(.number, depth: d)))"
        case 3: return "(\(valued(.list, depth: d)) + \(valued(.list, depth: d)))"
        case 4: return "\(valued(.list, depth: d)).\(pick(["distinct", "sort", "reverse"]))()"
        default: return "\(valued(.list, depth: d)).slice(0, 0)"
        }
    }
}
