// SPDX-License-Identifier: Apache-2.0
// Images, versions, addresses. Spec: kyverno.io, "JMESPath"; distribution reference grammar.

import Primitives

let kyvernoImageFunctions: [FunctionDefinition] = [
    FunctionDefinition(
        "image_normalize", [.string], "string", "the image with docker.io and latest written out"
    ) { call, _ throws(EvaluationStop) in
        let text = try call.string(0)
        guard let image = normalizedImage(text) else {
            throw call.invalid("\(quoted(text)) names no image")
        }
        return .string(image)
    },
    // Deviation: Kyverno asks the DNS of the machine here. That sends what a policy sees to
    // whoever answers, and gives verdicts that nobody can repeat; so there is no answer.
    FunctionDefinition("is_external_url", [.string], "boolean", "never answered: it would ask DNS")
    {
        call, _ throws(EvaluationStop) in
        throw call.invalid("it would ask the network, and expressions do not", .unavailable)
    },
    // Deviation: a text that is not a version is an error. Kyverno reads it as 0.0.0, so that a
    // predicate with `version: latest` is older than any.
    FunctionDefinition(
        "semver_compare", [.string, .string], "boolean", "whether the range holds it"
    ) {
        call, evaluator throws(EvaluationStop) in
        let (version, text) = (try call.string(0), try call.string(1))
        try evaluator.spend((version.utf8.count + text.utf8.count) / 4)
        guard let range = VersionRange(text) else {
            throw call.invalid("\(quoted(text)) is no range like >=1.2.0 <2.0.0")
        }
        guard let version = SemanticVersion(version) else {
            throw call.invalid("\(quoted(version)) is not a version such as 1.2.0")
        }
        return .bool(range.holds(version))
    },
]

/// Kyverno's canonical name: `library/` is not added, and a digest takes the place of the tag.
private func normalizedImage(_ text: String) -> String? {
    guard text.utf8.count <= 512 else { return nil }
    let halves = text.utf8.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    if halves.count == 2, (try? Digest(parsing: halves[1])) == nil { return nil }
    var name = String(halves.first ?? "")
    var registry = "docker.io"
    if let sides = name.utf8.split(atFirst: "/"), isRegistry(sides.before) {
        (registry, name) = (String(sides.before), String(sides.after))
    }
    var tag = "latest"
    if let sides = name.utf8.split(atLast: ":") {
        (name, tag) = (String(sides.before), String(sides.after))
    }
    guard imageGrammar.path?.matches(name) == true, imageGrammar.tag?.matches(tag) == true,
        imageGrammar.registry?.matches(registry) == true
    else { return nil }
    return "\(registry)/\(name)" + (halves.count == 2 ? "@\(halves[1])" : ":\(tag)")
}

/// A dot, a colon, an upper-case letter, or localhost. Spec: docs/kyverno.md, "Image names".
private func isRegistry(_ text: Substring) -> Bool {
    text == "localhost"
        || text.utf8.contains { $0 == 0x2E || $0 == 0x3A || (0x41...0x5A).contains($0) }
}

private let imageGrammar = (
    path: try? RegularExpression(
        anchored: "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
    ),
    tag: try? RegularExpression(anchored: "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"),
    registry: try? RegularExpression(
        anchored: "(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?")
)
