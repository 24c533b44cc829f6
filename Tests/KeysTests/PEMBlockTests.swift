// SPDX-License-Identifier: Apache-2.0
// Rules about PEM text. Spec: RFC 7468 §2, §3.

import Primitives
import TestSupport
import Testing

@Suite("PEM")
struct PEMBlockTests {
    private let content = (0..<100).map { UInt8($0) }

    private var strict: String {
        let base64 = base64Text(content)
        let lines = stride(from: 0, to: base64.count, by: 64).map {
            String(base64.dropFirst($0).prefix(64))
        }
        return (["-----BEGIN SOME THING-----"] + lines + ["-----END SOME THING-----"])
            .joined(separator: "\n") + "\n"
    }

    private func blocks(_ text: String) throws -> [PEMBlock] { try PEMBlock.list(in: text.utf8) }

    @Test("every lax form is the same block", arguments: PEMForm.lax)
    func lax(form: PEMForm) throws {
        let found = try blocks(form.spelling(strict))
        #expect(found.map(\.label) == ["SOME THING"])
        #expect(found.map(\.bytes) == [content])
    }

    @Test("blocks follow each other, also on the line where one ends")
    func several() throws {
        #expect(try blocks(strict + strict).count == 2)
        #expect(try blocks(strict + "text\n" + strict + "-----\n").count == 2)
        let flat = strict.replacing("\n", with: "")
        #expect(try blocks(flat + flat).count == 2)
        #expect(try blocks(flat + "\n" + flat).count == 2)
    }

    @Test(
        "text without a block has none",
        arguments: ["", "\n", "ssh-ed25519 AAAA x", "see -----BEGIN A----- in the middle", "-----"])
    func none(text: String) throws {
        #expect(try blocks(text).isEmpty)
        #expect(!PEMBlock.isPEM(text.utf8))
    }

    @Test(
        "a block that two readers could read differently is refused, wherever it is",
        arguments: [
            ("no end", "-----BEGIN A-----\nAAAA\n", "no end"),
            ("cut end", "-----BEGIN A-----\nAAAA\n-----END A", "another label"),
            ("another label", "-----BEGIN A-----\nAAAA\n-----END B-----\n", "another label"),
            ("a longer label", "-----BEGIN A-----\nAAAA\n-----END AB-----\n", "another label"),
            ("no base64", "-----BEGIN A-----\nA*AA\n-----END A-----\n", "base64"),
            ("nothing", "-----BEGIN A-----\n-----END A-----\n", "base64"),
            ("no padding", "-----BEGIN A-----\nAAA\n-----END A-----\n", "base64"),
            ("stray bits", "-----BEGIN A-----\nAAB=\n-----END A-----\n", "base64"),
            ("text after padding", "-----BEGIN A-----\nAAA=AAAA\n-----END A-----\n", "base64"),
            ("url-safe", "-----BEGIN A-----\nAA_A\n-----END A-----\n", "base64"),
            ("a zero byte", "-----BEGIN A-----\nAA\u{0}AA\n-----END A-----\n", "base64"),
            ("a wide space", "-----BEGIN A-----\nAA\u{00A0}AA\n-----END A-----\n", "base64"),
            ("headers", "-----BEGIN A-----\nComment: x\n\nAAAA\n-----END A-----\n", "headers"),
            ("text after the end", "-----BEGIN A-----\nAAAA\n-----END A----- x\n", "same line"),
        ])
    func refused(name: String, text: String, part: String) throws {
        for whole in [text, strict + text, "before\n" + text] {
            let reason = #expect(throws: PEMBlock.Reason.self, "\(name)") { try blocks(whole) }
            #expect(reason?.why.contains(part) == true, "\(name): \(reason?.why ?? "")")
        }
    }

    @Test("20,000 seeded changes are refused, the same block, or another label's")
    func mutations() throws {
        var generator = SeededGenerator(seed: 7468)
        let bytes = Array(strict.utf8)
        for _ in 0..<20_000 {
            var changed = bytes
            changed[Int.random(in: 0..<changed.count, using: &generator)] = .random(
                in: 0...255, using: &generator)
            guard let found = try? PEMBlock.list(in: changed) else { continue }
            #expect(found.count <= 1)
            if let block = found.first { #expect(base64Text(block.bytes).count >= 132) }
        }
    }
}
