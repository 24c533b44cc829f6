// SPDX-License-Identifier: Apache-2.0
// The folder of a trust store: `source.json`, `trust_config.json`, and a folder for each update
// repository.

internal import Files
package import Primitives
package import Workflows

/// A trust store in a folder.
package struct TrustStoreFolder: TrustStorage {
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
    ) throws(Failure) -> TrustFolder? {
        let folder = "\(self.name)/\(name)"
        if creating {
            try make(folder)
        } else if try FileStatus(at: folder + "/metadata") == nil {
            return nil
        }
        return try TrustFolder(metadata: folder + "/metadata", targets: folder + "/targets")
    }

    private func path(of file: TrustStoreFile) -> String { "\(name)/\(file.fileName)" }

    private func make(_ folder: String) throws(Failure) {
        do {
            try makeFolder(at: folder, named: "the trust folder")
        } catch {
            throw Failure(
                .unavailable, error.what, at: .named(folder), because: error.why,
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
