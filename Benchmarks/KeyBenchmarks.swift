// SPDX-License-Identifier: Apache-2.0
// What one signature check costs with each kind of key: nothing above it can cost less.

internal import Keys
internal import Primitives
internal import StandIns

/// One check of a signature over a short message, by the kind of key.
func signatureChecks() throws -> [(name: String, work: () throws -> Void)] {
    let message = [UInt8](repeating: 7, count: 200)
    return try StandInKey.Kind.allCases.map { kind in
        let key = try StandInKey(kind)
        let (publicKey, signature) = (try key.publicKey, try key.sign(message))
        return (
            "signature check, \(publicKey.summary)",
            {
                guard publicKey.isValid(signature, over: message) else {
                    throw Failure(
                        .bug, "cannot measure a key", because: "its own signature does not hold")
                }
            }
        )
    }
}
