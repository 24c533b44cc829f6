// SPDX-License-Identifier: Apache-2.0
// The parallel gzip writer, with our own inflater and with gzip as its readers.

import Foundation
import OCI
import Primitives
import TestSupport
import Testing

@testable import Host

@Suite("gzip in blocks")
struct GzipWriterTests {
    private static let block = GzipWriter.blockBytes
    private static let sizes = [
        0, 1, block - 1, block, block + 1, 2 * block, 3 * block + 5, 5 * block + 12_345,
    ]

    @Test("the content comes back, whatever its size", arguments: sizes)
    func roundTrip(size: Int) throws {
        let content = Self.content(size)
        let compressed = try Self.compressed(content, pieces: 300_000, width: 2)
        var inflater = Inflater(
            named: "it", caps: Inflater.Caps(bytes: 1 << 30, ratio: 2_000, ratioFloor: 1 << 20))
        inflater.add(compressed)
        inflater.end()
        var found: [UInt8] = []
        while let part = try inflater.next() { found += part }
        #expect(found == content)
    }

    @Test("the bytes depend neither on the processors nor on the pieces they came in")
    func sameBytes() throws {
        let content = Self.content(4 * Self.block + 77)
        let one = try Self.compressed(content, pieces: content.count, width: 1)
        for (pieces, width) in [(1_000_003, 1), (65_536, 3), (Self.block, 8)] {
            #expect(try Self.compressed(content, pieces: pieces, width: width) == one)
        }
    }

    @Test("gzip itself accepts the stream as one whole member")
    func gzipReads() async throws {
        let directory = try TemporaryDirectory()
        let content = Self.content(3 * Self.block + 9)
        let compressed = try Self.compressed(content, pieces: 400_000, width: 2)
        let file = directory.file("content.gz")
        try Data(compressed).write(to: URL(fileURLWithPath: file))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "gzip -t '\(file)' && gzip -dc '\(file)' | sha256sum"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(
            decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(output.utf8.starts(with: Digest(of: content, by: .sha256).hex.utf8))
    }

    /// Text and noise in turn, so that blocks compress differently.
    private static func content(_ size: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: UInt64(size))
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        while bytes.count < size {
            bytes += Array("the same line of text, over and over again\n".utf8)
            let word = generator.next()
            for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> (8 * shift))) }
        }
        return Array(bytes.prefix(size))
    }

    private static func compressed(
        _ content: [UInt8], pieces: Int, width: Int
    ) throws -> [UInt8] {
        var writer = GzipWriter(width: width)
        var output: [UInt8] = []
        for start in stride(from: 0, to: content.count, by: pieces) {
            output += try writer.write(Array(content[start..<min(start + pieces, content.count)]))
        }
        return output + (try writer.finish())
    }
}
