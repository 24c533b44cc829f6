// SPDX-License-Identifier: Apache-2.0
// docs/advisories.md names a test for every rule; the names are those of tests that exist.

import Foundation
import Primitives
import Testing

@Suite("the table of advisories")
struct AdvisoryTableTests {
    private static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Identifier, rule, test.
    private static let rows: [[String]] = {
        let table = root.appendingPathComponent("docs/advisories.md")
        let text = (try? String(contentsOf: table, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").filter { $0.hasPrefix("| ") }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }.filter { $0.first != "advisory" }
    }()

    /// All Swift sources of tests, in one text.
    private static func tests() throws -> String {
        let directory = root.appendingPathComponent("Tests")
        let files = try #require(
            FileManager.default.enumerator(at: directory, includingPropertiesForKeys: nil))
        var text = ""
        for case let file as URL in files where file.pathExtension == "swift" {
            text += try String(contentsOf: file, encoding: .utf8)
        }
        return text
    }

    @Test("every rule has a test of that name, or says why it does not apply")
    func complete() throws {
        #expect(Self.rows.count >= 60)
        let tests = try Self.tests()
        for row in Self.rows {
            try #require(row.count == 3, "\(row)")
            let names = row[2].split(separator: "`", omittingEmptySubsequences: false)
                .enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
            #expect(!names.isEmpty || row[2].hasPrefix("does not apply: "), "\(row[0])")
            for name in names {
                #expect(tests.contains("\"\(name)\""), "\(row[0]): there is no test \(name)")
            }
        }
    }

    @Test("no advisory stands there twice")
    func unique() {
        let identifiers = Self.rows.compactMap(\.first)
        #expect(Set(identifiers).count == identifiers.count)
    }
}
