// SPDX-License-Identifier: Apache-2.0
// What a file of manifests holds: lists by their shape, other documents, images that are not judged.

import Policy
import Primitives
import Testing

@Suite("files of manifests")
struct ManifestFileTests {
    private func names(_ yaml: String) throws -> [String] {
        let file = try manifests(yaml)
        #expect(file.failures.isEmpty)
        return file.resources.map { "\($0.identity.apiVersion) \($0.identity)" }
    }

    private static let item = "{apiVersion: v1, kind: Pod, metadata: {name: p}}"

    @Test(
        "whatever its kind, an object with items is a list and nothing else",
        arguments: ["Pod", "ConfigMap", "Namespace", "List", "PodList", "Deployment", "Anything"])
    func listsOfAnyKind(_ kind: String) throws {
        let head = "apiVersion: v1\nkind: \(kind)\nmetadata: {name: m, labels: {a: b}}\n"
        #expect(try names(head + "items: [\(Self.item)]\n") == ["v1 default/Pod/p"])
        #expect(try names(head + "items: []\n").isEmpty)
    }

    @Test("items take kind and version from their list when they have neither")
    func inheritedKinds() throws {
        let items = "items: [{metadata: {name: a}}, {kind: 5, apiVersion: '', metadata: {name: b}}]"
        for kind in ["DeploymentList", "Deployment"] {
            #expect(
                try names("apiVersion: apps/v1\nkind: \(kind)\n\(items)\n")
                    == ["apps/v1 default/Deployment/a", "apps/v1 default/Deployment/b"])
        }
    }

    @Test(
        "items that readers differ about, and items that are no objects, are failures",
        arguments: [
            "kind: Pod\nitems: null", "kind: Pod\nitems: {}", "kind: List\nitems: x",
            "kind: List\nitems: [x]", "kind: List\nitems: [null]",
            "kind: List\nitems: [{kind: Pod, metadata: {name: a}}]",
            "kind: List\nitems: [{metadata: {name: a}}]",
            "kind: List\nitems: [{apiVersion: v1, kind: Pod, items: []}]",
            "kind: List\nitems: [{apiVersion: v1, kind: Pod, items: null}]",
            "kind: List\nitems: [{apiVersion: v1, kind: List, items: []}, \(item)]",
            "kind: List\nitems: [{apiVersion: v1, kind: PodList, items: [\(item)]}]",
            "kind: List\nitems: [{apiVersion: v1, kind: List, items: null}, \(item)]",
        ])
    func brokenItems(_ text: String) throws {
        let file = try manifests("apiVersion: v1\n\(text)\n")
        #expect(file.resources.isEmpty)
        #expect(file.failures.count == 1)
    }

    @Test("a kind without a version is a failure, because kubectl posts it")
    func missingVersion() throws {
        #expect(try manifests("kind: Pod\nmetadata: {name: a}\n").failures.count == 1)
    }

    @Test(
        "documents without a kind, and values that are no objects, are named and passed over",
        arguments: [
            "on: push\njobs: {a: {steps: []}}", "apiVersion: v2\nname: chart\nversion: 0.1.0",
            "image: {repository: nginx}", "- a\n- b", "just text", "kind: null\na: 1",
        ])
    func otherDocuments(_ text: String) throws {
        let file = try manifests("# first\n\(text)\n---\n\(Self.item)\n", named: "x.yaml")
        #expect(file.resources.count == 1)
        #expect(file.others.count == 1)
        #expect(file.others.first?.description.utf8.starts(with: "x.yaml:2:1".utf8) == true)
        #expect(file.failures.isEmpty)
    }

    static let unevaluated: [(String, String, [String])] = [
        (
            "Rollout", "argoproj.io/v1alpha1",
            [
                "spec: {template: {spec: {initContainers: [{image: b}], containers: [{name: c, image: a}]}}}",
                "pod template /spec/template/spec b,a",
            ]
        ),
        (
            "Workflow", "argoproj.io/v1alpha1",
            [
                "spec: {templates: [{container: {image: a}}, {script: {image: b}}]}",
                "image /spec/templates/0/container/image a",
                "image /spec/templates/1/script/image b",
            ]
        ),
        (
            "Service", "serving.knative.dev/v1",
            [
                "spec: {template: {spec: {containers: [{image: a}]}}}",
                "pod template /spec/template/spec a",
            ]
        ),
        (
            "Job", "batch.volcano.sh/v1alpha1",
            [
                "spec: {template: {spec: {containers: [{image: judged}]}}, tasks: [{template: {spec: {containers: [{image: a}]}}}]}",
                "pod template /spec/tasks/0/template/spec a",
            ]
        ),
        (
            "CloneSet", "apps.kruise.io/v1alpha1",
            [
                "spec: {template: {spec: {containers: [{name: c}]}}}",
                "pod template /spec/template/spec ",
            ]
        ),
        (
            "Task", "tekton.dev/v1",
            [
                "spec: {steps: [{name: s, image: a}], sidecars: [{image: b}]}",
                "image /spec/steps/0/image a", "image /spec/sidecars/0/image b",
            ]
        ),
        (
            "ControllerRevision", "apps/v1",
            [
                "data: {spec: {template: {spec: {containers: [{image: a}]}}}}",
                "pod template /data/spec/template/spec a",
            ]
        ),
        (
            "HelmRelease", "helm.toolkit.fluxcd.io/v2",
            [
                "spec: {values: {image: {repository: r/a, tag: 1}, web: {sidecarImage: b}}}",
                "image /spec/values/image r/a", "image /spec/values/web/sidecarImage b",
            ]
        ),
        (
            "Kustomization", "kustomize.config.k8s.io/v1beta1",
            ["images: [{name: a, newTag: x}]", "kustomization field /images a"]
        ),
        (
            "${k:=Pod}", "v1",
            [
                "spec: {containers: [{image: a}]}", "substitution /kind ${k:=Pod}",
                "pod template /spec a",
            ]
        ),
        ("Whatever", "example.com/v1", ["spec: {a/b: {image: x}}", "image /spec/a~1b/image x"]),
    ]

    @Test(
        "images of kinds that are not judged are found, with where they are", arguments: unevaluated
    )
    func findsImages(_ kind: String, _ version: String, _ parts: [String]) throws {
        let file = try manifests(
            "apiVersion: \(version)\nkind: '\(kind)'\nmetadata: {name: m}\n\(parts[0])\n")
        let found = try #require(file.unevaluated.first)
        #expect(found.resource.kind == kind)
        #expect(
            found.findings.map {
                "\($0.what.rawValue) \($0.pointer) \($0.values.joined(separator: ","))"
            } == Array(parts.dropFirst()))
        #expect(found.count == found.findings.count)
    }

    @Test(
        "resources that name no image are not listed, nor are workloads that are judged",
        arguments: [
            "apiVersion: v1\nkind: Service\nspec: {ports: [{name: a}]}",
            "apiVersion: v1\nkind: ConfigMap\ndata: {image: x}",
            "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: a}]}\nstatus: {containerStatuses: [{image: a}]}",
            "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {volumes: [{rbd: {image: d}}]}}}",
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {versions: [{schema: {image: x}}]}",
            "apiVersion: example.com/v1\nkind: Database\nmetadata: {labels: {image: a}}\nspec: {image: '', showImage: true, logoImage: 'https://x/y.png'}",
        ])
    func noImages(_ text: String) throws {
        let file = try manifests(text + "\n")
        #expect(file.unevaluated.isEmpty)
        #expect(file.resources.count == 1)
    }

    @Test("the fields of a list beside its items are named when they hold images")
    func fieldsOfLists() throws {
        let file = try manifests(
            "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: a}]}\nitems: [\(Self.item)]\n")
        #expect(file.resources.count == 1)
        #expect(file.unevaluated.first?.findings.first?.values == ["a"])
        #expect(file.unevaluated.first?.why.contains("list") == true)
    }

    @Test("an item of a list is named with its own line")
    func linesOfItems() throws {
        let file = try manifests(
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod}\n"
                + "- {apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease}\n")
        #expect(file.unevaluated.map(\.place) == [.file("all.yaml", line: 5, column: 3)])
    }

    @Test(
        "deployers are named whatever they hold, in one line",
        arguments: [
            "argoproj.io/v1alpha1 Application", "argoproj.io/v1alpha1 ApplicationSet",
            "argoproj.io/v2 Anything", "argoproj.io/v1alpha1 Rollout",
            "kustomize.toolkit.fluxcd.io/v1 Kustomization",
            "helm.toolkit.fluxcd.io/v2 HelmRelease", "fluxcd.controlplane.io/v1 ResourceSet",
            "fluxcd.controlplane.io/v1 FluxInstance", "fleet.cattle.io/v1alpha1 GitRepo",
            "fleet.cattle.io/v1alpha1 Bundle", "helm.cattle.io/v1 HelmChart",
            "kubernetes.crossplane.io/v1alpha2 Object", "helm.crossplane.io/v1beta1 Release",
            "kubernetes.m.crossplane.io/v1alpha1 Object", "pkg.crossplane.io/v1 Provider",
            "apiextensions.crossplane.io/v1 Composition", "kappctrl.k14s.io/v1alpha1 App",
            "packaging.carvel.dev/v1alpha1 PackageInstall", "core.oam.dev/v1beta1 Application",
            "operators.coreos.com/v1alpha1 Subscription", "template.openshift.io/v1 Template",
            "work.open-cluster-management.io/v1 ManifestWork", "kro.run/v1alpha1 MyApp",
            "addons.cluster.x-k8s.io/v1beta1 ClusterResourceSet",
            "image.toolkit.fluxcd.io/v1 ImageUpdateAutomation",
            "policy.karmada.io/v1alpha1 OverridePolicy", "configsync.gke.io/v1beta1 RootSync",
        ])
    func deployers(_ text: String) throws {
        let parts = text.utf8.split(separator: " ").map(String.init)
        let head = "apiVersion: \(parts[0])\nkind: \(parts[1])\nmetadata: {name: m}\n"
        let source = "spec: {source: {kustomize: {images: [nginx]}, destination: {namespace: a}}}\n"
        for body in ["", "spec: {}\n", source, "items: []\n"] {
            let found = try manifests(head + body).unevaluated
            #expect(found.count == 1)
            #expect(found.first?.why.contains("deploys other resources") == true)
            #expect(found.first?.findings.isEmpty == (body != source))
        }
    }

    @Test(
        "kinds beside deployers that deploy nothing are not named",
        arguments: [
            "argoproj.io/v1alpha1 AppProject", "source.toolkit.fluxcd.io/v1 GitRepository",
            "notification.toolkit.fluxcd.io/v1 Alert", "fluxcd.controlplane.io/v1 FluxReport",
            "helm.crossplane.io/v1beta1 ProviderConfig", "operators.coreos.com/v1 OperatorGroup",
            "notargoproj.io/v1 Application", "v1 Application", "app.k8s.io/v1beta1 Application",
        ])
    func noDeployers(_ text: String) throws {
        let parts = text.utf8.split(separator: " ").map(String.init)
        let head = "apiVersion: \(parts[0])\nkind: \(parts[1])\nmetadata: {name: m}\n"
        #expect(try manifests(head).unevaluated.isEmpty)
    }

    @Test("more images than are named are counted")
    func manyImages() throws {
        let items = [String](repeating: "{image: a}", count: 300).joined(separator: ", ")
        let file = try manifests(
            "apiVersion: example.com/v1\nkind: Many\nspec: {steps: [\(items)]}\n")
        #expect(file.unevaluated.first?.count == 300)
        #expect(file.unevaluated.first?.findings.count == Limits.unevaluatedImages)
    }

    @Test("the report names what was not evaluated and what is no object, as text and as data")
    func report() throws {
        let file = try manifests(
            "a: 1\n---\napiVersion: example.com/v1\nkind: Run\nmetadata: {name: m}\nspec: {image: \"a\\u202eb\"}\n"
        )
        let report = ApplyReport(
            policies: [], evaluations: [], failures: [], unevaluated: file.unevaluated,
            others: file.others, auditWarn: false)
        #expect(report.exitCode == 0)
        #expect(report.holdsUnjudgedImages)
        #expect(report.text.contains("not evaluated: default/Run/m (all.yaml:3:1): "))
        #expect(report.text.contains("\n  image at /spec/image: a\\u{202e}b\n"))
        #expect(report.text.contains("\n\nnot evaluated: 1 resource(s)\n\n"))
        #expect(report.text.contains("  all.yaml:1:1: it has no kind\n"))
        #expect(report.json["notEvaluated"]?.array?.first?["findings"]?.array?.count == 1)
        #expect(report.json["notEvaluated"]?.array?.first?["file"] == "all.yaml")
        #expect(report.json["notEvaluated"]?.array?.first?["line"] == 3)
        #expect(report.json["notKubernetes"]?.array?.count == 1)
    }
}

@Suite("files of policies")
struct PolicyListTests {
    private func listed(_ kind: String, _ text: String) -> String {
        let body = text.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }
            .joined(separator: "\n")
        return
            "apiVersion: kyverno.io/v1\nkind: \(kind)\nmetadata: {resourceVersion: ''}\nitems:\n  -\n\(body)\n"
    }

    @Test("policies in a list are read, also those that take their kind from it")
    func lists() throws {
        var policy = PolicyText()
        policy.attestors = ["- entries:", "    - keys: {secret: {name: k, namespace: ns}}"]
        let full = policy.text
        let bare = full.utf8.dropFirst(
            "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\n".utf8.count)
        #expect(try compiledPolicies([listed("List", full)]).count == 1)
        #expect(try compiledPolicies([listed("ClusterPolicyList", full)]).count == 1)
        #expect(
            try compiledPolicies([
                listed("ClusterPolicyList", String(decoding: bare, as: UTF8.self))
            ])
            .count == 1)
        #expect(
            try compiledPolicies([listed("List", listed("ClusterPolicyList", full))]).count == 1)
    }

    @Test("a policy with items is refused, because it would not be created")
    func policyWithItems() {
        let failure = refusal(PolicyText().text + "items: []\n")
        #expect(failure?.why.contains("\"spec\"") == true)
    }

    @Test("a byte order mark is allowed before a policy")
    func byteOrderMark() throws {
        #expect(try compiledPolicies(["\u{FEFF}" + PolicyText().text]).count == 1)
    }
}
