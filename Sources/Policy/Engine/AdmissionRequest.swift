// SPDX-License-Identifier: Apache-2.0
// What is evaluated: one operation on one object.
// Spec: Kubernetes AdmissionReview (admission.k8s.io/v1), AdmissionRequest.

import Primitives

/// An operation on an object, as an admission webhook gets it, or as `policy apply` makes it of a
/// manifest.
package struct AdmissionRequest: Sendable {
    package let object: ResourceManifest
    package let operation: ResourceOperation
    /// `ephemeralcontainers`, or empty.
    package let subresource: String
    /// The labels of the object's namespace.
    package let namespaceLabels: NamespaceLabels.Finding

    package init(
        object: ResourceManifest, operation: ResourceOperation, subresource: String = "",
        namespaceLabels: NamespaceLabels.Finding
    ) {
        self.object = object
        self.operation = operation
        self.subresource = subresource
        self.namespaceLabels = namespaceLabels
    }
}
