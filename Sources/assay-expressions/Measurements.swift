// SPDX-License-Identifier: Apache-2.0
// How long typical policy expressions take to compile and to evaluate.

import CEL

func measureCEL() -> [String] {
    let policies = policyExpressions
    return policies.map { expression in
        let environment = policyEnvironment
        var line = ""
        do {
            let compile = try nanoseconds { _ = try environment.compile(expression) }
            let program = try environment.compile(expression)
            let evaluate = try nanoseconds { _ = try program.evaluate(policyBindings) }
            line = "\(compile / 1_000) µs compile, \(evaluate) ns evaluate: \(expression)"
        } catch { line = "\(expression): \(error)" }
        return line
    }
}

/// The best of five runs, each long enough for the clock.
private func nanoseconds(_ work: () throws -> Void) rethrows -> Int {
    let clock = ContinuousClock()
    var best = Int.max
    for _ in 0..<5 {
        var rounds = 0
        let start = clock.now
        repeat {
            for _ in 0..<100 { try work() }
            rounds += 100
        } while clock.now - start < .milliseconds(100)
        let spent = (clock.now - start).components
        best = min(
            best,
            Int(spent.attoseconds / 1_000_000_000) / rounds + Int(spent.seconds) * 1_000_000_000
                / rounds)
    }
    return best
}

private let policyExpressions = [
    "object.metadata.name == 'a'",
    "has(object.spec.hostNetwork) && object.spec.hostNetwork",
    "object.spec.containers.all(c, c.image.startsWith('ghcr.io/') || c.image.contains('acme') || c.image.endsWith(':1'))",
    "object.spec.?initContainers.orValue([]).map(e, e.image)",
    "(object.spec.containers + object.spec.?initContainers.orValue([])).filter(c, !c.image.matches('^ghcr.io/[a-z]+/.*$')).size() == 0",
    "images.containers.map(i, i.split('/')[0]).all(r, r in ['ghcr.io', 'docker.io', 'quay.io'])",
]

private let policyEnvironment: CELEnvironment = {
    var environment = CELEnvironment.kyverno
    environment.declare(VariableDeclaration("object", .dyn))
    environment.declare(VariableDeclaration("images", .map(.string, .list(.string))))
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
        "images": map(["containers": .list(names.map { .string($0) })]),
    ])
}()

private func map(_ entries: KeyValuePairs<String, CELValue>) -> CELValue {
    var map = MapBuilder()
    for (name, value) in entries { map.set(value, for: .string(name)) }
    return .map(map.map())
}
