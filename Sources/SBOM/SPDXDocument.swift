// SPDX-License-Identifier: Apache-2.0
// Writing SPDX. Spec: SPDX 2.3 (§6 document, §7 packages, §11 relationships), spdx-schema.json.

internal import OCI
internal import Primitives

extension BillOfMaterials {
    /// The SPDX 2.3 document. Packages and relationships are sorted; `documentNamespace` follows
    /// from the rest.
    func spdxDocument(stamp: DocumentStamp) -> JSONValue {
        var document: JSONObject = [
            "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
            "name": .string(subjectName),
        ]
        // Holds its place in the order; the value follows from the whole.
        document["documentNamespace"] = ""
        document["creationInfo"] = [
            "created": .string(stamp.created.description),
            "creators": [.string("Tool: \(stamp.toolName)-\(stamp.toolVersion)")],
        ]
        if let comment = unknownsText { document["comment"] = .string(comment) }
        document["packages"] = .array(
            [.object(subjectPackage)] + (systemPackage.map { [$0] } ?? []) + packages.map(package))
        let texts = extractedLicenses
        if !texts.isEmpty { document["hasExtractedLicensingInfos"] = .array(texts) }
        document["relationships"] = .array(relationships)
        let identifier = contentUUID(of: document, format: .spdx)
        document["documentNamespace"] = .string("https://spdx.org/spdxdocs/assay-\(identifier)")
        return .object(document)
    }

    private var unknownsText: String? {
        guard !unknowns.isEmpty else { return nil }
        let lines = unknowns.map { unknown in
            (unknown.path.isEmpty ? "" : "\(unknown.path): ") + unknown.reason
        }
        return "What is not known:\n" + lines.joined(separator: "\n")
    }

    // MARK: Packages

    private var subjectPackage: JSONObject {
        var object = describedPackage(name: subjectName, identifier: subjectIdentifier)
        guard case .image(let image) = subject else {
            object["primaryPackagePurpose"] = "FILE"
            return object
        }
        object["versionInfo"] = .string(image.digest.description)
        object["checksums"] = [
            [
                "algorithm": image.digest.algorithm == .sha256 ? "SHA256" : "SHA512",
                "checksumValue": .string(image.digest.hex),
            ]
        ]
        object["externalRefs"] = image.packageURL.map { [purlReference($0)] }
        object["primaryPackagePurpose"] = "CONTAINER"
        return object
    }

    private var systemPackage: JSONValue? {
        guard let system = operatingSystem else { return nil }
        var object = describedPackage(
            name: system.identifier, identifier: "SPDXRef-OperatingSystem")
        object["versionInfo"] = system.version.map { .string($0) }
        object["sourceInfo"] = .string("found in \(plain(system.path))")
        object["primaryPackagePurpose"] = "OPERATING-SYSTEM"
        return .object(object)
    }

    private func package(_ package: InstalledPackage) -> JSONValue {
        var object = describedPackage(
            name: package.name, identifier: identifier(package.packageURL))
        object["versionInfo"] = .string(package.version)
        if let supplier = package.maintainer.flatMap(Supplier.init) {
            object["supplier"] = .string(supplier.spdxText)
        }
        object["sourceInfo"] = .string(origin(package))
        if let license = package.license {
            object["licenseDeclared"] = .string(expression(license))
        }
        object["externalRefs"] = [purlReference(package.packageURL)]
        object["primaryPackagePurpose"] = "LIBRARY"
        return .object(object)
    }

    private func describedPackage(name: String, identifier: String) -> JSONObject {
        [
            "name": .string(name), "SPDXID": .string(identifier), "supplier": "NOASSERTION",
            "downloadLocation": "NOASSERTION", "filesAnalyzed": false,
            "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION",
            "copyrightText": "NOASSERTION",
        ]
    }

    private func origin(_ package: InstalledPackage) -> String {
        var text = "found in \(package.paths.map { plain($0) }.joined(separator: ", "))"
        if let name = package.sourceName {
            text += "; built from \([name, package.sourceVersion ?? ""].joined(separator: " "))"
        }
        if let layer = package.layer, case .image(let image) = subject,
            image.layers.indices.contains(layer)
        {
            text += "; since layer \(layer) with diffID \(image.layers[layer].diffID)"
        }
        return text
    }

    private func purlReference(_ url: PackageURL) -> JSONValue {
        [
            "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
            "referenceLocator": .string(url.description),
        ]
    }

    // MARK: Licences

    /// Spec: Annex D: every statement applies, so they are joined by AND.
    private func expression(_ license: DeclaredLicense) -> String {
        license.statements.map { statement in
            switch statement {
            case .text(let text): return licenseReference(text)
            case .expression(let expression):
                if case .or = expression, license.statements.count > 1 { return "(\(expression))" }
                return expression.description
            }
        }.joined(separator: " AND ")
    }

    /// Spec: SPDX 2.3 §10: what a `LicenseRef-` means; here what the package declares, for the text
    /// of the licence is in the package.
    private var extractedLicenses: [JSONValue] {
        var texts: [String: String] = [:]
        for case .text(let text) in packages.flatMap({ $0.license?.statements ?? [] }) {
            texts[licenseReference(text)] = text
        }
        return texts.sorted { $0.key < $1.key }.map { reference, text in
            [
                "licenseId": .string(reference),
                "extractedText": .string("the package declares: \(text)"), "name": .string(text),
            ]
        }
    }

    private func licenseReference(_ text: String) -> String {
        "LicenseRef-assay-\(Digest(of: text.utf8, by: .sha256).hex.prefix(32))"
    }

    // MARK: Relationships

    private var relationships: [JSONValue] {
        var list = [relationship("SPDXRef-DOCUMENT", "DESCRIBES", subjectIdentifier)]
        if operatingSystem != nil {
            list.append(relationship(subjectIdentifier, "CONTAINS", "SPDXRef-OperatingSystem"))
        }
        for package in packages {
            list.append(
                relationship(subjectIdentifier, "CONTAINS", identifier(package.packageURL)))
        }
        for package in packages {
            for other in package.dependencies {
                list.append(
                    relationship(
                        identifier(package.packageURL), "DEPENDS_ON", identifier(other)))
            }
        }
        return list
    }

    private func relationship(_ element: String, _ type: String, _ related: String) -> JSONValue {
        [
            "spdxElementId": .string(element), "relationshipType": .string(type),
            "relatedSpdxElement": .string(related),
        ]
    }

    private var subjectIdentifier: String {
        if case .image = subject { "SPDXRef-Image" } else { "SPDXRef-Folder" }
    }

    /// Spec: SPDX 2.3 §3.2, "[idstring]": letters, numbers, `.` and `-`. The hash keeps two package
    /// URLs apart that differ in other characters only.
    private func identifier(_ url: PackageURL) -> String {
        let path = url.description.utf8.dropFirst("pkg:".utf8.count).prefix(beforeAny: "@?")
        let readable = path.utf8.prefix(80).map {
            isLetterByte($0) || isDigitByte($0) || $0 == UInt8(ascii: ".") ? $0 : UInt8(ascii: "-")
        }
        let hash = Digest(of: url.description.utf8, by: .sha256).hex.prefix(32)
        return "SPDXRef-Package-\(String(decoding: readable, as: UTF8.self))-\(hash)"
    }
}
