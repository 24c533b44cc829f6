// SPDX-License-Identifier: Apache-2.0
// Images that are found outside the fields that are judged, and what looks like one and is none.

import Policy
import Primitives
import Testing

@Suite("the search for images that are not judged")
struct ImageSearchTests {
    private static let evil = "127.0.0.1:35011/app/evil:1"

    private func findings(_ yaml: String, named name: String = "all.yaml") throws -> [String] {
        try manifests(yaml, named: name).unevaluated.flatMap(\.findings).map {
            "\($0.what.rawValue) \($0.pointer)"
        }
    }

    private func pod(_ text: String) -> String { "apiVersion: v1\nkind: Pod\n\(text)\n" }

    @Test(
        "names of fields that are replaced are named, in workloads too",
        arguments: [
            (
                #"spec: {containers: [{name: c, image: a}], "${c:=initContainers}": [{name: d}]}"#,
                "/spec/${c:=initContainers}"
            ),
            (
                #"spec: {containers: [{name: c, image: a, "${c:=image}": b}]}"#,
                "/spec/containers/0/${c:=image}"
            ),
            (#""${spec:=spec}": {containers: [{name: c, image: b}]}"#, "/${spec:=spec}"),
            (#"spec: {"$containers": [{name: c}]}"#, "/spec/$containers"),
            (#"spec: {"{{ .Values.x }}": [{name: c}]}"#, "/spec/{{ .Values.x }}"),
            (#"metadata: {labels: {"${l}": x}}"#, "/metadata/labels/${l}"),
            (#"spec: {a: "x${y:="}"#, "/spec/a"),
            (#"metadata: {namespace: "${ns}"}"#, "/metadata/namespace"),
            (#"metadata: {namespace: "a-${ns:=prod}"}"#, "/metadata/namespace"),
            (#"metadata: {name: "{{ .Release.Name }}-a"}"#, "/metadata/name"),
            (#"metadata: {generateName: $name}"#, "/metadata/generateName"),
            (#"metadata: {labels: {tier: "${tier}"}}"#, "/metadata/labels/tier"),
            (#"metadata: {annotations: {a/b: "x ${c}"}}"#, "/metadata/annotations/a~1b"),
        ])
    func replacedNames(_ text: String, _ pointer: String) throws {
        #expect(try findings(pod(text)).contains("substitution \(pointer)"))
    }

    @Test("kinds and versions that are replaced are named, also beside data and without a kind")
    func replacedKinds() throws {
        for kind in ["${k}", "$kind", "{{ .Values.kind }}"] {
            #expect(
                try findings("apiVersion: v1\nkind: '\(kind)'\nspec: {x: y}\n")
                    == ["substitution /kind"])
        }
        #expect(
            try findings("apiVersion: v1\nkind: ConfigMap\ndata: {\"${x}\": y}\n\"${k}\": Pod\n")
                == ["substitution /${k}"])
        #expect(
            try findings("apiVersion: '${v}'\nkind: ConfigMap\n") == ["substitution /apiVersion"])
        #expect(
            try findings("apiVersion: v1\n\"${k:=kind}\": Pod\n") == ["substitution /${k:=kind}"])
        #expect(try findings("\"${document}\"\n") == ["substitution "])
    }

    @Test("names with a dollar that patches and schemas have of their own are not listed")
    func ownDollarNames() throws {
        #expect(
            try findings(pod("spec: {$patch: delete, $setElementOrder/containers: [{name: a}]}"))
                .isEmpty)
    }

    static let inWorkloads: [(String, String)] = [
        (
            "spec: {volumes: [{name: v, csi: {volumeAttributes: {image: X}}}]}",
            "image /spec/volumes/0/csi/volumeAttributes/image"
        ),
        (
            "metadata: {annotations: {sidecar.istio.io/proxyImage: X}}",
            "image /metadata/annotations/sidecar.istio.io~1proxyImage"
        ),
        (
            "metadata: {annotations: {sidecar.istio.io/proxyImage: nginx}}",
            "image /metadata/annotations/sidecar.istio.io~1proxyImage"
        ),
        ("metadata: {annotations: {x: X}}", "image /metadata/annotations/x"),
        (
            "spec: {containers: [{name: c, image: good, env: [{name: RELATED_IMAGE_A, value: b}]}]}",
            "image /spec/containers/0/env/0/value"
        ),
        (
            "spec: {containers: [{name: c, image: good, args: [--sidecar-image=evil]}]}",
            "image /spec/containers/0/args/0"
        ),
        (
            "spec: {containers: [{name: c, image: good, args: ['--reloader=X']}]}",
            "image /spec/containers/0/args/0"
        ),
        ("spec: {sidecars: [{name: b, image: evil}]}", "image /spec/sidecars/0/image"),
    ]

    @Test("images in workloads beside the fields that are judged are named", arguments: inWorkloads)
    func workloads(_ text: String, _ expected: String) throws {
        let parts = text.utf8.split(separator: "X", omittingEmptySubsequences: false).joined(
            separator: Self.evil)
        #expect(try findings(pod(parts)) == [expected])
    }

    @Test(
        "workloads whose images are all judged are not listed",
        arguments: [
            "spec: {initContainers: [{name: b, image: X}], containers: [{name: c, image: X, imagePullPolicy: Always}], imagePullSecrets: [{name: s}]}",
            "spec: {containers: [{name: c}], volumes: [{name: v, image: {reference: X, pullPolicy: Always}}, {name: d, rbd: {image: disk}}]}",
            "spec: {containers: [{name: c, image: X, env: [{name: IMAGE_PULL_POLICY, value: Always}, {name: A, value: 'http://a.b:80/c'}]}]}",
            "metadata: {annotations: {description: 'Reads an image: then shows it.', logoImage: 'https://a.b/c.png'}}",
            "metadata: {annotations: {kubectl.kubernetes.io/last-applied-configuration: '{\"image\": \"X\"}'}}",
            "status: {containerStatuses: [{image: X}]}",
            "metadata: {annotations: {a: 'costs $5, {{ with secret }}'}}",
        ])
    func judgedWorkloads(_ text: String) throws {
        let parts = text.utf8.split(separator: "X", omittingEmptySubsequences: false).joined(
            separator: Self.evil)
        #expect(try findings(pod(parts)).isEmpty)
    }

    @Test(
        "images in other kinds are found by a field's name or by their own form",
        arguments: [
            "package: X", "controller: {repository: evil, tag: 1}",
            "source: {helm: {parameters: [{name: image.repository, value: evil}]}}",
            "image: ' X'", "image: [X]", "image: {url: X}", "images: {app: evil}", "IMAGE: evil",
            "image_name: evil", "imageURL: evil", "container_image: evil", "img: evil",
            "updateImage: evil", "dataImage: evil", "image: 'http://X'", "image: 'oci://a/b'",
            "a: 'docker://X'", "a: 'localhost/b:1'", "a: 'ghcr.io/b/c:${TAG}'", "image: '${I}'",
            "a: 'ghcr.io/b/c@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'",
            "params: [{name: image, value: evil}]", "params: [{name: image, default: evil}]",
            "values: \"image: evil\\nreplicas: 1\\n\"", "values: \"a:\\n  - image: 'evil'\\n\"",
            "manifest: '{\"spec\": {\"image\" : \"evil\"}}'", "manifest: '{spec: {image: evil}}'",
            "manifest: \"image: &a !!str evil\\n\"",
            "patch: \"- op: replace\\n  path: /spec/containers/0/image\\n  value: evil\\n\"",
            "patch: {op: replace, path: /spec/containers/0/image, value: evil}",
            "postRenderers: [{kustomize: {images: [{name: a, newName: X}]}}]",
        ])
    func otherKinds(_ text: String) throws {
        let parts = text.utf8.split(separator: "X", omittingEmptySubsequences: false).joined(
            separator: Self.evil)
        #expect(try findings("apiVersion: example.com/v1\nkind: X\nspec: {\(parts)}\n").count == 1)
    }

    @Test(
        "texts that only look like images are not listed",
        arguments: [
            "image: ''", "image: '*'", "image: '!*:latest'", "showImage: 'true'", "imageTag: '1'",
            "imagePullSecret: a", "url: 'https://a.b/c'", "host: 'a.b:80'", "path: a/b:c",
            "time: '12:30'", "image: {pullPolicy: Always}", "imageScanSchedule: daily",
            "a: 'x@y.z'",
            "text: 'The image: a picture'",
        ])
    func noImages(_ text: String) throws {
        #expect(try findings("apiVersion: example.com/v1\nkind: X\nspec: {\(text)}\n").isEmpty)
    }

    @Test("what is too large to search is listed")
    func limits() throws {
        let long = String(repeating: "a", count: Limits.imageSearchBytes / 100)
        let aliases = String(repeating: "*a, ", count: 110)
        let found = try findings(
            "apiVersion: example.com/v1\nkind: X\nspec: {a: &a \(long), b: [\(aliases)]}\n")
        #expect(found.contains { $0.utf8.starts(with: "limit of the search".utf8) })
    }

    @Test(
        "kustomizations that may change images are listed, by kind and by their files' names",
        arguments: [
            ("images: [{name: a}]", "/images"), ("patches: [{path: a.json}]", "/patches"),
            ("replacements: [{}]", "/replacements"), ("components: [a]", "/components"),
            ("helmCharts: [{}]", "/helmCharts"), ("resources: [a.yaml, b.txt]", "/resources/1"),
            ("resources: [../a.yaml]", "/resources/0"),
            ("bases: ['https://a.b/c.yaml']", "/bases/0"), ("anything: 1", "/anything"),
            ("namespace: prod", "/namespace"), ("namePrefix: a-", "/namePrefix"),
            ("labels: [{pairs: {a: b}}]", "/labels"), ("commonLabels: {a: b}", "/commonLabels"),
            ("buildMetadata: [managedByLabel]", "/buildMetadata"),
        ])
    func kustomizations(_ text: String, _ pointer: String) throws {
        for name in ["kustomization.yaml", "a/kustomization.yml", "a/Kustomization"] {
            let file = try manifests(text + "\n", named: name)
            #expect(file.unevaluated.first?.findings.map(\.pointer) == [pointer])
            #expect(file.others.isEmpty)
        }
        let head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        #expect(try findings(head + text + "\n") == ["kustomization field \(pointer)"])
    }

    @Test("kustomizations that only list files, and change what no rule matches by, are not listed")
    func plainKustomizations() throws {
        let text = "resources: [a.yaml, b.yml, c.json]\nreplicas: [{}]\nimages: []\n"
        for head in ["", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"] {
            let file = try manifests(head + text, named: "kustomization.yaml")
            #expect(file.unevaluated.isEmpty && file.failures.isEmpty)
            #expect(file.others.count == (head.isEmpty ? 1 : 0))
        }
    }

    @Test("a file in UTF-16 is called so")
    func utf16() {
        for bytes: [UInt8] in [[0xFF, 0xFE, 0x61, 0], [0xFE, 0xFF, 0, 0x61]] {
            let failure = #expect(throws: Failure.self) {
                try ManifestFile(parsing: bytes, named: "a.yaml")
            }
            #expect(failure?.why == "it is UTF-16, not UTF-8")
        }
    }
}
