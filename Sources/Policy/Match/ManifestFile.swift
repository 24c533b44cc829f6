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
        for document in try YAMLNode.documents(parsing: bytes, named: name) {
            let why = document.json.whyNoObject
            if document.json.isKustomization(inFileNamed: name) {
                let found = UnevaluatedResource(
                    kustomization: document.json, file: name, budget: &budget, isRead: isRead)
                if let found { unevaluated.append(found) }
                // It is no object that could be judged, but nothing is wrong with it either.
                if let resource = try? ResourceManifest(document.json, file: name) {
                    resources.append(resource)
                } else if found == nil {
                    others.append(
                        OtherDocument(place: document.place, why: why ?? "it has no version"))
                }
            } else if let why {
                let found = UnevaluatedResource(
                    document: document.json, file: name, budget: &budget)
                if let found { unevaluated.append(found) }
                others.append(OtherDocument(place: document.place, why: why))
            } else {
                add(document.json, at: document.place, depth: 0)
            }
        }
    }

    private mutating func add(_ json: JSONValue, at place: Place, depth: Int) {
        do throws(Failure) {
            if let items = try json.listItems(isDocument: depth == 0) {
                guard depth < Limits.documentDepth else {
                    throw Failure(
                        .overLimit, "cannot read the resource",
                        because: "lists are nested too deep")
                }
                addFields(besideItemsOf: json)
                for item in items { add(item, at: place, depth: depth + 1) }
                return
            }
            let resource = try ResourceManifest(json, file: name)
            guard !resource.identity.kind.isEmpty, !resource.identity.apiVersion.isEmpty else {
                throw Failure(
                    .malformed, "cannot read the resource",
                    because: "its kind or its apiVersion is empty")
            }
            resources.append(resource)
            if let found = UnevaluatedResource(resource, budget: &budget) {
                unevaluated.append(found)
            }
        } catch {
            failures.append(
                Failure(
                    error.kind, "cannot read the resource", at: place,
                    because: "\(error.place.map { "\($0): " } ?? "")\(error.why)",
                    next: error.next))
        }
    }

    /// A Pod with `items` is a list for kubectl. Another reader may see the Pod.
    private mutating func addFields(besideItemsOf list: JSONValue) {
        guard var object = list.object else { return }
        object["items"] = nil
        guard let wrapper = try? ResourceManifest(.object(object), file: name),
            let found = UnevaluatedResource(fieldsOf: wrapper, budget: &budget)
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
        let name = path.utf8.split(atLast: "/").map { String($0.after) } ?? path
        guard kustomizationFiles.contains(where: { isSame($0, name) }) else { return false }
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
    /// - Throws: `malformed` where readers differ about whether it is a list: kubectl takes `items`
    ///   that are null for a list, and refuses lists inside lists, which other readers post.
    func listItems(isDocument: Bool) throws(Failure) -> [JSONValue]? {
        guard let object, let items = object["items"] else { return nil }
        let kind = object["kind"]?.string ?? ""
        let itemKind = kind.utf8.removingSuffix("List").map { String($0) }
        if items.isNull, itemKind != nil { return [] }
        guard isDocument || itemKind != nil else {
            throw brokenList("it is an item of a list and has items itself")
        }
        guard let items = items.array else {
            throw brokenList("its items are \(items.kindName), not a list")
        }
        let version = object["apiVersion"]?.string ?? ""
        return items.map { $0.taking(kind: itemKind ?? kind, version: version) }
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
