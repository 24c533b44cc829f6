// SPDX-License-Identifier: Apache-2.0
// CEL expressions grown from the grammar: mostly well-formed, seldom sensible.

package import TestSupport

package struct CELGrammar {
    package var generator: SeededGenerator
    private var names = ["x", "l", "m", "s"]

    package init(generator: SeededGenerator) { self.generator = generator }

    package static let samples = [
        "object.spec.containers.all(c, c.image.startsWith('ghcr.io/'))",
        "cel.bind(a, [1, 2], a.map(i, i * 2).filter(i, i in a))",
        "{'a': 1, ?'b': optional.of(2)}.?b.orValue(3) == 2",
        "[1, 2, 3].transformMap(i, v, i > 0, v * v)",
        "quantity('1Gi').compareTo(quantity('1024Mi')) == 0 && semver('1.2.3').major() == 1",
    ]

    mutating func pick<Item>(_ items: [Item]) -> Item {
        items[Int.random(in: 0..<items.count, using: &generator)]
    }

    package mutating func expression(depth: Int) -> String {
        guard depth > 0 else { return atom() }
        let d = depth - 1
        switch Int.random(in: 0..<14, using: &generator) {
        case 0, 1, 2:
            let operators = [
                "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "&&", "||",
            ]
            return "\(expression(depth: d)) \(pick(operators)) \(expression(depth: d))"
        case 3:
            return "(\(expression(depth: d)) ? \(expression(depth: d)) : \(expression(depth: d)))"
        case 4: return "\(pick(["!", "-"]))(\(expression(depth: d)))"
        case 5: return "[\(expression(depth: d)), \(expression(depth: d))]"
        case 6: return "{\(expression(depth: d)): \(expression(depth: d)), 'k': \(atom())}"
        case 7: return "(\(expression(depth: d)))[\(expression(depth: d))]"
        case 8: return "(\(expression(depth: d))).\(pick(["a", "b", "k", "?k"]))"
        case 9: return global(d)
        case 10, 11: return method(d)
        case 12: return macro(d)
        default: return "has((\(expression(depth: d))).k)"
        }
    }

    private mutating func atom() -> String {
        pick(
            names + [
                "0", "1", "-1", "9223372036854775807", "-9223372036854775808", "1u",
                "18446744073709551615u", "0.5", "1e308", "-0.0", "''", "'a'", "'é😀'",
                "b'\\x00\\xff'",
                "true", "false", "null", "[]", "{}", "int", "optional.none()", "duration('1h')",
                "timestamp('2020-01-01T00:00:00Z')", "'1Gi'", "'10.0.0.0/8'", "'1.2.3'",
            ])
    }

    private mutating func global(_ depth: Int) -> String {
        let name = pick([
            "size", "int", "uint", "double", "string", "bytes", "bool", "dyn", "type", "timestamp",
            "duration", "optional.of", "optional.ofNonZeroValue", "lists.range", "math.abs",
            "math.greatest", "math.bitNot", "math.round", "base64.encode", "base64.decode",
            "quantity",
            "isQuantity", "ip", "cidr", "url", "semver", "json.marshal", "json.unmarshal",
            "yaml.parse",
            "sha256", "md5", "image", "strings.quote", "format.named",
        ])
        return "\(name)(\(expression(depth: depth)))"
    }

    private mutating func method(_ depth: Int) -> String {
        let name = pick([
            "size", "contains", "startsWith", "matches", "charAt", "indexOf", "lastIndexOf",
            "split",
            "substring", "replace", "trim", "reverse", "join", "format", "flatten", "slice", "sort",
            "distinct", "getHours", "getMilliseconds", "hasValue", "orValue", "or", "value", "sum",
            "min",
            "isSorted", "findAll", "add", "compareTo", "containsIP", "family", "getQuery",
            "validate",
        ])
        let count = Int.random(in: 0...3, using: &generator)
        let arguments = (0..<count).map { _ in expression(depth: depth - 1) }
        return "(\(expression(depth: depth))).\(name)(\(arguments.joined(separator: ", ")))"
    }

    private mutating func macro(_ depth: Int) -> String {
        let range = expression(depth: depth)
        let name = "v\(names.count)"
        names.append(name)
        defer { names.removeLast() }
        let body = expression(depth: depth)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0:
            return "cel.bind(\(name), \(range), \(body))"
        case 1:
            let macro = pick([
                "transformList", "transformMap", "transformMapEntry", "all", "exists",
            ])
            return "(\(range)).\(macro)(i, \(name), \(body))"
        case 2: return "(\(range)).map(\(name), \(expression(depth: depth)), \(body))"
        default:
            let macro = pick([
                "all", "exists", "exists_one", "map", "filter", "optMap", "optFlatMap", "sortBy",
            ])
            return "(\(range)).\(macro)(\(name), \(body))"
        }
    }
}
