// SPDX-License-Identifier: Apache-2.0
// Conditions: expressions, operators, amounts.

import Primitives
import Testing

@testable import Policy

@Suite("conditions")
struct ConditionTests {
    static let predicate = """
        builder: {id: https://ci.example.com/build}
        level: 3
        ratio: 0.5
        age: 24h
        size: 1Gi
        clean: true
        nothing: null
        "odd name": {"a.b": x}
        components: [{name: commons-text, version: "1.10"}, {name: log4j, version: "2.17"}]
        tags: [red, blue]
        empty: []
        star: "*"
        """

    @Test(
        "a condition holds exactly when its comparison does",
        arguments: [
            ("'{{ builder.id }}'", "Equals", "https://ci.example.com/build", true),
            ("'{{builder.id}}'", "Equals", "'https://*.example.com/*'", true),
            ("'{{ builder.id }}'", "Equals", "https://evil.example.com", false),
            ("'{{ builder.id }}'", "NotEquals", "https://evil.example.com", true),
            ("'{{ builder.id }}'", "Equal", "'https://*'", true),
            ("'{{ level }}'", "Equals", "3", true), ("'{{ level }}'", "Equals", "'3'", true),
            ("'{{ level }}'", "Equals", "4", false), ("'{{ level }}'", "Equals", "true", false),
            ("'{{ level }}'", "GreaterThanOrEquals", "3", true),
            ("'{{ level }}'", "GreaterThan", "3", false),
            ("'{{ level }}'", "LessThan", "10", true),
            ("'{{ ratio }}'", "LessThanOrEquals", "0.5", true),
            ("'{{ age }}'", "LessThanOrEquals", "168h", true),
            ("'{{ age }}'", "GreaterThan", "1439m", true),
            ("'{{ age }}'", "Equals", "1440m", true), ("'{{ size }}'", "Equals", "1024Mi", true),
            ("'{{ size }}'", "LessThan", "2G", true),
            ("'{{ builder.id }}'", "LessThan", "2", false),
            ("'{{ clean }}'", "Equals", "true", true), ("'{{ clean }}'", "Equals", "'true'", false),
            ("'{{ tags }}'", "Equals", "[red, blue]", true),
            ("'{{ tags }}'", "Equals", "[blue, red]", false),
            ("'{{ components[0].name }}'", "AnyIn", "[commons-text]", true),
            ("'{{ components[-1].name }}'", "Equals", "log4j", true),
            ("'{{ components[9].name }}'", "NotEquals", "x", false),
            ("'{{ length(components) }}'", "Equals", "2", true),
            ("'{{ length(level) }}'", "Equals", "1", false),
            ("'{{ \"odd name\".\"a.b\" }}'", "Equals", "x", true),
            ("'{{ missing }}'", "Equals", "''", false),
            ("'{{ missing }}'", "NotEquals", "x", false),
            ("'{{ missing }}'", "AllNotIn", "[x]", false),
            ("'{{ nothing }}'", "NotEquals", "x", false),
            ("'{{ missing || `[]` }}'", "AllNotIn", "[x]", true),
            ("'{{ tags }}'", "AnyIn", "[red]", true), ("'{{ tags }}'", "AllIn", "[red]", false),
            ("'{{ tags }}'", "AllIn", "['*']", true), ("'{{ tags }}'", "AnyNotIn", "[red]", true),
            ("'{{ tags }}'", "AllNotIn", "[green]", true),
            ("'{{ tags }}'", "AllNotIn", "[red]", false),
            ("'{{ tags }}'", "In", "[red, blue, green]", true),
            ("'{{ tags }}'", "NotIn", "[red]", false),
            ("'{{ tags }}'", "AnyIn", "'[\"red\"]'", true), ("'{{ tags }}'", "AnyIn", "'r*'", true),
            ("'{{ empty }}'", "AllIn", "[red]", false), ("'{{ empty }}'", "AnyIn", "['*']", false),
            ("'{{ star }}'", "AnyIn", "[red]", false), ("'{{ level }}'", "AnyIn", "[1, 3]", true),
            ("'{{ components }}'", "AllNotIn", "[critical]", false),
            ("'{{ components }}'", "AnyNotIn", "[critical]", false),
            ("'{{ components }}'", "NotIn", "[critical]", false),
            ("'{{ builder }}'", "AllNotIn", "[critical]", false),
            ("'{{ components }}'", "NotEquals", "critical", false),
            ("'{{ builder }}'", "NotEquals", "critical", false),
            ("'{{ level }}'", "NotEquals", "[3]", false),
            ("'{{ tags }}'", "NotEquals", "[red]", true),
            ("literal", "Equals", "'lit*'", true), ("5", "GreaterThan", "4", true),
        ])
    func comparisons(key: String, comparison: String, value: String, holds: Bool) throws {
        let condition = try condition("key: \(key)\noperator: \(comparison)\nvalue: \(value)")
        #expect(try condition.holds(for: try node(Self.predicate).json) == holds)
    }

    @Test("a default stands in for what is missing")
    func defaults() throws {
        let condition = try condition(
            #"{key: "{{ gone.deep || 'none' }}", operator: Equals, value: none}"#)
        #expect(try condition.holds(for: try node(Self.predicate).json))
    }

    @Test(
        "an expression that is more than a path is refused when it is read",
        arguments: [
            "{{ regex_match('a', 'b') }}", "{{ components[?name=='x'].version }}",
            "{{ components[].name }}",
            "{{ components[*].name }}", "{{ a | b }}", "{{ a }} and {{ b }}", "x {{ a }}",
            "{{ @ }}",
            "{{ a.b() }}", "{{ a || b }}", "{{ length(a }}", "{{ to_upper(a) }}", "{{ {{ a }} }}",
            "{{ }}",
            "{{ request.object.metadata.name }}", "{{ images.containers }}", "{{ a[x] }}",
            "{{ a. }}",
            "{{ 'text' }}", "{{ `1` }}", "{{ a == b }}", "{{ !a }}", "$(a)", "{{ \"open }}",
            "{{ a[1 }}",
        ])
    func unsupportedExpressions(key: String) throws {
        let text = "key: \(JSONValue.string(key).compactText)\noperator: Equals\nvalue: 1"
        #expect { try self.condition(text) } throws: { ($0 as? Failure)?.kind == .unsupported }
    }

    @Test(
        "a condition with a broken part is refused",
        arguments: [
            ("key: a\noperator: Near\nvalue: 1", Failure.Kind.malformed),
            ("key: a\noperator: Equals", .malformed), ("operator: Equals\nvalue: 1", .malformed),
            ("key: a\nvalue: 1", .malformed),
            ("key: a\noperator: Equals\nvalue: 1\nextra: 1", .malformed),
            ("key: a\noperator: GreaterThan\nvalue: soon", .malformed),
            ("key: a\noperator: AnyIn\nvalue: '[1'", .malformed),
            ("key: a\noperator: AnyIn\nvalue: '1-10'", .unsupported),
            ("key: a\noperator: AnyIn\nvalue: '1!-10'", .unsupported),
            ("key: a\noperator: DurationGreaterThan\nvalue: 1h", .unsupported),
            ("key: a\noperator: Equals\nvalue: '{{ b }}'", .unsupported),
            ("key: a\noperator: Equals\nvalue: 1\nmessage: '{{ b }}'", .unsupported),
        ])
    func brokenConditions(text: String, kind: Failure.Kind) {
        #expect { try self.condition(text) } throws: { ($0 as? Failure)?.kind == kind }
    }

    @Test(
        "amounts are exact and have units",
        arguments: [
            ("1h", "60m"), ("1h30m", "5400s"), ("1.5h", "90m"), ("0.1", "100m"), ("1k", "1000"),
            ("1Ki", "1024"), ("1e3", "1k"), ("16Gi", "16384Mi"), ("-1h", "-60m"),
            ("1000000000n", "1"),
        ])
    func amounts(left: String, right: String) {
        let readings: [(String) -> Magnitude?] = [
            Magnitude.init(duration:), Magnitude.init(quantity:),
        ]
        #expect(readings.contains { $0(left) != nil && $0(left) == $0(right) })
    }

    @Test(
        "what is no amount has no magnitude",
        arguments: [
            "", "-", ".", "h", "1x", "1.2.3", "abc", "0x10", "1 h", "1e99",
            String(repeating: "9", count: 60),
            "1.0000000000000001", "1e9223372036854775807", "1e-9223372036854775808",
            "1e9223372036854775798", "1e28", "1E99999999999999999999",
        ])
    func noAmounts(text: String) { #expect(Magnitude(.string(text)) == nil) }

    private func condition(_ yaml: String) throws -> AttestationCondition {
        try AttestationCondition(reading: try node(yaml))
    }
}
