// SPDX-License-Identifier: Apache-2.0
// What expressions of conditions may ask for, and what a hostile statement cannot do to them.

import Keys
import OCI
import Primitives
import TestSupport
import Testing

@testable import Policy

@Suite("what conditions see")
struct ConditionContextTests {
    static let pod = """
        apiVersion: v1
        kind: Pod
        metadata: {name: backend, namespace: shop, labels: {app: api, team: "*", odd: "{{ request.name }}"}}
        spec:
          serviceAccountName: robot
          initContainers: [{name: setup, image: nginx}]
          containers: [{name: main, image: "ghcr.io/acme/api:1.0"}]
        """
    static let digest = "sha256:" + String(repeating: "a", count: 64)

    /// What came of a condition for a statement about the image of the pod.
    private func finding(
        _ text: String, on predicate: String = "{level: 3}", of manifest: String = Self.pod,
        image: String = "ghcr.io/acme/api:1.0", context: String = "[]", now: Int? = 1_700_000_000
    ) throws -> ConditionResult {
        let policy = try compiledPolicies([Self.policy(text, context: context)])[0]
        let request = AdmissionRequest(
            object: try resource(manifest), operation: .update, namespaceLabels: labelFinding(nil))
        let isPod = request.object.identity.kind == "Pod"
        let rule = try #require(policy.rules.first { $0.isGenerated != isPod })
        let images = try request.object.images().map { RequestImage($0) }
        let time = now.map { Timestamp(seconds: $0) }
        let names = ConditionContext(request, images, for: rule, at: time)
            .judging(try PolicyImageName(parsing: image))
        let condition = rule.images[0].statements[0].conditions[0].all[0]
        return condition.judged(in: names.about(try node(predicate).json))
    }

    /// A policy with one condition.
    private static func policy(_ condition: String, context: String) throws -> String {
        var policy = PolicyText(keys: [try TestKeys.ecdsaP256().publicKey])
        policy.rule = ["context: \(context)"]
        policy.verification.append(
            "attestations: [{type: 'https://slsa.dev/provenance/v1', conditions: [{all: [\(condition)]}]}]"
        )
        return policy.text
    }

    @Test(
        "the request, the images and the image have Kyverno's fields",
        arguments: [
            ("request.object.metadata.name", "backend"), ("request.namespace", "shop"),
            ("request.name", "backend"), ("request.operation", "UPDATE"),
            ("request.kind.kind", "Pod"), ("request.object.spec.serviceAccountName", "robot"),
            ("image.registry", "ghcr.io"), ("image.path", "acme/api"), ("image.name", "api"),
            ("image.tag", "'1.0'"), ("image.reference", "ghcr.io/acme/api:1.0"),
            ("image.referenceWithTag", "ghcr.io/acme/api:1.0"), ("image.digest", "''"),
            ("images.containers.main.registry", "ghcr.io"),
            ("images.containers.main.jsonPointer", "/spec/containers/0/image"),
            ("images.initContainers.setup.reference", "docker.io/nginx:latest"),
            ("images.initContainers.setup.path", "nginx"),
            ("images.*.*.registry[] | sort(@) | join('','', @)", "'docker.io,ghcr.io'"),
        ])
    func roots(expression: String, value: String) throws {
        let found = try finding(
            "{key: '{{ \(expression.replacing("''", with: "'").replacing("'", with: "''")) }}', operator: Equals, value: \(value)}"
        )
        #expect(found.outcome == .met, "\(found)")
    }

    @Test("an image with a digest has no tag of its own")
    func digest() throws {
        let image = "ghcr.io/acme/api@\(Self.digest)"
        for (field, value) in [
            ("digest", Self.digest), ("tag", ""), ("reference", image), ("name", "api"),
        ] {
            let condition = "{key: '{{ image.\(field) }}', operator: Equals, value: '\(value)'}"
            #expect(try finding(condition, image: image).outcome == .met)
        }
    }

    @Test(
        "what this version does not know is refused when the policy is loaded",
        arguments: [
            "request.userInfo.username", "request.oldObject.spec", "request.roles", "request",
            "request.userInfo.username || 'nobody'", "request | userInfo", "keys(request)",
            "request.*", "request.[userInfo]", "request.{a: userInfo}", "to_string(request)",
            "serviceAccountName", "serviceAccountNamespace || 'x'", "element.image",
            "elementIndex", "element0.a", "elementIndex12", "target.metadata", "@", "keys(@)",
            "values(@)", "*", "[@]", "not_null(missing, @)", "@.request.userInfo", "!target",
            "a == target", "a[?b] || target", "[request.object, request.options]", "[0]", "[]",
            "[?a]", "[*]", "random('[a-z]')", "is_external_url('https://a')", "keys.data.a",
            "map(&a, [random('a')])", "request.{{ level }}", "{{ level }}.userInfo",
            "request.object | target || [target]", "lookup(request, 'userInfo')",
        ])
    func unknownNames(expression: String) throws {
        let quoted = expression.replacing("'", with: "''")
        if expression == "request.object | target || [target]" {
            // After a pipe a name belongs to the value before it.
            #expect(
                try finding("{key: '{{ \(quoted) }}', operator: Equals, value: 1}").outcome
                    == .refused)
            return
        }
        for text in [
            "{key: '{{ \(quoted) }}', operator: Equals, value: 1}",
            "{key: a, operator: Equals, value: 'x {{ \(quoted) }}'}",
            "{key: a, operator: Equals, value: ['{{ \(quoted) }}']}",
            "{key: a, operator: Equals, value: {a: '{{ \(quoted) }}'}}",
            "{key: a, operator: Equals, value: 1, message: '{{ \(quoted) }}'}",
        ] {
            let context = "[{name: keys, configMap: {name: k, namespace: ns}}]"
            let failure = try #require(refusal(try Self.policy(text, context: context)))
            #expect(failure.kind == .unsupported, "\(text): \(failure)")
            guard case .file("policy-0.yaml", 15..., _)? = failure.place else {
                Issue.record("the place is \(String(describing: failure.place))")
                return
            }
        }
    }

    @Test(
        "a mistake in an expression is refused when the policy is loaded, with line and caret",
        arguments: [
            ("a.b()", Failure.Kind.malformed), ("length(a", .malformed), ("", .malformed),
            ("a[x]", .malformed), ("a.", .malformed), ("a[1", .malformed), ("nope(a)", .malformed),
            ("length(a, b)", .malformed), ("a || ", .malformed), ("\"open", .malformed),
        ])
    func brokenExpressions(expression: String, kind: Failure.Kind) throws {
        let text = "{key: '{{ \(expression) }}', operator: Equals, value: 1}"
        let failure = try #require(refusal(try Self.policy(text, context: "[]")))
        #expect(failure.kind == kind)
        guard case .file("policy-0.yaml", let line, _)? = failure.place, line > 10 else {
            Issue.record("the place is \(String(describing: failure.place))")
            return
        }
        #expect(failure.why.contains("^") || expression == "\"open")
    }

    @Test(
        "a statement's fields do not shadow the policy's names, and that is told",
        arguments: [
            ("request", "request.namespace", "shop"), ("image", "image.registry", "ghcr.io"),
            ("images", "images.containers.main.tag", "1.0"), ("own", "own.a", "yes"),
        ])
    func shadowing(field: String, expression: String, value: String) throws {
        let hostile = """
            {\(field): {namespace: evil, registry: evil, a: evil, containers: {main: {tag: evil}}}}
            """
        let context = "[{name: own, variable: {value: {a: 'yes'}}}]"
        for (wanted, outcome) in [(value, CheckOutcome.met), ("evil", .refused)] {
            let text = "{key: '{{ \(expression) }}', operator: Equals, value: '\(wanted)'}"
            #expect(try finding(text, on: hostile, context: context).outcome == outcome)
        }
    }

    @Test("a statement cannot give a value to a name that has none")
    func noFilling() throws {
        let hostile = "{request: {userInfo: {username: root}}, images: {containers: {x: {tag: a}}}}"
        for expression in ["images.containers.x.tag", "request.subResource"] {
            let found = try finding(
                "{key: '{{ \(expression) }}', operator: NotEquals, value: z}", on: hostile)
            #expect(found.outcome == .refused)
            #expect(found.observed == "absent")
        }
    }

    @Test(
        "a value that looks like a variable or an expression stays a value",
        arguments: [
            ("{key: '{{ text }}', operator: Equals, value: shop}", false),
            ("{key: '{{ text }}', operator: Equals, value: '\\{{ request.namespace }}'}", true),
            ("{key: 'x{{ text }}', operator: Equals, value: xshop}", false),
            ("{key: shop, operator: Equals, value: '{{ text }}'}", false),
            (
                "{key: '{{ request.object.metadata.labels.odd }}', operator: Equals, value: backend}",
                false
            ),
            // As a name, a text, a literal: never syntax.
            ("{key: '{{ table.{{ code }} }}', operator: Equals, value: shop}", false),
            ("{key: '{{ table.\"{{ code }}\" }}', operator: Equals, value: shop}", false),
            (
                "{key: '{{ lookup(table, ''{{ quoted }}'') }}', operator: Equals, value: shop}",
                false
            ),
            ("{key: '{{ `\"{{ json }}\"` }}', operator: Equals, value: shop}", false),
            ("{key: '{{ table.{{ code }} || ''none'' }}', operator: Equals, value: none}", true),
            ("{key: '{{ table.{{ good }} }}', operator: Equals, value: one}", true),
            ("{key: '{{ table.\"{{ dotted }}\" }}', operator: Equals, value: two}", true),
        ])
    func injection(condition: String, holds: Bool) throws {
        let hostile = #"""
            {text: "{{ request.namespace }}", code: "a || request.namespace", good: a, dotted: "b.c",
             quoted: "x') || request.namespace || ('", json: "\" , \"shop",
             table: {a: one, "b.c": two}}
            """#
        #expect((try finding(condition, on: hostile).outcome == .met) == holds)
    }

    @Test(
        "what a variable brings is no pattern, list or range, and no way around one",
        arguments: [
            ("{key: '{{ star }}', operator: Equals, value: x}", false),
            ("{key: x, operator: Equals, value: '{{ star }}'}", false),
            ("{key: x, operator: AnyIn, value: '{{ star }}'}", false),
            ("{key: x, operator: AnyIn, value: ['{{ star }}']}", false),
            ("{key: x, operator: AnyIn, value: '{{ stars }}'}", false),
            ("{key: x, operator: Equals, value: 'x{{ star }}'}", false),
            (
                "{key: 'api-7', operator: Equals, value: '{{ request.object.metadata.labels.app }}-*'}",
                true
            ),
            (
                "{key: 'other-7', operator: Equals, value: '{{ request.object.metadata.labels.team }}-*'}",
                false
            ),
            ("{key: x, operator: NotEquals, value: '{{ star }}'}", false),
            ("{key: x, operator: NotEquals, value: 'x{{ star }}'}", false),
            ("{key: x, operator: AllNotIn, value: '{{ stars }}'}", false),
            ("{key: x, operator: AnyNotIn, value: ['{{ star }}']}", false),
            ("{key: y, operator: AllNotIn, value: '{{ list }}'}", false),
            ("{key: x, operator: AnyIn, value: '{{ list }}'}", false),
            ("{key: x, operator: AnyIn, value: '{{ parse_json(list) }}'}", true),
            ("{key: y, operator: AllNotIn, value: '{{ parse_json(list) }}'}", true),
            ("{key: 50, operator: AllNotIn, value: '{{ range }}'}", false),
            ("{key: 5, operator: AnyIn, value: '{{ range }}'}", false),
            ("{key: 5, operator: AnyIn, value: '{{ backwards }}'}", false),
            // The policy's own words are what they are anywhere else.
            ("{key: x-1, operator: AnyIn, value: '{{ own.patterns }}'}", true),
            ("{key: x-1, operator: AllNotIn, value: '{{ own.patterns }}'}", false),
            ("{key: y-1, operator: AllNotIn, value: '{{ own.patterns }}'}", true),
            ("{key: 5, operator: AnyIn, value: '{{ own.range }}'}", true),
            ("{key: x, operator: AnyIn, value: '{{ own.json }}'}", true),
            ("{key: x-1, operator: Equals, value: '{{ again }}-?'}", true),
            ("{key: x-1, operator: AnyIn, value: '{{ mixed }}'}", false),
        ])
    func patterns(condition: String, holds: Bool) throws {
        let context = """
            [{name: own, variable: {value: {patterns: ['x-*'], range: '1-10', json: '["x"]', word: x}}},
             {name: again, variable: {jmesPath: own.word}},
             {name: mixed, variable: {value: ['{{ request.object.metadata.labels.team }}']}}]
            """.replacing("\n", with: " ")
        let hostile =
            #"{star: "*", stars: ["*"], list: "[\"x\"]", range: "1-10", backwards: "10-1"}"#
        #expect((try finding(condition, on: hostile, context: context).outcome == .met) == holds)
    }

    @Test("a missing key meets nothing, and is told", arguments: ConditionOperator.allCases)
    func absence(comparison: ConditionOperator) throws {
        for (key, value) in [
            ("{{ gone.deep }}", "1h"), ("{{ level.x }}", "1h"), ("1", "{{ gone }}"),
        ] {
            let found = try finding(
                "{key: '\(key)', operator: \(comparison.rawValue), value: '\(value)'}")
            #expect(found.outcome == .refused)
            #expect(found.reason == .attestationPolicyFailed)
            #expect(found.observed.hasPrefix("absent"), "\(found)")
        }
    }

    @Test("an error in an evaluation is a refusal that tells it")
    func evaluationErrors() throws {
        let found = try finding("{key: '{{ length(level) }}', operator: NotEquals, value: 1}")
        #expect(found.outcome == .refused)
        #expect(found.observed.hasPrefix("cannot be evaluated: argument 1 of length is a number"))
        let items = "[" + Array(repeating: "1", count: 2_000).joined(separator: ",") + "]"
        let costly = try finding(
            "{key: '{{ items[?contains(''x'', to_string(map(&length(''y''), @ && [`1`])))] | length(@) }}', operator: NotEquals, value: 7}",
            on: "{items: \(items)}")
        #expect(costly.outcome == .refused || costly.outcome == .met)
        let steps =
            "{key: '{{ items[].[map(&to_string(@), ''x'' && items || `[]`)] }}', operator: AllNotIn, value: [z]}"
        #expect(try finding(steps, on: "{items: \(items)}").outcome == .refused)
        let stars = String(repeating: "*a", count: 200)
        let long = String(repeating: "a", count: 100_000)
        let slow = try finding(
            "{key: '{{ long }}', operator: NotEquals, value: '\(stars)b'}", on: "{long: \(long)}")
        #expect(slow.outcome == .refused)
        #expect(slow.reason == .limitExceeded)
    }

    @Test("looking up many long patterns in a long list is stopped, and refuses")
    func costlyLists() throws {
        let long = String(repeating: "a", count: 1_000)
        let wanted = (0..<300).map { _ in long }.joined(separator: ", ")
        let observed = (0..<300).map { _ in "'b*\(long)'" }.joined(separator: ", ")
        let text = "{key: '{{ items }}', operator: AllNotIn, value: [\(wanted)]}"
        let found = try finding(text, on: "{items: [\(observed)]}")
        #expect(found.outcome == .refused)
        #expect(found.reason == .limitExceeded)
        #expect(try finding(text, on: "{items: ['b*\(long)', c]}").outcome == .met)
    }

    @Test("the time is the caller's, and without one the answer is open")
    func time() throws {
        let text =
            "{key: '{{ time_since('''', ''{{ finished }}'', '''') }}', operator: LessThanOrEquals, value: 24h}"
        for (finished, outcome) in [
            ("2023-11-14T00:00:00Z", CheckOutcome.met), ("2023-11-13T00:00:00Z", .refused),
            ("soon", .refused),
        ] {
            let statement = "{finished: '\(finished)'}"
            #expect(try finding(text, on: statement).outcome == outcome)
            guard finished != "soon" else { continue }
            #expect(try finding(text, on: statement, now: nil).outcome == .undetermined)
        }
    }

    @Test("a generated rule sees the pod template where its author sees the pod")
    func podTemplate() throws {
        let manifest = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: api, namespace: shop, labels: {app: outer}}
            spec:
              replicas: 2
              template:
                metadata: {labels: {app: inner}}
                spec: {serviceAccountName: robot, containers: [{name: main, image: a/b}]}
            """
        for (key, value) in [
            ("request.object.metadata.labels.app", "inner"), ("request.object.kind", "Deployment"),
            ("request.object | spec.serviceAccountName", "robot"), ("request.name", "api"),
            ("images.containers.main.path", "a/b"),
        ] {
            let found = try finding(
                "{key: '{{ \(key) }}', operator: Equals, value: \(value)}", of: manifest)
            #expect(found.outcome == .met, "\(key): \(found)")
        }
        let outside = "{key: '{{ request.object.spec.replicas }}', operator: NotEquals, value: 9}"
        #expect(try finding(outside, of: manifest).outcome == .refused)
    }

    @Test("an image that cannot be read, or two of one name, leave no image out unseen")
    func imageTable() throws {
        let condition = "{key: '{{ images.containers.*.registry }}', operator: AllIn, value: ['*']}"
        #expect(try finding(condition).outcome == .met)
        for containers in [
            "[{name: a, image: a/b}, {name: b, image: 'A B'}]",
            "[{name: a, image: a/b}, {name: a, image: c/d}]", "[{image: a/b}, {image: c/d}]",
        ] {
            let manifest = """
                {apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {containers: \(containers)}}
                """
            let found = try finding(condition, of: manifest)
            #expect(found.outcome == .refused)
            #expect(found.observed.contains("\"images\" has no value"))
        }
    }

    // MARK: Context entries

    @Test(
        "context entries of kind variable have values",
        arguments: [
            ("{value: [a, b]}", "length(v)", "2"),
            ("{value: '{{ request.namespace }}-x'}", "v", "shop-x"),
            ("{jmesPath: request.object.metadata.name}", "v", "backend"),
            ("{value: {a: {b: 7}}, jmesPath: a.b}", "v", "7"),
            ("{jmesPath: request.object.gone, default: 9}", "v", "9"),
            ("{value: {a: 1}, jmesPath: length(a), default: '{{ image.name }}'}", "v", "api"),
            ("{value: {'{{ image.name }}': 1}}", "v.api", "1"),
        ])
    func variables(entry: String, expression: String, value: String) throws {
        let found = try finding(
            "{key: '{{ \(expression) }}', operator: Equals, value: \(value)}",
            context: "[{name: v, variable: \(entry)}]")
        #expect(found.outcome == .met, "\(found)")
    }

    @Test("an entry without a value refuses the conditions that use it, and no others")
    func entryWithoutValue() throws {
        let context =
            "[{name: v, variable: {jmesPath: request.object.gone}}, {name: w, variable: {value: '{{ v }}'}}]"
        for key in ["v", "w", "v || ''x''"] {
            let found = try finding(
                "{key: '{{ \(key) }}', operator: NotEquals, value: z}", context: context)
            #expect(found.outcome == .refused)
            #expect(found.observed.contains("has no value"), "\(found)")
        }
        let other = "{key: '{{ level }}', operator: Equals, value: 3}"
        #expect(try finding(other, context: context).outcome == .met)
        let clock = "[{name: v, variable: {value: '{{ time_now() }}'}}]"
        let asked = "{key: '{{ v }}', operator: NotEquals, value: z}"
        #expect(try finding(asked, context: clock, now: nil).outcome == .undetermined)
        #expect(try finding(asked, context: clock).outcome == .met)
    }

    @Test(
        "an entry that cannot be used is refused when the policy is loaded",
        arguments: [
            "{name: request, variable: {value: 1}}", "{name: image, variable: {value: 1}}",
            "{name: element0, variable: {value: 1}}", "{name: v, variable: {}}",
            "{name: v, variable: {value: 1}, configMap: {name: a, namespace: b}}", "{name: v}",
            "{name: v, variable: {value: 1, extra: 2}}", "{name: v, variable: {jmesPath: 'a.'}}",
            "{name: v, variable: {jmesPath: level}}", "{name: v, variable: {value: '{{ level }}'}}",
            "{name: v, variable: {value: '{{ v }}'}}", "{name: v, variable: {jmesPath: '{{ a }}'}}",
            "{name: v, variable: {value: '{{ request.userInfo }}'}}",
            "{name: v, variable: {value: {a: ['$(b)']}}}", "{name: v, variable: {value: '{{ a'}}",
            "{name: v, variable: {value: 1}}, {name: v, variable: {value: 2}}",
            "{name: v, variable: {value: 1, default: '{{ target }}'}}",
            "{name: v, variable: {value: 1, jmesPath: 'random(''a'')'}}",
        ])
    func brokenEntries(entry: String) throws {
        let condition = "{key: a, operator: Equals, value: b}"
        let failure = try #require(refusal(try Self.policy(condition, context: "[\(entry)]")))
        #expect([.malformed, .unsupported].contains(failure.kind), "\(failure)")
    }

    @Test("no statement changes what the policy's own names mean, and none traps")
    func hostileStatements() throws {
        var dice = SeededGenerator(seed: 5)
        let context = "[{name: own, variable: {value: {a: 'yes'}}}]"
        let conditions = [
            ("{key: '{{ request.namespace }}', operator: Equals, value: shop}", true),
            ("{key: '{{ request.namespace }}', operator: AnyIn, value: ['evil*']}", false),
            (
                "{key: '{{ image.registry }}-{{ own.a }}', operator: Equals, value: ghcr.io-yes}",
                true
            ),
            (
                "{key: '{{ images.*.*.registry[] }}', operator: AllIn, value: [ghcr.io, docker.io]}",
                true
            ),
            ("{key: '{{ level }}', operator: GreaterThan, value: '{{ level }}'}", false),
            ("{key: '{{ level }}', operator: AllNotIn, value: '{{ level }}'}", false),
            ("{key: '{{ level }}', operator: NotEquals, value: '{{ level }}'}", false),
            ("{key: '{{ level }}', operator: AnyNotIn, value: ['{{ level }}']}", false),
        ]
        for _ in 0..<150 {
            let statement = hostileValue(&dice, depth: 4, isObject: true).compactText
            for (text, holds) in conditions {
                let found = try finding(text, on: statement, context: context)
                #expect((found.outcome == .met) == holds, "\(text) on \(statement): \(found)")
                #expect(found.observed.utf8.count < 10_000)
            }
        }
    }

    private func hostileValue(
        _ dice: inout SeededGenerator, depth: Int, isObject: Bool = false
    ) -> JSONValue {
        let texts = [
            "*", "?", "{{ request.name }}", "[\"*\"]", "1-10", "1!-10", "", "evil", "shop", "1h",
            "$(a)", "\\{{", "\u{0}\u{202E}", String(repeating: "{{", count: 100), "é", "e\u{301}",
        ]
        let names = [
            "request", "image", "images", "own", "level", "namespace", "registry", "containers",
            "__proto__", "", "a'b", "a\"b", "userInfo", "element",
        ]
        switch isObject ? 8 : Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &dice) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &dice))
        case 2: return .number(JSONNumber(Int.random(in: -3...12, using: &dice)))
        case 3, 4, 5: return .string(texts[Int.random(in: 0..<texts.count, using: &dice)])
        case 6, 7:
            return .array((0..<3).map { _ in hostileValue(&dice, depth: depth - 1) })
        default:
            var object: JSONObject = [:]
            for _ in 0..<4 {
                let name = names[Int.random(in: 0..<names.count, using: &dice)]
                object[name] = hostileValue(&dice, depth: depth - 1)
            }
            return .object(object)
        }
    }

    @Test("names that other languages trip over are names like others")
    func oddNames() throws {
        let statement =
            #"{"__proto__": {"a": 1}, "constructor": 2, "a'b": 3, "c\"d": 4, "e`f": 5, "": 6}"#
        for (key, value) in [
            ("\"__proto__\".a", 1), ("__proto__.a", 1), ("constructor", 2), ("\"a''b\"", 3),
            (#""c\"d""#, 4), ("\"e`f\"", 5), ("\"\"", 6),
        ] {
            let found = try finding(
                "{key: '{{ \(key) }}', operator: Equals, value: \(value)}", on: statement)
            #expect(found.outcome == .met, "\(key): \(found)")
        }
    }
}
