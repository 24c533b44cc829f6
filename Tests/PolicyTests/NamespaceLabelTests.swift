// SPDX-License-Identifier: Apache-2.0
// What the Namespaces among the manifests say of the labels of their namespaces.

import Policy
import Primitives
import Testing

@Suite("labels of namespaces")
struct NamespaceLabelTests {
    /// The labels of `shop` for what stands after all these manifests.
    private func labels(_ namespaces: JSONValue...) throws -> ByteStringMap<String>? {
        let found = NamespaceLabels(among: try namespaces.map { try ResourceManifest($0) })
            .labels(of: "shop", at: namespaces.count)
        if case .known(let labels) = found { return labels }
        return nil
    }

    private func namespace(_ labels: JSONValue, apiVersion: JSONValue = "v1") -> JSONValue {
        [
            "apiVersion": apiVersion, "kind": "Namespace",
            "metadata": ["name": "shop", "labels": labels],
        ]
    }

    @Test("the name's own label is the API server's, whatever the manifest says")
    func ownName() throws {
        let found = try labels(namespace(["kubernetes.io/metadata.name": "kube-system", "a": "b"]))
        #expect(found == ["kubernetes.io/metadata.name": "shop", "a": "b"])
    }

    @Test("two Namespaces that differ leave the labels unknown, also as /v1")
    func twoOfThem() throws {
        #expect(try labels(namespace(["a": "b"]), namespace([:])) == nil)
        #expect(try labels(namespace(["a": "b"]), namespace([:], apiVersion: "/v1")) == nil)
        #expect(try labels(namespace(["a": "b"]), namespace(["a": "b"]))?["a"] == "b")
        #expect(
            try labels(namespace(["a": "b"]), namespace([:], apiVersion: "x.io/v1"))?["a"] == "b")
    }

    @Test(
        "labels that the API server refuses are not believed",
        arguments: [
            ["not a label!": "x"], ["a": "x y"], ["/a": "x"], ["A.io/a": "x"], ["a/": "x"],
            ["a": JSONValue.string(String(repeating: "x", count: 64))], ["-a": "x"], ["a": "x."],
        ] as [JSONValue])
    func refusedLabels(labels refused: JSONValue) throws {
        #expect(try labels(namespace(refused)) == nil)
    }

    @Test("a Namespace gives its labels to what stands after it, and to nothing before it")
    func order() throws {
        let pod: JSONValue = ["apiVersion": "v1", "kind": "Pod", "metadata": ["namespace": "shop"]]
        let (one, other) = (namespace(["a": "b"]), namespace(["a": "c"]))
        func found(_ manifests: [JSONValue], at position: Int) throws -> NamespaceLabels.Finding {
            NamespaceLabels(among: try manifests.map { try ResourceManifest($0) })
                .labels(of: "shop", at: position)
        }
        let known = NamespaceLabels.Finding.known(["kubernetes.io/metadata.name": "shop", "a": "b"])
        #expect(try found([one, pod], at: 1) == known)
        #expect(try found([one, pod, one], at: 1) == known)
        for (manifests, position, why) in [
            ([pod, one], 0, "stands after the resource"),
            ([pod, one, one], 0, "stands after the resource"),
            ([one, pod, other], 1, "two Namespaces"), ([pod, one, other], 0, "two Namespaces"),
            ([namespace(["a": "x y"]), pod], 1, "may refuse"), ([pod], 0, "no Namespace"),
        ] {
            guard case .unknown(let text) = try found(manifests, at: position) else {
                Issue.record("the labels are known: \(why)")
                continue
            }
            #expect(text.contains(why))
        }
    }

    @Test(
        "versions of the pod security admission are those that its code reads",
        arguments: [
            ("latest", true), ("v1.0", true), ("v1.32", true), ("v1.999999999999999999", true),
            ("v1.99999999999999999999", false), ("v1.01", false), ("v1.", false), ("v2.0", false),
            ("v1.32.0", false), ("1.32", false), ("", false),
        ])
    func podSecurityVersions(_ version: String, isAccepted: Bool) throws {
        for mode in ["enforce", "audit", "warn"] {
            let found = try labels(
                namespace([
                    "a": "b", "pod-security.kubernetes.io/\(mode)-version": .string(version),
                ]))
            #expect((found?["a"] == "b") == isAccepted)
        }
    }

    private func annotated(_ annotations: JSONValue, labels: JSONValue = ["a": "b"]) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": ["name": "shop", "labels": labels, "annotations": annotations],
        ]
    }

    @Test("a Namespace whose annotations may grow past the API server's limit gives no labels")
    func size() throws {
        for (count, isAccepted) in [(31_000, true), (33_000, false), (256 * 1_024 + 1, false)] {
            let text = JSONValue.string(String(repeating: "x", count: count))
            #expect((try labels(annotated(["note": text])) != nil) == isAccepted)
        }
        var many: JSONObject = [:]
        for number in 0..<3_000 { many["label-\(number)"] = "x" }
        #expect(try labels(annotated([:], labels: .object(many))) == nil)
    }

    @Test(
        "a Namespace with settings of a deployer gives no labels",
        arguments: [
            "config.kubernetes.io/local-config", "config.kubernetes.io/function",
            "internal.config.kubernetes.io/path", "kustomize.config.k8s.io/behavior",
            "kustomize.toolkit.fluxcd.io/reconcile", "kustomize.toolkit.fluxcd.io/ssa",
            "fluxcd.controlplane.io/copyFrom", "argocd.argoproj.io/hook", "helm.sh/hook",
            "argocd.argoproj.io/sync-wave", "kapp.k14s.io/noop", "kluctl.io/skip",
            "configmanagement.gke.io/managed", "client.lifecycle.config.k8s.io/mutation",
        ])
    func settingsOfDeployers(_ key: String) throws {
        var annotations: JSONObject = [:]
        annotations[key] = "true"
        #expect(try labels(annotated(.object(annotations))) == nil)
        var own = annotations
        own[key] = nil
        own["example.com/" + key.utf8.split(separator: "/").map(String.init)[1]] = "true"
        #expect(try labels(annotated(.object(own)))?["a"] == "b")
        let isOfFlux = key.utf8.hasPrefix("kustomize.toolkit.fluxcd.io/")
        #expect((try labels(annotated([:], labels: .object(annotations))) == nil) == isOfFlux)
    }

    /// The labels of `shop` at the end of a file.
    private func labels(inFile text: String) throws -> ByteStringMap<String>? {
        let file = try manifests(text)
        #expect(file.failures.isEmpty)
        let labels = NamespaceLabels(among: file.resources)
            .labels(of: "shop", at: file.resources.count)
        if case .known(let labels) = labels { return labels }
        return nil
    }

    private static let shop = "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"

    @Test(
        "only lists that every cluster knows give the labels of their Namespaces",
        arguments: [
            ("apiVersion: v1\nkind: List", true), ("apiVersion: v1\nkind: NamespaceList", true),
            ("apiVersion: v1\nkind: List\nmetadata: {resourceVersion: ''}", true),
            ("apiVersion: v1\nkind: List\nmetadata: {resourceVersion: '', selfLink: ''}", true),
            ("apiVersion: v1\nkind: FooList", false), ("apiVersion: v1\nkind: list", false),
            ("apiVersion: apps/v1\nkind: PodList", false),
            ("apiVersion: unknown.io/v1\nkind: List", false),
            ("apiVersion: v2\nkind: List", false), ("apiVersion: v1\nkind: Namespace", false),
            ("apiVersion: v1\nkind: List\nmetadata: {resourceVersion: 5}", false),
            ("apiVersion: v1\nkind: List\nmetadata: {labels: {a: 5}}", false),
            ("apiVersion: v1\nkind: List\nspec: {}", false),
        ])
    func lists(_ head: String, isKnown: Bool) throws {
        #expect((try labels(inFile: head + "\nitems: [\(Self.shop)]\n") != nil) == isKnown)
    }

    @Test("a file that begins with { gives labels where it is JSON, as kubectl reads no more of it")
    func braces() throws {
        let json = #"{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}"#
        let pod = #"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}"#
        for (text, isKnown) in [
            (json, true), (pod + json, true), (json + "\n---\n" + pod, true),
            ("---\n" + json, true),
            ("# c\n" + Self.shop, true), ("\u{FEFF}" + json, true),
            (Self.shop, false), ("\u{FEFF}" + Self.shop, false), (" \n " + Self.shop, false),
            (pod + "\n---\n" + json, false), (pod + "\n---\n" + Self.shop, false),
        ] {
            #expect((try labels(inFile: text + "\n") != nil) == isKnown, "\(text)")
        }
    }

    @Test("files of Kustomize and other deployers are told, as they decide what is created")
    func filesOfDeployers() throws {
        for (name, isForDeployer) in [
            ("kustomization.yaml", true), ("a/kustomization.yml", true), ("Kustomization", true),
            ("a/fleet.yaml", true), (".argocd-source-a.yaml", true), ("helmfile.yaml", true),
            ("c/Chart.yaml", true), ("values.yaml", false), ("my-fleet.yaml", false),
        ] {
            let file = try manifests("namespace: a\n", named: name)
            #expect(file.isForDeployer == isForDeployer)
            #expect(
                file.unevaluated.isEmpty == (!isForDeployer || name.utf8.hasSuffix("Chart.yaml")))
        }
        // With a kind it is no other file for Fleet.
        let fleet = "apiVersion: v1\nkind: ConfigMap\nnamespace: a\n"
        #expect(try manifests(fleet, named: "fleet.yaml").unevaluated.count == 1)
        #expect(
            try manifests("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n")
                .isForDeployer)
    }

    @Test("a namespace that no manifest makes has unknown labels")
    func none() throws { #expect(try labels() == nil) }
}
