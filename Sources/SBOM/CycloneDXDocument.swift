// SPDX-License-Identifier: Apache-2.0
// Writes CycloneDX. Spec: CycloneDX 1.6 JSON (ECMA-424), bom-1.6.schema.json.

internal import OCI
internal import Primitives

extension BillOfMaterials {
    /// The CycloneDX 1.6 document. Lists are sorted and have no duplicates, as the schema requires;
    /// `serialNumber` is computed from the rest.
    func cycloneDXDocument(stamp: DocumentStamp) -> JSONValue {
        var document: JSONObject = [
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX", "specVersion": "1.6",
        ]
        // Reserves the position of the member; the value is computed from the whole document.
        document["serialNumber"] = ""
        document["version"] = 1
        document["metadata"] = metadata(stamp)
        document["components"] = .array(
            (systemComponent.map { [$0] } ?? []) + packages.map(component))
        document["dependencies"] = dependencyList
        document["compositions"] = [compositions]
        let identifier = contentUUID(of: document, format: .cycloneDX)
        document["serialNumber"] = .string("urn:uuid:\(identifier)")
        return .object(document)
    }

    private func metadata(_ stamp: DocumentStamp) -> JSONValue {
        var metadata: JSONObject = [
            "timestamp": .string(stamp.created.description),
            "lifecycles": [["phase": "post-build"]],
            "tools": [
                "components": [
                    [
                        "type": "application", "name": .string(stamp.toolName),
                        "version": .string(stamp.toolVersion),
                    ]
                ]
            ],
            "component": .object(subjectComponent),
        ]
        if !unknowns.isEmpty {
            metadata["properties"] = properties(
                unknowns.map { unknown in
                    let place = unknown.path.isEmpty ? "" : "\(unknown.path): "
                    return ("assay:unknown", place + unknown.reason)
                })
        }
        return .object(metadata)
    }

    // MARK: Components

    private var subjectComponent: JSONObject {
        guard case .image(let image) = subject else {
            return [
                "type": "file", "bom-ref": .string(subjectReference),
                "name": .string(subjectName),
            ]
        }
        var component: JSONObject = [
            "type": "container", "bom-ref": .string(subjectReference),
            "name": .string(subjectName), "version": .string(image.digest.description),
            "hashes": [
                [
                    "alg": image.digest.algorithm == .sha256 ? "SHA-256" : "SHA-512",
                    "content": .string(image.digest.hex),
                ]
            ],
        ]
        component["purl"] = image.packageURL.map { .string($0.description) }
        var facts = [("assay:image:platform", image.platform.description)]
        for (index, layer) in image.layers.enumerated() {
            facts.append(("assay:layer:\(index):diffID", layer.diffID.description))
            facts.append(("assay:layer:\(index):digest", layer.digest.description))
        }
        component["properties"] = properties(facts)
        return component
    }

    private var systemReference: String? {
        operatingSystem.map { system in
            "os:\(system.identifier)" + (system.version.map { "@\($0)" } ?? "")
        }
    }

    private var systemComponent: JSONValue? {
        guard let system = operatingSystem, let reference = systemReference else { return nil }
        var component: JSONObject = [
            "type": "operating-system", "bom-ref": .string(reference),
            "name": .string(system.identifier),
        ]
        component["version"] = system.version.map { .string($0) }
        component["description"] = system.prettyName.map { .string($0) }
        component["evidence"] = occurrences([system.path])
        return .object(component)
    }

    private func component(_ package: InstalledPackage) -> JSONValue {
        var component: JSONObject = [
            "type": "library", "bom-ref": .string(package.packageURL.description),
        ]
        if let supplier = package.maintainer.flatMap(Supplier.init) {
            var entity: JSONObject = ["name": .string(supplier.name)]
            if let mail = supplier.mail { entity["contact"] = [["email": .string(mail)]] }
            component["supplier"] = .object(entity)
        }
        component["name"] = .string(package.name)
        component["version"] = .string(package.version)
        if let license = package.license { component["licenses"] = licenses(license) }
        component["purl"] = .string(package.packageURL.description)
        let facts = facts(package)
        if !facts.isEmpty { component["properties"] = properties(facts) }
        component["evidence"] = occurrences(package.paths)
        return .object(component)
    }

    private func facts(_ package: InstalledPackage) -> [(String, String)] {
        var facts: [(String, String)] = []
        if let layer = package.layer, case .image(let image) = subject,
            image.layers.indices.contains(layer)
        {
            facts.append(("assay:layer:diffID", image.layers[layer].diffID.description))
            facts.append(("assay:layer:index", String(layer)))
        }
        if let name = package.sourceName { facts.append(("assay:source:name", name)) }
        if let version = package.sourceVersion { facts.append(("assay:source:version", version)) }
        return facts
    }

    // MARK: Relations

    /// One entry for each component. An entry without dependencies means "none", not "unknown".
    private var dependencyList: JSONValue {
        let all = packages.map { $0.packageURL.description }
        let inside = (systemReference.map { [$0] } ?? []) + all
        var entries: [JSONValue] = [dependency(subjectReference, on: inside)]
        if let systemReference { entries.append(dependency(systemReference, on: [])) }
        for package in packages {
            entries.append(
                dependency(
                    package.packageURL.description,
                    on: package.dependencies.map(\.description)))
        }
        return .array(entries)
    }

    private func dependency(_ reference: String, on others: [String]) -> JSONValue {
        var entry: JSONObject = ["ref": .string(reference)]
        if !others.isEmpty { entry["dependsOn"] = .array(others.map { .string($0) }) }
        return .object(entry)
    }

    /// Spec: CycloneDX 1.6, "compositions/aggregate". Assay lists only operating system packages,
    /// so the aggregate is never `complete`: it is `incomplete` if there are unknowns, else
    /// `unknown`.
    private var compositions: JSONValue {
        [
            "aggregate": unknowns.isEmpty ? "unknown" : "incomplete",
            "assemblies": [.string(subjectReference)],
        ]
    }
}

/// One expression if possible, else a list of identifiers and names.
private func licenses(_ declared: DeclaredLicense) -> JSONValue {
    if let expression = declared.expression, expression.identifier == nil {
        return [
            [
                "expression": .string(expression.description), "acknowledgement": "declared",
            ]
        ]
    }
    return .array(
        declared.statements.map { statement in
            if case .expression(let expression) = statement, let name = expression.identifier {
                return ["license": ["id": .string(name), "acknowledgement": "declared"]]
            }
            return [
                "license": [
                    "name": .string(statement.description), "acknowledgement": "declared",
                ]
            ]
        })
}

private func occurrences(_ paths: [String]) -> JSONValue {
    ["occurrences": .array(paths.map { ["location": .string($0)] })]
}

private func properties(_ facts: [(String, String)]) -> JSONValue {
    .array(facts.map { ["name": .string($0.0), "value": .string($0.1)] })
}
