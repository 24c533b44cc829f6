// SPDX-License-Identifier: Apache-2.0
// Parses extended headers. Spec: POSIX.1-2017 pax, "pax Extended Header"; GNU tar manual, "Storing
// Sparse Files"; upstream archive/tar (Go 1.24), reader.go and strconv.go, for precedence and
// errors.

internal import Primitives

/// The records of one extended header.
///
/// The last of several records with one key counts. An empty value deletes the record, so the
/// header block's value applies.
struct PaxRecords {
    /// The keys that Go's reader uses.
    private enum Key: String {
        case path, linkpath, size, mtime, atime, ctime, uid, gid, uname, gname
        case sparseMajor = "GNU.sparse.major"
        case sparseMinor = "GNU.sparse.minor"
        case sparseName = "GNU.sparse.name"
        case sparseSize = "GNU.sparse.size"
        case sparseRealSize = "GNU.sparse.realsize"
        case sparseMap = "GNU.sparse.map"
        case sparseCount = "GNU.sparse.numblocks"
        case sparseOffset = "GNU.sparse.offset"
        case sparseLength = "GNU.sparse.numbytes"
    }

    /// The format of a sparse file's map.
    enum SparseFormat {
        /// Formats 0.0 and 0.1: the map is in the records.
        case records
        /// Format 1.0: the map is before the content.
        case content
    }

    private var values: [Key: [UInt8]] = [:]
    /// Whether the header sets an extended attribute of overlay file systems.
    private(set) var hasOverlayAttribute = false

    init() {}

    /// Parses all `LENGTH KEY=VALUE\n` records.
    ///
    /// - Throws: `malformed` for a record that Go's reader rejects, and for one without a key.
    init(parsing bytes: [UInt8], at offset: Int, of archive: String) throws(Failure) {
        var rest = bytes[...]
        var sparse: [[UInt8]] = []
        func broken(_ why: String) -> Failure {
            Failure(
                .malformed, "cannot read \(archive)",
                at: .bytes(of: archive, offset: offset + rest.startIndex), because: why)
        }
        while !rest.isEmpty {
            guard let space = rest.prefix(20).firstIndex(of: UInt8(ascii: " ")),
                let length = decimal(rest[..<space]), length > space - rest.startIndex + 1,
                length <= rest.count, rest[rest.startIndex + length - 1] == UInt8(ascii: "\n")
            else { throw broken("the length of an extended header record is wrong") }
            let record = rest[(space + 1)..<(rest.startIndex + length - 1)]
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")), equals > record.startIndex
            else { throw broken("an extended header record has no key") }
            let (key, value) = (record[..<equals], Array(record[record.index(after: equals)...]))
            guard take(key, value, &sparse) else {
                throw broken("the value of an extended header record is invalid")
            }
            rest = rest[(rest.startIndex + length)...]
        }
        if !sparse.isEmpty {
            values[.sparseMap] = Array(sparse.joined(separator: [UInt8(ascii: ",")]))
        }
    }

    /// Adds one record. Returns false if Go's reader rejects it.
    private mutating func take(
        _ name: ArraySlice<UInt8>, _ value: [UInt8], _ sparse: inout [[UInt8]]
    ) -> Bool {
        guard !name.contains(0) else { return false }
        hasOverlayAttribute = hasOverlayAttribute || overlayKeys.contains { name.starts(with: $0) }
        // All known keys are ASCII; Swift treats canonically equivalent characters as equal.
        guard name.allSatisfy({ $0 < 0x80 }),
            let key = Key(rawValue: String(decoding: name, as: UTF8.self))
        else { return true }
        switch key {
        case .path, .linkpath, .uname, .gname, .sparseName:
            guard !value.contains(0) else { return false }
        case .sparseOffset, .sparseLength:
            // Format 0.0 alternates these two records.
            guard (sparse.count % 2 == 0) == (key == .sparseOffset),
                !value.contains(UInt8(ascii: ","))
            else { return false }
            sparse.append(value)
            return true
        default: break
        }
        values[key] = value.isEmpty ? nil : value
        return true
    }

    // MARK: Values

    var path: [UInt8]? { values[.path] }
    var linkPath: [UInt8]? { values[.linkpath] }
    var sparseName: [UInt8]? { values[.sparseName] }

    /// Whether all numbers that Go's reader parses are valid. Assay itself uses only the sizes.
    var hasReadableNumbers: Bool {
        for key in [Key.uid, .gid, .size] {
            if let value = values[key], signed(value[...]) == nil { return false }
        }
        for key in [Key.mtime, .atime, .ctime] {
            if let value = values[key], seconds(value) == nil { return false }
        }
        return true
    }

    /// The stored size; nil if no record has it.
    var size: Int? { values[.size].flatMap { signed($0[...]) } }

    var modified: Int? { values[.mtime].flatMap(seconds) }

    /// The sparse format; nil for an entry that is not sparse. A sparse name or size without a
    /// known version does not make it sparse.
    var sparseFormat: SparseFormat? {
        let major = values[.sparseMajor] ?? []
        let minor = values[.sparseMinor] ?? []
        switch (String(decoding: major, as: UTF8.self), String(decoding: minor, as: UTF8.self)) {
        case ("0", "0"), ("0", "1"): return .records
        case ("1", "0"): return .content
        case ("", ""): return values[.sparseMap] == nil ? nil : .records
        default: return nil
        }
    }

    /// The size of the file with holes, as text; nil if no record has it.
    var sparseSize: [UInt8]? { values[.sparseSize] ?? values[.sparseRealSize] }

    /// The map of formats 0.0 and 0.1; nil if it is invalid.
    var sparseMap: SparseMap? {
        SparseMap(commaSeparated: values[.sparseMap] ?? [], count: values[.sparseCount])
    }
}

/// Prefixes of the keys of overlay's attributes. Spec: Linux,
/// Documentation/filesystems/overlayfs.rst.
private let overlayKeys = ["trusted.overlay.", "user.overlay."].map {
    Array("SCHILY.xattr.\($0)".utf8)
}

/// Parses a number of digits only, without overflow.
func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
    guard !digits.isEmpty,
        digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int(String(decoding: digits, as: UTF8.self))
}

private func signed(_ text: ArraySlice<UInt8>) -> Int? {
    guard text.first == UInt8(ascii: "-") else { return decimal(text) }
    return decimal(text.dropFirst()).map { -$0 }
}

/// The integral seconds of `[-]digits[.digits]`.
private func seconds(_ text: [UInt8]) -> Int? {
    let point = text.firstIndex(of: UInt8(ascii: ".")) ?? text.endIndex
    let fraction = text[point...].dropFirst()
    guard fraction.isEmpty || decimal(fraction.prefix(18)) != nil,
        fraction.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return signed(text[..<point])
}
