// SPDX-License-Identifier: Apache-2.0
// The folder of a trust store: `source.json`, `trust_config.json`, and a folder for each update
// repository.

internal import Files
package import Primitives
package import Workflows

/// A trust store in a folder.
package struct TrustStoreDirectory: TrustStorage {
    package let name: String

    /// - Parameter path: need not be there.
    package init(path: String) { name = path }

    package func read(_ file: TrustStoreFile) throws(Failure) -> [UInt8] {
        try readFile(at: path(of: file), atMost: file.byteLimit, named: file.title)
    }

    package func write(_ bytes: [UInt8], as file: TrustStoreFile) throws(Failure) {
        try make(name)
        try writeFile(bytes, at: path(of: file), permissions: 0o644)
    }

    package func repositoryCache(
        _ name: String, creating: Bool
    ) throws(Failure) -> TrustDirectory? {
        let directory = "\(self.name)/\(name)"
        if creating {
            try make(directory)
        } else if try FileStatus(at: directory + "/metadata") == nil {
            return nil
        }
        return try TrustDirectory(
            metadata: directory + "/metadata", targets: directory + "/targets")
    }

    private func path(of file: TrustStoreFile) -> String { "\(name)/\(file.fileName)" }

    private func make(_ directory: String) throws(Failure) {
        do {
            try makeDirectory(at: directory, named: "the trust folder")
        } catch {
            throw Failure(
                .unavailable, error.what, at: .named(directory), because: error.why,
                next: "set ASSAY_TRUST to a folder that can be written")
        }
    }
}

extension TrustStoreFile {
    fileprivate var fileName: String {
        switch self {
        case .source: "source.json"
        case .importedConfiguration: "trust_config.json"
        }
    }

    fileprivate var title: String {
        switch self {
        case .source: "the trust folder's source"
        case .importedConfiguration: "the client trust configuration"
        }
    }
}
