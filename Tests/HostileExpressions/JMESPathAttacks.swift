// SPDX-License-Identifier: Apache-2.0
// JMESPath expressions built by hand to take stack, memory or time.

internal import JMESPath

extension HostileAttack {
    /// All of them, for both dialects: a function the standard does not have is refused there.
    package static let jmespath =
        jmespathShapes + jmespathDepths + jmespathGrowth + jmespathWork + jmespathTexts
}

/// A literal list of so many zeros.
private func zeros(_ count: Int) -> String { "`[" + repeated("0,", count - 1) + "0]`" }

/// A long text, out of a short expression.
private func text(_ part: String, _ count: Int) -> String {
    "join('', \(zeros(count))[*].to_string('\(part)'))"
}

private let jmespathShapes: [HostileAttack] = [
    HostileAttack(name: "a long path", source: repeated("a.", 30_000) + "a"),
    HostileAttack(name: "a long or", source: "b" + repeated("||b", 20_000)),
    HostileAttack(name: "a long and", source: "a" + repeated("&&a", 20_000)),
    HostileAttack(name: "a long pipe", source: "a" + repeated("|@", 30_000)),
    HostileAttack(name: "long indexes", source: "@" + repeated("[0]", 20_000)),
    HostileAttack(name: "long paths in a list", source: "[" + repeated("a.b.c,", 10_000) + "a]"),
    HostileAttack(name: "a wide list", source: "[" + repeated("@,", 30_000) + "@]"),
    HostileAttack(
        name: "a wide hash",
        source: "{" + (0..<6_000).map { "k\($0):@" }.joined(separator: ",") + "}"),
    HostileAttack(name: "wide lists in pipes", source: "@" + repeated("|[@,@,@,@]", 6_000)),
    HostileAttack(name: "a giant literal", source: zeros(32_000)),
    HostileAttack(
        name: "a deep literal", source: "`" + repeated("[", 60) + repeated("]", 60) + "`"),
    HostileAttack(name: "a deeper literal", source: "`" + repeated("[", 30_000)),
    HostileAttack(name: "a giant text", source: "'" + repeated("\\'", 30_000) + "'"),
    HostileAttack(name: "a giant name", source: repeated("a", 65_000)),
    HostileAttack(name: "a giant function", source: repeated("a", 65_000) + "(@)"),
    HostileAttack(name: "a giant number", source: "[" + repeated("9", 65_000) + "]"),
    HostileAttack(name: "a giant quoted name", source: "\"" + repeated("\\u00e9", 10_000) + "\""),
    HostileAttack(name: "unknown functions", source: "[" + repeated("lenght(@),", 6_000) + "@]"),
    HostileAttack(name: "blanks", source: repeated(" ", 65_000) + "@"),
    HostileAttack(name: "calls", source: "[" + repeated("abs(`1`),", 7_000) + "@]"),
    HostileAttack(name: "missing keys", source: "[" + repeated("b||", 20_000) + "b]"),
]

private let jmespathDepths: [HostileAttack] = [
    HostileAttack(name: "stars", source: repeated("[*]", 300)),
    HostileAttack(name: "stars that fit", source: "@" + repeated("[*]", 115)),
    HostileAttack(name: "names and stars", source: repeated("a[*].", 115) + "a"),
    HostileAttack(name: "object stars", source: "@" + repeated(".*", 115)),
    HostileAttack(name: "parentheses", source: repeated("(", 5_000)),
    HostileAttack(name: "closed parentheses", source: nested(115, { t, _ in "(\(t))" }, "a")),
    HostileAttack(name: "brackets", source: repeated("[", 5_000)),
    HostileAttack(name: "closed brackets", source: nested(115, { t, _ in "[\(t)]" }, "@")),
    HostileAttack(name: "braces", source: repeated("{a:", 5_000)),
    HostileAttack(name: "closed braces", source: nested(115, { t, _ in "{a: \(t)}" }, "@")),
    HostileAttack(
        name: "paths of braces", source: nested(115, { t, _ in "a.{a: \(t)}" }, "@") + " == a"),
    HostileAttack(name: "not", source: repeated("!", 60_000) + "@"),
    HostileAttack(name: "not that fits", source: repeated("!", 115) + "@"),
    HostileAttack(name: "filters", source: nested(115, { t, _ in "[?\(t)]" }, "@")),
    HostileAttack(name: "filters of a list", source: nested(115, { t, _ in "list[?\(t)]" }, "x")),
    HostileAttack(name: "flattened", source: "@" + repeated("[]", 110)),
    HostileAttack(name: "calls", source: nested(115, { t, _ in "abs(\(t))" }, "`1`")),
    HostileAttack(
        name: "references", source: nested(57, { t, _ in "sort_by(list, &\(t))" }, "x")),
    HostileAttack(name: "maps", source: nested(57, { t, _ in "map(&\(t), list)" }, "x")),
    HostileAttack(name: "comparisons", source: "a" + repeated(" == a", 5_000)),
    HostileAttack(name: "comparisons that fit", source: "a" + repeated(" == a", 115)),
    HostileAttack(
        name: "mixed operators",
        source: nested(38, { t, _ in "a || b && (c == \(t))" }, "d")),
    HostileAttack(name: "values in pipes", source: "@" + repeated("|[@]", 15_000)),
    HostileAttack(name: "values in paths", source: "@" + repeated("|@.[@]", 110) + " == @"),
    HostileAttack(name: "deep values compared", source: "@" + repeated("|[@]", 118) + "|@ == [@]"),
    HostileAttack(
        name: "deep values written", source: "@" + repeated("|{a:@}", 118) + "|to_string(@)"),
    HostileAttack(
        name: "deeper and deeper values",
        source: nested(50, { t, _ in "@\(repeated("|[@]", 100))|length([\(t)])" }, "@")),
    HostileAttack(
        name: "the deepest value compared",
        source: "`" + repeated("[", 60) + repeated("]", 60) + "`" + repeated("|{a:@}", 117)
            + "|[@ == {a:a}, to_string(@), contains([@], {a:a})]"),
    HostileAttack(name: "lists of lists", source: "@" + repeated("|to_array([@])", 100)),
]

private let jmespathGrowth: [HostileAttack] = [
    HostileAttack(
        name: "doubled lists", source: "`[1]`" + repeated("|[@,@]", 100) + "|to_string(@)"),
    HostileAttack(
        name: "doubled lists compared",
        source: "`[1]`" + repeated("|[@,@]", 100) + "|[@ == @, [@][0] == @]"),
    HostileAttack(
        name: "doubled lists flattened",
        source: "`[1]`" + repeated("|[@,@]", 40) + repeated("|@[]", 40)),
    HostileAttack(
        name: "doubled lists as the answer", source: "`[1]`" + repeated("|[@,@]", 60)),
    HostileAttack(
        name: "doubled hashes", source: "`1`" + repeated("|{a:@,b:@}", 60) + "|to_string(@)"),
    HostileAttack(
        name: "products",
        source: "`[0]`" + repeated("|[@,@,@,@,@,@,@,@,@,@]", 6) + "|[*][*][*][*][*][*].abs(@)"),
    HostileAttack(
        name: "joined", source: "'aaaaaaaa'" + repeated("|join(@,[@,@,@,@,@,@])", 30)),
    HostileAttack(
        name: "replaced",
        source: nested(12, { t, _ in "replace_all(\(t), 'a', '\(repeated("a", 64))')" }, "'a'")),
    HostileAttack(
        name: "replaced empty",
        source: nested(12, { t, _ in "replace_all(\(t), '', 'aaaa')" }, "'a'")),
    HostileAttack(
        name: "replaced by pattern",
        source: nested(12, { t, _ in "regex_replace_all('(a)', \(t), '$1$1$1$1$1$1')" }, "'a'")),
    HostileAttack(
        name: "encoded", source: nested(100, { t, _ in "base64_encode(\(t))" }, text("a", 5_000))),
    HostileAttack(
        name: "written again", source: nested(100, { t, _ in "to_string([\(t)])" }, "'\"'")),
    HostileAttack(name: "merged", source: "merge(" + repeated("@,", 20_000) + "@)"),
    HostileAttack(
        name: "large texts written",
        source: text("aaaaaaaaaaaaaaaa", 8_000)
            + "|[@,@,@,@,@,@,@,@]|[@,@,@,@,@,@,@,@]|to_string(@)"),
    HostileAttack(
        name: "large texts in names",
        source: text("aaaaaaaaaaaaaaaa", 8_000) + "|[@,@,@,@,@,@,@,@]|object_from_lists(@, @)"),
    HostileAttack(
        name: "large texts split", source: text("a,", 9_000) + "|[split(@, ','), split(@, '')]"),
    HostileAttack(
        name: "items",
        source: zeros(9_000) + "|items(@, 'k', 'v')|items(@, 'k', 'v')|items(@, 'k', 'v')"),
    HostileAttack(
        name: "YAML laughs",
        source:
            "parse_yaml('a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f]')"
    ),
    HostileAttack(name: "wide YAML", source: "parse_yaml('[" + repeated("a,", 25_000) + "]')"),
    HostileAttack(
        name: "lines of YAML",
        source: "parse_yaml('" + (0..<6_000).map { "a\($0): b" }.joined(separator: "\n") + "')"),
    HostileAttack(name: "deep YAML", source: "parse_yaml('" + repeated("[", 30_000) + "')"),
    HostileAttack(name: "wide JSON", source: "parse_json('[" + repeated("1,", 25_000) + "1]')"),
    HostileAttack(
        name: "JSON in JSON",
        source: nested(40, { t, _ in "parse_json(to_string(\(t)))" }, zeros(9_000))),
    HostileAttack(name: "random text", source: "random('(([a-z]{1000}){1000}){1000}')"),
    HostileAttack(name: "random nothing", source: "random('((((a?){1000})?){1000})?')"),
    HostileAttack(name: "many random texts", source: zeros(9_000) + "[*].random('[a-z]{1000}')"),
]

private let jmespathWork: [HostileAttack] = [
    HostileAttack(
        name: "costly keys", source: "sort_by(\(zeros(20_000)), &to_number(to_string(@)))"),
    HostileAttack(
        name: "costly keys in costly keys",
        source: zeros(300) + "|sort_by([@,@,@,@,@,@,@,@], &sum(sort_by(@, &abs(@))))"),
    HostileAttack(name: "extremes", source: "max_by(\(zeros(20_000)), &to_string(@))"),
    HostileAttack(
        name: "sorted texts",
        source: "sort(\(zeros(9_000))[*].join('', ['aaaaaaaaaaaaaaaaaaaaaaaaaaaa', to_string(@)]))"),
    HostileAttack(name: "sums", source: "[" + repeated("sum(@[]),", 6_000) + "@]"),
    HostileAttack(
        name: "many sums", source: zeros(9_000) + "|[" + repeated("sum(@),", 2_000) + "`1`]"),
    HostileAttack(
        name: "many lengths", source: text("a", 9_000) + "|[" + repeated("length(@),", 2_000) + "@]"
    ),
    HostileAttack(
        name: "many comparisons", source: text("a", 9_000) + "|[" + repeated("@==@,", 4_000) + "@]"),
    HostileAttack(
        name: "many beginnings",
        source: text("a", 9_000) + "|[" + repeated("starts_with(@,@),", 2_000) + "@]"),
    HostileAttack(
        name: "many reversals",
        source: text("a", 9_000) + "|[" + repeated("reverse(@),", 2_000) + "@]"),
    HostileAttack(
        name: "many upper cases",
        source: text("\u{E4}", 9_000) + "|[" + repeated("to_upper(@),", 2_000) + "@]"),
    HostileAttack(
        name: "many trims", source: text("a", 9_000) + "|[" + repeated("trim(@,@),", 2_000) + "@]"),
    HostileAttack(
        name: "many slices", source: zeros(9_000) + "|[" + repeated("@[::-1],", 2_000) + "@]"),
    HostileAttack(
        name: "many projections",
        source: zeros(9_000) + "|[" + repeated("[*].abs(@),", 2_000) + "@]"),
    HostileAttack(
        name: "many filters", source: zeros(9_000) + "|[" + repeated("[?@],", 2_000) + "@]"),
    HostileAttack(
        name: "many failing filters",
        source: zeros(9_000) + "|[" + repeated("[?@.a.b == @],", 2_000) + "@]"),
    HostileAttack(
        name: "missing keys in a loop",
        source: "map(&parse_json('{}'), \(zeros(9_000)))|[" + repeated("[?a],", 2_000) + "@]"),
    HostileAttack(
        name: "contained", source: zeros(9_000) + "|[" + repeated("contains(@,`1`),", 2_000) + "@]"),
    HostileAttack(
        name: "a sparse search",
        source: "[\(text("a", 8_000)), join('', [\(text("a", 2_000)), 'b'])]|["
            + repeated("contains([0],[1]),", 500) + "@]"),
    HostileAttack(
        name: "sparse splits",
        source: "[\(text("a", 8_000)), join('', [\(text("a", 2_000)), 'b'])]|["
            + repeated("split([0],[1]),", 500) + "@]"),
    HostileAttack(
        name: "split by single letters",
        source: text("aa", 9_000) + "|[" + repeated("split(@,'a'),", 500) + "@]"),
    HostileAttack(
        name: "wide numbers",
        source: zeros(9_000) + "[*].to_number('" + repeated("9", 300) + "e99')"),
    HostileAttack(
        name: "large objects",
        source: "object_from_lists(\(zeros(9_000))|items(@,'k','v')[*].to_string(k), `[]`)|["
            + repeated("keys(@),", 500) + "@]"),
    HostileAttack(
        name: "merged objects",
        source: "object_from_lists(\(zeros(9_000))|items(@,'k','v')[*].to_string(k), `[]`)|["
            + repeated("merge(@,@),", 500) + "@]"),
    HostileAttack(
        name: "compared objects",
        source: "object_from_lists(\(zeros(9_000))|items(@,'k','v')[*].to_string(k), `[]`)|["
            + repeated("@==@,", 500) + "@]"),
]

private let jmespathTexts: [HostileAttack] = [
    HostileAttack(
        name: "a heavy pattern", source: zeros(9_000) + "[*].regex_match('((a{30}){30}){2}', 'a')"),
    HostileAttack(name: "one heavy pattern", source: "regex_match('((a{100}){100}){100}', 'a')"),
    HostileAttack(
        name: "many heavy patterns",
        source: "["
            + (0..<900).map { "regex_match('((a{30}){30}){\($0 % 9)}\($0)','a')" }.joined(
                separator: ",") + "]"),
    HostileAttack(
        name: "a heavy class",
        source: "[" + repeated("regex_match('(\\pL|\\pN|\\pS){100}','a'),", 900) + "@]"),
    HostileAttack(
        name: "heavy matching",
        source: text("a", 9_000) + "|[" + repeated("regex_match('(a|a)*b$',@),", 900) + "@]"),
    HostileAttack(
        name: "heavy matching with groups",
        source: text("a", 9_000) + "|[" + repeated("regex_replace_all('(a|a)*(b?)$',@,'$1'),", 500)
            + "@]"),
    HostileAttack(
        name: "many matches",
        source: text("a", 9_000) + "|[" + repeated("regex_replace_all('','aaaa',@),", 500) + "@]"),
    HostileAttack(
        name: "a match at every place",
        source: "regex_replace_all('a.*b|a', \(text("a", 9_000)), 'x')"),
    HostileAttack(
        name: "a nested match at every place",
        source: "regex_replace_all('(((a*)*)*)*b|a', \(text("a", 9_000)), 'x')"),
    HostileAttack(
        name: "wildcards",
        source: "pattern_match('" + repeated("*a", 500) + "b', \(text("a", 9_000)))"),
    HostileAttack(
        name: "many wildcards",
        source: text("a", 900) + "|[" + repeated("pattern_match('*a*a*a*a*a*b',@),", 900) + "@]"),
    HostileAttack(
        name: "hashes",
        source: text("a", 9_000) + "|[" + repeated("sha256(@),sha1(@),md5(@),", 900) + "@]"),
    HostileAttack(
        name: "certificates",
        source: zeros(9_000)
            + "[*].x509_decode('-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----')"),
    HostileAttack(
        name: "large certificates",
        source: "["
            + repeated("x509_decode('" + repeated("-----BEGIN CERTIFICATE-----\n", 20) + "'),", 90)
            + "@]"),
    HostileAttack(
        name: "layouts",
        source: "time_parse('" + repeated("2006-01-02 Jan Monday MST .000 ", 900) + "', '"
            + repeated("2006-01-02 Jan Monday MST .000 ", 900) + "')"),
    HostileAttack(
        name: "layouts in a loop",
        source: zeros(20_000)
            + "[*].time_parse('Monday, 02-Jan-06 15:04:05 MST', 'Tuesday, 25-Nov-25 12:00:00 UTC')"),
    HostileAttack(
        name: "ranges",
        source: zeros(20_000) + "[*].semver_compare('1.2.3', '!=1.x !=2.x !=3.x !=4.x !=5.x !=6.x')"
    ),
    HostileAttack(
        name: "a long version",
        source: "semver_compare('1.2.3-" + repeated("a.", 20_000) + "a', '>1.0.0')"),
    HostileAttack(
        name: "alternatives",
        source: zeros(9_000) + "[*].semver_compare('1.2.3', '" + repeated("1.2.x||", 130) + "1.x')"),
    HostileAttack(
        name: "quantities", source: zeros(20_000) + "[*].add('1e30', '1e-30')"),
    HostileAttack(
        name: "large quantities",
        source: "multiply('99999999999999999999999999999999999999', `99999999999999999999`)"),
    HostileAttack(name: "long quantities", source: "add('" + repeated("9", 60_000) + "', '1')"),
    HostileAttack(name: "durations", source: "add('" + repeated("1h", 30_000) + "', '1h')"),
    HostileAttack(
        name: "images", source: zeros(20_000) + "[*].image_normalize('ghcr.io/a/b/c/d/e:latest')"),
    HostileAttack(
        name: "long images",
        source: "[" + repeated("image_normalize('" + repeated("a/", 200) + "a'),", 140) + "@]"),
    HostileAttack(
        name: "long labels",
        source: "label_match(`{\"a\": \"b\"}`, `{"
            + (0..<5_000).map { "\"k\($0)\": 1" }.joined(separator: ",") + "}`)"),
    HostileAttack(
        name: "a long path text", source: "path_canonicalize('" + repeated("a/../", 12_000) + "')"),
    HostileAttack(
        name: "rounds", source: zeros(20_000) + "[*].round(`1.7e-300`, `17`)"),
    HostileAttack(
        name: "texts that look the same",
        source: text("e\u{301}", 4_000) + "|[" + repeated("equal_fold(@,@),", 900) + "@]"),
]

/// Each function on each kind of text, as often as its price allows.
func jmespathFunctionAttacks(_ dialect: JMESPathDialect) -> [HostileAttack] {
    JMESPathFunction.all(in: dialect).flatMap { function in
        telltaleTexts.map { text in
            let parameters = function.signature.split(separator: "(", maxSplits: 1)[1]
                .split(separator: ")")[0].split(separator: ", ")
            let values = parameters.filter { $0 != "…" && !$0.hasPrefix(" ->") }.map { kinds in
                kinds.contains("expression") ? "&@" : value(of: kinds, text)
            }
            let call = "\(function.name)(\(values.joined(separator: ", ")))"
            return HostileAttack(
                name: "\(function.name) on \(text.prefix(20))",
                source: "\(zeros(30_000))[?\(call) == `[]`]")
        }
    }
}

private func value(of kinds: Substring, _ text: String) -> String {
    let kinds = kinds.split(separator: "|")
    if kinds.contains("string") || kinds.contains("any") { return "'\(text)'" }
    if kinds.contains("number") { return "`1`" }
    if kinds.contains("object") { return "`{\"\(text.replacing("\"", with: "\\\""))\": 1}`" }
    if kinds.contains("boolean") { return "`true`" }
    return kinds.contains("array[number]") ? "`[1.5, 2]`" : "['\(text)', '\(text)']"
}
