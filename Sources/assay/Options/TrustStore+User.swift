// SPDX-License-Identifier: Apache-2.0
// The folder in which `assay trust` keeps whom to believe.

import Foundation
import Host
import Primitives
import Workflows

typealias UserTrustStore = TrustStore<TrustStoreDirectory>

extension TrustStore<TrustStoreDirectory> {
    /// `$ASSAY_TRUST`, else `$XDG_DATA_HOME/assay/trust`, else `~/.local/share/assay/trust`.
    ///
    /// - Throws: `usage` when there is no place for it.
    static func ofUser() throws(Failure) -> UserTrustStore {
        let environment = ProcessInfo.processInfo.environment
        func named(_ variable: String) -> String? {
            environment[variable].flatMap { $0.isEmpty ? nil : $0 }
        }
        if let path = named("ASSAY_TRUST") {
            return UserTrustStore(storage: TrustStoreDirectory(path: path), isNamed: true)
        }
        guard let data = named("XDG_DATA_HOME") ?? named("HOME").map({ $0 + "/.local/share" })
        else {
            throw Failure(
                .usage, "cannot find the trust folder",
                because: "neither ASSAY_TRUST nor HOME is set",
                next: "set ASSAY_TRUST to a folder")
        }
        return UserTrustStore(
            storage: TrustStoreDirectory(path: data + "/assay/trust"), isNamed: false)
    }
}
