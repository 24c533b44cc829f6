// SPDX-License-Identifier: Apache-2.0
// Changed documents are read, or refused for the same reason at the same byte, as they always were.
// The outcomes were recorded before the reader was made fast. Where an outcome is meant to change,
// record what the failed expectation shows.

import Foundation
import Primitives
import TestSupport
import Testing

@Suite("JSON: changed documents end as recorded")
struct JSONMutationTests {
    @Test("each recorded document is read, or refused for its recorded reason at its byte")
    func recorded() throws {
        let lines = try record("outcomes.txt")
        #expect(lines.count > 700)
        for line in lines {
            let document = try #require(bytes(fromEscaped: line[0]))
            #expect(escaped(Array(outcome(ofReading: document).utf8)) == line[1], "\(line[0])")
        }
    }

    @Test(
        "thousands of changes to each example end as recorded", arguments: JSONExamples.all.indices)
    func changed(_ index: Int) throws {
        let (name, text) = JSONExamples.all[index]
        let expected = try #require(record("digests.txt").first { $0[0] == name }?[1])
        #expect(
            digest(of: JSONExamples.changes(of: text).map { outcome(ofReading: $0) }) == expected)
    }

    @Test("any byte at any place of a string of any length ends as recorded")
    func strings() throws {
        let expected = try #require(record("digests.txt").first { $0[0] == "every byte" }?[1])
        #expect(digest(of: JSONExamples.strings.map { outcome(ofReading: $0) }) == expected)
    }

    @Test("every limit on the number of values ends as recorded")
    func values() throws {
        let expected = try #require(record("digests.txt").first { $0[0] == "every limit" }?[1])
        let outcomes = JSONExamples.all.flatMap { example in
            (0...24).map { outcome(ofReading: Array(example.text.utf8), values: $0) }
        }
        #expect(digest(of: outcomes) == expected)
    }

    @Test("every value of an object in a file has the recorded line and column")
    func linesAndColumns() throws {
        let expected = try #require(record("digests.txt").first { $0[0] == "every place" }?[1])
        let documents = JSONExamples.all.flatMap { JSONExamples.changes(of: $0.text) }
        #expect(try digest(of: documents.compactMap { try places(ofObject: $0) }) == expected)
    }
}

/// The lines of a recorded file, in their two columns.
private func record(_ file: String) throws -> [[String]] {
    let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let text = try String(
        contentsOf: directory.appending(path: "../Recorded/json/\(file)"), encoding: .utf8)
    return text.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
}

private func digest(of outcomes: [String]) -> String {
    hexText(HashAlgorithm.sha256.hash(of: Array(outcomes.joined(separator: "\n").utf8)))
}

/// Printable ASCII as it is, and every other byte and `%` as `%` and two hex digits.
private func escaped(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
        (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "%")
            ? String(Unicode.Scalar(byte)) : "%" + hexText([byte])
    }.joined()
}

private func bytes(fromEscaped text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
            return nil
        }
        bytes.append(value)
        rest = rest.dropFirst(2)
    }
    return bytes
}
