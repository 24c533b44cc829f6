// SPDX-License-Identifier: Apache-2.0
// One filter of match or exclude. Spec: docs/kyverno.md, "Matching".

import Primitives

/// What is being done to a resource.
package enum ResourceOperation: String, Sendable, CaseIterable {
    case create = "CREATE"
    case update = "UPDATE"
    case delete = "DELETE"
    case connect = "CONNECT"
}

/// Whether a filter fits, or why that cannot be told.
enum MatchResult: Equatable, Sendable {
    case yes
    case no
    /// An input that the filter asks about was not given. Never taken for yes or for no.
    case undecided(String)

    /// All must fit; one that does not settles it.
    static func all(_ answers: [MatchResult]) -> MatchResult {
        if answers.contains(.no) { return .no }
        return answers.first { $0 != .yes } ?? .yes
    }

    /// One must fit; one that does settles it.
    static func any(_ answers: [MatchResult]) -> MatchResult {
        if answers.contains(.yes) { return .yes }
        return answers.first { $0 != .no } ?? .no
    }
}

/// AND across its parts, OR inside their lists.
struct ResourceFilter: Sendable {
    var resources: ResourceDescription?
    /// `subjects`, `roles`, `clusterRoles`: those of them that are written. Who asks is known only
    /// where requests come in, so these are read, and undecided without a request.
    let requesterFields: [String]

    static let fields: Set<String> = ["resources", "subjects", "roles", "clusterRoles"]

    init(reading node: YAMLNode, isMatch: Bool) throws(Failure) {
        try node.refuseFields(otherThan: ResourceFilter.fields)
        resources = nil
        for member in try node.members() { try refuseEmpty(member) }
        if let part = try node.optional("resources") {
            resources = try ResourceDescription(reading: part, needsKinds: isMatch)
        }
        var requesterFields: [String] = []
        if let subjects = try node.optional("subjects") {
            for subject in try subjects.items() { try checkSubject(subject) }
            requesterFields.append("subjects")
        }
        for name in ["roles", "clusterRoles"] {
            guard let part = try node.optional(name) else { continue }
            _ = try part.strings()
            requesterFields.append(name)
        }
        self.requesterFields = requesterFields
        guard resources != nil || !requesterFields.isEmpty else {
            throw node.broken("it is empty; name resources, subjects, roles or clusterRoles")
        }
    }

    func answer(_ request: AdmissionRequest) throws(Failure) -> MatchResult {
        var answers: [MatchResult] = []
        if let resources { answers.append(try resources.answer(request)) }
        if !requesterFields.isEmpty {
            let names = requesterFields.joined(separator: ", ")
            answers.append(.undecided("\(names): who makes the request is not known here"))
        }
        return .all(answers)
    }
}

/// Kinds, names, namespaces, labels, annotations and operations.
struct ResourceDescription: Sendable {
    var kinds: [KindSelector]
    let name: String?
    let names: [String]
    let namespaces: [String]
    let namespaceSelector: LabelSelector?
    let selector: LabelSelector?
    let annotations: ByteStringMap<String>
    let operations: [ResourceOperation]

    init(reading node: YAMLNode, needsKinds: Bool) throws(Failure) {
        try node.refuseFields(otherThan: [
            "kinds", "name", "names", "namespaces", "namespaceSelector", "selector", "annotations",
            "operations",
        ])
        // A block that asks for nothing fits everything: as an exclude it would free every image.
        for member in try node.members() { try refuseEmpty(member) }
        var kinds: [KindSelector] = []
        for item in try node.optional("kinds")?.items() ?? [] {
            kinds.append(try KindSelector(reading: item))
        }
        guard !kinds.isEmpty || !needsKinds else {
            throw node.broken("it names no kinds, and a match without kinds fits nothing")
        }
        self.kinds = kinds
        name = try node.optional("name")?.string()
        names = try node.optional("names")?.strings() ?? []
        namespaces = try node.optional("namespaces")?.strings() ?? []
        namespaceSelector = try selectorField("namespaceSelector", of: node)
        selector = try selectorField("selector", of: node)
        annotations = try node.optional("annotations")?.stringMap() ?? [:]
        var operations: [ResourceOperation] = []
        for item in try node.optional("operations")?.items() ?? [] {
            guard let operation = ResourceOperation(rawValue: try item.string()) else {
                throw item.broken("it is none of CREATE, UPDATE, DELETE, CONNECT")
            }
            operations.append(operation)
        }
        self.operations = operations
    }

    /// Whether it asks for anything that a pod template's owner cannot answer for its pods.
    var hasPodOnlyParts: Bool {
        name?.isEmpty == false || !names.isEmpty || selector != nil || !annotations.isEmpty
    }

    func answer(_ request: AdmissionRequest) throws(Failure) -> MatchResult {
        let identity = request.object.identity
        guard try fitsKind(request), try fitsName(identity), try fitsNamespace(identity),
            operations.isEmpty || operations.contains(request.operation),
            try allPatterns(annotations, matchIn: request.object.annotations)
        else { return .no }
        if let selector, try !selector.matches(request.object.labels) { return .no }
        // Deviation: in Kyverno a filter with a namespaceSelector never matches a Namespace object
        // (docs/kyverno.md, "Matching"). Here its other parts decide: a Namespace has no images.
        guard let namespaceSelector, identity.kind != "Namespace" else { return .yes }
        return try namespaceSelector.answer(request)
    }

    private func fitsKind(_ request: AdmissionRequest) throws(Failure) -> Bool {
        guard !kinds.isEmpty else { return true }
        for kind in kinds
        where try kind.matches(request.object.identity, subresource: request.subresource) {
            return true
        }
        return false
    }

    private func fitsName(_ identity: ResourceIdentity) throws(Failure) -> Bool {
        if let name, !name.isEmpty, try !Wildcard(name).matches(identity.shownName) { return false }
        if names.isEmpty { return true }
        return try anyWildcard(of: names, matches: identity.shownName)
    }

    private func fitsNamespace(_ identity: ResourceIdentity) throws(Failure) -> Bool {
        // Spec: docs/kyverno.md, "Matching": for a Namespace object, its own name.
        let namespace = identity.kind == "Namespace" ? identity.name : identity.namespace
        if namespaces.isEmpty { return true }
        return try anyWildcard(of: namespaces, matches: namespace)
    }
}

/// Refuses a part that is written and asks for nothing, at its own line.
private func refuseEmpty(_ member: YAMLNode.Member) throws(Failure) {
    let isEmpty =
        switch member.value.content {
        case .mapping(let members): members.allSatisfy(\.value.asksForNothing)
        default: member.value.asksForNothing
        }
    guard !isEmpty else {
        throw Failure(
            .malformed, "cannot use the policy", at: member.place,
            because: "\(quoted(member.name)): it is empty",
            next: "leave it out, or say what it fits")
    }
}

extension YAMLNode {
    fileprivate var asksForNothing: Bool {
        switch content {
        case .scalar(let value): value.isNull || value.string?.isEmpty == true
        case .sequence(let items): items.isEmpty
        case .mapping(let members): members.isEmpty
        }
    }
}

private func selectorField(
    _ name: String, of node: YAMLNode
) throws(Failure) -> LabelSelector? {
    guard let part = try node.optional(name) else { return nil }
    return try LabelSelector(reading: part)
}

private func checkSubject(_ node: YAMLNode) throws(Failure) {
    try node.refuseFields(otherThan: ["kind", "name", "namespace", "apiGroup"])
    let kind = try node.required("kind")
    guard ["User", "Group", "ServiceAccount"].contains(try kind.string()) else {
        throw kind.broken("it is none of User, Group, ServiceAccount")
    }
    _ = try node.required("name").string()
}
