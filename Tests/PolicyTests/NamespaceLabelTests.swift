// SPDX-License-Identifier: Apache-2.0
// What the Namespaces among the manifests say of the labels of their namespaces.

import Policy
import Primitives
import Testing

@Suite("labels of namespaces")
struct NamespaceLabelTests {
    /// The labels of `shop` for what stands after all these manifests.
    private func labels(_ namespaces: JSONValue...) throws -> ExactTextMap<String>? {
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

    @Test("a namespace that no manifest makes has unknown labels")
    func none() throws { #expect(try labels() == nil) }
}
