// SPDX-License-Identifier: Apache-2.0
// What a file of manifests holds, as kubectl would post it.
// Spec: k8s.io/apimachinery v0.32, unstructured/helpers.go; k8s.io/cli-runtime v0.32, visitor.go.

package import Primitives

/// The resources of one file, and everything else in it.
package struct ManifestFile: Sendable {
    /// A document that kubectl does not post, because it has no kind.
    package struct OtherDocument: Hashable, Sendable, CustomStringConvertible {
        package let place: Place
        package let why: String

        package var description: String { "\(place): \(why)" }
    }

    /// Items of lists stand in the place of their list.
    package private(set) var resources: [ResourceManifest] = []
    package private(set) var others: [OtherDocument] = []
    /// Errors of malformed objects.
    package private(set) var failures: [Failure] = []
    /// What Assay cannot judge the images of: resources of other kinds, and the fields of a list
    /// beside its items.
    package private(set) var unevaluated: [UnevaluatedResource] = []

    /// Whether the file tells a deployer what to create of the manifests beside it, and how.
    package private(set) var isForDeployer: Bool

    private let name: String
    private var budget = SearchBudget()

    /// Reads every document of a YAML or JSON file.
    ///
    /// - Parameter isRead: Whether a file or folder that a kustomization names is read too. Without a
    ///   folder, files next to it are expected to be.
    /// - Throws: `Failure` when the text itself cannot be read. What is wrong with one document is
    ///   among `failures`, and the others are read.
    package init(
        parsing bytes: [UInt8], named name: String,
        isRead: (_ resource: String) -> Bool = isFileBeside
    ) throws(Failure) {
        self.name = name
        isForDeployer = isDeployerFile(name) || isSame(lastPart(of: name), "Chart.yaml")
        let documents = try ManifestDocument.documents(parsing: bytes, named: name)
        // Items are placed only if something is said about one of them: it takes another reading.
        var nodes: [YAMLNode]?
        func itemPlace(_ document: Int, _ item: Int) -> Place? {
            nodes = nodes ?? (try? YAMLNode.documents(parsing: bytes, named: name)) ?? []
            guard let nodes, nodes.indices.contains(document),
                let items = try? nodes[document].optional("items")?.items(),
                items.indices.contains(item)
            else { return nil }
            return items[item].place
        }
        for (index, document) in documents.json.enumerated() {
            add(document, isRead) { itemPlace(index, $0) }
        }
        let start = resources.count
        for (index, document) in documents.yaml.enumerated() {
            add(document, isRead) { itemPlace(documents.json.count + index, $0) }
        }
        if beginsWithBrace(bytes) {
            doubt(
                resourcesFrom: start,
                because: "its Namespace stands in a file that begins with { and is not only JSON, "
                    + "which kubectl does not read to its end")
        }
    }

    /// - Parameter itemPlace: the place of an item, if the document is a list.
    private mutating func add(
        _ document: ManifestDocument, _ isRead: (String) -> Bool, itemPlace: (Int) -> Place?
    ) {
        let json = document.json
        let why = json.whyNoObject
        if json.isKustomization(inFileNamed: name) {
            isForDeployer = true
            let found = UnevaluatedResource(
                kustomization: json, at: document.place, budget: &budget, isRead: isRead)
            if let found { unevaluated.append(found) }
            // It is no object that could be judged, but nothing is wrong with it either.
            if let resource = try? ResourceManifest(json, file: name) {
                resources.append(resource)
            } else if found == nil {
                others.append(OtherDocument(place: document.place, why: why ?? "it has no version"))
            }
            return
        }
        if why != nil || isDeployerFile(name) {
            let found = UnevaluatedResource(
                document: json, at: document.place, ofDeployer: isDeployerFile(name),
                budget: &budget)
            if let found { unevaluated.append(found) }
        }
        if let why {
            others.append(OtherDocument(place: document.place, why: why))
        } else {
            addObject(document, itemPlace)
        }
    }

    private mutating func addObject(
        _ document: ManifestDocument, _ itemPlace: (Int) -> Place?
    ) {
        let json = document.json
        do throws(Failure) {
            guard let items = try json.listItems() else {
                return try add(json) { document.place }
            }
            addFields(besideItemsOf: json, at: document.place)
            let start = resources.count
            for (index, item) in items.enumerated() {
                addItem(item) { itemPlace(index) ?? document.place }
            }
            if !json.isListOfEveryCluster {
                doubt(
                    resourcesFrom: start,
                    because:
                        "its Namespace stands in a list that the cluster may not know; write it "
                        + "alone, or into a List of v1")
            }
        } catch {
            addFailure(error, at: document.place)
        }
    }

    private mutating func addItem(_ item: JSONValue, at place: () -> Place) {
        do throws(Failure) {
            try add(item, at: place)
        } catch {
            addFailure(error, at: place())
        }
    }

    private mutating func add(_ json: JSONValue, at place: () -> Place) throws(Failure) {
        let resource = try ResourceManifest(json, file: name)
        guard !resource.identity.kind.isEmpty, !resource.identity.apiVersion.isEmpty else {
            throw Failure(
                .malformed, "cannot read the resource",
                because: "its kind or its apiVersion is empty")
        }
        resources.append(resource)
        // Its own place costs another reading of a list, so it is asked for only if it is needed.
        if var found = UnevaluatedResource(resource, at: .named(name), budget: &budget) {
            found.place = place()
            unevaluated.append(found)
        }
    }

    private mutating func addFailure(_ error: Failure, at place: Place) {
        failures.append(
            Failure(
                error.kind, "cannot read the resource", at: place,
                because: "\(error.place.map { "\($0): " } ?? "")\(error.why)",
                next: error.next))
    }

    private mutating func doubt(resourcesFrom start: Int, because why: String) {
        for index in resources.indices.dropFirst(start) { resources[index].creationDoubt = why }
    }

    /// A Pod with `items` is a list for kubectl. Another reader may see the Pod.
    private mutating func addFields(besideItemsOf list: JSONValue, at place: Place) {
        guard var object = list.object else { return }
        object["items"] = nil
        guard let wrapper = try? ResourceManifest(.object(object), file: name),
            let found = UnevaluatedResource(fieldsOf: wrapper, at: place, budget: &budget)
        else { return }
        unevaluated.append(found)
    }
}

/// Whether a kustomization names a file of manifests in its own folder.
package func isFileBeside(_ resource: String) -> Bool {
    !resource.utf8.contains("/") && isManifestFile(resource)
}

/// Whether a file is read when its folder is.
/// Spec: k8s.io/cli-runtime v0.32, builder.go, `FileExtensions`.
package func isManifestFile(_ path: String) -> Bool {
    manifestSuffixes.contains { path.utf8.hasSuffix($0) }
}

/// Whether the file configures a deployer that may leave out manifests beside it, or change them:
/// Fleet, Argo CD or Helmfile.
private func isDeployerFile(_ path: String) -> Bool {
    let name = lastPart(of: path)
    return ["fleet.yaml", "helmfile.yaml", "helmfile.yml"].contains { isSame($0, name) }
        || name.utf8.hasPrefix(".argocd-source")
}

private func lastPart(of path: String) -> String {
    path.utf8.split(atLast: "/").map { String($0.after) } ?? path
}

/// Whether kubectl takes the file for JSON.
/// Spec: k8s.io/apimachinery v0.32, util/yaml/decoder.go, `GuessJSONStream`.
private func beginsWithBrace(_ bytes: [UInt8]) -> Bool {
    let text = bytes.starts(with: "\u{FEFF}".utf8) ? bytes[3...] : bytes[...]
    return text.first { !" \n\r\t\u{B}\u{C}".utf8.contains($0) } == UInt8(ascii: "{")
}

package let manifestSuffixes = [".json", ".yaml", ".yml"]

/// The names under which Kustomize looks for its file.
/// Spec: sigs.k8s.io/kustomize api v0.18, konfig/general.go.
package let kustomizationFiles = ["kustomization.yaml", "kustomization.yml", "Kustomization"]

extension JSONValue {
    /// Whether Kustomize reads this as its own; kind and version may be missing in its file.
    fileprivate func isKustomization(inFileNamed path: String) -> Bool {
        guard let object else { return false }
        let group = object["apiVersion"]?.string?.utf8.prefix(before: "/") ?? ""
        let kind = object["kind"]?.string ?? ""
        if group.utf8.elementsEqual("kustomize.config.k8s.io".utf8) { return true }
        guard kustomizationFiles.contains(where: { isSame($0, lastPart(of: path)) }) else {
            return false
        }
        // Another version means another kind of object, such as one of Flux.
        return (kind.isEmpty || isSame(kind, "Kustomization") || isSame(kind, "Component"))
            && (object["apiVersion"]?.string ?? "").isEmpty
    }

    /// Why kubectl does not take this for an object; nil when it does.
    fileprivate var whyNoObject: String? {
        guard let object else { return "it is \(kindName), not an object" }
        guard let kind = object["kind"], !kind.isNull else { return "it has no kind" }
        return nil
    }

    /// The items of a list, with the kind and version they take from it; nil for anything else.
    ///
    /// Whatever its kind, an object with `items` is a list. Items that have neither kind nor version
    /// get those of the list, without the `List` at the kind's end.
    ///
    /// - Throws: `malformed` where readers differ: kubectl takes `items` that are null for a list,
    ///   and refuses a list that holds another, which other readers post.
    fileprivate func listItems() throws(Failure) -> [JSONValue]? {
        guard let object, let items = object["items"] else { return nil }
        let kind = object["kind"]?.string ?? ""
        let itemKind = kind.utf8.removingSuffix("List").map { String($0) }
        if items.isNull, itemKind != nil { return [] }
        guard let items = items.array else {
            throw brokenList("its items are \(items.kindName), not a list")
        }
        guard items.allSatisfy({ $0.object?["items"] == nil }) else {
            throw brokenList("it is a list that holds another, which kubectl does not read")
        }
        let version = object["apiVersion"]?.string ?? ""
        return items.map { $0.taking(kind: itemKind ?? kind, version: version) }
    }

    /// Whether kubectl takes it for a list whatever the kinds of the cluster are.
    fileprivate var isListOfEveryCluster: Bool {
        guard let object, isSame(object["apiVersion"]?.string ?? "", "v1"),
            ["List", "NamespaceList"].contains(where: { isSame($0, object["kind"]?.string ?? "") })
        else { return false }
        return object.allSatisfy { member in
            switch member.name {
            case "apiVersion", "kind", "items": true
            // `kubectl get` prints these two, without a value.
            case "metadata":
                member.value.object?.allSatisfy {
                    ["resourceVersion", "selfLink"].contains($0.name) && $0.value == ""
                } == true
            default: false
            }
        }
    }

    private func taking(kind: String, version: String) -> JSONValue {
        guard var object, (object["kind"]?.string ?? "").isEmpty,
            (object["apiVersion"]?.string ?? "").isEmpty
        else { return self }
        object["kind"] = .string(kind)
        object["apiVersion"] = .string(version)
        return .object(object)
    }

    private func brokenList(_ why: String) -> Failure {
        Failure(.malformed, "cannot read the resource", because: why)
    }
}
