// SPDX-License-Identifier: Apache-2.0
// Parses 512-byte header blocks. Spec: POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar
// manual, "Basic Tar Format"; upstream archive/tar (Go 1.24), reader.go and format.go, for
// precedence.

internal import Primitives

/// The fields of one header block with a valid checksum.
struct TarHeader {
    static let blockSize = 512

    /// The format of a block, which determines the fields beyond those of V7.
    private enum Format {
        case v7
        /// POSIX, with or without extended headers.
        case ustar
        case star
        case gnu

        init(_ block: [UInt8]) {
            if block[257..<263].elementsEqual("ustar\0".utf8) {
                self = block[508..<512].elementsEqual("tar\0".utf8) ? .star : .ustar
            } else {
                self = block[257..<265].elementsEqual("ustar  \0".utf8) ? .gnu : .v7
            }
        }
    }

    let typeFlag: UInt8
    let name: [UInt8]
    let linkName: [UInt8]
    let size: Int
    let mode: UInt16
    let modified: Int
    /// Whether both device numbers are 0, or the format has none.
    let isZeroDevice: Bool
    /// The size of the file with holes and the start of its map, in GNU's first sparse format.
    let sparse: (size: Int, map: SparseMap)?
    /// Whether more map blocks precede the content, in GNU's first sparse format.
    let hasSparseExtension: Bool

    /// Parses a block of exactly 512 bytes; nil if all bytes are zero.
    ///
    /// Unused numbers are parsed too, because Go's reader rejects an entry with an invalid one.
    init?(block: [UInt8], at offset: Int, of archive: String) throws(Failure) {
        let sum = BlockSum(block)
        guard !sum.isZero else { return nil }
        let fields = TarFields(block: block, offset: offset, archive: archive)
        let written = try fields.octal(148..<156, "checksum")
        guard written == sum.unsigned(without: block) || written == sum.signed(without: block)
        else { throw fields.broken("the checksum of a header is wrong") }
        typeFlag = block[156]
        let format = Format(block)
        let prefix = try Self.prefix(fields, format)
        let short = fields.text(0..<100)
        name = prefix.isEmpty ? short : prefix + [UInt8(ascii: "/")] + short
        linkName = fields.text(157..<257)
        size = try fields.number(124..<136, "size")
        mode = UInt16(truncatingIfNeeded: try fields.number(100..<108, "mode") & 0o7777)
        modified = try fields.number(136..<148, "time")
        for index in [108..<116, 116..<124] { _ = try fields.number(index, "owner") }
        let device =
            format == .v7
            ? [] : [try fields.number(329..<337, "device"), try fields.number(337..<345, "device")]
        isZeroDevice = device.allSatisfy { $0 == 0 }
        guard typeFlag == UInt8(ascii: "S") else {
            (sparse, hasSparseExtension) = (nil, false)
            guard size >= 0 else { throw fields.broken("an entry has a negative size") }
            return
        }
        guard format == .gnu else {
            throw fields.broken("a sparse entry is not in GNU's format")
        }
        let real = try fields.number(483..<495, "real size")
        var map = SparseMap()
        try map.append(entriesOf: fields, from: 386, count: 4)
        (sparse, hasSparseExtension) = ((real, map), block[482] != 0)
        guard size >= 0, real >= 0 else { throw fields.broken("an entry has a negative size") }
    }

    /// The prefix of the name.
    ///
    /// GNU's format has two times in place of the prefix. Go's writers before 1.8 wrote a prefix
    /// nevertheless, so Go's reader treats text that is not a time as a prefix.
    private static func prefix(_ fields: TarFields, _ format: Format) throws(Failure) -> [UInt8] {
        switch format {
        case .v7: return []
        case .ustar: return fields.text(345..<500)
        case .star:
            for index in [476..<488, 488..<500] { _ = try fields.number(index, "time") }
            return fields.text(345..<476)
        case .gnu:
            let times = [345..<357, 357..<369].filter { fields.block[$0.lowerBound] != 0 }
            let areTimes = times.allSatisfy { (try? fields.number($0, "time")) != nil }
            let text = fields.text(345..<500)
            return areTimes || text.contains { $0 >= 0x80 } ? [] : text
        }
    }
}

/// Parses text and numbers of one block.
struct TarFields {
    let block: [UInt8]
    let offset: Int
    let archive: String

    /// The bytes up to the first zero.
    func text(_ range: Range<Int>) -> [UInt8] {
        let field = block[range]
        return Array(field[..<(field.firstIndex(of: 0) ?? field.endIndex)])
    }

    /// Parses octal digits or, if the first bit is set, a big-endian number.
    ///
    /// Spec: GNU tar manual, "Extensions to the Format"; POSIX has octal only.
    func number(_ range: Range<Int>, _ name: String) throws(Failure) -> Int {
        block[range.lowerBound] & 0x80 != 0
            ? try binaryNumber(range, name) : try octal(range, name)
    }

    /// Parses octal digits with spaces and zero bytes at both ends; bytes after a zero byte are
    /// ignored. Without digits, the number is 0.
    func octal(_ range: Range<Int>, _ name: String) throws(Failure) -> Int {
        func isFiller(_ byte: UInt8) -> Bool { byte == 0 || byte == UInt8(ascii: " ") }
        let start = block[range].drop(while: isFiller)
        guard let last = start.lastIndex(where: { !isFiller($0) }) else { return 0 }
        var value = 0
        for byte in start[...last].prefix(while: { $0 != 0 }) {
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) else {
                throw broken("the \(name) of an entry is not an octal number")
            }
            // Twelve digits are 36 bits: this cannot overflow.
            value = value << 3 | Int(byte - UInt8(ascii: "0"))
        }
        return value
    }

    private func binaryNumber(_ range: Range<Int>, _ name: String) throws(Failure) -> Int {
        let isNegative = block[range.lowerBound] & 0x40 != 0
        var value = isNegative ? -1 : 0
        for (index, byte) in block[range].enumerated() {
            let bits = index == 0 ? (isNegative ? byte | 0x80 : byte & 0x7F) : byte
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 256)
            guard !overflow else {
                throw broken("the \(name) of an entry does not fit 64 bits")
            }
            value = shifted | Int(bits)
        }
        return value
    }

    func broken(_ why: String) -> Failure {
        Failure(
            .malformed, "cannot read \(archive)", at: .bytes(of: archive, offset: offset),
            because: why)
    }
}

/// The checksum of a block, computed eight bytes at a time, because each header needs it.
private struct BlockSum {
    private var total = 0
    private var highBits = 0
    let isZero: Bool

    init(_ block: [UInt8]) {
        let lanes: UInt64 = 0x00FF_00FF_00FF_00FF
        var sums: UInt64 = 0
        var high = 0
        var seen: UInt64 = 0
        unsafe block.withUnsafeBytes { bytes in
            for index in stride(from: 0, to: TarHeader.blockSize, by: 8) {
                let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                seen |= word
                // A lane sums at most 128 bytes, which fit in its 16 bits.
                sums &+= (word & lanes) &+ ((word >> 8) & lanes)
                high += (word & 0x8080_8080_8080_8080).nonzeroBitCount
            }
        }
        isZero = seen == 0
        for lane in 0..<4 { total += Int((sums >> UInt64(16 * lane)) & 0xFFFF) }
        highBits = high
    }

    /// The unsigned sum. Spec: POSIX.1-2017 pax: the checksum field itself counts as eight spaces.
    func unsigned(without block: [UInt8]) -> Int {
        total - block[148..<156].reduce(0) { $0 + Int($1) } + 8 * 32
    }

    /// The sum of signed characters, which some old writers used.
    func signed(without block: [UInt8]) -> Int {
        let fieldHighBits = block[148..<156].count { $0 & 0x80 != 0 }
        return unsigned(without: block) - 256 * (highBits - fieldHighBits)
    }
}
