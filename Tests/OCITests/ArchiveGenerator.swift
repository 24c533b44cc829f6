// SPDX-License-Identifier: Apache-2.0
// Layers as no tool would write them, from a seed: every header format, every way to name an entry.

import TestSupport

/// Writes layers whose entries collide, contradict themselves and follow each other through links.
struct ArchiveGenerator {
    private var random: SeededGenerator
    private var tar = TarWriter()
    /// Whether headers and values that are refused come too; half of the images have none.
    private let isHostile: Bool
    /// Paths of files that were written, for hard links.
    private var written: [String] = []

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        isHostile = Bool.random(using: &random)
        self.random = random
    }

    /// One to three layers, bottom first.
    mutating func layers() -> [[UInt8]] {
        (0..<Int.random(in: 1...3, using: &random)).map { _ in layer() }
    }

    private mutating func layer() -> [UInt8] {
        tar = TarWriter()
        for _ in 0..<Int.random(in: 1...(isHostile ? 4 : 9), using: &random) { entry() }
        if isHostile, chance(10) { damage() }
        switch Int.random(in: 0..<20, using: &random) {
        case 0: return tar.bytes
        case 1: return tar.bytes + [UInt8](repeating: 0, count: 512)
        case 2: return tar.finished() + Array("rest".utf8)
        case 3: return tar.finished() + tar.finished()
        default: return tar.finished()
        }
    }

    private mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    private mutating func pick<T>(_ values: [T]) -> T {
        values[Int.random(in: 0..<values.count, using: &random)]
    }

    // MARK: Names

    private mutating func path() -> String {
        var parts: [String] = []
        for _ in 0..<pick([0, 1, 1, 2]) { parts.append(pick(["a", "b", "lib", "l"])) }
        parts.append(pick(["f", "f", "g", "h", isHostile ? "a" : "i"]))
        if chance(6) { parts[parts.count - 1] = ".wh." + pick(["f", "a", "b", "l", "lib"]) }
        if chance(3) { parts[parts.count - 1] = ".wh..wh..opq" }
        if isHostile, chance(3) { parts.insert("..", at: 0) }
        if chance(2) {
            parts[parts.count - 1] = pick(["é", "50%", "x y", ".wh..wh.aufs", "./z"])
        }
        let text = parts.joined(separator: pick(["/", "/", "/", "//", "/./"]))
        return pick(["", "", "", "./", "/"]) + text
    }

    private mutating func folder() -> String {
        pick(["a", "b", "lib", "a/b", "lib/a", "l", "./b"])
    }

    private mutating func target() -> String {
        pick([folder(), "../" + folder(), "/" + folder(), path(), ".", "a/../b"])
    }

    // MARK: Entries

    private mutating func entry() {
        switch Int.random(in: 0..<(isHostile ? 100 : 96), using: &random) {
        case 0..<45: file()
        case 45..<60: directory()
        case 60..<70: link("2")
        case 70..<77: link("1")
        case 77..<80: plain(path(), type: "6")
        case 80..<90: extended()
        case 90..<96: sparse()
        default: odd()
        }
    }

    private mutating func content() -> [UInt8] {
        let length = pick([0, 1, 5, 511, 512, 513, 1500])
        return (0..<length).map { _ in UInt8.random(in: 97...122, using: &random) }
    }

    private mutating func file(named name: String? = nil) {
        let content = content()
        let name = name ?? path()
        written.append(name)
        plain(name, type: chance(15) ? "\u{0}" : "0", content: content)
    }

    private mutating func directory() {
        let isOld = chance(10)
        plain(folder() + (isOld ? "/" : pick(["/", ""])), type: isOld ? "\u{0}" : "5")
    }

    private mutating func link(_ type: Character) {
        let target = type == "1" && !written.isEmpty ? pick(written) : target()
        if chance(15) { tar.gnuLong(target, type: "K") }
        if chance(10) { tar.pax([("linkpath", pick([target, ""]))]) }
        let name = type == "1" ? path() : pick(["l", "a/l", "lib/l", "b/l"])
        plain(name, type: type, link: target)
    }

    /// A header in any format, with a prefix at times.
    private mutating func plain(
        _ name: String, type: Character, link: String = "", content: [UInt8] = []
    ) {
        let format = pick(["ustar\u{0}00", "ustar\u{0}00", "ustar  \u{0}", "", "ustar 00", "star"])
        let prefix = chance(12) ? pick(["a", "b/c", "17", "dié", "0 0", "lib"]) : ""
        let size = sizeField(content.count)
        let isHeaderOnly = "123456".contains(type)
        tar.header(
            name, type: type, size: isHeaderOnly && chance(10) ? 700 : content.count, link: link,
            sizeField: size, magic: format == "star" ? "ustar\u{0}00" : format
        ) { block in
            block.replaceSubrange(345..<(345 + prefix.utf8.count), with: prefix.utf8)
            if format == "star" { block.replaceSubrange(508..<512, with: "tar\u{0}".utf8) }
        }
        tar.block(content)
    }

    private mutating func sizeField(_ size: Int) -> [UInt8]? {
        let octal = String(size, radix: 8)
        switch Int.random(in: 0..<40, using: &random) {
        case 3...4 where !isHostile: return nil
        case 0:
            return [0x80] + [UInt8](repeating: 0, count: 9) + [UInt8(size >> 8), UInt8(size & 255)]
        case 1: return Array("   \(octal) ".utf8)
        case 2: return Array("\(octal)\u{0}9".utf8)
        case 3: return Array("\(octal) \u{0}7".utf8)
        case 4: return [UInt8](repeating: 0xFF, count: 12)
        default: return nil
        }
    }

    // MARK: Headers in front of entries

    private mutating func extended() {
        for _ in 0..<pick([1, 1, 1, 2, 3]) {
            switch Int.random(in: (isHostile ? 0 : 1)..<10, using: &random) {
            case 1, 2: tar.gnuLong(pick([path(), path(), "", "a\u{0}b"]), type: "L")
            case 3: tar.gnuLong(target(), type: "K")
            case 0: tar.pax([("path", path()), ("size", "3")], type: "g")
            default: tar.pax((0..<pick([1, 2, 3])).map { _ in record() })
            }
        }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: directory()
        case 1: link(pick(["1", "2"]))
        default: file()
        }
    }

    private mutating func record() -> (String, String) {
        guard isHostile else { return honestRecord() }
        switch Int.random(in: 0..<16, using: &random) {
        case 0..<4: return honestRecord()
        case 4: return ("path", pick([path() + "/", "a\u{0}b"]))
        case 5: return ("size", pick(["5", "0", "-1", "x"]))
        case 6: return ("mtime", pick(["-3.25", "1.x"]))
        case 7: return ("uid", pick(["0", "root"]))
        case 8..<10: return ("GNU.sparse.major", pick(["0", "1", "2", ""]))
        case 10: return ("GNU.sparse.minor", pick(["0", "1", ""]))
        case 11: return ("GNU.sparse.map", pick(["", "0,1", "1,4", "0,1,1,1", "x"]))
        case 12:
            return (pick(["GNU.sparse.size", "GNU.sparse.realsize"]), pick(["1", "5", "9", ""]))
        case 13: return ("GNU.sparse.numblocks", pick(["0", "1", "2"]))
        default: return (pick(["comment", "uname"]), pick(["", "a\u{0}b"]))
        }
    }

    /// A record that no reader refuses by itself.
    private mutating func honestRecord() -> (String, String) {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4: return ("path", pick([path(), path(), ""]))
        case 4: return ("linkpath", pick([target(), ""]))
        case 5: return ("size", "")
        case 6: return ("mtime", pick(["12.5", "12", ""]))
        case 7: return ("GNU.sparse.name", path())
        case 8: return ("GNU.sparse.realsize", "9")
        default: return (pick(["comment", "hdrcharset", "uname"]), pick(["BINARY", "", "x"]))
        }
    }

    private mutating func sparse() {
        let stored = String(decoding: content().prefix(600), as: UTF8.self)
        let half = stored.utf8.count / 2
        let map = [(2, half), (900, stored.utf8.count - half)]
        tar.sparse(
            path(), size: isHostile && chance(20) ? 3 : 2000, map: map,
            stored: isHostile && chance(20) ? stored + "x" : stored,
            name: chance(50) ? path() : nil, format: pick(["0.0", "0.1", "1.0"]))
    }

    private mutating func odd() {
        switch Int.random(in: 0..<5, using: &random) {
        case 0: plain(path(), type: pick(["7", "S", "V", "D", "A"]))
        case 1: plain("", type: pick(["0", "5", "2"]), link: "a")
        case 2: tar.bytes += [UInt8](repeating: 0, count: 512)
        case 3: tar.paxBytes(Array(pick(["9 path=ab", "4 =\n", "05 a=\n", "12 path=x\n"]).utf8))
        default: plain(String(repeating: "n", count: 100), type: "0")
        }
    }

    /// Changes one byte of a header, and mostly makes its checksum right again.
    private mutating func damage() {
        guard tar.bytes.count >= 512 else { return }
        let start = Int.random(in: 0..<(tar.bytes.count / 512), using: &random) * 512
        let place =
            start + pick([0, 3, 100, 107, 110, 124, 135, 136, 148, 156, 157, 257, 263, 330])
        tar.bytes[place] = UInt8.random(in: 0...255, using: &random)
        if chance(80) { fixChecksum(&tar.bytes, start) }
    }
}

/// Writes the checksum that a header's bytes have.
func fixChecksum(_ bytes: inout [UInt8], _ header: Int) {
    bytes.replaceSubrange((header + 148)..<(header + 156), with: "        ".utf8)
    let sum = bytes[header..<(header + 512)].reduce(0) { $0 + Int($1) }
    let text = String(sum, radix: 8)
    let field = String(repeating: "0", count: max(0, 6 - text.count)) + text + "\u{0} "
    bytes.replaceSubrange((header + 148)..<(header + 156), with: field.utf8)
}
