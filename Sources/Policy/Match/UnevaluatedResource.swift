// SPDX-License-Identifier: Apache-2.0
// Resources with images that Assay finds and does not evaluate.

import Primitives

/// A resource that names images at places where Assay does not look for the images of its kind.
///
/// Only the images of containers and volumes in the nine kinds of `podSpecPaths` are judged. A
/// custom resource, an annotation or a driver may run an image all the same, so it is named: an image
/// that is not judged must not look like one that passed.
package struct UnevaluatedResource: Hashable, Sendable {
    /// One place that names an image, or may.
    package struct Finding: Hashable, Sendable {
        package enum What: String, Sendable {
            /// An object with containers.
            case podTemplate = "pod template"
            case image
            /// A kind or a name of a field that is known only after Flux, envsubst or Helm has
            /// replaced `${…}`, `$name` or `{{ … }}`.
            case substitution
            /// A field by which Kustomize may change images, or add resources that are not read.
            case kustomization = "kustomization field"
            /// The search ends here; what follows may name an image.
            case limit = "limit of the search"
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
    init?(_ resource: ResourceManifest, budget: inout SearchBudget) {
        // If these cannot be read, the failure of the resource is reported.
        let evaluated = (try? resource.images()) ?? []
        let podSpec = podSpecPaths[resource.identity.kind] ?? []
        let exceptions = ImageSearch.Exceptions(
            evaluated: Set(evaluated.map { ExactText($0.pointer) }),
            podSpec: resource.isCoreWorkload ? podSpec.reduce("", jsonPointer) : nil,
            isPolicy: ["kyverno.io", "policies.kyverno.io"].contains(resource.identity.group))
        var search = ImageSearch(except: exceptions, budget: budget)
        search.look(at: resource)
        budget = search.budget
        self.init(
            search, resource.identity, file: resource.file,
            why: resource.isCoreWorkload
                ? "only the images of containers and volumes are known"
                : resource.isWorkload
                    ? "\(quoted(resource.identity.apiVersion)) may run more than the pod template of a "
                        + resource.identity.kind
                    : "the images of this kind are not known")
    }

    /// What the fields of a list beside its items hold.
    init?(fieldsOf list: ResourceManifest, budget: inout SearchBudget) {
        var search = ImageSearch(except: ImageSearch.Exceptions(), budget: budget)
        search.look(at: list)
        budget = search.budget
        self.init(
            search, list.identity, file: list.file,
            why: "an object with items is a list, and its other fields are not posted")
    }

    /// A document without a kind that may have one, once its names are replaced.
    init?(document: JSONValue, file: String, budget: inout SearchBudget) {
        var search = ImageSearch(except: ImageSearch.Exceptions(), budget: budget)
        search.lookAtNames(of: document) { _ in false }
        if let text = document.string, holdsTemplate(Array(text.utf8)[...]) {
            search.add(.substitution, at: "", [text])
        }
        budget = search.budget
        self.init(
            search, document.documentIdentity(kind: "document"), file: file,
            why: "its kind is known only after its names are replaced")
    }

    /// What in a kustomization may change images, or leads to files that are not read.
    init?(
        kustomization: JSONValue, file: String, budget: inout SearchBudget,
        isRead: (String) -> Bool
    ) {
        var search = ImageSearch(except: ImageSearch.Exceptions(), budget: budget)
        search.look(atKustomization: kustomization, isRead: isRead)
        budget = search.budget
        self.init(
            search, kustomization.documentIdentity(kind: "Kustomization"), file: file,
            why:
                "Kustomize may change images or what rules match by, or add resources that are not read"
        )
    }

    private init?(
        _ search: ImageSearch, _ resource: ResourceIdentity, file: String?, why: String
    ) {
        guard search.count > 0 else { return nil }
        self.resource = resource
        self.file = file
        self.why = why
        findings = search.findings
        count = search.count
    }
}

extension ResourceManifest {
    fileprivate var isCoreWorkload: Bool {
        isWorkload && ["", "apps", "batch", "extensions"].contains(identity.group)
    }

    /// Whether what the resource holds is data or a schema, in which an image runs nowhere.
    fileprivate var isData: Bool {
        switch identity.group {
        case "": ["ConfigMap", "Secret"].contains(identity.kind)
        case "apiextensions.k8s.io": true
        default: false
        }
    }
}

extension ImageSearch {
    fileprivate mutating func look(at resource: ResourceManifest) {
        var isReplaced = false
        for name in ["kind", "apiVersion"] {
            if let text = resource.json[name]?.string, holdsTemplate(Array(text.utf8)[...]) {
                add(.substitution, at: "/" + name, [text])
                isReplaced = true
            }
        }
        // With another kind, data may be a pod.
        let isData = resource.isData && !isReplaced
        lookAtNames(of: resource.json) {
            !isData || !["data", "binaryData", "stringData", "spec", "status"].contains($0)
        }
        guard !isData, let object = resource.json.object else { return }
        look(in: object) { !isSame($0, "metadata") && !isSame($0, "status") }
        if let annotations = resource.json["metadata"]?["annotations"] {
            look(in: ["metadata": ["annotations": annotations]]) { _ in true }
        }
        guard isSame(resource.identity.group, "kustomize.toolkit.fluxcd.io") else { return }
        for field in changingFluxFields {
            guard let value = resource.json["spec"]?[field], !value.isEmptyOfMembers else {
                continue
            }
            add(.kustomization, at: "/spec/" + field, [])
        }
    }

    fileprivate mutating func look(
        atKustomization document: JSONValue, isRead: (String) -> Bool
    ) {
        for member in document.object ?? [:] where !member.value.isEmptyOfMembers {
            if ["resources", "bases"].contains(where: { isSame($0, member.name) }) {
                let items = member.value.array ?? [member.value]
                for (index, item) in items.enumerated() {
                    if let path = item.string, isRead(path) { continue }
                    add(
                        .kustomization, at: jsonPointer("", member.name) + "/\(index)",
                        item.string.map { [$0] } ?? [])
                }
            } else if !harmlessFields.contains(where: { isSame($0, member.name) }) {
                let images = (member.value.array ?? []).prefix(Limits.unevaluatedImages)
                add(
                    .kustomization, at: jsonPointer("", member.name),
                    images.compactMap { $0["newName"]?.string ?? $0["name"]?.string })
            }
        }
    }
}

extension JSONValue {
    /// The identity of a document that need not have one.
    fileprivate func documentIdentity(kind: String) -> ResourceIdentity {
        ResourceIdentity(
            apiVersion: self["apiVersion"]?.string ?? "", kind: self["kind"]?.string ?? kind,
            namespace: self["metadata"]?["namespace"]?.string ?? "default",
            name: self["metadata"]?["name"]?.string ?? "", generateName: "")
    }

    fileprivate var isEmptyOfMembers: Bool {
        switch self {
        case .null: true
        case .array(let items): items.isEmpty
        case .object(let object): object.members.isEmpty
        default: false
        }
    }
}

/// Fields of a kustomization that change no image, and nothing that a rule matches by. Namespace, names
/// and labels are not among them: rules that match the built resource are other rules than those that
/// match the file.
/// Spec: sigs.k8s.io/kustomize api v0.18, types/kustomization.go.
private let harmlessFields = [
    "apiVersion", "kind", "metadata", "configMapGenerator", "secretGenerator", "generatorOptions",
    "replicas", "buildMetadata", "sortOptions",
]

/// Fields of a Flux Kustomization that change what it applies. Its images are found by their names.
/// Spec: kustomize.toolkit.fluxcd.io/v1, KustomizationSpec.
private let changingFluxFields = [
    "targetNamespace", "commonMetadata", "namePrefix", "nameSuffix", "patches", "components",
]
