// SPDX-License-Identifier: Apache-2.0
// Images, versions, addresses. Spec: kyverno.io, "JMESPath"; distribution reference grammar.

import JMESPath
import OCI
import Primitives

let imageFunctions: [FunctionDefinition] = [
    FunctionDefinition(
        "image_normalize", [.string], "string", "the image with docker.io and latest written out",
        price: FunctionPrice(base: 40, perText: 64)
    ) { call, _ throws(EvaluationError) in
        let text = try call.string(0)
        guard let image = normalizedImage(text) else {
            throw call.invalid("\(quoted(text)) names no image")
        }
        return .string(image)
    },
    // Deviation: Kyverno queries the machine's DNS. That sends data of the resource to a third
    // party, and its results cannot be reproduced, so the function is an error in Assay.
    FunctionDefinition("is_external_url", [.string], "boolean", "never answered: it would ask DNS")
    {
        call, _ throws(EvaluationError) in
        throw call.invalid("it would ask the network, and expressions do not", .unavailable)
    },
    // Deviation: a string that is not a version is an error. Kyverno reads it as 0.0.0, so a
    // predicate with `version: latest` is older than any version.
    FunctionDefinition(
        "semver_compare", [.string, .string], "boolean", "whether the range holds it",
        price: FunctionPrice(base: 30, perText: 400)
    ) {
        call, evaluator throws(EvaluationError) in
        let (version, text) = (try call.string(0), try call.string(1))
        try evaluator.spend((version.utf8.count + text.utf8.count) / 4)
        guard let range = VersionRange(text) else {
            throw call.invalid("\(quoted(text)) is not a range such as >=1.2.0 <2.0.0")
        }
        guard let version = SemanticVersion(version) else {
            throw call.invalid("\(quoted(version)) is not a version such as 1.2.0")
        }
        return .bool(range.holds(version))
    },
]

/// Kyverno's canonical name: without `library/`, and with the digest in place of the tag.
private func normalizedImage(_ text: String) -> String? {
    let parts = ImageNameParts(text)
    let (registry, tag) = (parts.registry ?? "docker.io", parts.tag ?? "latest")
    guard let host = try? RegistryHost(parsing: registry),
        (try? Repository(registry: host, path: String(parts.path))) != nil,
        (try? Tag(parsing: tag)) != nil
    else { return nil }
    guard let digest = parts.digest else { return "\(registry)/\(parts.path):\(tag)" }
    return (try? Digest(parsing: digest)).map { "\(registry)/\(parts.path)@\($0)" }
}
