// SPDX-License-Identifier: Apache-2.0
// What a package declares to be its licence. Spec: SPDX 2.3, §7.15 and §10; CycloneDX 1.6,
// "licenses".

internal import OCI
internal import Primitives

/// The licences that a package declares. All of them apply.
package struct DeclaredLicense: Hashable, Sendable {
    package enum Statement: Hashable, Sendable {
        case expression(LicenseExpression)
        /// A licence that is not a valid expression, in the package's words.
        case text(String)

        var description: String {
            switch self {
            case .expression(let expression): expression.description
            case .text(let text): text
            }
        }
    }

    /// The statements, each once, expressions first, sorted by text; never empty.
    package let statements: [Statement]

    /// Nil if there is no statement.
    init?(_ statements: [Statement]) {
        var byText: [ByteString: Statement] = [:]
        // A single statement keeps the order of the package.
        for statement in statements.count == 1 ? statements : statements.flatMap(\.parts) {
            byText[ByteString(statement.description)] = statement
        }
        self.statements = byText.values.sorted { left, right in
            if left.isText != right.isText { return right.isText }
            return left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
        }
        guard !statements.isEmpty else { return nil }
    }

    /// All statements as one expression; nil if one of them is not an expression.
    var expression: LicenseExpression? {
        let all = statements.compactMap { statement in
            if case .expression(let expression) = statement { expression } else { nil }
        }
        guard all.count == statements.count, let first = all.first else { return nil }
        return all.count == 1 ? first : .and(all)
    }
}

extension DeclaredLicense.Statement {
    /// The operands of the statement's AND.
    fileprivate var parts: [Self] {
        guard case .expression(.and(let parts)) = self else { return [self] }
        return parts.flatMap { Self.expression($0).parts }
    }

    fileprivate var isText: Bool { if case .text = self { true } else { false } }
}

/// Finds the declared licences of one tree's packages.
struct LicenseReader {
    private let tree: FileTree
    /// Copyright files that could not be read.
    private(set) var unknowns: [BillOfMaterials.Unknown] = []

    init(_ tree: FileTree) { self.tree = tree }

    mutating func license(of record: PackageRecord) -> DeclaredLicense? {
        switch record.kind {
        case .alpine:
            return record.declaredLicense.flatMap { text in
                DeclaredLicense([
                    LicenseExpression(parsing: text).map { .expression($0) } ?? .text(text)
                ])
            }
        case .debian:
            return debianNames(of: record).flatMap { names in
                DeclaredLicense(
                    names.map { name in
                        LicenseExpression(debianNames: name).map { .expression($0) }
                            ?? .text(name.isEmpty ? unnamed : name)
                    })
            }
        }
    }

    /// Spec: Debian Policy 4.6, §12.5: the file is `usr/share/doc/PACKAGE/copyright`.
    private mutating func debianNames(of record: PackageRecord) -> [String]? {
        guard record.name.utf8.allSatisfy(isNameByte) else { return nil }
        let path = "usr/share/doc/\(record.name)/copyright"
        switch tree.look(at: path) {
        case .missing, .danglingLink, .directory, .other, .endlessLink: return nil
        case .file(let file):
            switch file.content {
            case .kept(let bytes): return debianLicenseNames(bytes)
            case .passedOver: return nil
            case .notKept(let why):
                unknowns.append(BillOfMaterials.Unknown(path: path, reason: why))
                return nil
            }
        }
    }
}

/// The licence name for a License field without a short name.
private let unnamed = "a licence without a short name"

/// Spec: Debian Policy 4.6, §5.6.1: lower case letters, digits, `+`, `-` and `.`.
private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
        true
    default: false
    }
}
