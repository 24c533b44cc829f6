// SPDX-License-Identifier: Apache-2.0
// Resources with images that Assay finds and does not evaluate.

package import Primitives

/// A resource that names images at places where Assay does not look for the images of its kind.
///
/// Only the images of containers and volumes in the nine kinds of `podSpecPaths` are judged. A
/// custom resource, an annotation or a driver may run an image all the same, so it is named: an image
/// that is not judged must not look like one that passed. A deployer is named whatever it holds.
package struct UnevaluatedResource: Hashable, Sendable {
    /// One place that names an image, or may.
    package struct Finding: Hashable, Sendable {
        package enum What: String, Sendable {
            /// An object with containers.
            case podTemplate = "pod template"
            case image
            /// A kind, a name of a field, or what rules match by, that is known only after Flux,
            /// envsubst or Helm has replaced `${…}`, `$name` or `{{ … }}`.
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
    /// Where it stands in its file.
    package internal(set) var place: Place
    package let why: String
    /// The first of them, at most `Limits.unevaluatedImages`; none in a deployer that names no image.
    package let findings: [Finding]
    /// How many there are.
    package let count: Int

    /// A deployer, or the places in a resource beyond the images of `ResourceManifest.images()`; nil
    /// when it is neither.
    init?(_ resource: ResourceManifest, at place: Place, budget: inout SearchBudget) {
        // If these cannot be read, the failure of the resource is reported.
        let evaluated = (try? resource.images()) ?? []
        let podSpec = podSpecPaths[resource.identity.kind] ?? []
        let exceptions = ImageSearch.Exceptions(
            evaluated: Set(evaluated.map { ByteString($0.pointer) }),
            podSpec: resource.isCoreWorkload ? podSpec.reduce("", jsonPointer) : nil,
            isPolicy: ["kyverno.io", "policies.kyverno.io"].contains(resource.identity.group))
        self.init(
            resource, at: place, except: exceptions, budget: &budget,
            why: resource.isCoreWorkload
                ? "only the images of containers and volumes are known"
                : resource.isWorkload
                    ? "\(quoted(resource.identity.apiVersion)) may run more than the pod template of a "
                        + resource.identity.kind
                    : "the images of this kind are not known")
    }

    /// What the fields of a list beside its items hold.
    init?(fieldsOf list: ResourceManifest, at place: Place, budget: inout SearchBudget) {
        self.init(
            list, at: place, except: ImageSearch.Exceptions(), budget: &budget,
            why: "an object with items is a list, and its other fields are not posted")
    }

    private init?(
        _ resource: ResourceManifest, at place: Place, except exceptions: ImageSearch.Exceptions,
        budget: inout SearchBudget, why: String
    ) {
        var search = ImageSearch(except: exceptions, budget: budget)
        search.look(at: resource)
        budget = search.budget
        let isDeployer = resource.identity.isDeployer
        self.init(
            search, resource.identity, at: place, isDeployer: isDeployer,
            why: isDeployer
                ? "it deploys other resources, and may change their images, namespaces and labels"
                : why)
    }

    /// A document without a kind: one that configures a deployer, or that may have a kind once its
    /// names are replaced.
    init?(
        document: JSONValue, at place: Place, ofDeployer: Bool, budget: inout SearchBudget
    ) {
        var search = ImageSearch(except: ImageSearch.Exceptions(), budget: budget)
        search.lookAtNames(of: document) { _ in false }
        if let text = document.string, holdsTemplate(Array(text.utf8)[...]) {
            search.add(.substitution, at: "", [text])
        }
        budget = search.budget
        self.init(
            search, document.documentIdentity(kind: "document"), at: place,
            isDeployer: ofDeployer,
            why: ofDeployer
                ? "it configures a deployer, which may change images, namespaces and labels"
                : "its kind is known only after its names are replaced")
    }

    /// What in a kustomization may change images, or leads to files that are not read.
    init?(
        kustomization: JSONValue, at place: Place, budget: inout SearchBudget,
        isRead: (String) -> Bool
    ) {
        var search = ImageSearch(except: ImageSearch.Exceptions(), budget: budget)
        search.look(atKustomization: kustomization, isRead: isRead)
        budget = search.budget
        self.init(
            search, kustomization.documentIdentity(kind: "Kustomization"), at: place,
            why:
                "Kustomize may change images or what rules match by, or add resources that are not read"
        )
    }

    private init?(
        _ search: ImageSearch, _ resource: ResourceIdentity, at place: Place,
        isDeployer: Bool = false, why: String
    ) {
        guard search.count > 0 || isDeployer else { return nil }
        self.resource = resource
        self.place = place
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
        if resource.isWorkload, let metadata = resource.json["metadata"] {
            lookAtMatched(metadata)
        }
        guard !isData, let object = resource.json.object else { return }
        look(in: object) { !isSame($0, "metadata") && !isSame($0, "status") }
        if let annotations = resource.json["metadata"]?["annotations"] {
            look(in: ["metadata": ["annotations": annotations]]) { _ in true }
        }
    }

    /// Names what rules match a workload by and a deployer replaces. Of annotations only `${…}`: the
    /// other forms mean something to those who read annotations.
    private mutating func lookAtMatched(_ metadata: JSONValue) {
        for field in ["namespace", "name", "generateName"] {
            addSubstitution(metadata[field], at: "/metadata/" + field, if: holdsTemplate)
        }
        for member in metadata["labels"]?.object ?? [:] {
            addSubstitution(
                member.value, at: jsonPointer("/metadata/labels", member.name), if: holdsTemplate)
        }
        for member in metadata["annotations"]?.object ?? [:]
        where !isSame(member.name, lastAppliedConfiguration) {
            addSubstitution(member.value, at: jsonPointer("/metadata/annotations", member.name)) {
                !$0.ranges(of: Array("${".utf8)).isEmpty
            }
        }
    }

    private mutating func addSubstitution(
        _ value: JSONValue?, at place: String, if isReplaced: (TextBytes) -> Bool
    ) {
        guard let text = value?.string, isReplaced(Array(text.utf8)[...]) else { return }
        add(.substitution, at: place, [text])
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
    "replicas", "sortOptions",
]
