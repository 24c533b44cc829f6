// SPDX-License-Identifier: Apache-2.0
// How fast documents are read: a list of Pods, as an API server or `kubectl get -o json` sends it.

internal import Foundation
internal import Primitives

/// Reads one generated document, and writes it to a file for another program to read the same.
struct DocumentBenchmarks {
    let stopwatch = Stopwatch(roundLength: 200_000)

    /// - Parameter file: where the document is written, for a peer; nil for no file.
    func run(writingTo file: String?) throws {
        let json = podList(4_000).compactBytes
        if let file { try Data(json).write(to: URL(filePath: file)) }
        let cost = try stopwatch.measure { _ = try JSONValue(parsing: json, named: "the list") }
        tell("read JSON", cost, json.count)
        let manifest = try stopwatch.measure {
            _ = try ManifestDocument.documents(parsing: json, named: "the list")
        }
        tell("read a file of manifests", manifest, json.count)
        tell(
            "read a file of policies",
            try stopwatch.measure { _ = try YAMLNode.documents(parsing: json, named: "the list") },
            json.count)
        let data = Data(json)
        let peer = try stopwatch.measure { _ = try JSONSerialization.jsonObject(with: data) }
        tell("by Foundation's JSONSerialization", peer, json.count)
        print("  ratio \(hundredths(cost.median / peer.median))")
        // The last line is for scripts/bench: microseconds.
        print(Int(cost.median))
    }

    private func tell(_ what: String, _ cost: Cost, _ count: Int) {
        let rate = Int(Double(count) / cost.median)
        print("\(what): \(count) bytes, \(Int(cost.median)) µs, \(rate) MB/s of one core")
    }

    private func hundredths(_ ratio: Double) -> String {
        let rounded = Int((ratio * 100).rounded())
        return "\(rounded / 100).\(rounded % 100 < 10 ? "0" : "")\(rounded % 100)"
    }
}

private func podList(_ count: Int) -> JSONValue {
    ["apiVersion": "v1", "kind": "List", "items": .array((0..<count).map(pod))]
}

private func pod(_ number: Int) -> JSONValue {
    let digest = hexText((0..<32).map { UInt8(truncatingIfNeeded: number &* 31 &+ $0 &* 7) })
    return [
        "apiVersion": "v1", "kind": "Pod",
        "metadata": [
            "name": .string("backend-\(number)-7d9f8c6b5d-x"), "uid": .string(digest),
            "namespace": .string("team-\(number % 20)"),
            "labels": [
                "app.kubernetes.io/name": "backend", "pod-template-hash": "7d9f8c6b5d",
            ],
            "annotations": ["checksum/config": .string(digest)],
            "ownerReferences": [
                ["apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": true]
            ],
        ],
        "spec": [
            "serviceAccountName": "backend",
            "containers": [container(digest)],
            "volumes": [["name": "config", "configMap": ["name": "c", "defaultMode": 420]]],
        ],
        "status": [
            "phase": "Running", "podIP": "10.1.2.3", "startTime": "2026-11-30T12:00:00Z",
            "conditions": .array(["Initialized", "Ready", "PodScheduled"].map(condition)),
        ],
    ]
}

private func container(_ digest: String) -> JSONValue {
    [
        "name": "main", "image": .string("registry.example.com/shop/backend@sha256:\(digest)"),
        "imagePullPolicy": "IfNotPresent",
        "ports": [["containerPort": 8080, "protocol": "TCP"]],
        "env": [["name": "GREETING", "value": "some \"quoted\" value\n"]],
        "resources": ["limits": ["cpu": "500m", "memory": "512Mi"]],
        "securityContext": ["runAsNonRoot": true, "capabilities": ["drop": ["ALL"]]],
        "volumeMounts": [["name": "config", "mountPath": "/etc/config", "readOnly": true]],
    ]
}

private func condition(_ type: String) -> JSONValue {
    [
        "type": .string(type), "status": "True", "lastProbeTime": .null,
        "lastTransitionTime": "2026-11-30T12:00:00Z",
    ]
}
