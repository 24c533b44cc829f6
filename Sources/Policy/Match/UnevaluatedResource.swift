// SPDX-License-Identifier: Apache-2.0
// Resources with images that Assay finds and does not evaluate.

import Primitives

/// A resource that names images at places where Assay does not look for the images of its kind.
///
/// Only the nine kinds of `podSpecPaths` are evaluated. A custom resource may run its images too,
/// so it is listed: an image that was not evaluated must not look like one that passed.
package struct UnevaluatedResource: Hashable, Sendable {
    /// One place that names an image, or may.
    package struct Finding: Hashable, Sendable {
        package enum What: String, Sendable {
            /// An object with containers.
            case podTemplate = "pod template"
            case image
            /// A kind that is known only after Flux or envsubst has replaced `${…}`.
            case substitution
        }

        package let what: What
        /// RFC 6901 pointer inside the resource.
        package let pointer: String
        /// The images named there, as they are written; for a substitution, the text.
        package let values: [String]
    }

    package let resource: ResourceIdentity
    package let file: String?
    package let why: String
    /// The first of them, at most `Limits.unevaluatedImages`.
    package let findings: [Finding]
    /// How many there are.
    package let count: Int

    /// The places in a resource beyond the images of `ResourceManifest.images()`; nil when there
    /// are none.
    package init?(_ resource: ResourceManifest) {
        guard !resource.holdsNoOtherImages else { return nil }
        let why =
            resource.isWorkload
            ? "\(quoted(resource.identity.apiVersion)) may run more than the pod template of a "
                + resource.identity.kind
            : "the images of this kind are not known"
        // If these cannot be read, the failure of the resource is reported.
        let evaluated = (try? resource.images()) ?? []
        self.init(resource, evaluated: evaluated.map(\.pointer), why: why)
    }

    /// What the fields of a list beside its items hold.
    init?(fieldsOf list: ResourceManifest) {
        self.init(
            list, evaluated: [],
            why: "an object with items is a list, and its other fields are not posted")
    }

    private init?(_ manifest: ResourceManifest, evaluated: [String], why: String) {
        var search = ImageSearch(evaluated: Set(evaluated.map { ExactText($0) }))
        for name in ["kind", "apiVersion"] {
            if let text = manifest.json[name]?.string, text.utf8.contains("${") {
                search.add(.substitution, at: "/" + name, [text])
            }
        }
        for member in manifest.json.object ?? [:]
        where !isSame(member.name, "metadata") && !isSame(member.name, "status") {
            search.look(at: member.value, named: member.name, pointer: pointer("", member.name))
        }
        guard search.count > 0 else { return nil }
        resource = manifest.identity
        file = manifest.file
        self.why = why
        findings = search.findings
        count = search.count
    }
}

extension ResourceManifest {
    /// Whether the API server gives no meaning to an image anywhere else in this resource: workloads
    /// of Kubernetes itself, data, and schemas.
    fileprivate var holdsNoOtherImages: Bool {
        switch identity.group {
        case "": isWorkload || ["ConfigMap", "Secret"].contains(identity.kind)
        case "apps", "batch", "extensions": isWorkload
        case "apiextensions.k8s.io": true
        default: false
        }
    }
}

/// A walk through a resource. Each value is looked at once.
private struct ImageSearch {
    /// Pointers of the images that are judged.
    let evaluated: Set<ExactText>
    var findings: [UnevaluatedResource.Finding] = []
    var count = 0
    private var valuesLeft = Limits.yamlNodes

    init(evaluated: Set<ExactText>) { self.evaluated = evaluated }

    mutating func add(
        _ what: UnevaluatedResource.Finding.What, at pointer: String, _ values: [String]
    ) {
        count += 1
        guard findings.count < Limits.unevaluatedImages else { return }
        findings.append(
            UnevaluatedResource.Finding(what: what, pointer: pointer, values: values))
    }

    mutating func look(at value: JSONValue, named name: String, pointer place: String) {
        valuesLeft -= 1
        guard valuesLeft >= 0 else {
            // A resource that is too large to search may name an image, so it is listed.
            if valuesLeft == -1 { add(.image, at: place, []) }
            return
        }
        if let image = imageText(value, named: name), !isEvaluated(place) {
            add(.image, at: place, [image])
        }
        switch value {
        case .object(let object):
            let isTemplate =
                containerLists.contains { isContainers(object[$0]) }
                && !isEvaluated(template: object, at: place)
            if isTemplate { addTemplate(object, at: place) }
            for member in object
            where !isTemplate || !containerLists.contains(where: { isSame($0, member.name) }) {
                look(at: member.value, named: member.name, pointer: pointer(place, member.name))
            }
        case .array(let items):
            for (index, item) in items.enumerated() {
                // Items of `images` are images; those of other lists have no name of their own.
                look(
                    at: item, named: isSame(name, "images") ? "image" : "",
                    pointer: pointer(place, String(index)))
            }
        default: break
        }
    }

    private func isEvaluated(_ place: String) -> Bool {
        evaluated.contains(ExactText(place)) || evaluated.contains(ExactText(place + "/reference"))
    }

    /// Whether the images of all its containers are judged.
    private func isEvaluated(template: JSONObject, at place: String) -> Bool {
        containerLists.allSatisfy { list in
            (template[list]?.array ?? []).indices.allSatisfy {
                isEvaluated("\(place)/\(list)/\($0)/image")
            }
        }
    }

    private mutating func addTemplate(_ object: JSONObject, at place: String) {
        var images: [String] = []
        for list in containerLists {
            for item in object[list]?.array ?? [] where images.count < Limits.unevaluatedImages {
                if let image = item["image"].flatMap({ imageText($0, named: "image") }) {
                    images.append(image)
                }
            }
        }
        add(.podTemplate, at: place, images)
    }
}

private let containerLists = ["initContainers", "containers", "ephemeralContainers"]

/// A list whose first item looks like a container.
private func isContainers(_ value: JSONValue?) -> Bool {
    guard let first = value?.array?.first else { return false }
    return first["image"] != nil || first["name"] != nil
}

/// The image that a field names, where its name says that it does: a text, or the parts that Helm
/// charts and Kustomize write.
private func imageText(_ value: JSONValue, named name: String) -> String? {
    guard isImageField(name) else { return nil }
    switch value {
    case .string(let text):
        let isAddress =
            text.utf8.hasPrefix("http://") || text.utf8.hasPrefix("https://")
        let isOneWord = !text.utf8.contains(where: isWhitespaceByte)
        return text.isEmpty || isAddress || !isOneWord ? nil : text
    case .object(let object):
        for part in imageParts {
            if let text = object[part]?.string, !text.isEmpty { return text }
        }
        return nil
    default: return nil
    }
}

private func isImageField(_ name: String) -> Bool {
    imageFields.contains { isSame($0, name) } || name.utf8.hasSuffix("Image")
}

private let imageFields = ["image", "imageName", "imageRef", "imageReference", "imageURI"]

private let imageParts = [
    "repository", "newName", "name", "reference", "ref", "registry", "tag", "newTag", "digest",
]

/// Spec: RFC 6901, §3.
private func pointer(_ parent: String, _ name: String) -> String {
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
