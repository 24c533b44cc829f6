// SPDX-License-Identifier: Apache-2.0
// One 512-byte header block. Spec: POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual,
// "Basic Tar Format".

internal import Primitives

/// The fields of one header block whose checksum was right.
struct TarHeader {
    static let blockSize = 512

    let typeFlag: UInt8
    let name: [UInt8]
    let linkName: [UInt8]
    let size: Int
    let mode: UInt16
    let modified: Int
    /// GNU's first sparse format: more map blocks stand between this header and the content.
    let hasSparseExtension: Bool
    /// GNU's first sparse format: bytes of the file with its holes.
    let sparseSize: Int?

    /// Reads a block of exactly 512 bytes; nil when it is all zeros.
    init?(block: [UInt8], at offset: Int, of archive: String) throws(Failure) {
        let sum = BlockSum(block)
        guard !sum.isZero else { return nil }
        let fields = TarFields(block: block, offset: offset, archive: archive)
        let written = try fields.number(148..<156, "checksum")
        guard written == sum.unsigned(without: block) || written == sum.signed(without: block)
        else { throw fields.broken("a header's checksum does not fit its block") }
        typeFlag = block[156]
        let isGNU = block[257..<265].elementsEqual("ustar  \0".utf8)
        let isPOSIX = block[257..<263].elementsEqual("ustar\0".utf8)
        let isStar = isPOSIX && block[508..<512].elementsEqual("tar\0".utf8)
        let prefix = isPOSIX ? fields.text(345..<(isStar ? 476 : 500)) : []
        let short = fields.text(0..<100)
        name = prefix.isEmpty ? short : prefix + [UInt8(ascii: "/")] + short
        linkName = fields.text(157..<257)
        size = try fields.number(124..<136, "size")
        mode = UInt16(truncatingIfNeeded: try fields.number(100..<108, "mode") & 0o7777)
        modified = try fields.number(136..<148, "time")
        let isSparse = isGNU && typeFlag == UInt8(ascii: "S")
        hasSparseExtension = isSparse && block[482] != 0
        sparseSize = isSparse ? try fields.number(483..<495, "real size") : nil
        guard size >= 0, sparseSize ?? 0 >= 0 else {
            throw fields.broken("an entry has a negative size")
        }
    }
}

/// Reads text and numbers out of one block.
private struct TarFields {
    let block: [UInt8]
    let offset: Int
    let archive: String

    /// Bytes up to the first zero.
    func text(_ range: Range<Int>) -> [UInt8] {
        let field = block[range]
        return Array(field[..<(field.firstIndex(of: 0) ?? field.endIndex)])
    }

    /// Octal digits between spaces and zeros, or (first bit set) a big-endian number.
    ///
    /// Spec: GNU tar manual, "Extensions to the Format"; POSIX knows octal only.
    func number(_ range: Range<Int>, _ name: String) throws(Failure) -> Int {
        if block[range.lowerBound] & 0x80 != 0 { return try binaryNumber(range, name) }
        var value = 0
        var isDone = false
        var hasDigit = false
        for byte in block[range] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "7") where !isDone:
                // Twelve digits are 36 bits: this cannot overflow.
                value = value << 3 | Int(byte - UInt8(ascii: "0"))
                hasDigit = true
            case 0 where hasDigit: return value
            case 0, UInt8(ascii: " "): isDone = isDone || hasDigit
            default: throw broken("the \(name) of an entry is not an octal number")
            }
        }
        return value
    }

    private func binaryNumber(_ range: Range<Int>, _ name: String) throws(Failure) -> Int {
        let isNegative = block[range.lowerBound] & 0x40 != 0
        var value = isNegative ? -1 : 0
        for (place, byte) in block[range].enumerated() {
            let bits = place == 0 ? (isNegative ? byte | 0x80 : byte & 0x7F) : byte
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

/// The sum of a block's bytes, eight at a time: it is made for every header of every layer.
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
            for place in stride(from: 0, to: TarHeader.blockSize, by: 8) {
                let word = unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                seen |= word
                // A lane gathers 128 bytes at most, which fit its 16 bits.
                sums &+= (word & lanes) &+ ((word >> 8) & lanes)
                high += (word & 0x8080_8080_8080_8080).nonzeroBitCount
            }
        }
        isZero = seen == 0
        for lane in 0..<4 { total += Int((sums >> UInt64(16 * lane)) & 0xFFFF) }
        highBits = high
    }

    /// Spec: the checksum field itself counts as eight spaces.
    func unsigned(without block: [UInt8]) -> Int {
        total - block[148..<156].reduce(0) { $0 + Int($1) } + 8 * 32
    }

    /// Some old writers summed signed characters.
    func signed(without block: [UInt8]) -> Int {
        let fieldHighBits = block[148..<156].count { $0 & 0x80 != 0 }
        return unsigned(without: block) - 256 * (highBits - fieldHighBits)
    }
}
