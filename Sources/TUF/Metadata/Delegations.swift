// SPDX-License-Identifier: Apache-2.0
// Delegations: the roles that are trusted for target paths. Spec: TUF 1.0.34 §4.5 (delegations),
// TAP 15 (succinct roles).

internal import Primitives

/// The delegations of a role: none, a list of roles, or hash bins of equal size.
enum Delegations: Hashable, Sendable {
    case none
    case roles([DelegatedRole])
    case bins(HashBins)

    init(reading reader: JSONReader, subject: String) throws(MetadataProblem) {
        let (keys, roles, bins) = try TUF.reading(subject) { () throws(Failure) in
            (
                try metadataKeys(reading: reader.required("keys")),
                try reader.optional("roles")?.items(atMost: Limits.delegationsPerRole),
                try reader.optional("succinct_roles")
            )
        }
        switch (roles, bins) {
        case (let roles?, nil):
            var list: [DelegatedRole] = []
            var names: Set<ByteString> = []
            for role in roles {
                let delegated = try DelegatedRole(reading: role, keys: keys, subject: subject)
                guard names.insert(ByteString(delegated.name)).inserted else {
                    throw MetadataProblem(
                        .malformed, subject,
                        "it delegates to \(quoted(delegated.name)) twice")
                }
                list.append(delegated)
            }
            self = .roles(list)
        case (nil, let bins?):
            self = .bins(try HashBins(reading: bins, keys: keys, subject: subject))
        default:
            throw MetadataProblem(
                .malformed, subject, "its delegations must have either roles or succinct_roles")
        }
    }

    /// The roles that are trusted for `path`, in search order.
    func roles(for path: String, _ steps: inout Int) throws(MetadataProblem) -> [DelegatedRole] {
        switch self {
        case .none: return []
        case .bins(let bins): return [bins.role(for: path)]
        case .roles(let roles):
            var found: [DelegatedRole] = []
            for role in roles where try role.scope.covers(path, &steps) { found.append(role) }
            return found
        }
    }
}

/// One delegation: a role's name, keys, and paths.
struct DelegatedRole: Hashable, Sendable {
    let name: String
    let signers: SigningRole
    /// Whether the search ends with this role if its paths match.
    let isTerminating: Bool
    let scope: PathScope

    init(
        reading reader: JSONReader, keys: MetadataKeys, subject: String
    ) throws(MetadataProblem) {
        (name, isTerminating, scope) = try TUF.reading(subject) { () throws(Failure) in
            (
                try roleName(reader.required("name")),
                try reader.required("terminating").boolean(), try PathScope(reading: reader)
            )
        }
        signers = try SigningRole(reading: reader, keys: keys, subject: subject)
    }

    init(name: String, signers: SigningRole, isTerminating: Bool, scope: PathScope) {
        self.name = name
        self.signers = signers
        self.isTerminating = isTerminating
        self.scope = scope
    }
}

/// The name of a delegated role: not a top-level role's name, and short enough for a file name.
private func roleName(_ reader: JSONReader) throws(Failure) -> String {
    let name = try reader.string()
    guard !name.isEmpty else { throw reader.broken("it is empty") }
    guard TopLevelRole(rawValue: name) == nil else {
        throw reader.broken("\(quoted(name)) is a top-level role and cannot be delegated to")
    }
    let encoded = percentEncoded(name).utf8.count
    guard encoded <= Limits.roleFileNameBytes else {
        throw Failure(
            .overLimit, "cannot read \(reader.document)", at: reader.place,
            because: "the encoded role name has \(encoded) bytes, the limit is "
                + "\(Limits.roleFileNameBytes)")
    }
    return name
}

/// The target paths of one delegation.
enum PathScope: Hashable, Sendable {
    case patterns([PathPattern])
    /// Prefixes of the SHA-256 of the path, in hex.
    case hashPrefixes([String])
    case everything

    init(reading reader: JSONReader) throws(Failure) {
        let paths = try reader.optional("paths")?.items(atMost: Limits.pathsPerDelegation)
        let prefixes = try reader.optional("path_hash_prefixes")?.items(
            atMost: Limits.pathsPerDelegation)
        switch (paths, prefixes) {
        case (let paths?, nil):
            var patterns: [PathPattern] = []
            for path in paths { patterns.append(PathPattern(try path.string())) }
            self = .patterns(patterns)
        case (nil, let prefixes?):
            var list: [String] = []
            for prefix in prefixes {
                let text = try prefix.string()
                guard text.utf8.allSatisfy(isLowerHex), text.utf8.count <= 64 else {
                    throw prefix.broken("it is not the start of a SHA-256 in lower-case hex")
                }
                list.append(text)
            }
            self = .hashPrefixes(list)
        default:
            throw reader.broken("it must have either paths or path_hash_prefixes")
        }
    }

    /// Whether `path` matches.
    ///
    /// - Parameter steps: the rest of `Limits.patternSteps` for one search.
    func covers(_ path: String, _ steps: inout Int) throws(MetadataProblem) -> Bool {
        switch self {
        case .everything: return true
        case .hashPrefixes(let prefixes):
            let hash = Digest(of: path.utf8, by: .sha256).hex
            return prefixes.contains { hash.utf8.hasPrefix($0) }
        case .patterns(let patterns):
            for pattern in patterns where try pattern.matches(path, &steps) { return true }
            return false
        }
    }
}

/// The hash space in 2^bits bins of equal size, with one role each. Spec: TAP 15; TUF 1.0.34 §4.5.
struct HashBins: Hashable, Sendable {
    private let signers: SigningRole
    private let bits: Int
    private let prefix: String

    init(
        reading reader: JSONReader, keys: MetadataKeys, subject: String
    ) throws(MetadataProblem) {
        (bits, prefix) = try TUF.reading(subject) { () throws(Failure) in
            let length = try reader.required("bit_length")
            let bits = try length.integer()
            guard (1...32).contains(bits) else { throw length.broken("it is not from 1 to 32") }
            return (bits, try roleName(reader.required("name_prefix")))
        }
        signers = try SigningRole(reading: reader, keys: keys, subject: subject)
    }

    /// The role of a path's bin. Spec: TAP 15: the prefix, a dash, and the first `bit_length` bits
    /// of the path's SHA-256 in lower-case hex, with as many digits as the last bin needs.
    func role(for path: String) -> DelegatedRole {
        let start = bytes(fromHex: Digest(of: path.utf8, by: .sha256).hex.prefix(8)) ?? []
        let number = start.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } >> UInt64(32 - bits)
        let hex = String(number, radix: 16)
        let digits = String((UInt64(1) << UInt64(bits)) - 1, radix: 16).count
        let name = "\(prefix)-" + String(repeating: "0", count: digits - hex.count) + hex
        return DelegatedRole(name: name, signers: signers, isTerminating: true, scope: .everything)
    }
}
