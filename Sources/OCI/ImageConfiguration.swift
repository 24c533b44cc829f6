// SPDX-License-Identifier: Apache-2.0
// Image configurations. Spec: OCI image-spec 1.1, config.md.

package import Primitives

/// An image configuration: the platform and the digests of the uncompressed layers.
package struct ImageConfiguration: Hashable, Sendable {
    package let platform: Platform
    /// The digests of the uncompressed layers, lowest first.
    package let layerDigests: [Digest]
    package let created: Timestamp?
    /// The commands that created the layers, if the history has them; without empty layers.
    package let history: [String]

    package init(parsing bytes: [UInt8], named name: String = "the image configuration")
        throws(Failure)
    {
        let json = try JSONReader(parsing: bytes, named: name)
        try json.refuseOtherSpellings(of: configurationFields)
        platform = try Platform(reading: json)
        let rootFileSystem = try json.required("rootfs")
        try rootFileSystem.refuseOtherSpellings(of: ["type", "diff_ids"])
        var digests: [Digest] = []
        for item in try rootFileSystem.required("diff_ids").items(atMost: Limits.layersPerManifest)
        {
            digests.append(try Digest(parsing: try item.string()))
        }
        layerDigests = digests
        created = try json.optional("created").map { (reader) throws(Failure) in
            try Timestamp(parsing: try reader.string())
        }
        var commands: [String] = []
        for step in try json.optional("history")?.items(
            atMost: Limits.historySteps) ?? []
        {
            try step.refuseOtherSpellings(of: historyFields)
            if try step.optional("empty_layer")?.boolean() == true { continue }
            commands.append(try step.optional("created_by")?.string() ?? "")
        }
        history = commands
    }

    /// The minimal configuration for layers that Assay creates.
    package static func document(
        platform: Platform, layerDigests: [Digest], created: Timestamp, createdBy: String
    ) -> JSONValue {
        guard case .object(var object) = platform.json else { return .null }
        object["created"] = .string(created.description)
        object["config"] = [:]
        object["rootfs"] = [
            "type": "layers",
            "diff_ids": .array(layerDigests.map { .string($0.description) }),
        ]
        object["history"] = .array(
            layerDigests.map { _ in
                ["created": .string(created.description), "created_by": .string(createdBy)]
            })
        return .object(object)
    }
}

private let configurationFields = [
    "created", "author", "architecture", "os", "os.version", "os.features", "variant", "config",
    "rootfs", "history",
]

private let historyFields = ["created", "created_by", "author", "comment", "empty_layer"]
