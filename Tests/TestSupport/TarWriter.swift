// SPDX-License-Identifier: Apache-2.0
// Archives made by hand, so that tests can make ones no tool would write.

/// Writes tar, honest or not.
package struct TarWriter {
    package var bytes: [UInt8] = []

    package init() {}

    package mutating func directory(_ path: String) { header(path, type: "5") }

    package mutating func file(_ path: String, _ content: String) {
        file(path, Array(content.utf8))
    }

    package mutating func file(_ path: String, _ content: [UInt8]) {
        header(path, type: "0", size: content.count)
        block(content)
    }

    package mutating func symbolicLink(_ path: String, to target: String) {
        header(path, type: "2", link: target)
    }

    package mutating func hardLink(_ path: String, to target: String) {
        header(path, type: "1", link: target)
    }

    /// An extended header in front of the next entry.
    package mutating func pax(_ records: [(String, String)], type: Character = "x") {
        paxBytes(Array(records.map(paxRecord).joined().utf8), type: type)
    }

    package mutating func paxBytes(_ content: [UInt8], type: Character = "x") {
        header("PaxHeaders/x", type: type, size: content.count)
        block(content)
    }

    /// GNU's way to write a name (`L`) or link target (`K`) of any length.
    package mutating func gnuLong(_ text: String, type: Character) {
        let content = Array(text.utf8) + [0]
        header("././@LongLink", type: type, size: content.count)
        block(content)
    }

    /// A sparse file in one of the formats of the extended header.
    package mutating func sparse(
        _ path: String, size: Int, map: [(Int, Int)], stored: String, name: String? = nil,
        format: String = "0.1"
    ) {
        var records = name.map { [("GNU.sparse.name", $0)] } ?? []
        records.append(("GNU.sparse.realsize", String(size)))
        var content = Array(stored.utf8)
        switch format {
        case "0.0":
            for (offset, length) in map {
                records.append(("GNU.sparse.offset", String(offset)))
                records.append(("GNU.sparse.numbytes", String(length)))
            }
        case "0.1":
            records.append(("GNU.sparse.map", map.map { "\($0.0),\($0.1)" }.joined(separator: ",")))
        default:
            records += [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0")]
            let lines = ["\(map.count)"] + map.flatMap { ["\($0.0)", "\($0.1)"] }
            var text = Array(lines.map { $0 + "\n" }.joined().utf8)
            text += [UInt8](repeating: 0, count: (512 - text.count % 512) % 512)
            content = text + content
        }
        if format != "1.0" { records.append(("GNU.sparse.numblocks", String(map.count))) }
        pax(records)
        header(path, type: "0", size: content.count)
        block(content)
    }

    package mutating func header(
        _ path: String, type: Character, size: Int = 0, link: String = "",
        sizeField: [UInt8]? = nil,
        magic: String = "ustar\u{0}00", changing change: (inout [UInt8]) -> Void = { _ in }
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: some Sequence<UInt8>, _ offset: Int) {
            for (index, byte) in text.enumerated() { block[offset + index] = byte }
        }
        put(path.utf8.prefix(100), 0)
        put("0000644".utf8, 100)
        put("0000000".utf8, 108)
        put("0000000".utf8, 116)
        put(sizeField ?? Array(octal(size, digits: 11).utf8), 124)
        put(octal(1_700_000_000, digits: 11).utf8, 136)
        put(String(type).utf8, 156)
        put(link.utf8.prefix(100), 157)
        put(magic.utf8, 257)
        change(&block)
        put("        ".utf8, 148)
        let sum = block.reduce(0) { $0 + Int($1) }
        put(octal(sum, digits: 6).utf8 + [0, 32], 148)
        bytes += block
    }

    package mutating func block(_ content: [UInt8]) {
        bytes += content
        let filling = (512 - content.count % 512) % 512
        bytes += [UInt8](repeating: 0, count: filling)
    }

    /// The archive with its two zero blocks.
    package func finished() -> [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}

/// `LENGTH KEY=VALUE\n`, where the length counts itself.
package func paxRecord(_ record: (String, String)) -> String {
    let rest = " \(record.0)=\(record.1)\n"
    var length = rest.utf8.count
    while String(length).utf8.count + rest.utf8.count != length {
        length = String(length).utf8.count + rest.utf8.count
    }
    return "\(length)\(rest)"
}

private func octal(_ value: Int, digits: Int) -> String {
    let text = String(value, radix: 8)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}
