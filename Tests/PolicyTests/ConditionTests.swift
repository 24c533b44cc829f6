// SPDX-License-Identifier: Apache-2.0
// Conditions: what they compare, and when they hold.

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
        float: 3.0
        exact: "1.10.0"
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
            ("'{{ level }}'", "equals", "3", true), ("'{{ level }}'", "ANYIN", "[3]", true),
            ("'{{ level }}'", "AnyIn", "'1-10'", true), ("'{{ level }}'", "AnyIn", "'3-3'", true),
            ("'{{ level }}'", "AnyIn", "'4-10'", false),
            ("'{{ level }}'", "AllNotIn", "'4-10'", true),
            ("'{{ level }}'", "AnyNotIn", "'1-10'", false),
            ("'{{ ratio }}'", "AnyIn", "'-1-0.5'", true),
            ("'{{ ratio }}'", "AnyIn", "'-2--1'", false),
            ("'{{ age }}'", "AnyIn", "'1h-48h'", true),
            ("'{{ size }}'", "AnyIn", "'1Mi-2Gi'", true),
            ("'{{ builder.id }}'", "AllNotIn", "'1-10'", false),
            ("'{{ tags }}'", "AllNotIn", "'1-10'", false),
            ("'{{ [level, `40`] }}'", "AnyIn", "'1-10'", true),
            ("'{{ [level, `40`] }}'", "AllIn", "'1-10'", false),
            ("'{{ [level, `40`] }}'", "AnyNotIn", "'1-10'", true),
            ("'{{ components[1].version }}'", "GreaterThan", "'2.9'", false),
            ("'{{ exact }}'", "GreaterThan", "1.9.9", true),
            ("'{{ exact }}'", "GreaterThanOrEquals", "1.10.0", true),
            ("'{{ exact }}'", "LessThan", "1.10.0-rc.1", false),
            ("'{{ exact }}'", "LessThan", "2", false),
            ("'{{ level }}'", "LessThan", "9.9.9", false),
            ("'{{ age }}'", "DurationLessThanOrEquals", "86400", true),
            ("'{{ age }}'", "DurationGreaterThan", "23h", true),
            ("'{{ level }}'", "DurationLessThan", "4s", true),
            ("'{{ size }}'", "DurationGreaterThan", "1s", false),
            ("3600", "Equals", "1h", true), ("1h", "Equals", "3600", true),
            ("3600", "NotEquals", "1h", false), ("100m", "LessThan", "'1'", true),
            ("100m", "LessThan", "1h", false), ("100m", "GreaterThan", "1h", true),
            ("'3'", "Equals", "3", false), ("'3'", "NotEquals", "3", false),
            ("'{{ clean }}'", "NotEquals", "'true'", false),
            ("'{{ float }}'", "AllNotIn", "[3]", false), ("'{{ float }}'", "AnyIn", "[3]", true),
            ("'{{ [float] }}'", "Equals", "[3]", true),
            ("'{{ [float] }}'", "NotEquals", "[3]", false),
            ("'{{ {a: float} }}'", "Equals", "{a: 3}", true),
            ("'{{ {a: float} }}'", "Equals", "{a: 3, b: 4}", false),
            ("'{{ level }}'", "AllNotIn", "[[1]]", false),
            ("'{{ tags }}'", "Equals", "[]", false), ("'{{ empty }}'", "Equals", "[]", true),
            ("[red, '{{ tags[1] }}']", "Equals", "[red, blue]", true),
            ("{a: '{{ level }}'}", "Equals", "{a: 3}", true),
        ])
    func comparisons(key: String, comparison: String, value: String, holds: Bool) throws {
        let condition = try condition("key: \(key)\noperator: \(comparison)\nvalue: \(value)")
        #expect(try condition.holds(for: Self.predicate) == holds)
    }

    @Test(
        "an expression is Kyverno's JMESPath",
        arguments: [
            ("'{{ components[?name==''log4j''].version }}'", "Equals", "['2.17']", true),
            ("'{{ components[].name }}'", "AllNotIn", "[evil]", true),
            ("'{{ components[*].name | length(@) }}'", "Equals", "2", true),
            ("'{{ regex_match(''^https://'', builder.id) }}'", "Equals", "true", true),
            ("'{{ to_upper(tags[0]) }}'", "Equals", "RED", true),
            ("'{{ level == `3` }}'", "Equals", "true", true),
            ("'{{ !clean }}'", "Equals", "false", true),
            ("'{{ missing || level }}'", "Equals", "3", true),
            ("'{{ builder.id }} at {{ level }}'", "Equals", "'* at 3'", true),
            ("'v{{ level }}'", "Equals", "v3", true),
            ("'\\{{ level }}'", "Equals", "'\\{{ level }}'", true),
            ("'{{ \"odd name\".\"{{ tags[9] || ''a.b'' }}\" }}'", "Equals", "x", true),
            ("'{{ builder.{{ ''id'' }} }}'", "Equals", "'https*'", true),
            ("'{{ lookup(builder, ''{{ ''id'' }}'') }}'", "Equals", "'https*'", true),
            ("'{{ `{{ level }}` }}'", "Equals", "3", true),
            ("'{{ level }}'", "Equals", "'{{ level }}'", true),
            ("'{{ level }}'", "AnyIn", "['{{ length(tags) }}', '{{ level }}']", true),
            ("'{{ tags }}'", "AllIn", "'{{ tags }}'", true),
            ("'{{ level }}'", "GreaterThan", "'{{ length(tags) }}'", true),
            ("'{{ level }}'", "GreaterThan", "'{{ tags }}'", false),
            ("'{{ builder }}'", "Equals", "{id: '{{ builder.id }}'}", true),
            ("'{{ level }}'", "NotEquals", "'{{ missing }}'", false),
            ("'{{ level }}'", "NotEquals", "'{{ nothing }}'", false),
            ("'{{ level }}'", "AllNotIn", "'{{ nothing }}'", false),
            ("'{{ level }}'", "AllNotIn", "['{{ nothing }}']", false),
            ("'{{ level }}'", "AllNotIn", "'{{ builder }}'", false),
            ("'{{ length(level) }}'", "NotEquals", "1", false),
            ("'{{ to_number(tags) }}'", "AllNotIn", "[1]", false),
        ])
    func expressions(key: String, comparison: String, value: String, holds: Bool) throws {
        let condition = try condition("key: \(key)\noperator: \(comparison)\nvalue: \(value)")
        #expect(try condition.holds(for: Self.predicate) == holds)
    }

    @Test("a default stands in for what is missing")
    func defaults() throws {
        let condition = try condition(
            #"{key: "{{ gone.deep || 'none' }}", operator: Equals, value: none}"#)
        #expect(try condition.holds(for: Self.predicate))
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
            ("key: a\noperator: AnyIn\nvalue: '10-1'", .malformed),
            ("key: a\noperator: AnyIn\nvalue: '1!-10'", .malformed),
            ("key: a\noperator: AllNotIn\nvalue: '1h!-2h'", .malformed),
            ("key: a\noperator: AnyIn\nvalue: '1h-10Gi'", .malformed),
            ("key: a\noperator: DurationGreaterThan\nvalue: 1Gi", .malformed),
            ("key: a\noperator: DurationGreaterThan\nvalue: 1.2.3", .malformed),
            ("key: a\noperator: GreaterThan\nvalue: [1]", .malformed),
            ("key: a\noperator: GreaterThan\nvalue: v1.2.3", .malformed),
            ("key: a\noperator: Equals\nvalue: '{{ b'", .malformed),
            ("key: a\noperator: Equals\nvalue: [{a: '{{ b( }}'}]", .malformed),
            ("key: '$(a)'\noperator: Equals\nvalue: b", .unsupported),
            ("key: '{{ {{ a }} }}'\noperator: Equals\nvalue: b", .unsupported),
            ("key: a\noperator: Equals\nvalue: '$(b)'", .unsupported),
            ("key: a\noperator: Equals\nvalue: {'$(b)': 1}", .unsupported),
            ("key: a\noperator: Equals\nvalue: 1\nmessage: '{{ b( }}'", .malformed),
            ("key: a\noperator: Equals\nvalue: 1\nmessage: '{{ target }}'", .unsupported),
        ])
    func brokenConditions(text: String, kind: Failure.Kind) {
        #expect { try condition(text) } throws: { ($0 as? Failure)?.kind == kind }
    }

}

extension AttestationCondition {
    /// Whether it is met by a statement with these fields and nothing else.
    func holds(for predicate: String) throws -> Bool { try judged(for: predicate).outcome == .met }

    func judged(for predicate: String) throws -> ConditionResult {
        judged(in: StatementContext(names: try node(predicate).json))
    }
}

/// A condition; scalars of `key` and `value` are YAML.
func condition(_ yaml: String, in scope: ConditionScope = ConditionScope()) throws
    -> AttestationCondition
{
    try AttestationCondition(reading: try node(yaml), in: scope)
}
