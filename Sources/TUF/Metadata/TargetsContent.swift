// SPDX-License-Identifier: Apache-2.0
// Targets metadata: target files and delegations. Spec: TUF 1.0.34 §4.5.

package import Primitives

/// The target files and delegations of one role.
package struct TargetsContent: RoleContent {
    package static let type = "targets"
    package static let byteLimit = Limits.targetsMetadataBytes

    package let common: CommonContent
    /// The files by target path.
    package let targets: ByteStringMap<TargetFile>
    /// The delegations in the order of the document, which is the search order.
    let delegations: Delegations

    package init(
        reading signed: JSONReader, common: CommonContent, subject: String
    ) throws(MetadataProblem) {
        self.common = common
        targets = try reading(subject) { () throws(Failure) in
            let list = try signed.required("targets")
            var targets: ByteStringMap<TargetFile> = [:]
            for name in try list.object().names {
                targets[name] = try TargetFile(path: name, reading: list.required(name))
            }
            return targets
        }
        let delegations = try reading(subject) { () throws(Failure) in
            try signed.optional("delegations")
        }
        if let delegations {
            self.delegations = try Delegations(reading: delegations, subject: subject)
        } else {
            self.delegations = .none
        }
    }
}

/// A target file as metadata describes it.
package struct TargetFile: Hashable, Sendable {
    package let path: String
    package let length: Int
    package let expected: ExpectedBytes

    init(path: String, reading reader: JSONReader) throws(Failure) {
        self.path = path
        _ = try reader.required("hashes")
        expected = try ExpectedBytes(reading: reader)
        guard let length = expected.length else {
            throw reader.broken("the field \(quoted("length")) is missing")
        }
        self.length = length
    }

    /// Checks the bytes against the length and the hashes.
    package func check(_ bytes: [UInt8]) throws(MetadataProblem) {
        try expected.check(bytes, as: "the target \(quoted(path))")
    }

    /// The path of the file below the base URL.
    ///
    /// Spec: TUF 1.0.34 §5.7.3: with consistent snapshots the file's name is `HASH.FILENAME.EXT`,
    /// in the directory of its path.
    func address(isConsistent: Bool) -> String {
        var steps = path.utf8.split(separator: "/", omittingEmptySubsequences: false).map {
            percentEncoded(String($0))
        }
        if isConsistent, let hash = expected.digests.first, let name = steps.popLast() {
            steps.append("\(hash.hex).\(name)")
        }
        return steps.joined(separator: "/")
    }
}
