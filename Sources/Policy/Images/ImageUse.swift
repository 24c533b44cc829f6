// SPDX-License-Identifier: Apache-2.0
// The images a resource would run.
// Spec: docs/kyverno.md, "Images of a resource"; Kubernetes PodSpec (v1).

package import Primitives

/// One place of a resource that names an image.
package struct ImageUse: Hashable, Sendable {
    /// The list of the pod spec it stands in.
    package enum Role: String, Sendable, CaseIterable {
        case initContainer = "initContainers"
        case container = "containers"
        case ephemeralContainer = "ephemeralContainers"
        /// An image mounted as a volume: its files reach a container, so it is verified like one.
        case volume = "volumes"
    }

    package let role: Role
    /// The container's or volume's name; empty when it has none.
    package let owner: String
    /// RFC 6901 pointer of the image inside the resource.
    package let pointer: String
    /// The image as it is written.
    package let written: String
}

extension ResourceManifest {
    /// Every image of the pod (template) in this resource, in a fixed order: init containers,
    /// containers, ephemeral containers, image volumes.
    ///
    /// A container without the field has no image yet and is passed over; an image that is no
    /// string, or a list that is none, is malformed. Nothing in the resource's annotations is
    /// believed. Other kinds have no images that Assay knows of.
    package func images() throws(Failure) -> [ImageUse] {
        guard let path = podSpecPaths[identity.kind] else { return [] }
        var spec = JSONReader(json, document: file ?? identity.description)
        for name in path {
            guard let next = try spec.optional(name) else { return [] }
            spec = next
        }
        var found: [ImageUse] = []
        for role in ImageUse.Role.allCases {
            for item in try spec.optional(role.rawValue)?.items(atMost: itemsPerList) ?? [] {
                if let use = try use(of: item, as: role) { found.append(use) }
            }
        }
        return found
    }

    /// Whether this kind carries a pod template that Assay knows.
    package var isWorkload: Bool { podSpecPaths[identity.kind] != nil }

    private func use(of item: JSONReader, as role: ImageUse.Role) throws(Failure) -> ImageUse? {
        // Only `volumes[].image` is an OCI image; `rbd.image` and others are names of disks.
        let holder = role == .volume ? try item.optional("image") : item
        let field = role == .volume ? "reference" : "image"
        guard let image = try holder?.optional(field) else { return nil }
        return ImageUse(
            role: role, owner: try item.optional("name")?.string() ?? "", pointer: image.pointer,
            written: try image.string())
    }
}

/// Where the pod spec stands, by kind.
let podSpecPaths: [String: [String]] = [
    "Pod": ["spec"],
    "PodTemplate": ["template", "spec"],
    "ReplicationController": ["spec", "template", "spec"],
    "Deployment": ["spec", "template", "spec"],
    "DaemonSet": ["spec", "template", "spec"],
    "StatefulSet": ["spec", "template", "spec"],
    "ReplicaSet": ["spec", "template", "spec"],
    "Job": ["spec", "template", "spec"],
    "CronJob": ["spec", "jobTemplate", "spec", "template", "spec"],
]

/// Containers or volumes of one pod. An object of 1.5 MiB (etcd's limit) holds fewer.
private let itemsPerList = 10_000
