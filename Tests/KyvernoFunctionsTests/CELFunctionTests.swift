// SPDX-License-Identifier: Apache-2.0
// What Kyverno adds to CEL: images, documents, hashes, times.

import CEL
import KyvernoFunctions
import Testing

@Suite("Kyverno's functions of CEL")
struct CELFunctionTests {
    @Test("it holds in Kyverno", arguments: images + documents)
    func kyverno(source: String) throws { try expectTrue(source, .kyverno) }

    @Test("orValue on a plain value is that value where Kyverno says so")
    func plainOrValue() throws {
        try expectTrue("dyn(1).orValue(2) == 1", .kyvernoPolicies)
        #expect(throws: CELProblem.self) {
            try CELEnvironment.kyverno.compile("dyn(1).orValue(2) == 1").evaluate(CELBindings())
        }
    }

    private func expectTrue(_ source: String, _ environment: CELEnvironment) throws {
        let outcome = try environment.compile(source).evaluate(CELBindings())
        guard case .value(true) = outcome else {
            Issue.record("\(source): \(outcome)")
            return
        }
    }

    private static let images = [
        "image('nginx').registry() == 'index.docker.io' && image('nginx').repository() == 'library/nginx'",
        "image('nginx').identifier() == 'latest' && image('nginx').tag() == 'latest'",
        "parseImageReference('ghcr.io/a/b:1').registry() == 'ghcr.io'",
        "image('localhost:5000/ab:1').registry() == 'localhost:5000' && image('localhost:5000/ab:1').tag() == '1'",
        "image('a/b@sha256:\(String(repeating: "0", count: 64))').containsDigest()",
        "image('a/b:1@sha256:\(String(repeating: "0", count: 64))').tag() == ''",
        "image('a/b@sha256:\(String(repeating: "0", count: 64))').tag() == ''",
        "isImage('a/b:c') && !isImage('a b') && !isImage('') && !isImage('a/b:') && !isImage('a@b')",
        "image('docker.io/library/nginx') == image('nginx')",
    ]

    private static let documents = [
        "json.unmarshal('{\"a\": [1, 1.5, null, true]}') == {'a': [dyn(1), dyn(1.5), dyn(null), dyn(true)]}",
        "type(json.unmarshal('1')) == int && type(json.unmarshal('1.0')) == double",
        "json.marshal({'a': [dyn(1), dyn('x'), dyn(null), dyn(2.5)]}) == '{\"a\":[1,\"x\",null,2.5]}'",
        "yaml.parse('a: [1, yes, x]').a == [dyn(1), dyn(true), dyn('x')]",
        "sha256('a') == 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'",
        "sha1('abc') == 'a9993e364706816aba3e25717850c26c9cd0d89d'",
        "md5('abc') == '900150983cd24fb0d6963f7d28e17f72' && hash.md5('') == 'd41d8cd98f00b204e9800998ecf8427e'",
        "sha1('\(String(repeating: "a", count: 119))') == 'ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56'",
        "time.truncate(timestamp('2024-05-06T07:08:09Z'), duration('1h')) == timestamp('2024-05-06T07:00:00Z')",
        "time.toCron(timestamp('2024-05-06T07:08:09Z')) == '8 7 6 5 1'",
        "math.round(2.345, 2) == 2.35",
        "listObjToMap([{'k': 'a'}, {'k': 'b'}], [{'v': 1}, {'v': 2}], 'k', 'v') == {'a': 1, 'b': 2}",
    ]
}
