// SPDX-License-Identifier: Apache-2.0
// Canonical JSON. Spec: RFC 8785 §3.2 and appendix B.

import Primitives
import Testing

@Suite("canonical JSON")
struct CanonicalJSONTests {
    private func canonical(_ text: String) throws -> String {
        let value = try JSONValue(parsing: Array(text.utf8), named: "test")
        return String(decoding: try value.canonicalBytes, as: UTF8.self)
    }

    /// Appendix B: the bits of a double, and its text.
    static let numbers: [(UInt64, String)] = [
        (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"), (0x8000_0000_0000_0001, "-5e-324"),
        (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
        (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"), (0xC340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"), (0x44B5_2D02_C7E1_4AF6, "1e+23"),
        (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"),
        (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
        (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
        (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
        (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5554, "333333333.33333325"),
        (0x41B3_DE43_5555_5555, "333333333.3333333"), (0x41B3_DE43_5555_5556, "333333333.3333334"),
        (0x41B3_DE43_5555_5557, "333333333.33333343"),
        (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
        (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
    ]

    @Test("numbers are written as ECMAScript writes them", arguments: numbers)
    func number(bits: UInt64, text: String) throws {
        let number = try #require(JSONNumber(Double(bitPattern: bits)))
        #expect(
            String(decoding: try JSONValue.number(number).canonicalBytes, as: UTF8.self) == text)
    }

    @Test("the spelling of a number does not matter, its value does")
    func spelling() throws {
        #expect(
            try canonical("[1e2,100.0,1.50,-0,0.0e9,4.50e-3,1750000000]")
                == "[100,100,1.5,0,0,0.0045,1750000000]")
    }

    @Test("a number that no double holds has no canonical form")
    func tooLarge() throws {
        #expect(throws: Failure.self) { try canonical("[1e400]") }
    }

    @Test("members are sorted by their UTF-16 code units, at every depth")
    func order() throws {
        // Spec: RFC 8785 §3.2.3: the emoji's surrogates sort before U+FB33.
        let text = #"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#
        #expect(
            try canonical(text)
                == "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"\u{1F600}\":5,\"\u{FB33}\":3}"
        )
        #expect(
            try canonical(#"{"b":{"d":[],"c":{}},"a":null}"#)
                == #"{"a":null,"b":{"c":{},"d":[]}}"#)
    }

    @Test("strings have the five short escapes, lower-case hex for the rest, and nothing else")
    func strings() throws {
        // Spec: RFC 8785 §3.2.2.2's example.
        #expect(
            try canonical(#"["\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"]"#)
                == #"["€$\u000f\nA'B\"\\\\\"/"]"#)
        #expect(try canonical(#"["\b\f\t\r\u001F\u007f"]"#) == "[\"\\b\\f\\t\\r\\u001f\u{7F}\"]")
    }

    @Test("canonical text is its own canonical form")
    func stable() throws {
        let once = try canonical(#"{ "z": [1.0, {"y": true, "x": "a b"}], "a": -1.5e-9 }"#)
        #expect(try canonical(once) == once)
    }
}
