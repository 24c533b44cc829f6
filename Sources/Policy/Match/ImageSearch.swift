// SPDX-License-Identifier: Apache-2.0
// The search for images that are not judged.

import Primitives

/// How much may still be searched in one file.
struct SearchBudget {
    private(set) var values = Limits.yamlNodes
    private(set) var bytes = Limits.imageSearchBytes

    var isSpent: Bool { values < 0 || bytes < 0 }

    mutating func spend(bytes count: Int) {
        values -= values < 0 ? 0 : 1
        bytes -= bytes < 0 ? 0 : count
    }
}

/// A walk through a resource. Each value is looked at once.
struct ImageSearch {
    private enum Step {
        case name(String)
        case index(Int)
    }

    /// What is judged, or names no image though it looks like it.
    struct Exceptions {
        /// Pointers of the images that are judged.
        var evaluated: Set<ByteString> = []
        /// The pod spec of a workload: a container in it without an image has none yet.
        var podSpec: String?
        /// Whether the resource is a policy, whose patterns name images that it is about.
        var isPolicy = false

        var longest: Int {
            max(podSpec?.utf8.count ?? 0, evaluated.map(\.text.utf8.count).max() ?? 0)
        }
    }

    private let exceptions: Exceptions
    private let longestException: Int
    private(set) var findings: [UnevaluatedResource.Finding] = []
    private(set) var count = 0
    private(set) var budget: SearchBudget
    private var path: [Step] = []
    private var pathBytes = 0
    private var isOverLimit = false

    init(except exceptions: Exceptions, budget: SearchBudget) {
        self.exceptions = exceptions
        longestException = exceptions.longest
        self.budget = budget
    }

    mutating func add(
        _ what: UnevaluatedResource.Finding.What, at place: String? = nil, _ values: [String]
    ) {
        count += 1
        guard findings.count < Limits.unevaluatedImages else { return }
        findings.append(
            UnevaluatedResource.Finding(what: what, pointer: place ?? pointer, values: values))
    }

    // MARK: Names

    /// Names every field whose own name is replaced before it is posted.
    mutating func lookAtNames(of value: JSONValue, where isSearched: (String) -> Bool) {
        for member in value.object ?? [:] {
            enter(.name(member.name))
            lookAtName(member.name)
            if isSearched(member.name) { lookAtNames(of: member.value) }
            leave(.name(member.name))
        }
    }

    private mutating func lookAtNames(of value: JSONValue) {
        switch value {
        case .object(let object):
            guard spend(object.members.count) else { return }
            for member in object {
                enter(.name(member.name))
                lookAtName(member.name)
                lookAtNames(of: member.value)
                leave(.name(member.name))
            }
        case .array(let items):
            guard spend(items.count) else { return }
            for (index, item) in items.enumerated() {
                enter(.index(index))
                lookAtNames(of: item)
                leave(.index(index))
            }
        case .string(let text):
            guard spend(text.utf8.count) else { return }
            if holdsOpenSubstitution(Array(text.utf8)[...]) { add(.substitution, [text]) }
        default: break
        }
    }

    private mutating func lookAtName(_ name: String) {
        guard spend(name.utf8.count), isReplaced(name: name) else { return }
        add(.substitution, [name])
    }

    // MARK: Values

    mutating func look(in object: JSONObject, where isSearched: (String) -> Bool) {
        for member in object where isSearched(member.name) {
            enter(.name(member.name))
            look(at: member.value, named: member.name)
            leave(.name(member.name))
        }
    }

    private mutating func look(at value: JSONValue, named name: String) {
        switch value {
        case .object(let object):
            guard spend(1) else { return }
            look(at: object, named: name)
        case .array(let items):
            guard spend(1) else { return }
            // Items of `images` are images; those of other lists have no name of their own.
            let itemName = isImageName(Array(name.utf8)[...]) ? "image" : ""
            for (index, item) in items.enumerated() {
                enter(.index(index))
                look(at: item, named: itemName)
                leave(.index(index))
            }
        case .string(let text):
            guard spend(text.utf8.count + name.utf8.count) else { return }
            look(at: text, named: name)
        default: break
        }
    }

    private mutating func look(at text: String, named name: String) {
        let bytes = Array(text.utf8)[...]
        guard !bytes.isEmpty else { return }
        if isFullReference(bytes) || (isImageName(Array(name.utf8)[...]) && mayBeImage(bytes)) {
            if !isEvaluated { add(.image, [text]) }
            return
        }
        let images = imagesInside(bytes, atMost: Limits.unevaluatedImages)
        if !images.isEmpty, !isEvaluated { add(.image, images) }
    }

    private mutating func look(at object: JSONObject, named name: String) {
        // Charts write an image in parts under any name.
        let isNamed =
            isImageName(Array(name.utf8)[...])
            || (text(object["repository"]) != nil
                && (object["tag"] != nil || object["digest"] != nil))
        let whole = isNamed ? imageParts.lazy.compactMap { text(object[$0]) }.first : nil
        if let whole, !isEvaluated { add(.image, [whole]) }
        let pair = valueOfPair(object)
        let isTemplate =
            containerLists.contains { isContainers(object[$0]) } && !isEvaluated(template: object)
        if isTemplate { add(.podTemplate, images(ofContainersIn: object)) }
        let isExact = whole == nil && isExactImageName(Array(name.utf8)[...])
        for member in object {
            if isTemplate, containerLists.contains(where: { isSame($0, member.name) }) { continue }
            if isPassedOver(member.name, in: name) { continue }
            // The whole image was named already.
            if let whole, let part = member.value.string, isSame(whole, part) { continue }
            var valueName = member.name
            if isExact, !isOtherPart(Array(member.name.utf8)[...]) { valueName = "image" }
            if let pair, isSame(pair, member.name) { valueName = "image" }
            // `rbd.image` is the name of a disk.
            if isSame(name, "rbd") { valueName = "" }
            enter(.name(member.name))
            look(at: member.value, named: valueName)
            leave(.name(member.name))
        }
    }

    private func isPassedOver(_ name: String, in parent: String) -> Bool {
        if isSame(name, lastAppliedConfiguration) { return true }
        // The text of a label has neither slash nor colon, and runs nothing.
        if isSame(name, "labels"), isSame(parent, "metadata") { return true }
        return exceptions.isPolicy && patternFields.contains { isSame($0, name) }
    }

    // MARK: Pod templates

    /// Whether the images of all its containers are judged.
    private func isEvaluated(template: JSONObject) -> Bool {
        guard pathBytes <= longestException else { return false }
        let place = pointer
        if let podSpec = exceptions.podSpec, isSame(podSpec, place) { return true }
        return containerLists.allSatisfy { list in
            (template[list]?.array ?? []).indices.allSatisfy {
                exceptions.evaluated.contains(ByteString("\(place)/\(list)/\($0)/image"))
            }
        }
    }

    private var isEvaluated: Bool {
        guard pathBytes <= longestException else { return false }
        let place = pointer
        return exceptions.evaluated.contains(ByteString(place))
            || exceptions.evaluated.contains(ByteString(place + "/reference"))
    }

    private func images(ofContainersIn object: JSONObject) -> [String] {
        var images: [String] = []
        for list in containerLists {
            for item in object[list]?.array ?? [] where images.count < Limits.unevaluatedImages {
                if let image = text(item["image"]) { images.append(image) }
            }
        }
        return images
    }

    // MARK: Bounds and places

    private mutating func spend(_ bytes: Int) -> Bool {
        budget.spend(bytes: bytes)
        // What is too large to search may name an image.
        if budget.isSpent, !isOverLimit {
            isOverLimit = true
            add(.limit, [])
        }
        return !budget.isSpent
    }

    private mutating func enter(_ step: Step) {
        path.append(step)
        pathBytes += bytes(of: step)
    }

    private mutating func leave(_ step: Step) {
        path.removeLast()
        pathBytes -= bytes(of: step)
    }

    /// No more than the pointer has for it.
    private func bytes(of step: Step) -> Int {
        switch step {
        case .name(let name): name.utf8.count + 1
        case .index: 2
        }
    }

    private var pointer: String {
        path.reduce(into: "") { text, step in
            switch step {
            case .name(let name): text = jsonPointer(text, name)
            case .index(let index): text += "/\(index)"
            }
        }
    }
}

/// Whether the name of a field is replaced before it is posted. Names that strategic merge patches
/// and schemas begin with `$` are their own.
func isReplaced(name: String) -> Bool {
    let bytes = Array(name.utf8)[...]
    let isOwn =
        ["$patch", "$retainKeys", "$ref", "$schema", "$id", "$defs"].contains { isSame($0, name) }
        || name.utf8.hasPrefix("$setElementOrder/")
        || name.utf8.hasPrefix("$deleteFromPrimitiveList/")
    return !isOwn && holdsTemplate(bytes)
}

/// The name of the field that holds the value of a pair such as `name: image, value: …`.
private func valueOfPair(_ object: JSONObject) -> String? {
    for field in ["name", "key", "path"] {
        if let name = text(object[field]), isImageName(Array(name.utf8)[...]) {
            return ["value", "default"].first { text(object[$0]) != nil }
        }
    }
    return nil
}

/// The annotation in which `kubectl apply` keeps a copy of the object.
let lastAppliedConfiguration = "kubectl.kubernetes.io/last-applied-configuration"

private func text(_ value: JSONValue?) -> String? {
    guard let text = value?.string, !text.isEmpty else { return nil }
    return text
}

private let containerLists = ["initContainers", "containers", "ephemeralContainers"]

/// A list whose first item looks like a container.
private func isContainers(_ value: JSONValue?) -> Bool {
    guard let first = value?.array?.first else { return false }
    return first["image"] != nil || first["name"] != nil
}

/// Fields of Kyverno's policies that hold patterns of images.
private let patternFields = [
    "verifyImages", "imageReferences", "skipImageReferences", "matchImageReferences",
    "imageExtractors", "imageRegistry",
]

/// The parts that Helm charts and Kustomize write an image in.
private let imageParts = [
    "repository", "newName", "name", "reference", "ref", "registry", "tag", "newTag", "digest",
]

/// Spec: RFC 6901, §3.
func jsonPointer(_ parent: String, _ name: String) -> String {
    var text = parent + "/"
    for scalar in name.unicodeScalars {
        switch scalar {
        case "~": text += "~0"
        case "/": text += "~1"
        default: text.unicodeScalars.append(scalar)
        }
    }
    return text
}
