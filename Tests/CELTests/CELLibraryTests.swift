// SPDX-License-Identifier: Apache-2.0
// The functions that the conformance suite has no cases for, by what their documentation says.

import CEL
import KyvernoFunctions
import Testing

@Suite("libraries")
struct CELLibraryTests {
    @Test("it holds", arguments: lists + sets + regexes + strings)
    func extensions(source: String) throws { try expectTrue(source, .conformance) }

    @Test(
        "it holds in Kubernetes",
        arguments: kubernetesLists + quantities + versions + urls + networks + formats)
    func kubernetes(source: String) throws { try expectTrue(source, .kubernetes) }

    @Test(
        "it is an error",
        arguments: [
            "[1, 'b'].sort() == []", "[[1]].sort() == []", "[1].slice(-1, 0) == []",
            "[1, 2].slice(1, 3) == []", "[1].flatten(-1) == []", "lists.range(-1) == []",
            "[].min() == 1", "quantity('1.5x') == quantity('1')", "quantity('') == quantity('1')",
            "quantity('1.5').asInteger() == 1",
            "ip('::ffff:1.2.3.4') == ip('1.2.3.4')", "ip('01.2.3.4').family() == 4",
            "ip('fe80::1%eth0').family() == 6", "cidr('10.0.0.0/33').prefixLength() == 1",
            "url('not a url') == url('/a')", "semver('1.2') == semver('1.2.0')",
            "regex.replace('test', '(.)', r'\\2') == ''",
            "regex.extract('ab', '(a)(b)') == optional.none()",
            "image('UPPER/case') == image('a/b')", "image('a@sha256:12').digest() == ''",
            "json.unmarshal('{\"a\":1,\"a\":2}') == 1", "json.unmarshal('{') == 1",
            "yaml.parse('a: [') == 1", "'%d'.format([]) == ''", "'%z'.format([1]) == ''",
            "math.bitShiftLeft(1, -1) == 0", "'abc'.charAt(4) == ''", "'abc'.substring(-1) == ''",
            "listObjToMap([{'a': 'x'}], [], 'a', 'b') == {}",
        ])
    func errors(source: String) throws {
        var environment = CELEnvironment.kyverno
        environment.options = [.crossTypeComparisons]
        #expect(throws: CELProblem.self) {
            try environment.compileUnchecked(source).evaluate(CELBindings())
        }
    }

    private func expectTrue(_ source: String, _ environment: CELEnvironment) throws {
        let outcome = try environment.compile(source).evaluate(CELBindings())
        guard case .value(true) = outcome else {
            Issue.record("\(source): \(outcome)")
            return
        }
    }

    private static let lists = [
        "[1, 2, 2, 3, 3, 3].distinct() == [1, 2, 3]",
        "[1, 1.0, 1u, 'a', 'a'].distinct() == [1, 'a']",
        "[[1], [1], [2]].distinct() == [[1], [2]]", "lists.range(3) == [0, 1, 2]",
        "[5, 3, 1].reverse() == [1, 3, 5]", "[1, 2, 3, 4].slice(1, 3) == [2, 3]",
        "[1, [2, [3, 4]]].flatten() == [1, 2, [3, 4]]",
        "[1, [2, [3, [4]]]].flatten(2) == [1, 2, 3, [4]]",
        "[3, 1, 2].sort() == [1, 2, 3]", "['b', 'a'].sort() == ['a', 'b']", "[].sort() == []",
        "[{'n': 2, 'v': 'a'}, {'n': 1, 'v': 'b'}].sortBy(e, e.n).map(e, e.v) == ['b', 'a']",
        "[3, 2, 1, 6, 5, 4].sortBy(x, x % 3) == [3, 6, 1, 4, 2, 5]",
    ]

    private static let sets = [
        "sets.contains([1, 2, 3], [2, 3])", "sets.contains([1, 2.0, 3u], [1.0, 2u, 3])",
        "!sets.contains([], [1])", "sets.equivalent([1], [1, 1])", "sets.equivalent([], [])",
        "!sets.equivalent([1, 2], [1])", "sets.intersects([[1], [2, 3]], [[1, 2], [2, 3.0]])",
        "!sets.intersects([1], [])",
    ]

    private static let regexes = [
        "regex.replace('hello world hello', 'hello', 'hi') == 'hi world hi'",
        "regex.replace('banana', 'a', 'x', 0) == 'banana'",
        "regex.replace('banana', 'a', 'x', 2) == 'bxnxna'",
        "regex.replace('banana', 'a', 'x', -12) == 'bxnxnx'",
        "regex.replace('foo bar', '(fo)o (ba)r', r'\\2 \\1') == 'ba fo'",
        "regex.extract('hello world', 'hello(.*)') == optional.of(' world')",
        "regex.extract('HELLO', 'hello') == optional.none()",
        "regex.extractAll('id:123, id:456', 'id:\\\\d+') == ['id:123', 'id:456']",
        "regex.extractAll('testuser@', '(?P<username>.*)@') == ['testuser']",
        "regex.extractAll('é', '') == ['', '']",
    ]

    private static let strings = [
        "'abc'.replace('', '-') == '-a-b-c-'", "'é1'.replace('', '-', 2) == '-é-1'",
        "'a,b,c'.split(',', 2) == ['a', 'b,c']", "'éa'.split('') == ['é', 'a']",
        "''.split(',') == ['']", "'%.2e'.format([123456.789]) == '1.23e+05'",
        "'%.3f'.format([0.0005]) == '0.001' && '%.0f'.format([0.4]) == '0'",
        "'%f'.format([1e21]) == '1000000000000000000000.000000'",
        "'%.1f'.format([-0.04]) == '-0.0'",
        "'%e'.format([0.0]) == '0.000000e+00'",
        "string(1e6) == '1e+06' && string(0.00001) == '1e-05'",
        "string(123456.0) == '123456' && string(1.5) == '1.5' && string(-0.0) == '-0'",
        "string(1.0/0.0) == '+Inf' && string(100.0) == '100'",
        "'\\ud83d\\ude00' == '😀'", "'😀'.size() == 1 && 'e\\u0301'.size() == 2",
        "'e\\u0301' != '\\u00e9' && {'e\\u0301': 1, '\\u00e9': 2}['\\u00e9'] == 2",
        "duration('1h30m') == duration('90m') && string(duration('-1.5s')) == '-1.5s'",
        "duration('1us') + duration('1ns') == duration('1.001µs')",
        "timestamp('2024-02-29T12:00:00.5+01:00') == timestamp('2024-02-29T11:00:00.5Z')",
        "timestamp('2024-03-01T00:00:00Z').getDayOfYear() == 60",
    ]

    private static let kubernetesLists = [
        "[1, 2, 3].isSorted()", "!['b', 'a'].isSorted()", "[1, 2].sum() == 3",
        "[1.5, 2.5].sum() == 4.0",
        "[duration('1m'), duration('2m')].sum() == duration('3m')", "[3, 1].min() == 1",
        "['a', 'b'].max() == 'b'", "['a', 'b', 'b'].indexOf('b') == 1",
        "['a', 'b', 'b'].lastIndexOf('b') == 2", "[1].indexOf(2) == -1", "[1, 2].includes(2)",
        "'abc 123'.find('[0-9]+') == '123'", "'abc'.find('[0-9]+') == ''",
        "'123 abc 456'.findAll('[0-9]+') == ['123', '456']", "'1 2 3'.findAll('[0-9]', 1) == ['1']",
        "'1 2 3'.findAll('[0-9]', 0) == []",
    ]

    private static let quantities = [
        "quantity('1Gi').isGreaterThan(quantity('1G'))", "quantity('1.5Gi') == quantity('1536Mi')",
        "quantity('1000m').compareTo(quantity('1')) == 0", "quantity('1e3') == quantity('1k')",
        "quantity('1E') == quantity('1000P') && quantity('1E2') == quantity('100')",
        "quantity('0.1n').compareTo(quantity('1n')) == 0", "quantity('-5').sign() == -1",
        "quantity('50k').add(20) == quantity('50020')",
        "quantity('50k').sub(quantity('50k')).sign() == 0",
        "quantity('50k').asInteger() == 50000", "!quantity('1.5').isInteger()",
        "quantity('50.7k').asApproximateFloat() == 50700.0",
        "isQuantity('1.3Mi') && !isQuantity('1,3Mi')",
        "!isQuantity('Three') && !isQuantity('.') && isQuantity('.5') && isQuantity('5.')",
        "!quantity('9999999999999999999999999999').isInteger()",
        "quantity('0').isLessThan(quantity('1u'))",
    ]

    private static let versions = [
        "semver('1.2.3').major() == 1 && semver('1.2.3').minor() == 2 && semver('1.2.3').patch() == 3",
        "semver('1.2.3').isLessThan(semver('1.10.0'))",
        "semver('1.0.0-rc.1').isLessThan(semver('1.0.0'))",
        "semver('1.0.0-2').isLessThan(semver('1.0.0-10'))",
        "semver('1.0.0-9').isLessThan(semver('1.0.0-a'))",
        "semver('1.0.0+a') == semver('1.0.0+b')", "semver('v1.2', true) == semver('1.2.0')",
        "semver('01.02.3', true) == semver('1.2.3')",
        "!isSemver('v1.0.0') && isSemver('v1.0.0', true)",
        "!isSemver('1.0') && !isSemver('1.0.0-01') && !isSemver('')",
        "semver('1.2.3').compareTo(semver('1.2.4')) == -1",
    ]

    private static let urls = [
        "url('https://a.example:8443/p%20q/x y?k=1&k=2&z').getHost() == 'a.example:8443'",
        "url('https://[::1]:80/').getHostname() == '::1' && url('https://[::1]:80/').getPort() == '80'",
        "url('https://a/x y').getEscapedPath() == '/x%20y'", "url('/only/path').getScheme() == ''",
        "url('https://a/?k=1&k=2&z=a+b%21').getQuery() == {'k': ['1', '2'], 'z': ['a b!']}",
        "url('HTTPS://a').getScheme() == 'https'",
        "isURL('mailto:x@y.z') && !isURL('../a') && !isURL('a.b')",
        "!isURL('https://a:b/') && !isURL('https://a b/') && !isURL(':x') && !isURL('https://a/%zz')",
    ]

    private static let networks = [
        "ip('2001:DB8::0:1') == ip('2001:db8::1') && !ip.isCanonical('2001:DB8::1')",
        "string(ip('1:0:0:2:0:0:0:3')) == '1:0:0:2::3'",
        "string(cidr('10.1.2.3/8').masked()) == '10.0.0.0/8'",
        "cidr('10.0.0.0/8').ip() == ip('10.0.0.0') && cidr('::/0').containsIP('::5')",
        "cidr('0.0.0.0/0').containsCIDR('10.0.0.0/8') && !cidr('10.0.0.0/8').containsCIDR('0.0.0.0/0')",
        "isIP('1.2.3.4') && !isIP('1.2.3') && !isIP('1.2.3.4/8') && isCIDR('::/128') && !isCIDR('::/129')",
        "!isIP('::1::') && !isIP('1:2:3:4:5:6:7:8:9') && isIP('::1.2.3.4') && !isIP('12345::')",
        "ip('224.0.0.1').isLinkLocalMulticast() && ip('10.0.0.1').isGlobalUnicast()",
    ]

    private static let formats = [
        "!format.dns1123Label().validate('my-name').hasValue()",
        "format.dns1123Label().validate('My').hasValue()",
        "format.named('dns1123Label').value().validate('a.b').hasValue()",
        "!format.named('nope').hasValue()",
        "!format.qualifiedName().validate('example.com/name').hasValue()",
        "format.qualifiedName().validate('a/b/c').hasValue()",
        "format.dns1035Label().validate('1a').hasValue()",
        "!format.uuid().validate('123e4567-e89b-12d3-a456-426614174000').hasValue()",
        "!format.date().validate('2021-01-01').hasValue() && format.date().validate('2021-02-30').hasValue()",
        "!format.datetime().validate('2021-01-01T00:00:00Z').hasValue()",
        "!format.labelValue().validate('').hasValue() && format.byte().validate('?').hasValue()",
        "!format.dns1123LabelPrefix().validate('name-').hasValue()",
        "format.dns1123Subdomain().validate('a..b').hasValue()",
        "!format.uri().validate('http://a').hasValue()",
    ]
}
