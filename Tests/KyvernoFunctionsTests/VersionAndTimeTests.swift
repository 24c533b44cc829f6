// SPDX-License-Identifier: Apache-2.0
// Answers that come from Go's libraries: ranges of versions, names of zones, letters, roundings.

import JMESPath
import TestSupport
import Testing

@Suite("versions, zones, letters and roundings as in Go")
struct VersionAndTimeTests {
    @Test(
        "an x in a range of versions",
        arguments: [
            ExpressionRow("semver_compare('4.1.3', '4.x')", "true"),
            // Deviation kept from Kyverno: `4.x.x` is `4.0.x`, and `!4.x` holds for nothing.
            ExpressionRow("semver_compare('4.1.3', '4.x.x')", "false"),
            ExpressionRow("semver_compare('4.0.5', '4.x.x')", "true"),
            ExpressionRow("semver_compare('2.1.5', '!4.x')", "false"),
            ExpressionRow("semver_compare('2.1.5', '!4.0.0')", "true"),
            ExpressionRow("semver_compare('4.2.0', '>4.1.x <5.x || 7.x')", "true"),
        ])
    func versions(row: ExpressionRow) {
        #expect(answer(row.expression) == row.wanted)
    }

    @Test(
        "the name of a zone",
        arguments: [
            ("GMT+3", #""2007-12-31T18:09:00+03:00""#), ("+03", #""2007-12-31T15:09:00Z""#),
            ("WITA", #""2007-12-31T15:09:00Z""#), ("ABCST", #""2007-12-31T15:09:00Z""#),
            ("ABCDE", "<invalid-value>"), ("ab", "<invalid-value>"),
        ])
    func zones(name: String, wanted: String) {
        let expression = "time_parse('02 Jan 06 15:04 MST', '31 Dec 07 15:09 \(name)')"
        #expect(answer(expression) == wanted)
    }

    @Test("UTC by name wins over an offset beside it")
    func nameAndOffset() {
        let expression = "time_parse('02 Jan 06 15:04 MST -0700', '31 Dec 07 15:09 UTC +0130')"
        #expect(answer(expression) == #""2007-12-31T15:09:00Z""#)
    }

    @Test(
        "letters that become one letter",
        arguments: [
            ExpressionRow("to_upper('ᾳ')", #""ᾼ""#), ExpressionRow("to_lower('İ')", #""i""#),
            ExpressionRow("to_upper('straße')", #""STRAßE""#),
        ])
    func letters(row: ExpressionRow) {
        #expect(answer(row.expression) == row.wanted)
    }

    @Test("`\\C` is no escape of RE2 in Go")
    func halfOfACharacter() {
        #expect(answer(#"regex_match('\C', 'a')"#) == "<invalid-value>")
        #expect(answer(#"regex_match('\\C', '\C')"#) == "true")
    }
}
