// SPDX-License-Identifier: Apache-2.0
// Answers that were once others than those of the engines that policies are written for.

import CEL
import KyvernoFunctions
import Primitives
import Testing

@Suite("answers as the other engines give them")
struct CELAnswerTests {
    @Test(
        "it holds in the specification's language",
        arguments: [
            // A comma may close a list, and then nothing needs to stand before it.
            "[,] == []", "{,} == {}", "[1,] == [1]",
            // Decimals of a unit are rounded in doubles, as Go does.
            "duration('0.33333333333333333333h') == duration('20m')",
            "int(duration('1.5s')) == 1500000000", "double('0x1.8p1') == 3.0",
            "1.0 / math.sign(-0.0) == 1.0 / 0.0",
            // The place after the last one is in range, and nothing is found there.
            "'abc'.indexOf('c', 3) == -1", "'abc'.lastIndexOf('a', 3) == -1",
            "'abc'.indexOf('', 3) == 3", "''.indexOf('a', 0) == -1",
            // A group that holds nothing is no match.
            "regex.extractAll('k=, k=v, k=', 'k=([a-z]*)') == ['v']",
            "regex.extract('k=', 'k=([a-z]*)') == optional.none()",
            "regex.extract('k=', 'k=[a-z]*') == optional.of('k=')",
            "regex.extractAll('ab', 'x*') == ['', '', '']",
            "'%s'.format([1e10]) == '10000000000' && string(1e10) == '1e+10'",
        ])
    func conformance(source: String) throws { try expectTrue(source, .conformance) }

    @Test(
        "it holds in Kubernetes",
        arguments: [
            // Only what Kubernetes has at hand as an integer is one.
            "quantity('50k').asInteger() == 50000", "quantity('1Ti').isInteger()",
            "!quantity('1Pi').isInteger()", "!quantity('1.0').isInteger()",
            "!quantity('0.5Gi').isInteger()", "quantity('5.').isInteger()",
            "!quantity('1234567890123456789').isInteger()",
            "quantity('50k').add(20).sub(quantity('100k')).asInteger() == -49980",
            "!quantity('1.5').add(quantity('0.5')).isInteger()",
            "!quantity('9E').add(quantity('9E')).isInteger()",
            // Only binary suffixes have a largest amount.
            "quantity('100E').isGreaterThan(quantity('99E'))",
            "quantity('100Ei') == quantity('99Ei')",
            "quantity('7m').asApproximateFloat() == 0.007",
            "quantity('-0.1n') == quantity('-1n')",
            "quantity('9e28').compareTo(quantity('1')) == 1", "isQuantity('1.7e29')",
            // A Kelvin sign is no K.
            "!isQuantity('1\u{212A}i')",
            "format.dns1123LabelPrefix().validate('--') == optional.none()",
            "format.byte().validate('a').value() == ['invalid base64']",
            "format.qualifiedName().validate('/a').value() == ['prefix part must be non-empty']",
            "format.dns1035Label().validate('1').value()[0].contains('[a-z]([-a-z0-9]*[a-z0-9])?')",
            "format.qualifiedName().validate('A_/b').value()[0].startsWith('prefix part a lowercase')",
        ])
    func kubernetes(source: String) throws { try expectTrue(source, .kubernetes) }

    @Test(
        "an amount of quantity that is too large is an error, and no other amount",
        arguments: [
            "quantity('9e40')", "quantity('-9e40')", "quantity('1.8e29') == quantity('1.7e29')",
            "quantity('1e29').add(quantity('1e29')) == quantity('1.7e29')",
            "quantity('-1e29').sub(quantity('1e29')) == quantity('0')",
            "semver('9223372036854775808.0.0').major() == 9223372036854775807",
        ])
    func tooLargeQuantities(source: String) throws {
        let problem = try #require(throws: CELProblem.self) {
            try expectTrue(source, .kubernetes)
        }
        #expect(problem.kind == .outOfRange, "\(problem)")
    }

    @Test(
        "it holds in Kyverno",
        arguments: [
            #"json.marshal({'b': 1, 'a': [2.0, 1e21, 1e-7, -0.5]}) == '{"a":[2,1e+21,1e-7,-0.5],"b":1}'"#,
            #"json.marshal('<a>&"\\\n\u2028\u0001é') == '"\\u003ca\\u003e\\u0026\\"\\\\\\n\\u2028\\u0001é"'"#,
            "json.marshal(b'foo') == '\"Zm9v\"'", "json.marshal(null) == 'null'",
            "json.marshal({}) == '{}' && json.marshal([]) == '[]'",
            "json.marshal(18446744073709551615u) == '18446744073709551615'",
            "image('a/b:1@sha256:\(digest)').identifier() == 'sha256:\(digest)'",
            "image('a/b:1@sha256:\(digest)').tag() == ''",
            "image('a/b:1@sha256:\(digest)') == image('a/b@sha256:\(digest)')",
        ])
    func kyverno(source: String) throws { try expectTrue(source, .kyverno) }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let source: String
        let kind: CELProblem.Kind
        let words: String

        init(_ source: String, _ kind: CELProblem.Kind, _ words: String) {
            (self.source, self.kind, self.words) = (source, kind, words)
        }

        var testDescription: String { source }
    }

    @Test(
        "it is refused, and the message says what the other engines say",
        arguments: [
            Refusal("dyn", .undeclaredReference, "undeclared reference to 'dyn'"),
            Refusal("[1].a", .noSuchOverload, "type 'list' does not support field selection"),
            Refusal("5.a", .noSuchOverload, "no such key: 'a'"),
            Refusal("'a' + 1", .noSuchOverload, "no such overload: string + int"),
            Refusal("1 < 'a'", .noSuchOverload, "no such overload: int < string"),
            Refusal("1 in 2", .noSuchOverload, "no such overload: int in int"),
            Refusal("-'a'", .noSuchOverload, "no such overload: -string"),
            Refusal("true && 1", .noSuchOverload, "expected a bool, found int"),
            Refusal("5.all(x, true)", .noSuchOverload, "type int cannot be range"),
            Refusal("[1].all(__result__, true)", .syntax, "overwrites accumulator variable"),
            Refusal("math.bitShiftLeft(1, -1)", .invalidArgument, "negative offset: -1"),
            Refusal("'%a'.format([1])", .invalidArgument, "could not parse formatting clause"),
            Refusal("[1].slice(1, 0)", .invalidArgument, "less than or equal to end index"),
            Refusal("[].min()", .invalidArgument, "min called on empty list"),
            Refusal("ip('fe80::1%en0')", .conversion, "IP Address with zone value is not allowed"),
            Refusal("cidr('::ffff:1.2.3.4/96')", .conversion, "IPv4-mapped IPv6 address"),
            Refusal("quantity('1Mm')", .conversion, "unable to parse quantity's suffix"),
            Refusal("quantity('one')", .conversion, "quantities must match the regular expression"),
            Refusal("quantity('1.0').asInteger()", .outOfRange, "cannot convert value to integer"),
            Refusal("semver('1.2')", .conversion, "No Major.Minor.Patch elements found"),
            Refusal("math.celi(1.5)", .undeclaredReference, "did you mean 'math.ceil'?"),
            Refusal("[1].exist(x, true)", .undeclaredReference, "did you mean 'exists'?"),
            Refusal("cel.bin(x, 1, x)", .undeclaredReference, "did you mean 'cel.bind'?"),
            Refusal("[1].map(x)", .undeclaredReference, "the macro of that name"),
            Refusal("tru", .undeclaredReference, "did you mean 'true'?"),
            Refusal("1 = 1", .syntax, "did you mean '=='?"),
            Refusal("true and true", .syntax, "did you mean '&&'?"),
            Refusal("true | false", .syntax, "did you mean '||'?"),
            Refusal("'a'.length() == 1", .undeclaredReference, "did you mean 'size'?"),
            Refusal("math.least(1, 2, true)", .noSuchOverload, "math.least of bool"),
            Refusal("!-1", .noSuchOverload, "expected a bool, found int"),
            Refusal("0X1", .syntax, "found 'X1'"),
            Refusal("json.marshal({1: 2})", .invalidArgument, "unsupported map key type int"),
            Refusal("json.marshal(0.0 / 0.0)", .invalidArgument, "unsupported value: NaN"),
        ])
    func refused(_ test: Refusal) throws {
        let environment = CELEnvironment.kyverno
        do throws(CELProblem) {
            let outcome = try environment.compileUnchecked(test.source).evaluate(CELBindings())
            Issue.record("\(test.source) is \(outcome)")
        } catch {
            #expect(error.kind == test.kind, "\(error)")
            #expect(error.message.contains(test.words), "\(error.message)")
        }
    }

    @Test("an unknown name is shown where it stands, not where its last field does")
    func placeOfName() {
        #expect {
            try CELEnvironment.conformance.compileUnchecked("1 + gone.a.b").evaluate(CELBindings())
        } throws: { error in (error as? CELProblem)?.column == 5 }
    }

    @Test(
        "a tagged value reads its numbers in both spellings, and optionals",
        arguments: [
            (#"{"int":7}"#, #"{"int":"7"}"#), (#"{"uint":7}"#, #"{"uint":"7"}"#),
            (#"{"double":1.5}"#, #"{"double":"0x1.8000000000000p+0"}"#),
            (#"{"optional":{"int":"1"}}"#, #"{"optional":{"int":"1"}}"#),
            (#"{"optional":null}"#, #"{"optional":null}"#),
        ])
    func tagged(text: String, written: String) throws {
        let value = try CELValue(tagged: try JSONValue(parsing: Array(text.utf8), named: "value"))
        #expect(try value.tagged().compactText == written)
    }

    private func expectTrue(_ source: String, _ environment: CELEnvironment) throws {
        let outcome = try environment.compileUnchecked(source).evaluate(CELBindings())
        guard case .value(true) = outcome else {
            Issue.record("\(source): \(outcome)")
            return
        }
    }
}

private let digest = String(repeating: "a1", count: 32)
