// SPDX-License-Identifier: Apache-2.0
// Kinds that deploy other resources, which stand elsewhere or are changed before they are posted.

import Primitives

extension ResourceIdentity {
    /// Whether resources of this kind deploy others. Known by its group, so that what a later version
    /// of the deployer adds is one too.
    var isDeployer: Bool {
        guard let harmless = deployers[group] else { return false }
        return !harmless.contains { isSame($0, kind) }
    }
}

/// Groups of deployers, with those of their kinds that deploy nothing.
private let deployers: [String: [String]] = [
    // Argo CD, Rollouts, Workflows and Events; GitOps Promoter
    "argoproj.io": ["AppProject", "AnalysisTemplate", "ClusterAnalysisTemplate", "AnalysisRun"],
    "argocd-image-updater.argoproj.io": [],
    "promoter.argoproj.io": [],
    "applications.argocd.crossplane.io": [],
    // Flux, its operator, its first version, and controllers beside it
    "kustomize.toolkit.fluxcd.io": [],
    "helm.toolkit.fluxcd.io": [],
    "fluxcd.controlplane.io": ["FluxReport"],
    "helm.fluxcd.io": [],
    "infra.contrib.fluxcd.io": [],
    "image.toolkit.fluxcd.io": ["ImagePolicy", "ImageRepository"],
    "templates.weave.works": [],
    // Rancher Fleet, and the charts of k3s and k0s
    "fleet.cattle.io": [
        "Cluster", "ClusterGroup", "ClusterRegistration", "ClusterRegistrationToken",
    ],
    "helm.cattle.io": [],
    "helm.k0sproject.io": [],
    // Crossplane
    "apiextensions.crossplane.io": ["CompositeResourceDefinition"],
    "pkg.crossplane.io": [],
    "kubernetes.crossplane.io": ["ProviderConfig", "ProviderConfigUsage"],
    "kubernetes.m.crossplane.io": [
        "ClusterProviderConfig", "ProviderConfig", "ProviderConfigUsage",
    ],
    "helm.crossplane.io": ["ProviderConfig", "ProviderConfigUsage"],
    "helm.m.crossplane.io": ["ClusterProviderConfig", "ProviderConfig", "ProviderConfigUsage"],
    // Carvel, Kluctl, Kargo, kro, KubeVela, Config Sync, Porch
    "kappctrl.k14s.io": [],
    "packaging.carvel.dev": [],
    "data.packaging.carvel.dev": ["PackageMetadata"],
    "gitops.kluctl.io": [],
    "kargo.akuity.io": ["Project", "ProjectConfig", "ClusterConfig"],
    "kro.run": [],
    "core.oam.dev": [],
    "configsync.gke.io": [],
    "configmanagement.gke.io": [],
    "config.porch.kpt.dev": [],
    "porch.kpt.dev": [],
    // Operator Lifecycle Manager, OpenShift, Tekton Triggers
    "operators.coreos.com": ["OperatorGroup", "OperatorCondition"],
    "olm.operatorframework.io": [],
    "template.openshift.io": [],
    "triggers.tekton.dev": ["ClusterInterceptor", "Interceptor"],
    // Several clusters
    "work.karmada.io": [],
    "policy.karmada.io": [],
    "work.open-cluster-management.io": [],
    "apps.open-cluster-management.io": [],
    "policy.open-cluster-management.io": [],
    "addons.cluster.x-k8s.io": [],
    "config.projectsveltos.io": [],
    "lib.projectsveltos.io": [],
    // Infrastructure as code
    "pulumi.com": [],
    "app.terraform.io": [],
]
