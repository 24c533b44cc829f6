// SPDX-License-Identifier: Apache-2.0
// Writing tar archives that are the same bytes for the same content.
// Spec: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header".

internal import Primitives

/// One file as a reproducible archive has it: owner 0:0, one time for all.
struct TarMember: Sendable {
    enum Kind: Sendable {
        case file(size: Int)
        case directory
        case symbolicLink(to: String)
    }

    /// Relative, without `.` and `..`; folders end in no slash.
    let path: String
    let kind: Kind
    /// Permission bits, 12 of them.
    let permissions: UInt32
}

/// The headers and paddings of an archive.
enum TarWriter {
    /// What stands in front of the content: the header, and an extended header where a path, a link
    /// or a size does not fit into it.
    static func header(_ file: TarMember, modified: Int) -> [UInt8] {
        var path = Array(file.path.utf8)
        var link: [UInt8] = []
        var size = 0
        var type = UInt8(ascii: "0")
        switch file.kind {
        case .file(let bytes): size = bytes
        case .directory:
            path.append(UInt8(ascii: "/"))
            type = UInt8(ascii: "5")
        case .symbolicLink(let target):
            link = Array(target.utf8)
            type = UInt8(ascii: "2")
        }
        var records: [UInt8] = []
        let split = splitPath(path)
        if split == nil { records += record("path", path) }
        if link.count > 100 { records += record("linkpath", link) }
        if size > largestOctalSize { records += record("size", Array(String(size).utf8)) }
        var bytes: [UInt8] = []
        if !records.isEmpty {
            let name = Array("pax/header".utf8)
            bytes += block(
                ([], name), link: [], size: records.count, type: UInt8(ascii: "x"),
                permissions: 0o644, modified: modified)
            bytes += records + padding(after: records.count)
        }
        let fitting = split ?? ([], Array(path.prefix(100)))
        return bytes
            + block(
                fitting, link: Array(link.prefix(100)), size: min(size, largestOctalSize),
                type: type, permissions: file.permissions, modified: modified)
    }

    /// Zeros up to the next block.
    static func padding(after size: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: (512 - size % 512) % 512)
    }

    /// The end of an archive: two blocks of zeros.
    static let end = [UInt8](repeating: 0, count: 1024)

    /// The path in ustar's prefix and name; nil when it does not fit or is not plain ASCII.
    private static func splitPath(_ path: [UInt8]) -> (prefix: [UInt8], name: [UInt8])? {
        guard path.allSatisfy({ $0 < 0x80 }) else { return nil }
        if path.count <= 100 { return ([], path) }
        guard path.count <= 256 else { return nil }
        let slash = UInt8(ascii: "/")
        for index in path.indices.dropLast() where path[index] == slash {
            let name = path[(index + 1)...]
            if index <= 155, index > 0, name.count <= 100 {
                return (Array(path[..<index]), Array(name))
            }
        }
        return nil
    }

    /// `LENGTH KEY=VALUE\n`, where the length counts itself.
    private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let rest = Array(" \(key)=".utf8) + value + [UInt8(ascii: "\n")]
        var length = rest.count + 1
        while String(length).utf8.count + rest.count != length {
            length = String(length).utf8.count + rest.count
        }
        return Array(String(length).utf8) + rest
    }

    private static func block(
        _ path: (prefix: [UInt8], name: [UInt8]), link: [UInt8], size: Int, type: UInt8,
        permissions: UInt32, modified: Int
    ) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: [UInt8], at index: Int) {
            block.replaceSubrange(index..<(index + bytes.count), with: bytes)
        }
        put(path.name, at: 0)
        put(octal(Int(permissions), digits: 7), at: 100)
        put(octal(0, digits: 7), at: 108)
        put(octal(0, digits: 7), at: 116)
        put(octal(size, digits: 11), at: 124)
        put(octal(modified, digits: 11), at: 136)
        block[156] = type
        put(link, at: 157)
        put(Array("ustar".utf8) + [0] + Array("00".utf8), at: 257)
        put(octal(0, digits: 7), at: 329)
        put(octal(0, digits: 7), at: 337)
        put(path.prefix, at: 345)
        // Spec: the checksum is made with its own field as eight spaces.
        put([UInt8](repeating: UInt8(ascii: " "), count: 8), at: 148)
        let sum = block.reduce(0) { $0 + Int($1) }
        put(octal(sum, digits: 6) + [0, UInt8(ascii: " ")], at: 148)
        return block
    }

    private static func octal(_ number: Int, digits: Int) -> [UInt8] {
        let text = Array(String(number, radix: 8).utf8)
        return [UInt8](repeating: UInt8(ascii: "0"), count: max(digits - text.count, 0)) + text
    }

    /// Eleven octal digits.
    private static let largestOctalSize = 0o777_7777_7777
}
