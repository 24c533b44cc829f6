// SPDX-License-Identifier: Apache-2.0
// UUIDs that follow from a name. Spec: RFC 9562 §5.5 (version 5), §6.6 (the URL namespace).

internal import Crypto

/// The version 5 UUID of a URL or URN, in lower case with dashes.
///
/// SHA-1 is what version 5 demands; nothing is trusted because of it.
package func nameBasedUUID(_ name: String) -> String {
    var hasher = Insecure.SHA1()
    hasher.update(data: urlNamespace)
    hasher.update(data: Array(name.utf8))
    var bytes = Array(hasher.finalize().prefix(16))
    bytes[6] = bytes[6] & 0x0F | 0x50
    bytes[8] = bytes[8] & 0x3F | 0x80
    let hex = hexText(bytes)
    var parts: [Substring] = []
    var rest = hex[...]
    for length in [8, 4, 4, 4, 12] {
        parts.append(rest.prefix(length))
        rest = rest.dropFirst(length)
    }
    return parts.joined(separator: "-")
}

private let urlNamespace: [UInt8] = [
    0x6B, 0xA7, 0xB8, 0x11, 0x9D, 0xAD, 0x11, 0xD1, 0x80, 0xB4, 0x00, 0xC0, 0x4F, 0xD4, 0x30, 0xC8,
]
