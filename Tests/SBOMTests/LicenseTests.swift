// SPDX-License-Identifier: Apache-2.0
// Licences that packages declare: SPDX expressions, Debian's short names, and what is neither.

import OCI
import Primitives
import TestSupport
import Testing

@testable import SBOM

@Suite("licences")
struct LicenseTests {
    @Test(
        "SPDX expressions are read and written in one form",
        arguments: [
            ("MIT", "MIT"), ("mit", "MIT"), ("GPL-2.0+", "GPL-2.0+"), ("MPL-1.1+", "MPL-1.1+"),
            ("MIT AND BSD-2-Clause", "MIT AND BSD-2-Clause"),
            ("( MIT OR\tISC )AND Zlib", "(MIT OR ISC) AND Zlib"),
            ("MIT OR ISC AND Zlib", "MIT OR ISC AND Zlib"),
            (
                "GPL-2.0-only WITH classpath-exception-2.0 OR MIT",
                "GPL-2.0-only WITH Classpath-exception-2.0 OR MIT"
            ),
        ])
    func expressions(_ text: String, _ written: String) {
        #expect(LicenseExpression(parsing: text)?.description == written)
    }

    @Test(
        "what is no SPDX expression is not taken for one",
        arguments: [
            "", "custom", "MIT BSD-2-Clause", "MIT and ISC", "MIT AND", "AND MIT", "(MIT", "MIT)",
            "()", "MIT WITH ISC", "(MIT) WITH Classpath-exception-2.0", "Classpath-exception-2.0",
            "LicenseRef-x", "DocumentRef-a:LicenseRef-b", "MIT++", "GPL2", "m\u{131}t",
            String(repeating: "(", count: 5000) + "MIT",
        ])
    func noExpressions(_ text: String) {
        #expect(LicenseExpression(parsing: text) == nil)
    }

    @Test(
        "Debian's short names become SPDX identifiers where they have one",
        arguments: [
            ("Expat", "MIT"), ("GPL-2+", "GPL-2.0-or-later"), ("GPL-2", "GPL-2.0-only"),
            ("gpl-3.0+", "GPL-3.0-or-later"), ("LGPL-2.1+", "LGPL-2.1-or-later"),
            ("Apache-2.0", "Apache-2.0"), ("Apache-2", "Apache-2.0"),
            ("BSD-3-clause", "BSD-3-Clause"), ("GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"),
            ("CC0-1.0", "CC0-1.0"), ("MPL-1.1+", "MPL-1.1+"), ("Artistic-2.0", "Artistic-2.0"),
            ("GPL-2+ or Expat and ISC", "GPL-2.0-or-later OR MIT AND ISC"),
            ("GPL-2+ or Expat, and ISC", "(GPL-2.0-or-later OR MIT) AND ISC"),
        ])
    func shortNames(_ text: String, _ written: String) {
        #expect(LicenseExpression(debianNames: text)?.description == written)
    }

    @Test(
        "a short name without an identifier is not guessed",
        arguments: [
            "public-domain", "Artistic", "GPL", "BSD", "GPL-2+ with OpenSSL exception", "Perl",
            "GPL-2+ or", "or GPL-2+", "Expat,", "Expat/ISC", "GPL-9", "",
        ])
    func noShortNames(_ text: String) {
        #expect(LicenseExpression(debianNames: text) == nil)
    }

    private let copyright = """
        Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
        Upstream-Name: x

        Files: *
        Copyright: 2020 A
        License: GPL-2+ or Expat
         The text, which says License: no

        Files: debian/*
        License: ISC

        Files: tests/*
        License: ISC

        License: BSD-3-clause
         A text that no file has.
        """

    private func license(_ copyright: String?, name: String = "a") throws -> DeclaredLicense? {
        var files = ["var/lib/dpkg/status": debianStanza(name)]
        if let copyright { files["usr/share/doc/\(name)/copyright"] = copyright }
        return try directorySBOM(files).packages.first?.license
    }

    @Test("a machine-readable copyright file names the licences of the files")
    func copyrightFile() throws {
        #expect(
            try license(copyright)?.expression?.description
                == "(GPL-2.0-or-later OR MIT) AND ISC")
        for (text, names) in [
            (copyright + "\n\nFiles: z\nLicense: public-domain\n", "public-domain"),
            (copyright + "\n\nFiles: z\nCopyright: nobody\n", "a licence without a short name"),
        ] {
            let declared = try license(text)
            #expect(declared?.expression == nil)
            #expect(declared?.statements.last == .text(names))
            #expect(declared?.statements.count == 3)
        }
    }

    @Test("licences that several paragraphs name are named once")
    func repeated() throws {
        let text = copyright + "\n\nFiles: z\nLicense: ISC and Zlib\n"
        #expect(
            try license(text)?.expression?.description
                == "(GPL-2.0-or-later OR MIT) AND ISC AND Zlib")
    }

    @Test(
        "a copyright file for people says nothing that we could read",
        arguments: [
            nil, "", "This is free software.\n\nLicense: GPL-2\n",
            "Format: mine\n\nFiles: *\nLicense: GPL-2\n", "Files: *\nLicense: GPL-2\n",
        ])
    func prose(_ text: String?) throws {
        #expect(try license(text) == nil)
    }

    @Test("documents carry expressions, identifiers and texts in their own fields")
    func documents() throws {
        func component(_ text: String) throws -> (cyclone: JSONValue?, spdx: String?, Int) {
            let found = try directorySBOM([
                "etc/os-release": "ID=alpine",
                "lib/apk/db/installed": "P:a\nV:1\nA:x86_64\nL:\(text)\n\n",
            ])
            let stamp = DocumentStamp(
                created: Timestamp(seconds: 0), toolName: "assay", toolVersion: "1")
            let cyclone = found.document(as: .cycloneDX, stamp: stamp)
            let spdx = found.document(as: .spdx, stamp: stamp)
            return (
                cyclone["components"]?.array?.last?["licenses"],
                spdx["packages"]?.array?.last?["licenseDeclared"]?.string,
                spdx["hasExtractedLicensingInfos"]?.array?.count ?? 0
            )
        }
        let one = try component("MIT")
        #expect(one.cyclone == [["license": ["id": "MIT", "acknowledgement": "declared"]]])
        #expect(one.spdx == "MIT")
        let several = try component("MIT AND ISC")
        #expect(
            several.cyclone == [["expression": "MIT AND ISC", "acknowledgement": "declared"]])
        #expect(several.spdx == "MIT AND ISC")
        let text = try component("MIT ISC custom")
        #expect(
            text.cyclone
                == [["license": ["name": "MIT ISC custom", "acknowledgement": "declared"]]])
        #expect(text.spdx?.hasPrefix("LicenseRef-assay-") == true)
        #expect([one.2, several.2, text.2] == [0, 0, 1])
    }

    @Test("a copyright file that is too large is a known unknown")
    func tooLarge() throws {
        let text = copyright + String(repeating: "x", count: Limits.copyrightFileBytes)
        let found = try directorySBOM([
            "var/lib/dpkg/status": debianStanza("a"), "usr/share/doc/a/copyright": text,
        ])
        #expect(found.packages.first?.license == nil)
        #expect(found.unknowns.contains { $0.path == "usr/share/doc/a/copyright" })
    }
}
