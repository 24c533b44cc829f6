// SPDX-License-Identifier: Apache-2.0
// Policies in CEL over a Pod with three containers.

internal import CEL
internal import KyvernoFunctions
internal import Primitives

/// Expressions and what cel-go took for parse, check and program together, and for one evaluation.
func celCases() throws -> [ExpressionCase] {
    let policies: [(String, compile: Double?, evaluate: Double?)] = [
        ("object.metadata.name == 'a'", 138, 0.16),
        ("has(object.spec.hostNetwork) && object.spec.hostNetwork", 127, 0.17),
        (
            "object.spec.containers.all(c, c.image.startsWith('ghcr.io/') || "
                + "c.image.contains('acme') || c.image.endsWith(':1'))", 301, 2.2
        ),
        ("object.spec.?initContainers.orValue([]).map(e, e.image)", 188, 2.6),
        (
            "(object.spec.containers + object.spec.?initContainers.orValue([]))"
                + ".filter(c, !c.image.matches('^ghcr.io/[a-z]+/.*$')).size() == 0", 448, 39
        ),
        (
            "images.containers.map(i, i.split('/')[0])"
                + ".all(r, r in ['ghcr.io', 'docker.io', 'quay.io'])", 320, 9.9
        ),
        ("text == 'value'", nil, 0.25), ("number in [1, 2, 3, 4, 5]", nil, 0.22),
        ("images.containers.exists(i, i.contains('job'))", nil, 1.9),
        ("images.containers.exists(i, i.startsWith('ghcr.io/acme/job'))", nil, 3.8),
        ("images.containers.exists(i, i.matches('job:[0-9]+$'))", nil, 1.6),
        ("images.containers.filter(i, i.matches('job:[0-9]+$')).size() == 1", nil, 13),
        ("number + number", 131, nil),
    ]
    let environment = policyEnvironment
    let bindings = policyBindings
    return try policies.map { text, compile, evaluate in
        let program = try environment.compile(text)
        return ExpressionCase(
            name: text, compile: { _ = try environment.compile(text) },
            evaluate: {
                guard case .value = try program.evaluate(bindings) else {
                    throw Failure(.bug, "cannot measure \(text)", because: "it has no value")
                }
            }, peer: (compile, evaluate))
    }
}

private let policyEnvironment: CELEnvironment = {
    var environment = CELEnvironment.kyverno
    environment.declare(VariableDeclaration("object", .dyn))
    environment.declare(VariableDeclaration("images", .map(.string, .list(.string))))
    environment.declare(VariableDeclaration("text", .string))
    environment.declare(VariableDeclaration("number", .int))
    return environment
}()

private let policyBindings: CELBindings = {
    let names = ["ghcr.io/acme/api:1", "ghcr.io/acme/web:1", "ghcr.io/acme/job:1"]
    let containers = names.map { map(["name": .string("c"), "image": .string($0)]) }
    return CELBindings([
        "object": map([
            "metadata": map(["name": "a"]),
            "spec": map(["hostNetwork": false, "containers": .list(containers)]),
        ]),
        "images": map(["containers": .list(names.map { .string($0) })]), "text": "value",
        "number": 3,
    ])
}()

private func map(_ entries: KeyValuePairs<String, CELValue>) -> CELValue {
    var map = MapBuilder()
    for (name, value) in entries { map.set(value, for: .string(name)) }
    return .map(map.map())
}
