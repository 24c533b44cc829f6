// SPDX-License-Identifier: Apache-2.0
// CycloneDX and SPDX: the same bytes each time, no loose ends, valid for other people's validators.

import Foundation
import OCI
import Primitives
import TestSupport
import Testing

@testable import SBOM

@Suite("documents")
struct DocumentTests {
    private let stamp = DocumentStamp(
        created: Timestamp(seconds: 1_700_000_000), toolName: "assay", toolVersion: "0.2.0")

    private func sampleImage(
        repository: String? = "ghcr.io/acme/API-server", extra: String = ""
    ) async throws -> BillOfMaterials {
        let status =
            debianStanza(
                "libc6", "2.36-9+deb12u1",
                more:
                    "Source: glibc\nMaintainer: GNU Libc Maintainers <glibc@lists.debian.org>\nDepends: libgcc-s1\n"
            )
            + debianStanza("libc6", "2.36-9+deb12u1", architecture: "i386")
            + debianStanza(
                "libgcc-s1", "12.2.0-14",
                more: "Maintainer: Laszlo (GCS) <gcs@debian.org>\nDepends: libc6\n")
            + debianStanza("odd\u{1}\"name", "1~é/1", more: "Maintainer: <https://example.com/x>\n")
            + debianStanza("plain", "1", more: "Maintainer: \n") + extra
        var images = MemoryImages()
        let manifest = try images.addImage([
            archive {
                $0.file("etc/os-release", debianRelease)
                $0.file("var/lib/dpkg/status", status)
            },
            archive {
                $0.file(
                    "lib/apk/db/installed",
                    "P:musl\nV:1.2-r0\nA:x86_64\nL:MIT AND (BSD-2-Clause OR x y)\nm:A <a@b>\n\n")
            },
        ])
        return try await sbom(
            of: manifest, platform: nil, from: images,
            repository: try repository.map { try Repository(parsing: $0.lowercased()) },
            layersAtOnce: 2)
    }

    @Test("two writings are the same bytes, and other content has another identifier")
    func determinism() async throws {
        let first = try await sampleImage()
        let other = try await sampleImage(extra: debianStanza("more"))
        for format in SBOMFormat.allCases {
            let bytes = first.bytes(as: format, stamp: stamp)
            #expect(bytes == (try await sampleImage()).bytes(as: format, stamp: stamp))
            let field = format == .cycloneDX ? "serialNumber" : "documentNamespace"
            let one = first.document(as: format, stamp: stamp)[field]?.string
            #expect(one != other.document(as: format, stamp: stamp)[field]?.string)
            let later = DocumentStamp(
                created: Timestamp(seconds: 1), toolName: "assay", toolVersion: "0.2.0")
            #expect(one != first.document(as: format, stamp: later)[field]?.string)
            #expect(bytes == (try JSONValue(parsing: bytes, named: "it")).compactBytes + [10])
        }
    }

    @Test("CycloneDX: references are unique, sorted, and lead somewhere")
    func cycloneDXReferences() async throws {
        let document = try await sampleImage().document(as: .cycloneDX, stamp: stamp)
        let components = (document["components"]?.array ?? [])
        let root = try #require(document["metadata"]?["component"])
        let names = ([root] + components).compactMap { $0["bom-ref"]?.string }
        #expect(names.count == components.count + 1)
        #expect(Set(names).count == names.count)
        let entries = document["dependencies"]?.array ?? []
        #expect(entries.compactMap { $0["ref"]?.string }.sorted() == names.sorted())
        for entry in entries {
            let others = entry["dependsOn"]?.array?.compactMap(\.string) ?? []
            #expect(Set(others).count == others.count)
            #expect(Set(others).isSubset(of: names))
        }
        #expect(document["compositions"]?.array?.first?["aggregate"] == "unknown")
    }

    @Test("CycloneDX: the image is named by package URL and digest")
    func cycloneDXSubject() async throws {
        let found = try await sampleImage()
        guard case .image(let image) = found.subject else { return }
        let root = try #require(
            found.document(as: .cycloneDX, stamp: stamp)["metadata"]?["component"])
        #expect(
            root["purl"]?.string
                == "pkg:oci/api-server@\(image.digest)?arch=amd64&repository_url=ghcr.io%2Facme%2Fapi-server"
        )
        #expect(root["hashes"]?.array?.first?["content"]?.string == image.digest.hex)
        let nameless = try await sampleImage(repository: nil)
        #expect(
            nameless.document(as: .cycloneDX, stamp: stamp)["metadata"]?["component"]?["purl"]?
                .string
                == "pkg:oci/image@\(image.digest)?arch=amd64")
    }

    @Test("CycloneDX: what is not known is listed, and the whole is called incomplete")
    func cycloneDXUnknowns() throws {
        let found = try directorySBOM(["var/lib/dpkg/status": "Package: x\n\n"])
        let document = found.document(as: .cycloneDX, stamp: stamp)
        #expect(document["metadata"]?["properties"]?.array?.count == found.unknowns.count)
        #expect(document["compositions"]?.array?.first?["aggregate"] == "incomplete")
        #expect(
            found.document(as: .spdx, stamp: stamp)["comment"]?.string?.contains("Status") == true)
    }

    @Test("SPDX: identifiers are unique and of the allowed letters, relations lead somewhere")
    func spdxReferences() async throws {
        let document = try await sampleImage().document(as: .spdx, stamp: stamp)
        let names = (document["packages"]?.array ?? []).compactMap { $0["SPDXID"]?.string }
        #expect(Set(names).count == names.count)
        for name in names {
            #expect(name.hasPrefix("SPDXRef-"))
            #expect(
                name.allSatisfy {
                    $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-")
                })
        }
        let relations = document["relationships"]?.array ?? []
        #expect(Set(relations).count == relations.count)
        #expect(relations.first?["relationshipType"] == "DESCRIBES")
        #expect(relations.contains { $0["relationshipType"] == "DEPENDS_ON" })
        for relation in relations {
            for end in ["spdxElementId", "relatedSpdxElement"] {
                let name = relation[end]?.string ?? ""
                #expect(name == "SPDXRef-DOCUMENT" || names.contains(name))
            }
        }
    }

    @Test(
        "suppliers are people or organizations with a safe address or none",
        arguments: [
            (
                "GNU Libc Maintainers <debian-glibc@lists.debian.org>",
                "Organization: GNU Libc Maintainers (debian-glibc@lists.debian.org)"
            ),
            (
                "Laszlo Boszormenyi (GCS) <gcs@debian.org>",
                "Person: Laszlo Boszormenyi [GCS] (gcs@debian.org)"
            ),
            ("Theodore Y. Ts'o <tytso@mit.edu>", "Person: Theodore Y. Ts'o (tytso@mit.edu)"),
            (
                "Google Cloud CLI Authors <https://x.org/p/>",
                "Organization: Google Cloud CLI Authors"
            ),
            ("a@example.org", "Person: a@example.org (a@example.org)"),
            ("Odd <a b@c>", "Person: Odd"), ("<a@b.c>", "Person: a@b.c (a@b.c)"),
            (
                "deity@lists.debian.org",
                "Organization: deity@lists.debian.org (deity@lists.debian.org)"
            ),
        ])
    func suppliers(_ maintainer: String, _ text: String) {
        #expect(Supplier(maintainer: maintainer)?.spdxText == text)
    }

    @Test("an empty maintainer is no supplier", arguments: ["", " ", "<>", "\"\""])
    func noSupplier(_ maintainer: String) {
        #expect(Supplier(maintainer: maintainer) == nil)
    }

    @Test("the identifier is the version 5 UUID of its name")
    func uuid() {
        // Spec: RFC 9562, appendix A.4, uses the DNS namespace; this one is Python's
        // uuid.uuid5(uuid.NAMESPACE_URL, "urn:assay:test").
        #expect(nameBasedUUID("urn:assay:test") == "f94cee81-c49d-5867-9ad7-89a601c8f065")
    }

    // MARK: Other people's validators

    @Test(
        "other people's validators accept them",
        .enabled(if: Interop.hasValidators, "cyclonedx-python-lib or spdx-tools is not here"),
        arguments: ["image", "nameless", "folder", "empty", "machine"])
    func validators(_ subject: String) async throws {
        let found =
            switch subject {
            case "image": try await sampleImage()
            case "nameless": try await sampleImage(repository: nil)
            case "folder":
                try directorySBOM(["var/lib/dpkg/status": debianStanza("a") + "Package: x\n"])
            case "empty": try directorySBOM([:])
            default: try machineInventory()
            }
        for format in SBOMFormat.allCases {
            let problems = try Interop.problems(found.bytes(as: format, stamp: stamp), format)
            #expect(problems == nil, "\(format): \(problems ?? "")")
        }
    }

    /// The first packages of this machine, whose odd maintainers are real.
    private func machineInventory() throws -> BillOfMaterials {
        let status = try? String(contentsOfFile: "/var/lib/dpkg/status", encoding: .utf8)
        let stanzas = (status ?? debianStanza("none")).components(separatedBy: "\n\n").prefix(150)
        return try directorySBOM([
            "etc/os-release": debianRelease,
            "var/lib/dpkg/status": stanzas.joined(separator: "\n\n"),
        ])
    }
}

/// Runs the scripts of Tests/Interop with a Python that may have the libraries.
enum Interop {
    static let python = ProcessInfo.processInfo.environment["ASSAY_PYTHON"] ?? "python3"

    static let hasValidators: Bool = {
        let check = "\(python) -c 'import cyclonedx.validation.json, jsonschema, spdx_tools.spdx'"
        return SharedSuites.interop != nil && (try? shellOutput(check)) != nil
    }()

    /// What the validator says is wrong; nil when nothing is.
    static func problems(_ document: [UInt8], _ format: SBOMFormat) throws -> String? {
        guard let directory = SharedSuites.interop else { return "no scripts" }
        let (script, name) =
            format == .cycloneDX
            ? ("validate_cyclonedx.py", "a.cdx.json") : ("validate_spdx.py", "a.spdx.json")
        let command =
            "\(python) \(directory.path)/\(script) \(name) > said 2>&1 && echo valid || cat said"
        let answer = try shellOutput(command, files: [name: document]) ?? []
        let text = String(decoding: answer, as: UTF8.self)
        return text == "valid\n" ? nil : text
    }
}
