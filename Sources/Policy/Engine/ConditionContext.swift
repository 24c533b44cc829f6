// SPDX-License-Identifier: Apache-2.0
// What expressions see while an image is judged.
// Spec: docs/kyverno.md, "Context roots", "Attestations", "Image names".

import JMESPath
import OCI
import Primitives

/// Kyverno's own names for one resource and, then, for one of its images; before any statement.
///
/// Deviation: Kyverno merges a statement into its context, so that a predicate with a field
/// `request` changes what the policy reads there. Here the names of Kyverno and of the rule's
/// context always win; that such a field was not read is told with the check.
struct ConditionContext: Sendable {
    private var names: JSONObject = [:]
    /// Names that could not be given a value, and why.
    private var obstacles: [String: ConditionError] = [:]
    let scope: ConditionScope
    private let context: JMESPathContext

    private let variables: [ContextVariable]
    /// Whether anything reads the names.
    private let hasConditions: Bool

    /// The names of a resource, for the rules that have conditions.
    init(
        _ admission: AdmissionRequest, _ images: [RequestImage], for rule: CompiledRule,
        at time: Timestamp?
    ) {
        scope = rule.scopeOfConditions
        context = JMESPathContext(now: time)
        variables = rule.variables
        hasConditions = rule.hasConditions
        guard hasConditions else { return }
        names["request"] = requestValue(admission, seesPodTemplate: rule.isGenerated)
        switch imageTable(images) {
        case .success(let table): names["images"] = table
        case .failure(let obstacle): obstacles["images"] = obstacle
        }
    }

    /// The same with the image that is judged, and the rule's own names.
    func judging(_ image: PolicyImageName) -> ConditionContext {
        guard hasConditions else { return self }
        var context = self
        context.names["image"] = image.json(isComplete: true)
        for variable in variables { context.evaluate(variable) }
        return context
    }

    private mutating func evaluate(_ variable: ContextVariable) {
        do throws(ConditionError) {
            try require(variable.roots, among: obstacles)
            do throws(Failure) {
                names[variable.name] = try variable.evaluated(on: .object(names), context)
            } catch {
                throw ConditionError(error)
            }
        } catch {
            obstacles[variable.name] = error
        }
    }

    /// With the fields of a statement's predicate beside the names; these win.
    func about(_ predicate: JSONValue) -> StatementContext {
        var merged = names
        var shadowed: Set<String> = []
        for member in predicate.object ?? [:] {
            if scope.isTaken(member.name) {
                shadowed.insert(member.name)
            } else {
                merged[member.name] = member.value
            }
        }
        return StatementContext(
            names: .object(merged), context: context, shadowed: shadowed, obstacles: obstacles)
    }
}

/// What the conditions on one statement see.
struct StatementContext: Sendable {
    let names: JSONValue
    let context: JMESPathContext
    /// Fields of the statement whose names belong to the policy: they are not read.
    let shadowed: Set<String>
    fileprivate let obstacles: [String: ConditionError]

    init(
        names: JSONValue, context: JMESPathContext = JMESPathContext(), shadowed: Set<String> = [],
        obstacles: [String: ConditionError] = [:]
    ) {
        self.names = names
        self.context = context
        self.shadowed = shadowed
        self.obstacles = obstacles
    }

    /// Refuses when one of the names could not be given its value.
    func require(_ roots: Set<String>) throws(ConditionError) {
        try Policy.require(roots, among: obstacles)
    }
}

private func require(_ roots: Set<String>, among obstacles: [String: ConditionError])
    throws(ConditionError)
{
    for root in roots.sorted() {
        guard let obstacle = obstacles[root] else { continue }
        throw ConditionError(name: root, because: obstacle)
    }
}

/// The fields of an admission request. A policy that uses what only a cluster knows (userInfo,
/// roles, oldObject) is refused when it is loaded.
///
/// Spec: docs/kyverno.md, "Context roots".
private func requestValue(
    _ admission: AdmissionRequest, seesPodTemplate: Bool
) -> JSONValue {
    let identity = admission.object.identity
    var request: JSONObject = [
        "object": seesPodTemplate ? admission.object.asPod : admission.object.json,
        "namespace": .string(identity.namespace), "name": .string(identity.name),
        "operation": .string(admission.operation.rawValue),
        "kind": [
            "group": .string(identity.group), "version": .string(identity.version),
            "kind": .string(identity.kind),
        ],
    ]
    if !admission.subresource.isEmpty { request["subResource"] = .string(admission.subresource) }
    return .object(request)
}

extension ResourceManifest {
    /// The resource with the metadata and spec of its pod template in the place of its own.
    ///
    /// Deviation: Kyverno rewrites the text `request.object.spec` in generated rules to the
    /// template's path. Here the value is what a rule for pods expects, however it is written.
    fileprivate var asPod: JSONValue {
        guard var object = json.object, let path = podSpecPaths[identity.kind] else { return json }
        var template: JSONValue? = json
        for name in path.dropLast() { template = template?[name] }
        object["spec"] = template?["spec"]
        object["metadata"] = template?["metadata"]
        return .object(object)
    }
}

/// The value of `images`. It has no value at all if an image cannot be read or two images have one
/// name, because the image that is left out would pass unseen.
///
/// Spec: docs/kyverno.md, "Context roots", "Images of a resource".
private func imageTable(_ images: [RequestImage]) -> Result<JSONValue, ConditionError> {
    var lists: [ImageUse.Role: JSONObject] = [:]
    var owners: [ImageUse.Role: Set<String>] = [:]
    func obstacle(_ why: String) -> Result<JSONValue, ConditionError> {
        .failure(
            ConditionError(outcome: .refused, reason: .attestationPolicyFailed, why: why))
    }
    for image in images where image.use.role != .volume {
        guard case .success(let name) = image.name else {
            return obstacle("the image \(quoted(image.use.written)) is no image name")
        }
        let image = image.use
        guard owners[image.role, default: []].insert(image.owner).inserted else {
            return obstacle("two \(image.role.rawValue) have the name \(quoted(image.owner))")
        }
        var json = name.json(isComplete: false).object ?? [:]
        json["jsonPointer"] = .string(image.pointer)
        lists[image.role, default: [:]][image.owner] = .object(json)
    }
    var table: JSONObject = [:]
    for (role, list) in lists.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        table[role.rawValue] = .object(list)
    }
    return .success(.object(table))
}

extension PolicyImageName {
    /// `registry`, `path`, `name`, `tag`, `digest`, `reference` and `referenceWithTag`. `image` has
    /// all of them, empty if absent; a member of `images` has those that are not empty.
    ///
    /// Spec: docs/kyverno.md, "Context roots".
    fileprivate func json(isComplete: Bool) -> JSONValue {
        let repository = description.utf8.prefix(before: "@")
        let isTagged = name.digest == nil || name.tag != nil
        let tag = isTagged ? name.tag?.description ?? "latest" : ""
        let named = name.digest == nil ? repository.dropLast(tag.count + 1) : repository
        let path = named.utf8.split(atFirst: "/")?.after ?? ""
        var json: JSONObject = [
            "registry": .string(String(named.utf8.prefix(before: "/"))),
            "path": .string(String(path)),
            "name": .string(path.utf8.split(separator: "/").last.map { String($0) } ?? ""),
            "reference": .string(description), "referenceWithTag": .string("\(named):\(tag)"),
        ]
        if isComplete || isTagged { json["tag"] = .string(tag) }
        if isComplete || name.digest != nil {
            json["digest"] = .string(name.digest?.description ?? "")
        }
        return .object(json)
    }
}
