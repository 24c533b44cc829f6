// SPDX-License-Identifier: Apache-2.0
// The amounts that conditions compare: quantities, durations, numbers, versions.

import KyvernoFunctions
import Primitives
import Testing

@Suite("amounts of conditions")
struct ConditionAmountTests {
    private func order(_ left: JSONValue, _ right: JSONValue) -> Int? {
        guard let left = ConditionAmount(left), let right = ConditionAmount(right) else {
            return nil
        }
        return left.compared(to: right)
    }

    @Test(
        "amounts are exact and have units",
        arguments: [
            ("1h", "60m"), ("1h30m", "5400s"), ("1.5h", "90m"), ("0.1", "100m"), ("1k", "1000"),
            ("1Ki", "1024"), ("1e3", "1k"), ("16Gi", "16384Mi"), ("-1h", "-60m"),
            ("1000000000n", "1"),
        ])
    func amounts(left: String, right: String) {
        #expect(order(.string(left), .string(right)) == 0)
    }

    @Test(
        "what is no amount has no magnitude",
        arguments: [
            "", "-", ".", "h", "1x", "1.2.3", "abc", "0x10", "1 h", "1e99",
            String(repeating: "9", count: 60),
            "1.0000000000000001", "1e9223372036854775807", "1e-9223372036854775808",
            "1e9223372036854775798", "1e28", "1E99999999999999999999", "1.0000000001s",
            String(repeating: "0", count: 200),
        ])
    func noAmounts(text: String) { #expect(ConditionAmount(.string(text)) == nil) }

    @Test(
        "durations are compared with durations and seconds, quantities with quantities",
        arguments: [
            ("\"1h\"", "3600", 0), ("3600", "\"1h\"", 0), ("\"1h\"", "3599", 1),
            ("\"5m\"", "\"4s\"", 1),
            ("\"5m\"", "\"1\"", -1), ("\"5m\"", "4", 1), ("\"0\"", "\"0s\"", 0),
            ("\"0\"", "\"1Gi\"", -1),
            ("\"1Gi\"", "\"1G\"", 1), ("1", "\"1000m\"", -1), ("\"1\"", "\"1000u\"", 1),
            ("\"1h\"", "\"1Gi\"", nil), ("true", "1", nil), ("1e3", "1000.0", 0),
            ("9007199254740993", "9007199254740992", 1), ("0.1", "\"0.1\"", 0),
            ("12345678901234567890123456", "12345678901234567890123457", -1),
        ])
    func kinds(left: String, right: String, wanted: Int?) throws {
        let (one, other) = (
            try JSONValue(parsing: Array(left.utf8), named: "left"),
            try JSONValue(parsing: Array(right.utf8), named: "right")
        )
        #expect(order(one, other) == wanted)
        #expect(order(other, one) == wanted.map { -$0 })
    }

    @Test("versions have semver's order")
    func versions() {
        for (left, right, wanted) in [
            ("1.10.0", "1.9.9", 1), ("1.0.0-rc.1", "1.0.0", -1), ("1.0.0+a", "1.0.0+b", 0),
            ("v1.0.0", "1.0.0", nil), ("1.0", "1.0.0", nil), ("01.0.0", "1.0.0", nil),
        ] {
            #expect(ConditionVersion.compare(left, right) == wanted)
        }
    }
}
