// SPDX-License-Identifier: Apache-2.0
// The limits of Host, with where their numbers come from.

package import Primitives

extension Limits {
    // MARK: HTTP, credentials, helper programs

    /// Informational (1xx) responses before a final one. A server that says 102 every 20 seconds sends
    /// them for half an hour; Go's client stopped at 5 for years.
    package static let informationalResponses = 100
    /// Bytes of a file with certificate authorities. Debian's whole bundle has 220 KiB.
    package static let certificateFileBytes = 4 * mebibyte
    /// Bytes of a file with registry credentials.
    package static let credentialFileBytes = 4 * mebibyte
    /// Bytes a credential helper may answer.
    package static let credentialAnswerBytes = 256 * 1024
    /// Seconds a credential helper may think; some ask their user.
    package static let credentialHelperSeconds = 60
    /// Milliseconds between two looks at a program that runs and writes nothing.
    package static let childPollMilliseconds = 20

    // MARK: Keys, tokens, key services

    /// Bytes of one answer of a key service or plugin. A key with a hundred RSA versions has 100 KiB.
    package static let keyServiceBytes = mebibyte
    /// Seconds for one question to a key service or plugin.
    package static let keyServiceSeconds = 30
    /// Bytes of a key reference. PKCS #11 URIs with every attribute stay under 1 KiB.
    package static let keyReferenceBytes = 4_096
    /// Bytes of one attribute of an object in a token.
    package static let tokenAttributeBytes = 32 * 1024
    /// Slots, and objects with one name, looked at in a token.
    package static let tokenObjects = 256
    /// Bytes of a PIN or of a token for a service.
    package static let secretBytes = 8 * 1024

    // MARK: Update repositories (TUF)

    /// Seconds to wait for another process that updates the same folder.
    package static let trustLockSeconds = 60
    /// Milliseconds between two looks at its lock.
    package static let trustLockMilliseconds = 20

    // MARK: Layouts, folders

    /// Files of an image layout or `docker save` archive; content of layers is not counted.
    package static let filesPerImageArchive = 100_000
    /// Blobs of one image layout that are searched for referrers; as many as an archive may hold.
    package static let blobsPerLayoutSearch = 100_000
    /// Bytes of the blobs that look like JSON and are read whole in that search: a manifest has
    /// a few KiB, so this is the layout of a small registry.
    package static let layoutSearchBytes = 256 * mebibyte
    /// Bytes at the start of a blob that decide whether it may be a manifest.
    package static let blobHeadBytes = 64
    /// Nesting of a folder that becomes a layer; every level is an open file.
    package static let directoryDepth = 128
}
