// SPDX-License-Identifier: Apache-2.0
// Extended headers. Spec: POSIX.1-2017 pax, "pax Extended Header".

internal import Primitives

/// What the extended headers in front of an entry say about it.
struct PaxRecords {
    var path: [UInt8]?
    var linkPath: [UInt8]?
    var size: Int?
    var modified: Int?
    /// GNU's later sparse formats: the name and size of the file with its holes.
    var isSparse = false
    var sparseName: [UInt8]?
    var sparseSize: Int?

    init() {}

    /// Nothing was said, or nothing that changes an entry.
    var isEmpty: Bool {
        path == nil && linkPath == nil && size == nil && modified == nil && !isSparse
    }

    /// Reads `LENGTH KEY=VALUE\n` records until the bytes end. Keys that do not change what is
    /// unpacked where are passed over; an empty value leaves the header's own in force.
    init(parsing bytes: [UInt8], at offset: Int, of archive: String) throws(Failure) {
        var rest = bytes[...]
        func broken(_ why: String) -> Failure {
            Failure(
                .malformed, "cannot read \(archive)",
                at: .bytes(of: archive, offset: offset + rest.startIndex), because: why)
        }
        while !rest.isEmpty {
            guard let space = rest.prefix(20).firstIndex(of: UInt8(ascii: " ")),
                let length = decimal(rest[..<space]), length > space - rest.startIndex + 1,
                length <= rest.count, rest[rest.startIndex + length - 1] == UInt8(ascii: "\n")
            else { throw broken("an extended header record's length does not fit") }
            let record = rest[(space + 1)..<(rest.startIndex + length - 1)]
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")), equals > record.startIndex
            else { throw broken("an extended header record has no key") }
            let value = record[record.index(after: equals)...]
            guard take(String(decoding: record[..<equals], as: UTF8.self), Array(value)) else {
                throw broken("an extended header record's value is not of its kind")
            }
            rest = rest[(rest.startIndex + length)...]
        }
    }

    private mutating func take(_ key: String, _ value: [UInt8]) -> Bool {
        guard !value.isEmpty else { return true }
        switch key {
        case "path", "linkpath", "GNU.sparse.name":
            guard !value.contains(0) else { return false }
            if key == "path" { path = value }
            if key == "linkpath" { linkPath = value }
            if key == "GNU.sparse.name" { sparseName = value }
        case "size", "GNU.sparse.realsize", "GNU.sparse.size":
            guard let number = decimal(value[...]) else { return false }
            if key == "size" { size = number } else { sparseSize = number }
        case "mtime":
            let digits = value.first == UInt8(ascii: "-") ? value.dropFirst() : value[...]
            guard let whole = decimal(digits.prefix { $0 != UInt8(ascii: ".") }) else {
                return false
            }
            modified = digits.count < value.count ? -whole : whole
        default: break
        }
        if key.utf8.hasPrefix("GNU.sparse.") { isSparse = true }
        return true
    }
}

/// A number of digits only, without overflow.
private func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
    guard !digits.isEmpty,
        digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int(String(decoding: digits, as: UTF8.self))
}
