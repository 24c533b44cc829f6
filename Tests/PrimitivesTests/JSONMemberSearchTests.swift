// SPDX-License-Identifier: Apache-2.0
// Rules about the member that is found without reading the document.

import Primitives
import Testing

@Suite("one member of a large document")
struct JSONMemberSearchTests {
    private func found(_ text: String) -> String? {
        var budget = text.utf8.count
        return topLevelText(of: "predicateType", in: Array(text.utf8), spending: &budget)
    }

    @Test(
        "the member of the outermost object is found, whatever stands around it",
        arguments: [
            #"{"predicateType":"a:b"}"#,
            #" { "x" : [1,{"predicateType":"no"}] , "predicateType" : "a:b" } "#,
            #"{"predicate":{"predicateType":"no","q":"}\"]{"},"predicateType":"a:b","z":[[]]}"#,
            #"{"predicate\u0054ype":"a\u003ab"}"#, #"{"a":"\\","predicateType":"a:b","c":-1e3}"#,
        ])
    func isFound(text: String) {
        #expect(found(text) == "a:b")
    }

    @Test(
        "what two readers could read differently, or is no such text, is not found",
        arguments: [
            #"{"predicateType":"a:b","predicateType":"c:d"}"#,
            #"{"predicateType":"a:b","PredicateType":"c:d"}"#, #"{"PREDICATETYPE":"a:b"}"#,
            #"{"predicateType":7}"#, #"{"predicateType":null}"#, #"{"predicateType":["a:b"]}"#,
            #"["predicateType","a:b"]"#, #"{"x":{"predicateType":"a:b"}}"#, "", "{", "\"",
            #"{"predicateType"#, #"{"predicateType":"#, #"{"predicateType":"a:b"#, #"{"a\"#,
            "{\"predicateType\":\"\u{1}\"}",
        ])
    func isNotFound(text: String) {
        #expect(found(text) == nil)
    }

    @Test("a document cut anywhere never gives another text")
    func cut() {
        let text = #"{"a":[1,{"b":"\""}],"predicateType":"a:b","c":{"d":null}}"#
        for count in 0..<text.utf8.count {
            let cut = String(decoding: text.utf8.prefix(count), as: UTF8.self)
            #expect([nil, "a:b"].contains(found(cut)), "\(cut)")
        }
    }

    @Test("a search reads no more than its budget, and takes what it reads from it")
    func budget() {
        let members = String(repeating: #""a":[],"#, count: 1_000)
        let text = Array(#"{"predicateType":"a:b",\#(members)"z":{}}"#.utf8)
        // The brace at the end is not needed.
        for (budget, left, found) in [
            (text.count + 7, 8, "a:b"), (text.count, 1, "a:b"), (text.count - 1, 0, nil),
            (10, 0, nil), (0, 0, nil), (-3, -3, nil),
        ] as [(Int, Int, String?)] {
            var rest = budget
            #expect(topLevelText(of: "predicateType", in: text, spending: &rest) == found)
            #expect(rest == left)
        }
    }
}
