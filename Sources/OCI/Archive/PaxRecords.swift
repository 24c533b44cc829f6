// SPDX-License-Identifier: Apache-2.0
// Extended headers. Spec: POSIX.1-2017 pax, "pax Extended Header"; GNU tar manual, "Storing Sparse
// Files"; upstream archive/tar (Go 1.24), reader.go and strconv.go, for order and refusals.

internal import Primitives

/// The records of one extended header.
///
/// Of several records with one key the last one counts. An empty value deletes the record: what the
/// header block says is in force again.
struct PaxRecords {
    /// The keys that Go's reader looks at.
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

    /// How the map of a sparse file is written.
    enum SparseFormat {
        /// Formats 0.0 and 0.1: in the records.
        case records
        /// Format 1.0: in front of the content.
        case content
    }

    private var values: [Key: [UInt8]] = [:]
    /// An extended attribute is set that overlay file systems take for their own.
    private(set) var hasOverlayAttribute = false

    init() {}

    /// Reads `LENGTH KEY=VALUE\n` records until the bytes end.
    ///
    /// - Throws: `malformed` for a record that Go's reader refuses, and for one without a key.
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
            else { throw broken("an extended header record's length does not fit") }
            let record = rest[(space + 1)..<(rest.startIndex + length - 1)]
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")), equals > record.startIndex
            else { throw broken("an extended header record has no key") }
            let (key, value) = (record[..<equals], Array(record[record.index(after: equals)...]))
            guard take(key, value, &sparse) else {
                throw broken("an extended header record's value is not of its kind")
            }
            rest = rest[(rest.startIndex + length)...]
        }
        if !sparse.isEmpty {
            values[.sparseMap] = Array(sparse.joined(separator: [UInt8(ascii: ",")]))
        }
    }

    /// Takes in one record; false when Go's reader refuses it.
    private mutating func take(
        _ name: ArraySlice<UInt8>, _ value: [UInt8], _ sparse: inout [[UInt8]]
    ) -> Bool {
        guard !name.contains(0) else { return false }
        hasOverlayAttribute = hasOverlayAttribute || overlayKeys.contains { name.starts(with: $0) }
        // All known keys are ASCII; Swift would take other spellings of a letter for the same.
        guard name.allSatisfy({ $0 < 0x80 }),
            let key = Key(rawValue: String(decoding: name, as: UTF8.self))
        else { return true }
        switch key {
        case .path, .linkpath, .uname, .gname, .sparseName:
            guard !value.contains(0) else { return false }
        case .sparseOffset, .sparseLength:
            // Format 0.0 repeats these two in turn.
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

    // MARK: What the records say

    var path: [UInt8]? { values[.path] }
    var linkPath: [UInt8]? { values[.linkpath] }
    var sparseName: [UInt8]? { values[.sparseName] }

    /// Every number that Go's reader reads is one, although only sizes are used here.
    var hasReadableNumbers: Bool {
        for key in [Key.uid, .gid, .size] {
            if let value = values[key], signed(value[...]) == nil { return false }
        }
        for key in [Key.mtime, .atime, .ctime] {
            if let value = values[key], seconds(value) == nil { return false }
        }
        return true
    }

    /// The stored size; nil when no record names it.
    var size: Int? { values[.size].flatMap { signed($0[...]) } }

    var modified: Int? { values[.mtime].flatMap(seconds) }

    /// Nil when the entry is not sparse. A name or size without a known version does not make it so.
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

    /// The size of the file with its holes, as text; nil when no record names it.
    var sparseSize: [UInt8]? { values[.sparseSize] ?? values[.sparseRealSize] }

    /// The map of formats 0.0 and 0.1; nil when it cannot be read.
    var sparseMap: SparseMap? {
        SparseMap(commaSeparated: values[.sparseMap] ?? [], count: values[.sparseCount])
    }
}

/// Starts of the keys of overlay's attributes. Spec: Linux, Documentation/filesystems/overlayfs.rst.
private let overlayKeys = ["trusted.overlay.", "user.overlay."].map {
    Array("SCHILY.xattr.\($0)".utf8)
}

/// A number of digits only, without overflow.
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

/// Whole seconds of `[-]digits[.digits]`.
private func seconds(_ text: [UInt8]) -> Int? {
    let point = text.firstIndex(of: UInt8(ascii: ".")) ?? text.endIndex
    let fraction = text[point...].dropFirst()
    guard fraction.isEmpty || decimal(fraction.prefix(18)) != nil,
        fraction.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return signed(text[..<point])
}
