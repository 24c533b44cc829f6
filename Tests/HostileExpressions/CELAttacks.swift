// SPDX-License-Identifier: Apache-2.0
// CEL expressions built by hand to take stack, memory or time.

internal import CEL

extension HostileAttack {
    /// All of them; for `CELHost.environment` and its variables.
    package static let cel = celShapes + celGrowth + celWork + celCompilation
}

private let celShapes: [HostileAttack] = [
    HostileAttack(name: "parentheses", source: String(repeating: "(", count: 50_000)),
    HostileAttack(name: "brackets", source: String(repeating: "[", count: 99_999)),
    HostileAttack(name: "closed parentheses", source: nested(110, { t, _ in "(\(t))" }, "1")),
    HostileAttack(name: "closed brackets", source: nested(98, { t, _ in "[\(t)]" }, "1")),
    HostileAttack(
        name: "operators inside",
        source: nested(45, { t, _ in "1 || 2 && 3 < 4 + 5 * (\(t))" }, "1")),
    HostileAttack(name: "maps", source: nested(98, { t, _ in "{1: \(t)}" }, "1")),
    HostileAttack(name: "calls", source: nested(98, { t, _ in "size(\(t))" }, "''")),
    HostileAttack(name: "methods", source: "x" + String(repeating: ".size()", count: 98)),
    HostileAttack(
        name: "too many methods", source: "x" + String(repeating: ".size()", count: 5_000)),
    HostileAttack(name: "indexes", source: nested(90, { t, _ in "l[\(t)]" }, "0")),
    HostileAttack(name: "conditions", source: nested(90, { t, _ in "(true ? \(t) : 0)" }, "1")),
    HostileAttack(name: "minus", source: String(repeating: "-", count: 90_000) + "1"),
    HostileAttack(name: "not", source: String(repeating: "!", count: 90_001) + "true"),
    HostileAttack(name: "sums", source: "0" + String(repeating: "+1", count: 9_000)),
    HostileAttack(name: "ands", source: "true" + String(repeating: "&&true", count: 9_000)),
    HostileAttack(name: "fields", source: "x" + String(repeating: ".a", count: 19_000)),
    HostileAttack(name: "questions", source: String(repeating: "true?1:", count: 9_000) + "1"),
    HostileAttack(name: "a long list", source: "[" + String(repeating: "1,", count: 19_000) + "]"),
]

/// As deep as a document, in as many lists or maps as an expression may make.
private func deepest(_ wrap: (String) -> String, _ use: (String) -> String) -> String {
    let document = "json.unmarshal('" + repeated("[", 60) + repeated("]", 60) + "')"
    return use(nested(60, { t, _ in wrap(t) }, document))
}

private let celGrowth: [HostileAttack] = [
    HostileAttack(
        name: "the deepest list compared", source: deepest({ "[\($0)]" }, { "\($0) == \($0)" })),
    HostileAttack(
        name: "the deepest map compared",
        source: deepest({ "{'a': \($0)}" }, { "\($0) == \($0)" })),
    HostileAttack(
        name: "the deepest map as the answer", source: deepest({ "{'a': \($0)}" }, { $0 })),
    HostileAttack(
        name: "the deepest map written",
        source: deepest({ "{'a': \($0)}" }, { "'%s'.format([\($0)])" })),
    HostileAttack(
        name: "the deepest list as JSON",
        source: deepest({ "[\($0)]" }, { "json.marshal(\($0))" })),
    HostileAttack(
        name: "the deepest optional",
        source: deepest({ "optional.of(\($0))" }, { "\($0) == \($0)" })),
    HostileAttack(
        name: "loops in loops",
        source: nested(8, { t, n in "lists.range(100).all(v\(n), \(t))" }, "true")),
    HostileAttack(
        name: "maps of loops",
        source: nested(6, { t, n in "lists.range(100).map(v\(n), \(t))" }, "1")),
    HostileAttack(name: "a range", source: "lists.range(9223372036854775807)"),
    HostileAttack(name: "a wide range", source: "lists.range(999999).map(i, 'x')"),
    HostileAttack(
        name: "doubled texts",
        source: nested(
            60,
            { t, n in
                "cel.bind(a\(n), s\(n), \(t))".replacing(
                    "s\(n)", with: n == 59 ? "'xxxxxxxx'" : "a\(n + 1) + a\(n + 1)")
            }, "a0")),
    HostileAttack(
        name: "doubled lists",
        source: nested(
            60, { t, n in "cel.bind(a\(n), \(n == 59 ? "[1]" : "[a\(n + 1), a\(n + 1)]"), \(t))" },
            "a0 == a0 && string(a0) == ''")),
    HostileAttack(
        name: "doubled lists compared",
        source: "cel.bind(z, [1], "
            + nested(40, { t, n in "cel.bind(a\(n), [a\(n + 1), a\(n + 1)], \(t))" }, "a0 == a1")
            .replacing("a40", with: "z") + ")"),
    HostileAttack(
        name: "doubled lists written",
        source: nested(
            50, { t, n in "cel.bind(a\(n), \(n == 49 ? "[1]" : "[a\(n + 1), a\(n + 1)]"), \(t))" },
            "'%s'.format([a0])")),
    HostileAttack(
        name: "doubled lists as JSON",
        source: nested(
            50, { t, n in "cel.bind(a\(n), \(n == 49 ? "[1]" : "[a\(n + 1), a\(n + 1)]"), \(t))" },
            "json.marshal(a0)")),
    HostileAttack(
        name: "deep values",
        source: nested(
            20,
            { t, n in
                "cel.bind(a\(n), \(nested(60, { t, _ in "[\(t)]" }, n == 19 ? "1" : "a\(n + 1)")), \(t))"
            }, "a0 == a0")),
    HostileAttack(
        name: "replaced",
        source: nested(20, { t, _ in "\(t).replace('', 'xxxxxxxxxxxxxxxxxxxxxxxx')" }, "'x'")),
    HostileAttack(
        name: "joined",
        source: nested(
            12,
            { t, n in
                "cel.bind(a\(n), [a\(n + 1), a\(n + 1), a\(n + 1), a\(n + 1)].join(a\(n + 1)), \(t))"
            }, "a0"
        ).replacing("a12", with: "'xxxxxxxxxxxxxxxx'")),
]

private let celWork: [HostileAttack] = [
    HostileAttack(
        name: "failures in a loop",
        source: "lists.range(999999).exists(i, m.nowhere == i)"),
    HostileAttack(
        name: "needs in a loop", source: "lists.range(99999).exists(i, unknown[i] == i)"),
    HostileAttack(
        name: "failing logic in a loop",
        source: "lists.range(99999).all(i, m.a == i || m.b == i || m.c == i)"),
    HostileAttack(
        name: "texts that look the same",
        source: "cel.bind(a, 'e\\u0301e\\u0301e\\u0301e\\u0301e\\u0301e\\u0301e\\u0301e\\u0301e', "
            + "lists.range(99999).all(i, a == a.reverse().reverse()))"),
    HostileAttack(
        name: "texts that look the same in a list",
        source: "cel.bind(a, lists.range(3000).map(i, 'e\\u0301e\\u0301e\\u0301' + string(i)), "
            + "a.all(i, i in a))"),
    HostileAttack(
        name: "keys that look the same",
        source: "cel.bind(a, lists.range(5000).map(i, 'e\\u0301e\\u0301e\\u0301' + string(i)), "
            + "a.transformMap(i, v, v).size() + a.transformMapEntry(i, v, {v: i}).size())"),
    HostileAttack(
        name: "large maps in a loop",
        source: "lists.range(2000).map(i, lists.range(100).transformMapEntry(k, v, {string(v): i}))"
    ),
    HostileAttack(
        name: "a large text as JSON many times",
        source: nested(
            17, { t, _ in "cel.bind(a, a + a, \(t))" }, "json.marshal(lists.range(999).map(i, a))"
        )
        .replacing("cel.bind(a, a + a, cel.bind", with: "cel.bind(a, a + a, cel.bind")),
    HostileAttack(
        name: "a large text as a result",
        source: "cel.bind(a, lists.range(9999).map(i, 'aaaaaaaaaaaaaaaa').join(), "
            + "lists.range(9999).map(i, a))"),
    HostileAttack(
        name: "a large text written",
        source: "cel.bind(a, lists.range(9999).map(i, 'aaaaaaaaaaaaaaaa').join(), "
            + "json.marshal(lists.range(9999).map(i, a)))"),
    HostileAttack(
        name: "YAML laughs",
        source:
            "yaml.parse('a: &a [1,1,1,1,1,1,1,1]\\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\\ng: [*f,*f,*f,*f]')"
    ),
    HostileAttack(
        name: "wide YAML",
        source: "yaml.parse('[' + lists.range(20000).map(i, 'a').join(',') + ']')"),
    HostileAttack(
        name: "YAML of lines",
        source: "yaml.parse(lists.range(9999).map(i, 'a' + string(i) + ': b').join('\\n'))"),
    HostileAttack(
        name: "YAML of names",
        source: "yaml.parse('[' + lists.range(9999).map(i, '{').join())"),
    HostileAttack(
        name: "wide JSON",
        source: "json.unmarshal('[' + lists.range(50000).map(i, '1').join(',') + ']')"),
    HostileAttack(
        name: "JSON of names",
        source:
            "json.unmarshal('{' + lists.range(9999).map(i, '\"' + string(i) + '\":1').join(',') + '}')"
    ),
    HostileAttack(
        name: "a sparse search",
        source: "cel.bind(t, lists.range(30000).map(i, 'a').join(), "
            + "cel.bind(p, lists.range(200).map(i, 'a').join() + 'b', "
            + "[t.contains(p), t.indexOf(p) == 0, t.lastIndexOf(p) == 0, t.replace(p, '') == '', t.split(p) == []]))"
    ),
    HostileAttack(
        name: "a search in a loop",
        source: "cel.bind(t, lists.range(3000).map(i, 'a').join(), "
            + "lists.range(9999).all(i, !t.contains('aaaaaaaaab')))"),
    HostileAttack(
        name: "characters in a loop",
        source: "cel.bind(t, lists.range(3000).map(i, 'a').join(), "
            + "lists.range(9999).all(i, t.charAt(i) == 'a' || t.size() > 0))"),
    HostileAttack(
        name: "zones in a loop",
        source:
            "lists.range(99999).map(i, timestamp(1700000000 + i * 86400).getHours('America/New_York'))"
    ),
    HostileAttack(
        name: "moments in a loop",
        source: "lists.range(99999).all(i, string(timestamp(1700000000 + i)).size() > 0)"),
    HostileAttack(
        name: "doubles in a loop",
        source: "lists.range(99999).all(i, string(double(i) * 1.7e-300).size() > 0)"),
    HostileAttack(
        name: "formats in a loop",
        source: "lists.range(99999).all(i, '%s %d %f %e %x'.format([i, i, 1.5, 1.5, i]) != '')"),
    HostileAttack(
        name: "sorted texts",
        source:
            "lists.range(9999).map(i, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' + string(i)).sort()"
    ),
    HostileAttack(
        name: "bound texts in a loop",
        source:
            "lists.range(99999).map(i, cel.bind(a, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' + string(i), a + a))"
    ),
    HostileAttack(
        name: "lists grown in a loop",
        source: "cel.bind(a, lists.range(1000), lists.range(9999).map(i, a + [i]))"),
    HostileAttack(
        name: "compared lists in a loop",
        source:
            "cel.bind(a, lists.range(1000), cel.bind(b, lists.range(1000), lists.range(9999).all(i, a == b)))"
    ),
    HostileAttack(name: "wide digits", source: "'%.999999999f'.format([1.0])"),
    HostileAttack(
        name: "many digits", source: "lists.range(500).map(i, '%.1000f'.format([5e-324]))"),
    HostileAttack(
        name: "a heavy pattern",
        source: "lists.range(999).map(i, 'a'.matches('(a{500}){2}' + string(i)))"),
    HostileAttack(
        name: "heavy matching",
        source: "lists.range(9999).all(i, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.matches('(a|a)*b$'))"),
    HostileAttack(
        name: "many matches",
        source: "regex.replace(lists.range(9999).map(i, 'a').join(), '', 'bbbbbbbbbbbb')"),
    HostileAttack(
        name: "found everywhere", source: "lists.range(9999).map(i, 'a').join().findAll('')"),
    HostileAttack(
        name: "sorted twice",
        source: nested(40, { t, _ in "\(t).sortBy(v, -v)" }, "lists.range(100)")),
    HostileAttack(
        name: "flattened",
        source: nested(20, { t, _ in "[\(t), \(t.count < 4_000 ? t : "1")]" }, "1") + ".flatten(99)"
    ),
    HostileAttack(
        name: "sets", source: "sets.contains(lists.range(3000), lists.range(3000).reverse())"),
    HostileAttack(name: "distinct lists", source: "lists.range(3000).map(i, [i]).distinct()"),
    HostileAttack(
        name: "indexes in texts",
        source:
            "lists.range(20000).map(i, 'a').join().indexOf(lists.range(9999).map(i, 'a').join() + 'b')"
    ),
    HostileAttack(
        name: "parts in texts",
        source:
            "lists.range(20000).map(i, 'a').join().contains(lists.range(9999).map(i, 'a').join() + 'b')"
    ),
    HostileAttack(
        name: "split parts",
        source:
            "lists.range(20000).map(i, 'a').join().split(lists.range(9999).map(i, 'a').join() + 'b')"
    ),
    HostileAttack(
        name: "yaml",
        source:
            "yaml.parse('a: &a [1,1]\\nb: &b [*a,*a,*a,*a,*a,*a]\\nc: &c [*b,*b,*b,*b,*b,*b]\\nd: [*c,*c,*c,*c,*c,*c]')"
    ),
    HostileAttack(name: "a quantity", source: "quantity('1e999999').add(quantity('1e-999999'))"),
    HostileAttack(
        name: "shifts",
        source: "math.bitShiftLeft(1, 9223372036854775807) + math.abs(-9223372036854775807 - 1)"),
    HostileAttack(
        name: "the smallest int",
        source: "(-9223372036854775807 - 1) / -1 + (-9223372036854775807 - 1) % -1"),
    HostileAttack(
        name: "times",
        source:
            "timestamp('0001-01-01T00:00:00Z') - duration('-2562047h') - timestamp(253402300799)"),
]

private let celCompilation: [HostileAttack] = [
    HostileAttack(
        name: "logic in logic", source: nested(45, { t, _ in "((\(t)) && true) || false" }, "true")),
    HostileAttack(
        name: "conditions of conditions",
        source: nested(90, { t, _ in "((\(t)) ? true : false)" }, "true")),
    HostileAttack(
        name: "a long dotted name", source: "net" + repeated(".a", 9_000)),
    HostileAttack(
        name: "long dotted names",
        source: "[" + repeated("net" + repeated(".a", 300) + ",", 30) + "1]"),
    HostileAttack(
        name: "long dotted functions",
        source: "[" + repeated("net" + repeated(".a", 300) + "(),", 30) + "1]"),
    HostileAttack(
        name: "open types", source: "[" + repeated("[]==[],", 2_000) + "true]"),
    HostileAttack(
        name: "joined open types", source: "[" + repeated("[[]],[],", 1_200) + "[]]"),
    HostileAttack(
        name: "chained open types", source: "[]" + repeated("+[]", 4_500)),
    HostileAttack(
        name: "optionals of open types",
        source: "[" + repeated("optional.none().or(optional.none()),", 1_500) + "1]"),
    HostileAttack(
        name: "types inside types",
        source: nested(90, { t, _ in "optional.of([\(t)])" }, "[]") + " == dyn(1)"),
    HostileAttack(
        name: "unknown functions",
        source: "[" + (0..<2_000).map { "startWith\($0 % 10)(\($0))" }.joined(separator: ",") + "]"),
    HostileAttack(
        name: "unknown names",
        source: "[" + (0..<3_000).map { "variabel\($0)" }.joined(separator: ",") + "]"),
    HostileAttack(name: "a giant name", source: repeated("a", 99_000) + "(1)"),
    HostileAttack(name: "a giant text", source: "'" + repeated("\\u00e9", 16_000) + "'"),
    HostileAttack(name: "giant bytes", source: "b'" + repeated("\\xff", 24_000) + "' == b''"),
    HostileAttack(name: "a giant number", source: repeated("9", 99_000)),
    HostileAttack(name: "a giant double", source: repeated("9", 99_000) + ".5e-99000"),
    HostileAttack(
        name: "a giant pattern", source: "'a'.matches('" + repeated("(a|b)", 3_000) + "')"),
    HostileAttack(
        name: "many patterns",
        source: "["
            + (0..<1_500).map { "s.matches('a{1,\($0 % 900)}b\($0)')" }.joined(separator: ",")
            + "]"),
    HostileAttack(
        name: "heavy patterns",
        source: "["
            + (0..<1_000).map { "s.matches('((a{30}){30}){\($0 % 9)}\($0)')" }.joined(
                separator: ",")
            + "]"),
    HostileAttack(
        name: "a heavy class",
        source: "[" + repeated("s.matches('(\\\\pL|\\\\pN|\\\\pS){100}'),", 500) + "true]"),
    HostileAttack(
        name: "many constants",
        source: "[" + repeated("quantity('1.5e-300'),", 4_000) + "quantity('1')]"),
    HostileAttack(
        name: "many times",
        source: "[" + repeated("timestamp('2025-11-25T12:00:00.123456789+01:00'),", 1_700) + "1]"),
    HostileAttack(
        name: "a large map",
        source: "{" + (0..<4_900).map { "'key\($0)': \($0)" }.joined(separator: ",") + "}"),
    HostileAttack(
        name: "many slots",
        source: "cel.block([" + repeated("1,", 2_400) + "1], ["
            + (0..<2_400).map { "cel.index(\($0))" }.joined(separator: ",") + "])"),
    HostileAttack(
        name: "macros in macros",
        source: nested(48, { t, n in "[1].map(v\(n), [2].exists(w\(n), \(t)))" }, "true")),
    HostileAttack(
        name: "wide macros",
        source: "[" + repeated("l.map(a,l.map(b,l.map(c,a+b+c))),", 500) + "1]"),
    HostileAttack(name: "comments", source: repeated("//\n", 33_000) + "1"),
    HostileAttack(name: "blanks", source: repeated(" ", 99_000) + "1"),
    HostileAttack(name: "a giant message", source: "a{" + repeated("b:1,", 9_000) + "}"),
]

/// Each function on each kind of text, as often as its price allows.
func celFunctionAttacks(_ environment: CELEnvironment) -> [HostileAttack] {
    environment.declaredFunctions.filter { $0.name.first?.isLetter == true }.flatMap { function in
        telltaleTexts.map { text in
            let values = function.parameters.map { value(of: $0) }
            let call =
                function.isMethod
                ? "\(values[0]).\(function.name)(\(values.dropFirst().joined(separator: ", ")))"
                : "\(function.name)(\(values.joined(separator: ", ")))"
            return HostileAttack(
                name:
                    "\(function.name)(\(function.parameters.map(\.description).joined(separator: ", "))) on \(text.prefix(20))",
                source: "cel.bind(t, '\(text)', lists.range(100000).exists(i, [\(call)] == []))")
        }
    }
}

/// A value of a type that is not the same in every evaluation, as far as the planner knows.
private func value(of type: CELType) -> String {
    switch type {
    case .int: "(i % 5)"
    case .uint: "uint(i)"
    case .double: "(double(i) * 1.7e-300)"
    case .bool: "(i > 0)"
    case .bytes: "bytes(t)"
    case .timestamp: "timestamp(1700000000 + i)"
    case .duration: "duration(i)"
    case .list(.string): "[t, t]"
    case .list(.list): "[[t], [t]]"
    case .list(let item) where item != .dyn && value(of: item) != "t": "[\(value(of: item))]"
    case .list: "[t, t]"
    case .map: "{t: t}"
    case .optional: "optional.of(t)"
    case .opaque("kubernetes.Quantity", _): "quantity(t)"
    case .opaque("kubernetes.Semver", _): "semver(t)"
    case .opaque("net.IP", _): "cidr(t).ip()"
    case .opaque("net.CIDR", _): "cidr(t)"
    case .opaque("kubernetes.URL", _): "url(t)"
    case .opaque("kyverno.Image", _): "image(t)"
    default: "t"
    }
}
