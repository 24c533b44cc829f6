// SPDX-License-Identifier: Apache-2.0
// What the Namespaces among the manifests say of the labels of their namespaces.

import Policy
import Primitives
import Testing

@Suite("labels of namespaces")
struct NamespaceLabelTests {
    private func labels(_ namespaces: JSONValue...) throws -> ExactTextMap<String>? {
        NamespaceLabels(among: try namespaces.map { try ResourceManifest($0) })["shop"]
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

    @Test("a namespace that no manifest makes has unknown labels")
    func none() throws { #expect(try labels() == nil) }
}
